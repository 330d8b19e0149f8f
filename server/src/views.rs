//! What members, changes and sessions look like in JSON.

use serde::{Serialize, Serializer};
use stillhere_engine::{
    label::Ago,
    page::PageState,
    time::{Millis, Timestamp},
    tracker::{Change, EndReason, Member, PunchRow, SessionRow, StatusCounts},
    wire::PagePath,
};

use crate::{
    csv::Columns,
    moment::{self, Written},
    store::Totals,
};

/// A user in a channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberView<'a> {
    channel: &'a str,
    user: &'a str,
    status: &'a str,
    page: Option<&'a str>,
    since_at: Written,
    last_seen_at: Written,
    last_active_at: Written,
    /// In words, by the server's clock: a page whose clock is wrong shows the right label.
    #[serde(serialize_with = "as_words")]
    last_seen_ago: Ago,
    #[serde(serialize_with = "as_words")]
    last_active_ago: Ago,
    sessions: usize,
}

impl<'a> MemberView<'a> {
    pub(crate) fn new(member: &'a Member, now: Timestamp) -> Self {
        let ago = |at| Ago(now.since(at));
        Self {
            channel: member.channel.as_str(),
            user: member.user.as_str(),
            status: &member.status,
            page: member.page.as_ref().map(PagePath::as_str),
            since_at: Written::new(member.since_at),
            last_seen_at: Written::new(member.last_seen_at),
            last_active_at: Written::new(member.last_active_at),
            last_seen_ago: ago(member.last_seen_at),
            last_active_ago: ago(member.last_active_at),
            sessions: member.sessions,
        }
    }
}

fn as_words<S: Serializer>(ago: &Ago, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(ago)
}

/// Users in a channel, of which each is looked at when it is written: there may be a hundred thousand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MembersView<'a>(pub(crate) &'a [Member], pub(crate) Timestamp);

impl Serialize for MembersView<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|member| MemberView::new(member, self.1)))
    }
}

/// A whole channel, or all of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SnapshotView<'a> {
    now_at: Written,
    members: MembersView<'a>,
}

impl<'a> SnapshotView<'a> {
    pub(crate) fn new(now: Timestamp, members: &'a [Member]) -> Self {
        Self { now_at: Written::new(now), members: MembersView(members, now) }
    }
}

/// How many are in a channel.
#[derive(Debug, Serialize)]
pub(crate) struct CountsView<'a> {
    channel: &'a str,
    users: usize,
    /// By status, best first.
    #[serde(serialize_with = "as_map")]
    statuses: &'a [(String, usize)],
}

impl<'a> From<&'a StatusCounts> for CountsView<'a> {
    fn from(counts: &'a StatusCounts) -> Self {
        Self { channel: counts.channel.as_str(), users: counts.users, statuses: &counts.statuses }
    }
}

fn as_map<S: Serializer>(statuses: &&[(String, usize)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(statuses.iter().map(|(status, users)| (status, users)))
}

/// How many are in each channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountsSnapshotView<'a> {
    now_at: String,
    channels: Vec<CountsView<'a>>,
}

impl<'a> CountsSnapshotView<'a> {
    pub(crate) fn new(now: Timestamp, counts: &'a [StatusCounts]) -> Self {
        Self { now_at: moment::to_text(now), channels: counts.iter().map(CountsView::from).collect() }
    }
}

/// How many are in a channel after it has changed.
#[derive(Debug, Serialize)]
pub(crate) struct CountsChangeView<'a> {
    at: String,
    #[serde(flatten)]
    counts: CountsView<'a>,
}

impl<'a> CountsChangeView<'a> {
    pub(crate) fn new(counts: &'a StatusCounts, at: Timestamp) -> Self {
        Self { at: moment::to_text(at), counts: counts.into() }
    }
}

/// A change; its name is the event's.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ChangeView<'a> {
    /// A join or an update.
    Here { at: String, member: MemberView<'a> },
    /// A leave.
    #[serde(rename_all = "camelCase")]
    Gone { at: String, channel: &'a str, user: &'a str, reason: &'static str, last_seen_at: String },
    /// A punch.
    Punched(PunchView<'a>),
}

impl<'a> ChangeView<'a> {
    pub(crate) fn new(change: &'a Change, at: Timestamp) -> Self {
        let now = at;
        let at = moment::to_text(at);
        match change {
            Change::Join(member) | Change::Update(member) => Self::Here { at, member: MemberView::new(member, now) },
            Change::Leave { channel, user, reason, last_seen_at } => Self::Gone {
                at,
                channel: channel.as_str(),
                user: user.as_str(),
                reason: reason.as_str(),
                last_seen_at: moment::to_text(*last_seen_at),
            },
            Change::Punch(row) => Self::Punched(row.into()),
        }
    }
}

/// A row of the punch clock's log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PunchView<'a> {
    user: &'a str,
    /// Which stay: as text, as it is beyond what a JSON number holds safely in some places.
    epoch: String,
    kind: &'static str,
    at: String,
    detected_at: String,
    reason: Option<&'static str>,
    error_bound_ms: Millis,
}

impl PunchView<'_> {
    /// Its fields in the order of a table's columns.
    pub(crate) const COLUMNS: Columns = &["user", "epoch", "kind", "at", "detectedAt", "reason", "errorBoundMs"];
}

