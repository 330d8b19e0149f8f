//! Users in channels: the best of their sessions, and what of that has changed.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Tracker,
    api::Output,
    records::{Change, LeaveReason, Member, VisitRow},
    session::{NONE, Session},
};
use crate::{
    time::Timestamp,
    wire::{ChannelName, UserId},
};

/// How much is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Open sessions.
    pub sessions: usize,
    /// Users with at least one.
    pub users: usize,
    /// Channels with at least one.
    pub channels: usize,
}

/// How many users are in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCount {
    /// Where.
    pub channel: ChannelName,
    /// Users now.
    pub users: usize,
    /// Those of them who came before the moment that was asked for.
    pub since_before: usize,
}

/// How many users of each status are in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCounts {
    /// Where.
    pub channel: ChannelName,
    /// Users now.
    pub users: usize,
    /// How many of them have which status, best first; a status that nobody has is left out.
    pub statuses: Vec<(String, usize)>,
}

/// Where a user stands in a channel at a moment: what a change is a change of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    user: u32,
    channel: u32,
    here: Option<Here>,
}

#[derive(Clone, Copy, Debug)]
struct Here {
    rung: u8,
    page: u32,
    sessions: usize,
    since_at: Timestamp,
    last_seen_at: Timestamp,
    last_active_at: Timestamp,
}

impl Here {
    fn alone(session: &Session) -> Self {
        Self {
            rung: session.rung,
            page: session.page,
            sessions: 1,
            since_at: session.since_at,
            last_seen_at: session.last_seen_at(),
            last_active_at: session.last_active_at(),
        }
    }

    /// The better rung wins, ties go to the one that was active last; facts are united.
    fn with(self, other: Self) -> Self {
        let is_better = (other.rung, self.last_active_at) < (self.rung, other.last_active_at);
        let best = if is_better { other } else { self };
        Self {
            sessions: self.sessions + other.sessions,
            since_at: self.since_at.min(other.since_at),
            last_seen_at: self.last_seen_at.max(other.last_seen_at),
            last_active_at: self.last_active_at.max(other.last_active_at),
            ..best
        }
    }

    /// Whether a watcher would see a difference. Times alone are no change: beats never fan out.
    fn looks_like(&self, other: &Self) -> bool {
        (self.rung, self.page, self.sessions) == (other.rung, other.page, other.sessions)
    }
}

impl Tracker {
    /// Everybody in `channel`, or everywhere.
    #[must_use]
    pub fn members(&self, channel: Option<&ChannelName>) -> Vec<Member> {
        let pairs: Vec<(u32, u32, u32)> = match channel {
            Some(channel) => match self.roll.find_channel(channel) {
                Some(number) => self.roll.of_channel(number).map(|(place, s)| (place, s.user, s.channel)).collect(),
                None => Vec::new(),
            },
            None => self.roll.all().map(|(place, s)| (place, s.user, s.channel)).collect(),
        };
        pairs
            .into_iter()
            .filter(|&(place, user, channel)| self.first_of(user, channel) == Some(place))
            .filter_map(|(_, user, channel)| self.member(&self.standing(user, channel)))
            .collect()
    }

    /// How many are in each channel that anybody is in, and how many of them have been since before `moment`.
    #[must_use]
    pub fn channels(&self, moment: Timestamp) -> Vec<ChannelCount> {
        let counts = self.roll.all_channels().map(|(number, channel)| {
            let sessions = self.roll.of_channel(number);
            let firsts = sessions.filter(|&(place, session)| self.first_of(session.user, number) == Some(place));
            let (mut users, mut since_before) = (0, 0);
            for (_, session) in firsts {
                users += 1;
                since_before += usize::from(session.since_at < moment);
            }
            ChannelCount { channel: channel.clone(), users, since_before }
        });
        counts.filter(|count| count.users > 0).collect()
    }

    /// How many users of each status are in `channel`, or in each channel that anybody is in. It takes as long as the
    /// channels are large.
    #[must_use]
    pub fn counts(&self, channel: Option<&ChannelName>) -> Vec<StatusCounts> {
        let Some(channel) = channel else {
            let all = self.roll.all_channels().map(|(number, channel)| self.counts_of(Some(number), channel));
            return all.filter(|count| count.users > 0).collect();
        };
        Vec::from([self.counts_of(self.roll.find_channel(channel), channel)])
    }

    fn counts_of(&self, number: Option<u32>, channel: &ChannelName) -> StatusCounts {
        let mut rungs = BTreeMap::<u8, usize>::new();
        if let Some(number) = number {
            let sessions = self.roll.of_channel(number);
            let firsts = sessions.filter(|&(place, session)| self.first_of(session.user, number) == Some(place));
            let standings = firsts.filter_map(|(_, session)| self.standing(session.user, number).here);
            standings.for_each(|here| *rungs.entry(here.rung).or_default() += 1);
        }
        let users = rungs.values().sum();
        let statuses = rungs.into_iter().map(|(rung, users)| (self.policy.ladder.status(rung).to_string(), users));
        StatusCounts { channel: channel.clone(), users, statuses: statuses.collect() }
    }

