//! The reference: the server's picture as the rules say it should be, written down apart from the tracker and as
//! plainly as can be. It knows what has arrived, not how that is kept.

use std::collections::{BTreeMap, BTreeSet};

use stillhere_engine::{
    page::PageState,
    policy::{Policy, Rung},
    time::Millis,
    tracker::{Member, SessionRow},
    wire::{Beat, ChannelName, SessionId, UserId},
};

use crate::checks::Broken;

/// Ends and steps are noticed at most this much late.
const TICK: u64 = 16;

#[derive(Clone, Debug)]
struct Open {
    user: UserId,
    channel: ChannelName,
    state: PageState,
    seq: u32,
    lease_until: u64,
    seen_at: u64,
    active_at: u64,
    active: Millis,
    /// Where it stood before its last word, and where it had stood a tick before that.
    kept: [usize; 2],
}

/// The picture.
#[derive(Debug)]
pub struct Reference {
    policy: Policy,
    open: BTreeMap<SessionId, Open>,
    /// Sessions of which only the last word came.
    come_and_gone: BTreeSet<SessionId>,
    /// The last downtime: from when, and how long with its grace.
    blind: (u64, u64),
    /// There was a time before this server's start.
    has_past: bool,
}

impl Reference {
    /// Nobody is here.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { policy, open: BTreeMap::new(), come_and_gone: BTreeSet::new(), blind: (0, 0), has_past: false }
    }

    /// How long a beat is good for.
    #[must_use]
    pub fn lease(&self, state: PageState, promise: Option<Millis>, now: u64) -> Millis {
        let policy = &self.policy;
        if state == PageState::Closed {
            // Just after a downtime other tabs may still wait to be heard.
            let (since, length) = self.blind;
            let boot = if self.has_past { (since + length).saturating_sub(now) } else { 0 };
            return Millis(policy.leave_grace.0.max(boot));
        }
        let hidden = policy.hidden_interval.map_or(0, |hidden| hidden.0);
        let longest = policy.hidden_hold.0.max(policy.interval.0).max(hidden);
        match promise {
            Some(next) => Millis((u64::from(policy.missed_beats) + 1) * next.0.min(longest) + policy.grace.0),
            // Visible, and does not yet know the pace.
            None if matches!(state, PageState::Active | PageState::Passive) => {
                Millis((u64::from(policy.missed_beats) + 1) * policy.interval.0.max(10_000) + policy.grace.0)
            }
            None => policy.hidden_hold,
        }
    }

    /// Time goes on: who is silent for too long is out.
    pub fn advance(&mut self, now: u64) {
        self.open.retain(|_, open| !is_over(open.lease_until, now));
    }

    /// Whether a lease until then has been noticed to be over.
    #[must_use]
    pub const fn is_over(&self, lease_until: u64, now: u64) -> bool {
        is_over(lease_until, now)
    }

    /// Whether any session of the user is open.
    #[must_use]
    pub fn has_session(&self, user: &UserId) -> bool {
        self.open.values().any(|open| open.user == *user)
    }

    /// Whether the session is open.
    #[must_use]
    pub fn is_open(&self, session: &SessionId) -> bool {
        self.open.contains_key(session)
    }

    /// Whether all of the session was its last word.
    #[must_use]
    pub fn has_come_and_gone(&self, session: &SessionId) -> bool {
        self.come_and_gone.contains(session)
    }

    /// A beat of an open session, or of a new one.
    pub fn arrive(&mut self, user: &UserId, beat: &Beat, now: u64) {
        if beat.sign_out && self.open.get(&beat.session).is_some_and(|open| open.seq < beat.seq) {
            self.open.remove(&beat.session);
            return;
        }
        let is_new = !self.is_open(&beat.session);
        if is_new && beat.state == PageState::Closed {
            self.come_and_gone.insert(beat.session);
            return;
        }
        let began = now.saturating_sub(beat.t.0);
        let lease_until = now + self.lease(beat.state, beat.next, now).0;
        let kept = self.open.get(&beat.session).map(|open| [0, TICK + 1].map(|ago| self.rung(open, now - ago, 0)));
        let open = self.open.entry(beat.session).or_insert_with(|| Open {
            user: user.clone(),
            channel: beat.channel.clone(),
            state: beat.state,
            seq: 0,
            lease_until,
            seen_at: now,
            active_at: began,
            active: Millis::ZERO,
            kept: [0; 2],
        });
        if beat.active > open.active {
            open.active = beat.active;
            open.active_at = now;
        }
        if beat.seq > open.seq {
            if beat.state == PageState::Closed && open.state != PageState::Closed {
                open.kept = kept.unwrap_or_default();
            }
            open.seq = beat.seq;
            open.seen_at = now;
            open.state = beat.state;
            open.channel = beat.channel.clone();
            open.lease_until = lease_until;
        }
    }

    /// A new server on the old disk.
    pub fn restore<'a>(
        &mut self,
        policy: Policy,
        rows: impl IntoIterator<Item = &'a SessionRow>,
        alive_at: Option<u64>,
        now: u64,
    ) {
        let since = alive_at.unwrap_or(now);
        let downtime = now.saturating_sub(since);
        *self = Self::new(policy);
        self.blind = (since, downtime + self.policy.boot_grace.0);
        self.has_past = alive_at.is_some();
        for row in rows {
            let mut open = Open {
                user: row.user.clone(),
                channel: row.channel.clone(),
                state: row.state,
                seq: row.seq,
                lease_until: (row.lease_until.0 + downtime).max(now) + self.policy.boot_grace.0,
                seen_at: row.last_seen_at.0,
                active_at: row.last_active_at.0,
                active: row.active,
                kept: [0; 2],
            };
            open.kept = [self.rung_by_facts(&open, now); 2];
            self.open.insert(row.session, open);
        }
    }

    /// Check: the same users in the same channels with as many sessions, and each status as the ladder says.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&self, snapshot: &[Member], now: u64) -> Result<(), Broken> {
        let mut expected: BTreeMap<(&ChannelName, &UserId), Vec<&Open>> = BTreeMap::new();
        for open in self.open.values() {
            expected.entry((&open.channel, &open.user)).or_default().push(open);
        }
        for member in snapshot {
            let found = expected.remove(&(&member.channel, &member.user)).unwrap_or_default();
            if found.len() != member.sessions {
                return Err(Broken::new(
                    "presence_follows_the_rules",
                    format!(
                        "{} in {}: {} sessions by the rules, {} in the snapshot",
                        member.user.as_str(),
                        member.channel.as_str(),
                        found.len(),
                        member.sessions
                    ),
                ));
            }
            self.compare_status(member, &found, now)?;
        }
        match expected.into_iter().next() {
            None => Ok(()),
            Some(((channel, user), _)) => {
                let who = format!("{} in {}: here by the rules, not in the snapshot", user.as_str(), channel.as_str());
                Err(Broken::new("presence_follows_the_rules", who))
            }
        }
    }

    fn compare_status(&self, member: &Member, found: &[&Open], now: u64) -> Result<(), Broken> {
        let best = |now: u64, look: usize| {
            let rung = found.iter().map(|open| self.rung(open, now, look)).min();
            rung.and_then(|rung| self.policy.ladder.rungs.get(rung)).map_or("offline", |rung| &rung.status)
        };
        // A step down is noticed with the next tick.
        let expected = [best(now, 0), best(now.saturating_sub(TICK + 1), 1)];
        if expected.contains(&member.status.as_str()) {
            return Ok(());
        }
        let who = format!("{} in {}", member.user.as_str(), member.channel.as_str());
        let what = format!("{who}: `{}` by the ladder, `{}` in the snapshot", expected[0], member.status);
        Err(Broken::new("status_is_the_ladder_on_the_facts", what))
    }

    fn rung(&self, open: &Open, now: u64, look: usize) -> usize {
        if open.state == PageState::Closed { open.kept[look] } else { self.rung_by_facts(open, now) }
    }

    fn rung_by_facts(&self, open: &Open, now: u64) -> usize {
        let rungs = &self.policy.ladder.rungs;
        rungs.iter().position(|rung| self.holds(rung, open, now)).unwrap_or(rungs.len())
    }

    fn holds(&self, rung: &Rung, open: &Open, now: u64) -> bool {
        let (since, length) = self.blind;
        let ago = |at: u64| now.saturating_sub(if at <= since { at + length } else { at });
        let is_visible = matches!(open.state, PageState::Active | PageState::Passive);
        (!rung.visible || is_visible)
            && rung.seen_within.is_none_or(|within| ago(open.seen_at) <= within.0)
            && rung.active_within.is_none_or(|within| ago(open.active_at) <= within.0)
    }
}

const fn is_over(lease_until: u64, now: u64) -> bool {
    lease_until.div_ceil(TICK) <= now / TICK
}
