//! One live session, as small as it can be: a server holds a million of them.

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::records::{End, EndReason, SessionRow},
    wire::{Beat, SessionId},
};

/// No place, no page.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    /// Numbers of names.
    pub(super) user: u32,
    pub(super) channel: u32,
    pub(super) page: u32,
    pub(super) seq: u32,
    pub(super) saved_seq: u32,
    /// While it is open, the tab's clock at the newest beat; once it is closed, how much its last word was later than the
    /// beat before let expect. Nobody needs both, and four bytes are four megabytes in a million sessions.
    clock_or_late: u32,
    /// Lengths in milliseconds; [`limits::SESSION_AGE`] fits.
    pub(super) visible: u32,
    pub(super) visible_until: u32,
    pub(super) active: u32,
    pub(super) started_at: Timestamp,
    /// Since when its user is in its channel without a leave.
    pub(super) since_at: Timestamp,
    last_seen: SinceStart,
    last_active: SinceStart,
    lease: SinceStart,
    /// The next one in the list of the user's sessions, which is short.
    pub(super) next_of_user: u32,
    /// Neighbours in the list of the channel's sessions, which may be long.
    pub(super) in_channel: Links,
    pub(super) state: PageState,
    /// The rung of its own status, as last told.
    pub(super) rung: u8,
    pub(super) is_dirty: bool,
    pub(super) recovered: bool,
}

/// A moment of a session, in milliseconds since its start. It reaches 49 days, and no further: a session that goes on
/// for longer ends there, and its tab begins another. No honest tab gets so far ([`limits::SESSION_AGE`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SinceStart(u32);

/// The moments of a session, which nobody else has to understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moments {
    clock_or_late: u32,
    last_seen: SinceStart,
    last_active: SinceStart,
    lease: SinceStart,
}

/// Neighbours in a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    pub(super) prev: u32,
    pub(super) next: u32,
}

impl Links {
    pub(super) const ALONE: Self = Self { prev: NONE, next: NONE };
}

impl Session {
    /// A session that nothing has been told of yet, begun at `started_at`.
    pub(super) fn new(id: SessionId, user: u32, channel: u32, started_at: Timestamp) -> Self {
        Self {
            id,
            user,
            channel,
            page: NONE,
            seq: 0,
            saved_seq: 0,
            clock_or_late: 0,
            visible: 0,
            visible_until: 0,
            active: 0,
            started_at,
            since_at: started_at,
            last_seen: SinceStart(0),
            last_active: SinceStart(0),
            lease: SinceStart(0),
            next_of_user: NONE,
            in_channel: Links::ALONE,
            state: PageState::Hidden,
            rung: 0,
            is_dirty: false,
            recovered: false,
        }
    }

    /// Takes over what the store knew.
    pub(super) fn restore(&mut self, row: &SessionRow, lease_until: Timestamp) {
        self.seq = row.seq;
        self.saved_seq = row.seq;
        // Nobody knows how far the tab's clock was: a last word that comes now may be late by all the time since then.
        self.clock_or_late = if row.state == PageState::Closed { 0 } else { u32::MAX };
        self.visible = short(row.visible);
        self.visible_until = short(row.visible_until);
        self.active = short(row.active);
        self.state = row.state;
        self.recovered = row.recovered;
        self.set_last_seen_at(row.last_seen_at);
        self.set_last_active_at(row.last_active_at);
        self.set_lease_until(lease_until);
    }

    pub(super) fn moments(&self) -> Moments {
        let Self { clock_or_late, last_seen, last_active, lease, .. } = *self;
        Moments { clock_or_late, last_seen, last_active, lease }
    }

    pub(super) fn set_moments(&mut self, moments: Moments) {
        Moments {
            clock_or_late: self.clock_or_late,
            last_seen: self.last_seen,
            last_active: self.last_active,
            lease: self.lease,
        } = moments;
    }

