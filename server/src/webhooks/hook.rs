//! One webhook: where letters go, and which.

use axum::http::Uri;
use serde::{Deserialize, Serialize};
use stillhere_engine::wire::{ChannelName, UserId};

use super::Event;
use crate::settings::Secret;

/// A webhook as the settings mean it.
#[derive(Clone)]
pub(crate) struct Hook {
    /// Small letters, digits and hyphens; each hook has its own.
    pub(crate) name: Box<str>,
    /// May hold a secret in its path: only its host is ever shown.
    pub(crate) url: Uri,
    pub(crate) format: Format,
    /// What letters are signed with, each of them: two while one follows the other. None for Slack.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) events: Vec<Event>,
    /// Only about these; empty: about everybody.
    pub(crate) users: Vec<UserId>,
    /// Only there; empty: everywhere.
    pub(crate) channels: Vec<ChannelName>,
    /// Only these ways of leaving; empty: all.
    pub(crate) reasons: Vec<Box<str>>,
}

/// What a letter looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON for programs, signed as Standard Webhooks says.
    #[default]
    Standard,
    /// A sentence for people, as Slack and those who are compatible with it take it.
    Slack,
}

/// What a hook looks at before it wants a letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) event: Event,
    pub(crate) user: &'a UserId,
    pub(crate) channel: Option<&'a ChannelName>,
    pub(crate) reason: Option<&'static str>,
}

impl Hook {
    /// Whether it wants to be told.
    pub(crate) fn wants(&self, occasion: Occasion) -> bool {
        let Occasion { event, user, channel, reason } = occasion;
        self.events.contains(&event)
            && (self.users.is_empty() || self.users.contains(user))
            && (self.channels.is_empty() || channel.is_some_and(|channel| self.channels.contains(channel)))
            && (self.reasons.is_empty()
                || reason.is_none_or(|reason| self.reasons.iter().any(|known| **known == *reason)))
    }

    /// Where it leads, as far as that may be shown.
    pub(crate) fn host(&self) -> &str {
        self.url.authority().map_or("", |authority| authority.as_str())
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({} at {})", self.name, self.host())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One that wants these events, from a server that nobody runs.
    pub(in crate::webhooks) fn hook(name: &str, events: &[Event]) -> Hook {
        Hook {
            name: name.into(),
            url: Uri::from_static("http://app.example/hook/secret-path"),
            format: Format::Standard,
            secrets: Vec::new(),
            events: events.to_vec(),
            users: Vec::new(),
            channels: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn a_hook_wants_its_events_of_its_people_in_its_channels_for_its_reasons() {
        let (ann, bob) = (user("ann"), user("bob"));
        let (pms, hr) = (ChannelName::parse("pms").unwrap(), ChannelName::parse("hr").unwrap());
        let leave = Occasion { event: Event::Leave, user: &ann, channel: Some(&pms), reason: Some("timeout") };
        let join = Occasion { event: Event::Join, reason: None, ..leave };
        let all = hook("all", &[Event::Leave]);
        assert!(all.wants(leave) && !all.wants(join));
        let anns = Hook { users: vec![ann.clone()], ..all.clone() };
        assert!(anns.wants(leave) && !anns.wants(Occasion { user: &bob, ..leave }));
        let there = Hook { channels: vec![pms.clone()], ..all };
        assert!(there.wants(leave) && !there.wants(Occasion { channel: Some(&hr), ..leave }));
        let lost = Hook { reasons: vec!["timeout".into()], events: vec![Event::Leave, Event::Join], ..there };
        assert!(lost.wants(leave) && !lost.wants(Occasion { reason: Some("closed"), ..leave }));
        assert!(lost.wants(join), "nobody joins for a reason");
    }

    #[test]
    fn of_a_hooks_address_only_the_host_is_shown() {
        let shown = format!("{:?}", hook("all", &[]));
        assert_eq!(shown, "Hook(all at app.example)");
    }
}