    /// The user in each channel that they are in.
    #[must_use]
    pub fn members_of(&self, user: &UserId) -> Vec<Member> {
        let Some(number) = self.roll.find_user(user) else { return Vec::new() };
        let sessions = self.roll.of_user(number);
        let firsts = sessions.filter(|&(place, session)| self.first_of(number, session.channel) == Some(place));
        firsts.filter_map(|(_, session)| self.member(&self.standing(number, session.channel))).collect()
    }

    /// How much is live.
    #[must_use]
    pub fn live(&self) -> Live {
        Live { sessions: self.roll.len(), users: self.roll.users(), channels: self.roll.channels() }
    }

    pub(super) fn standing(&self, user: u32, channel: u32) -> Standing {
        self.standing_but_for(NONE, user, channel)
    }

    /// Where the user would stand if the session at `place` were not there.
    pub(super) fn standing_without(&self, place: u32) -> Option<Standing> {
        self.roll.get(place).map(|session| self.standing_but_for(place, session.user, session.channel))
    }

    fn standing_but_for(&self, but_for: u32, user: u32, channel: u32) -> Standing {
        let sessions = self.roll.of_user(user).filter(|&(place, s)| s.channel == channel && place != but_for);
        let here = sessions.map(|(_, session)| Here::alone(session)).reduce(Here::with);
        Standing { user, channel, here }
    }

    pub(super) fn standing_at(&self, place: u32) -> Option<Standing> {
        self.roll.get(place).map(|session| self.standing(session.user, session.channel))
    }

    /// Tells watchers what is different from `before`; `reason` is why, should it be a leave. A visit that begins or ends
    /// is noted.
    pub(super) fn publish(&mut self, before: Option<Standing>, reason: Option<LeaveReason>) {
        if let Some(visit) = self.tell(before, reason) {
            self.ledger.note_visit(visit, self.now);
        }
    }

    /// As [`publish`](Self::publish), but the visit is the caller's to note.
    pub(super) fn tell(&mut self, before: Option<Standing>, reason: Option<LeaveReason>) -> Option<VisitRow> {
        let before = before?;
        if let Some(was) = before.here {
            self.keep_since(&before, was.since_at);
        }
        let after = self.standing(before.user, before.channel);
        let change = match (before.here, after.here) {
            (None, Some(_)) => self.member(&after).map(Change::Join),
            (Some(was), Some(is)) if !was.looks_like(&is) => self.member(&after).map(Change::Update),
            (Some(was), None) => {
                self.roll.channel(before.channel).zip(self.roll.user(before.user)).map(|(channel, user)| {
                    Change::Leave {
                        channel: channel.clone(),
                        user: user.clone(),
                        reason: reason.unwrap_or(LeaveReason::Timeout),
                        last_seen_at: was.last_seen_at,
                    }
                })
            }
            _ => None,
        };
        let visit = match &change {
            Some(Change::Join(member)) => Some((&member.channel, &member.user, member.last_seen_at)),
            Some(Change::Leave { channel, user, last_seen_at, .. }) => Some((channel, user, *last_seen_at)),
            _ => None,
        };
        let visit = visit.map(|(channel, user, at)| VisitRow { channel: channel.clone(), user: user.clone(), at });
        if let Some(change) = change {
            self.outputs.push_back(Output::Publish(change));
        }
        visit
    }

    /// The status of a user in a channel, as a word.
    pub(super) fn status(&self, standing: &Standing) -> &str {
        self.policy.ladder.status(standing.here.map_or(u8::MAX, |here| here.rung))
    }

    /// Who stays when their first session leaves has been there since that one came.
    fn keep_since(&mut self, before: &Standing, since_at: Timestamp) {
        let places: Vec<u32> = self.roll.of_user(before.user).map(|(place, _)| place).collect();
        for place in places {
            if let Some(session) = self.roll.get_mut(place).filter(|session| session.channel == before.channel) {
                session.since_at = session.since_at.min(since_at);
            }
        }
    }

    fn member(&self, standing: &Standing) -> Option<Member> {
        let here = standing.here?;
        Some(Member {
            channel: self.roll.channel(standing.channel)?.clone(),
            user: self.roll.user(standing.user)?.clone(),
            status: self.status(standing).to_string(),
            page: self.roll.page(here.page).cloned(),
            since_at: here.since_at,
            last_seen_at: here.last_seen_at,
            last_active_at: here.last_active_at,
            sessions: here.sessions,
        })
    }

    fn first_of(&self, user: u32, channel: u32) -> Option<u32> {
        self.roll.of_user(user).find(|(_, session)| session.channel == channel).map(|(place, _)| place)
    }
}