    /// The newest accepted beat.
    pub(super) fn last_seen_at(&self) -> Timestamp {
        self.moment(self.last_seen)
    }

    /// The newest human input.
    pub(super) fn last_active_at(&self) -> Timestamp {
        self.moment(self.last_active)
    }

    /// When silence becomes an end.
    pub(super) fn lease_until(&self) -> Timestamp {
        self.moment(self.lease)
    }

    pub(super) fn set_last_seen_at(&mut self, at: Timestamp) {
        self.last_seen = self.since_start(at);
    }

    pub(super) fn set_last_active_at(&mut self, at: Timestamp) {
        self.last_active = self.since_start(at);
    }

    pub(super) fn set_lease_until(&mut self, at: Timestamp) {
        self.lease = self.since_start(at);
    }

    fn moment(&self, since_start: SinceStart) -> Timestamp {
        self.started_at.after(Millis(u64::from(since_start.0)))
    }

    fn since_start(&self, at: Timestamp) -> SinceStart {
        SinceStart(short(at.since(self.started_at)))
    }

    /// Merges what a beat says. Each field takes the larger or the newer, so that neither order nor repetition
    /// matters. True when this is the newest beat, whose state counts.
    pub(super) fn merge(&mut self, beat: &Beat, now: Timestamp) -> bool {
        for span in &beat.visible {
            self.count(*span);
        }
        let most = short(longest_stay(self.started_at, now.max(self.last_seen_at())));
        self.visible = self.visible.min(most);
        let active = short(beat.active).min(most);
        if active > self.active {
            self.active = active;
            self.set_last_active_at(now);
        }
        let is_newest = beat.seq > self.seq;
        if is_newest {
            self.clock_or_late = match (self.state, beat.state) {
                // Said again: how late the first one was is all that is known.
                (PageState::Closed, PageState::Closed) => {
                    self.clock_or_late.saturating_add(short(now.since(self.last_seen_at())))
                }
                (_, PageState::Closed) => self.lateness(beat.t, now),
                _ => short(beat.t),
            };
            self.seq = beat.seq;
            self.state = beat.state;
            // An old beat that comes late, or twice, is no news of its tab.
            self.set_last_seen_at(self.last_seen_at().max(now));
        }
        is_newest
    }

    /// How much later a beat has come than the one before and its own clock let expect.
    fn lateness(&self, t: Millis, now: Timestamp) -> u32 {
        let since_then = short(t).saturating_sub(self.clock_or_late);
        short(now.since(self.last_seen_at().after(Millis(u64::from(since_then)))))
    }

    /// Adds the part of a span that has not been counted. A tab tells its spans in order and drops one only when
    /// the server has kept it, so the highest moment counted is all that has to be remembered.
    fn count(&mut self, span: Span) {
        let start = short(span.start).max(self.visible_until);
        let end = short(span.end);
        if end > start {
            self.visible = self.visible.saturating_add(end - start);
        }
        self.visible_until = self.visible_until.max(end);
    }

    /// How it ends when its lease runs out now.
    pub(super) fn end(&self, now: Timestamp) -> End {
        let (reason, error_bound) = if self.state == PageState::Closed {
            (EndReason::Closed, limits::LAST_WORD_DELAY.plus(Millis(u64::from(self.clock_or_late))))
        } else {
            (EndReason::Timeout, now.since(self.last_seen_at()))
        };
        End { ended_at: self.last_seen_at(), detected_at: now, reason, error_bound }
    }
}

/// How long a tab can have been looked at that began at `started_at` by the server's clock and is there at `now`, whatever
/// its own clock says or somebody's wish for overtime. The first beat, by which the start is known, may have been late.
pub(super) fn longest_stay(started_at: Timestamp, now: Timestamp) -> Millis {
    now.since(started_at).plus(limits::UNDER_WAY_MOST)
}

/// A length within a session in 32 bits.
pub(super) fn short(length: Millis) -> u32 {
    u32::try_from(length.0).unwrap_or(u32::MAX)
}