impl<'a> From<&'a PunchRow> for PunchView<'a> {
    fn from(row: &'a PunchRow) -> Self {
        Self {
            user: row.user.as_str(),
            epoch: row.epoch.to_string(),
            kind: row.kind.as_str(),
            at: moment::to_text(row.at),
            detected_at: moment::to_text(row.detected_at),
            reason: row.reason.map(EndReason::as_str),
            error_bound_ms: row.error_bound,
        }
    }
}

/// The name of a change's event as [`change_name`] gives it; `None` for anything else.
pub(crate) fn known_change(name: &str) -> Option<&'static str> {
    ["join", "update", "leave", "punch"].into_iter().find(|&known| known == name)
}

/// The name of a change's event.
pub(crate) const fn change_name(change: &Change) -> &'static str {
    match change {
        Change::Join(_) => "join",
        Change::Update(_) => "update",
        Change::Leave { .. } => "leave",
        Change::Punch(_) => "punch",
    }
}

/// A session as the store keeps it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView<'a> {
    session: String,
    user: &'a str,
    channel: &'a str,
    page: Option<&'a str>,
    state: PageState,
    started_at: String,
    last_seen_at: String,
    ended_at: Option<String>,
    detected_at: Option<String>,
    reason: Option<&'static str>,
    error_bound_ms: Option<Millis>,
    duration_ms: Millis,
    visible_ms: Millis,
    active_ms: Millis,
    recovered: bool,
}

impl SessionView<'_> {
    /// Its fields in the order of a table's columns.
    pub(crate) const COLUMNS: Columns = &[
        "session",
        "user",
        "channel",
        "page",
        "state",
        "startedAt",
        "lastSeenAt",
        "endedAt",
        "detectedAt",
        "reason",
        "errorBoundMs",
        "durationMs",
        "visibleMs",
        "activeMs",
        "recovered",
    ];
}

impl<'a> From<&'a SessionRow> for SessionView<'a> {
    fn from(row: &'a SessionRow) -> Self {
        let end = row.end.as_ref();
        let until = end.map_or(row.last_seen_at, |end| end.ended_at);
        Self {
            session: row.session.to_text(),
            user: row.user.as_str(),
            channel: row.channel.as_str(),
            page: row.page.as_ref().map(PagePath::as_str),
            state: row.state,
            started_at: moment::to_text(row.started_at),
            last_seen_at: moment::to_text(row.last_seen_at),
            ended_at: end.map(|end| moment::to_text(end.ended_at)),
            detected_at: end.map(|end| moment::to_text(end.detected_at)),
            reason: end.map(|end| end.reason.as_str()),
            error_bound_ms: end.map(|end| end.error_bound),
            duration_ms: until.since(row.started_at),
            visible_ms: row.visible,
            active_ms: row.active,
            recovered: row.recovered,
        }
    }
}

/// Sums over a list of sessions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotalsView {
    sessions: u64,
    users: u64,
    duration_ms: Millis,
    visible_ms: Millis,
    active_ms: Millis,
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            sessions: totals.sessions,
            users: totals.users,
            duration_ms: totals.duration,
            visible_ms: totals.visible,
            active_ms: totals.active,
        }
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::{tracker::PunchKind, wire::UserId};

    use super::*;

    #[test]
    fn a_table_of_punches_has_a_column_for_each_field() {
        let (user, at) = (UserId::parse("ann").unwrap(), Timestamp(0));
        let (kind, error_bound) = (PunchKind::In, Millis::ZERO);
        let row = PunchRow { user, epoch: 1, kind, at, detected_at: at, reason: None, error_bound };
        let json = serde_json::to_value(PunchView::from(&row)).unwrap();
        let mut columns = PunchView::COLUMNS.to_vec();
        columns.sort_unstable();
        assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), columns);
    }
}
