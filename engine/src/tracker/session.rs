//! One live session, as small as it can be: a server holds a million of them.

use crate::{
    limits,
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::records::{End, EndReason},
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
    /// Lengths in milliseconds; [`limits::SESSION_AGE`] fits.
    pub(super) t: u32,
    pub(super) visible: u32,
    pub(super) visible_until: u32,
    pub(super) active: u32,
    pub(super) started_at: Timestamp,
    /// Since when its user is in its channel without a leave.
    pub(super) since_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) last_active_at: Timestamp,
    pub(super) lease_until: Timestamp,
    /// How much the last word was later than the beat before let expect.
    pub(super) last_word_late: u32,
    /// Neighbours in the lists of the user's and of the channel's sessions.
    pub(super) in_user: Links,
    pub(super) in_channel: Links,
    pub(super) state: PageState,
    /// The rung of its own status, as last told.
    pub(super) rung: u8,
    pub(super) is_dirty: bool,
    pub(super) recovered: bool,
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
            t: 0,
            visible: 0,
            visible_until: 0,
            active: 0,
            started_at,
            since_at: started_at,
            last_seen_at: started_at,
            last_active_at: started_at,
            lease_until: started_at,
            last_word_late: 0,
            in_user: Links::ALONE,
            in_channel: Links::ALONE,
            state: PageState::Hidden,
            rung: 0,
            is_dirty: false,
            recovered: false,
        }
    }

    /// Merges what a beat says. Each field takes the larger or the newer, so that neither order nor repetition
    /// matters. True when this is the newest beat, whose state counts.
    pub(super) fn merge(&mut self, beat: &Beat, now: Timestamp) -> bool {
        for span in &beat.visible {
            self.count(*span);
        }
        let active = short(beat.active);
        if active > self.active {
            self.active = active;
            self.last_active_at = now;
        }
        let is_newest = beat.seq > self.seq;
        if is_newest {
            let expected = self.last_seen_at.after(Millis(u64::from(short(beat.t).saturating_sub(self.t))));
            self.last_word_late = if self.seq == 0 { 0 } else { short(now.since(expected)) };
            self.seq = beat.seq;
            self.t = short(beat.t);
            self.state = beat.state;
            // An old beat that comes late, or twice, is no news of its tab.
            self.last_seen_at = self.last_seen_at.max(now);
        }
        is_newest
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
            (EndReason::Closed, limits::LAST_WORD_DELAY.plus(Millis(u64::from(self.last_word_late))))
        } else {
            (EndReason::Timeout, now.since(self.last_seen_at))
        };
        End { ended_at: self.last_seen_at, detected_at: now, reason, error_bound }
    }
}

/// A length within a session in 32 bits.
pub(super) fn short(length: Millis) -> u32 {
    u32::try_from(length.0).unwrap_or(u32::MAX)
}
