//! Who stands on the ladder's first rung, so that it is known who has just come there.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use stillhere_engine::{
    tracker::{Change, Member},
    wire::{ChannelName, UserId},
};

use crate::feed::News;

/// A user is online where any of their channels says so. Whoever goes from one channel to another is not, between the two
/// changes that say so, and has not come back either: so changes are only looked at when all that belong together are in.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    first: Box<str>,
    /// Where each user stands on the first rung. Who does nowhere is not in it.
    standing: HashMap<UserId, Vec<ChannelName>>,
    /// Whoever has moved since the last look: whether they were online then, and the change that brings them there.
    moved: HashMap<UserId, (Was, Option<Arc<News>>)>,
}

/// Where somebody was at the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Was {
    Online,
    Elsewhere,
}

impl Arrivals {
    /// `first` is the status of the first rung, `members` are those who are here already.
    pub(super) fn new(first: &str, members: Vec<Member>) -> Self {
        let mut arrivals = Self { first: first.into(), ..Self::default() };
        for member in members.into_iter().filter(|member| member.status == first) {
            arrivals.standing.entry(member.user).or_default().push(member.channel);
        }
        arrivals
    }

    /// Something has changed.
    pub(super) fn note(&mut self, change: &Change, news: &Arc<News>) {
        let (user, channel, stands) = match change {
            Change::Join(member) | Change::Update(member) => {
                (&member.user, &member.channel, *member.status == *self.first)
            }
            Change::Leave { channel, user, .. } => (user, channel, false),
            Change::Punch(_) => return,
        };
        let was = if self.standing.contains_key(user) { Was::Online } else { Was::Elsewhere };
        let (_, by) = self.moved.entry(user.clone()).or_insert((was, None));
        if stands {
            *by = Some(Arc::clone(news));
            let channels = self.standing.entry(user.clone()).or_default();
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        } else if let Entry::Occupied(mut channels) = self.standing.entry(user.clone()) {
            channels.get_mut().retain(|known| known != channel);
            if channels.get().is_empty() {
                channels.remove();
            }
        }
    }

    /// The changes by which somebody has come online since the last look, in their order.
    pub(super) fn settle(&mut self) -> Vec<Arc<News>> {
        // After nearly every beat nobody has moved, and to empty a table that was full once takes its time.
        if self.moved.is_empty() {
            return Vec::new();
        }
        let standing = &self.standing;
        let came = self.moved.drain().filter(|(user, (was, _))| *was == Was::Elsewhere && standing.contains_key(user));
        let mut came: Vec<_> = came.filter_map(|(_, (_, by))| by).collect();
        came.sort_by_key(|news| news.position);
        came
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::{time::Timestamp, tracker::LeaveReason};

    use super::*;
    use crate::feed::Position;

    fn member(user: &str, channel: &str, status: &str) -> Member {
        let at = Timestamp(0);
        Member {
            channel: ChannelName::parse(channel).unwrap(),
            user: UserId::parse(user).unwrap(),
            status: status.into(),
            page: None,
            since_at: at,
            last_seen_at: at,
            last_active_at: at,
            sessions: 1,
        }
    }

    fn leave(user: &str, channel: &str) -> Change {
        let Member { channel, user, .. } = member(user, channel, "");
        Change::Leave { channel, user, reason: LeaveReason::Moved, last_seen_at: Timestamp(0) }
    }

    /// Who has come online by changes that belong together, and where.
    fn came(arrivals: &mut Arrivals, changes: &[Change]) -> Vec<String> {
        for (offset, change) in (1..).zip(changes) {
            let (position, user) = (Position { epoch: 1, offset }, change.user().clone());
            let (at, channel) = (Timestamp(0), change.channel().cloned());
            arrivals.note(change, &Arc::new(News { position, at, name: "", channel, user, json: String::new() }));
        }
        let where_ = |news: &Arc<News>| news.channel.as_ref().map_or("", |channel| channel.as_str()).to_owned();
        arrivals.settle().iter().map(|news| format!("{} in {}", news.user.as_str(), where_(news))).collect()
    }

    #[test]
    fn somebody_comes_online_once_however_many_tabs_follow() {
        use Change::{Join, Update};
        let arrivals = &mut Arrivals::new("online", Vec::new());
        assert_eq!(came(arrivals, &[Join(member("ann", "pms", "online"))]), ["ann in pms"]);
        assert!(came(arrivals, &[Join(member("ann", "hr", "online"))]).is_empty(), "she is online already");
        assert!(came(arrivals, &[Update(member("ann", "pms", "away"))]).is_empty());
        assert!(came(arrivals, &[leave("ann", "pms")]).is_empty());
        assert!(came(arrivals, &[Update(member("ann", "hr", "away"))]).is_empty());
        assert_eq!(came(arrivals, &[Update(member("ann", "hr", "online"))]), ["ann in hr"], "she was away everywhere");
    }

    #[test]
    fn who_goes_to_another_channel_does_not_come_online() {
        use Change::Join;
        let arrivals = &mut Arrivals::new("online", vec![member("ann", "pms", "online"), member("bob", "pms", "away")]);
        assert!(came(arrivals, &[leave("ann", "pms"), Join(member("ann", "hr", "online"))]).is_empty());
        let moved = [leave("bob", "pms"), Join(member("bob", "hr", "online"))];
        assert_eq!(came(arrivals, &moved), ["bob in hr"]);
        let back = [leave("ann", "hr"), Join(member("ann", "pms", "away"))];
        assert!(came(arrivals, &back).is_empty());
        assert_eq!(arrivals.standing.len(), 1, "who is nowhere takes no room");
    }
}
