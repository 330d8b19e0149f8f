//! The presets: the five systems' numbers, and the default, as data.

use stillhere_engine::{
    policy::{IdleStep, Ladder, Policy, Punching, Rung},
    pulse::{Options, WhenHidden},
    time::Millis,
    wire::ChannelName,
};

/// The modules of the system that counts by them.
const MODULES: [&str; 5] = ["crm", "pms", "hr", "billing", "reports"];

/// One of the systems that the server can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// What comes out of the box.
    Default,
    /// 1. How long did each visitor read? Every three minutes; hidden tabs pause.
    SessionDuration,
    /// 2. Punched in or out? Every ten seconds.
    PunchClock,
    /// 3. Who is online? Every five seconds; a hidden tab has left.
    WhoIsOnline,
    /// 4. How many in each module? Every 45 seconds.
    ModuleUsers,
    /// 5. Which therapist is available? Every minute.
    Availability,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 6] = [
        Self::Default,
        Self::SessionDuration,
        Self::PunchClock,
        Self::WhoIsOnline,
        Self::ModuleUsers,
        Self::Availability,
    ];

    /// Its name, as on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::SessionDuration => "session-duration",
            Self::PunchClock => "punch-clock",
            Self::WhoIsOnline => "who-is-online",
            Self::ModuleUsers => "module-users",
            Self::Availability => "availability",
        }
    }

    /// How the server judges.
    #[must_use]
    pub fn policy(self) -> Policy {
        let default = Policy::default();
        match self {
            Self::Default => default,
            Self::SessionDuration => Policy {
                interval: Millis::minutes(3),
                hidden_interval: None,
                idle_steps: vec![IdleStep { after: Millis::minutes(15), interval: Millis::minutes(10) }],
                grace: Millis::seconds(30),
                ladder: ladder([("online", true, None, None), ("away", false, None, None)]),
                ..default
            },
            Self::PunchClock => Policy {
                interval: Millis::seconds(10),
                grace: Millis::seconds(10),
                punching: Punching::OnRequest,
                ladder: ladder([("in", false, None, None)]),
                ..default
            },
            Self::WhoIsOnline => Policy {
                interval: Millis::seconds(5),
                hidden_interval: None,
                grace: Millis::seconds(5),
                hidden_hold: Millis::minutes(5),
                ladder: ladder([
                    ("online", true, None, Some(Millis::seconds(10))),
                    ("away", true, None, Some(Millis::minutes(1))),
                ]),
                ..default
            },
            Self::ModuleUsers => Policy {
                interval: Millis::seconds(45),
                missed_beats: 5,
                grace: Millis::seconds(30),
                hidden_hold: Millis::minutes(5),
                channels: MODULES.iter().filter_map(|name| ChannelName::parse(name).ok()).collect(),
                ladder: ladder([("active", false, None, None)]),
                ..default
            },
            Self::Availability => Policy {
                interval: Millis::seconds(30),
                idle_steps: vec![IdleStep { after: Millis::minutes(10), interval: Millis::minutes(1) }],
                grace: Millis::seconds(30),
                hidden_hold: Millis::minutes(60),
                ladder: ladder([
                    ("online", false, Some(Millis::minutes(2)), None),
                    ("recent", false, Some(Millis::minutes(60)), None),
                    ("available", false, None, None),
                ]),
                ..default
            },
        }
    }

    /// The channels in which its people are.
    #[must_use]
    pub const fn channels(self) -> [&'static str; 4] {
        match self {
            Self::ModuleUsers => [MODULES[0], MODULES[1], MODULES[2], MODULES[3]],
            _ => ["desk", "orders", "billing", "help"],
        }
    }

    /// Whether somebody whose tab is hidden counts as being there.
    #[must_use]
    pub fn counts_hidden(self) -> bool {
        self != Self::WhoIsOnline
    }

    /// How its pages start the client.
    #[must_use]
    pub fn options(self) -> Options {
        let when_hidden = (self == Self::WhoIsOnline).then_some(WhenHidden::Leave);
        Options { when_hidden, ..Options::default() }
    }
}

fn ladder<const N: usize>(rungs: [(&str, bool, Option<Millis>, Option<Millis>); N]) -> Ladder {
    let rungs = rungs.into_iter().map(|(status, visible, seen_within, active_within)| Rung {
        status: status.into(),
        visible,
        seen_within,
        active_within,
    });
    Ladder { rungs: rungs.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_preset_contradicts_itself() {
        for preset in Preset::ALL {
            assert_eq!(preset.policy().check(), Ok(()), "{}", preset.name());
        }
    }
}
