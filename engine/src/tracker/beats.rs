//! What a beat does: it begins a session, goes on with one, or is late evidence of one that has ended.

use alloc::{boxed::Box, string::ToString};

use super::{
    Tracker,
    api::{Output, Past, Report, Ticket},
    members::Standing,
    records::{End, EndReason, LeaveReason, SessionRow, SpanRow, ViewRow},
    session::{longest_stay, short},
};
use crate::{
    limits,
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    wire::{Accepted, Beat, Refusal},
};

impl Tracker {
    pub(super) fn take_beat(&mut self, report: Box<Report>) {
        let ticket = report.ticket;
        if !self.policy.allows(&report.beat.channel) {
            return self.refuse(ticket, Refusal::ChannelUnknown);
        }
        if self.removing.contains_key(&report.user) {
            return self.refuse(ticket, Refusal::Busy);
        }
        if let Some(place) = self.roll.find(&report.beat.session) {
            return self.go_on(place, &report);
        }
        if let Some(row) = self.ledger.ended(&report.beat.session) {
            let row = row.clone();
            return self.take_late(&row, &report);
        }
        match &report.past {
            None => self.outputs.push_back(Output::LookUp(report)),
            Some(Past::NeverSeen) => self.begin(&report),
            Some(Past::Stored(row)) => self.take_late(row, &report),
        }
    }

    fn refuse(&mut self, ticket: Ticket, why: Refusal) {
        self.outputs.push_back(Output::Answer { ticket, answer: Err(why) });
    }

    fn begin(&mut self, report: &Report) {
        let Report { user, beat, .. } = report;
        if self.ledger.is_full() {
            return self.refuse(report.ticket, Refusal::StoreDown);
        }
        // A wrong clock, or a wish for overtime, cannot reach behind the token or the longest session.
        let oldest = report.issued_at.unwrap_or(Timestamp(0)).min(self.now);
        let started_at = self.said_at(beat).before(beat.t).max(oldest);
        let Some(place) = self.roll.enter(&beat.session, user, &beat.channel, started_at) else {
            return self.refuse(report.ticket, Refusal::TooManySessions);
        };
        let before = self.standing_without(place);
        self.roll.set_page(place, beat.page.as_ref());
        let said_at = self.said_at(beat);
        let witnessed_within = self.policy.lease(PageState::Active, None);
        if let Some(session) = self.roll.get_mut(place) {
            // What the tab tells of the time before that start is not counted, now or later.
            session.visible_until = short(beat.t.minus(said_at.since(started_at)));
            session.merge(beat, said_at);
            session.recovered = self.now.since(started_at) > witnessed_within;
        }
        self.note_spans(beat, started_at);
        self.punch_in_by_presence(place);
        if beat.state == PageState::Closed {
            // Only the last word has arrived: somebody was here and is gone. Nobody saw them come.
            return self.begin_and_end(place, report);
        }
        self.renew(place, beat);
        self.publish(before, None);
        self.commit(place, report);
    }

    fn begin_and_end(&mut self, place: u32, report: &Report) {
        let Some(end) = self.last_word(place, &report.beat) else { return };
        if let Some(row) = self.row_of_end(place, end) {
            self.ledger.note_end(row);
        }
        let answer = self.accepted(place, &report.beat);
        self.roll.unlink(place);
        self.punch_out_with_last(place, end);
        self.roll.forget(place);
        self.ledger.hold(report.ticket, answer);
    }

    /// How a closed session ends now.
    fn last_word(&self, place: u32, beat: &Beat) -> Option<End> {
        let end = self.roll.get(place)?.end(self.now);
        Some(if beat.sign_out { End { reason: EndReason::SignedOut, ..end } } else { end })
    }

    /// Nobody waits for a next page of the tab.
    fn sign_out_by_beat(&mut self, place: u32, report: &Report) {
        let answer = self.accepted(place, &report.beat);
        if let Some(end) = self.last_word(place, &report.beat) {
            self.end(place, end);
        }
        self.ledger.hold(report.ticket, answer);
    }

    fn go_on(&mut self, place: u32, report: &Report) {
        let Report { ticket, user, beat, .. } = report;
        let Some(session) = self.roll.get(place) else { return };
        if self.roll.user(session.user) != Some(user) {
            return self.refuse(*ticket, Refusal::SessionOfAnother);
        }
        if self.ledger.is_full() {
            return self.keep_alive(place, beat, *ticket);
        }
        let (user, channel, is_newest) = (session.user, session.channel, beat.seq > session.seq);
        let before = self.standing(user, channel);
        let moves = is_newest && self.roll.channel(channel) != Some(&beat.channel);
        let (was_closed, started_at) = (session.state == PageState::Closed, session.started_at);
        let said_at = self.said_at(beat);
        if let Some(session) = self.roll.get_mut(place) {
            session.merge(beat, said_at);
        }
        self.note_spans(beat, started_at);
        if is_newest && beat.sign_out {
            return self.sign_out_by_beat(place, report);
        }
        if is_newest {
            self.note_view(place, beat);
            self.roll.set_page(place, beat.page.as_ref());
            if moves {
                self.move_to(place, beat);
            }
            self.renew(place, beat);
        }
        self.publish(Some(before), Some(LeaveReason::Moved));
        if moves {
            self.roll.let_go(channel);
        }
        self.note_dirty(place);
        // A last word is a lasting fact, also when it is said again because it could not be written; and so is its being
        // taken back. Falling silent is one too: a frozen tab cannot say again that it is to be held.
        let falls_silent = beat.state == PageState::Closed || beat.is_paused();
        // And nobody is told that a session goes on whose start is not on disk yet.
        let has_started = self.roll.get(place).is_some_and(|session| session.saved_seq > 0);
        if is_newest && (falls_silent || was_closed) || !has_started {
            self.commit(place, report);
        } else {
            let answer = self.accepted(place, beat);
            self.outputs.push_back(Output::Answer { ticket: *ticket, answer });
        }
    }

    /// Where the session was until now, if this beat tells of another page or channel.
    fn note_view(&mut self, place: u32, beat: &Beat) {
        let Some(session) = self.roll.get(place) else { return };
        let Some(channel) = self.roll.channel(session.channel) else { return };
        let page = self.roll.page(session.page);
        if *channel == beat.channel && page == beat.page.as_ref() {
            return;
        }
        let (session, channel, page) = (beat.session, channel.clone(), page.cloned());
        self.ledger.note_view(ViewRow { session, seq: beat.seq, channel, page, until_at: self.now });
    }

    /// The store has been down for so long that no more can be kept for it. The tab is here all the same.
    fn keep_alive(&mut self, place: u32, beat: &Beat, ticket: Ticket) {
        let lease = self.policy.lease_of(beat);
        let said_at = self.said_at(beat);
        if let Some(session) = self.roll.get_mut(place) {
            session.set_last_seen_at(session.last_seen_at().max(said_at));
            session.set_lease_until(session.lease_until().max(self.now.after(lease)));
        }
        self.judge(place);
        self.refuse(ticket, Refusal::StoreDown);
    }

    /// The user is in the new channel at once, and joins there if no other session of theirs is there.
    fn move_to(&mut self, place: u32, beat: &Beat) {
        self.roll.move_to(place, &beat.channel);
        if let Some(session) = self.roll.get_mut(place) {
            session.since_at = self.now;
        }
        let before = self.standing_without(place);
        self.renew(place, beat);
        self.publish(before, None);
    }

    /// The lease of the newest beat, and the status that follows from it.
    fn renew(&mut self, place: u32, beat: &Beat) {
        let lease_until = if beat.state == PageState::Closed {
            // Just after a restart the user may have another tab, of which nobody has told this server yet.
            self.now.after(self.policy.leave_grace).max(self.blind.until)
        } else {
            self.now.after(self.policy.lease_of(beat))
        };
        if let Some(session) = self.roll.get_mut(place) {
            session.set_lease_until(lease_until);
        }
        self.judge(place);
    }

    /// Answers once the session's row is on disk.
    fn commit(&mut self, place: u32, report: &Report) {
        if let Some(session) = self.roll.get_mut(place) {
            session.is_dirty = true;
        }
        self.ledger.note_urgent(place);
        let answer = self.accepted(place, &report.beat);
        self.ledger.hold(report.ticket, answer);
    }

    fn accepted(&self, place: u32, beat: &Beat) -> Result<Accepted, Refusal> {
        let session = self.roll.get(place).ok_or(Refusal::Busy)?;
        // A tab that does not know the pace yet has a lease for the usual one, and is told that.
        let idle = beat.next.map_or(Millis::ZERO, |_| self.now.since(self.blind.shift(session.last_active_at())));
        let standing: Standing = self.standing(session.user, session.channel);
        Ok(Accepted {
            status: self.status(&standing).to_string(),
            interval_ms: self.policy.interval_after(idle),
            hidden_interval_ms: self.policy.hidden_interval,
            now_ms: self.now.0,
            saved_seq: session.saved_seq,
        })
    }

    /// A span's place in time does not reach behind its session's start, whatever the tab says.
    fn note_spans(&mut self, beat: &Beat, started_at: Timestamp) {
        for &span in &beat.visible {
            let (start_at, end_at) = self.placed(span, beat);
            let (start_at, end_at) = (start_at.max(started_at), end_at.max(started_at));
            self.ledger.note_span(SpanRow { session: beat.session, span, start_at, end_at });
        }
    }

    /// When a beat was said, by the server's clock. The way here counts as no time.
    fn said_at(&self, beat: &Beat) -> Timestamp {
        self.now.before(beat.ago)
    }

    /// A span by the server's clock: so long before the beat was said as it is before its `t` by the tab's.
    fn placed(&self, span: Span, beat: &Beat) -> (Timestamp, Timestamp) {
        let said_at = self.said_at(beat);
        (said_at.before(beat.t.minus(span.start)), said_at.before(beat.t.minus(span.end)))
    }

    /// A beat of a session that has ended: what it proves is added, and the tab is told to begin a new one.
    fn take_late(&mut self, row: &SessionRow, report: &Report) {
        let Report { ticket, user, beat, .. } = report;
        if row.user != *user {
            return self.refuse(*ticket, Refusal::SessionOfAnother);
        }
        // The store can be a moment behind: asked again, it will know the end.
        let Some(end) = row.end else { return self.refuse(*ticket, Refusal::Busy) };
        let ended_at = self.proven_until(end, row.visible_until, beat);
        let shows_more = beat.visible.last().is_some_and(|span| span.end > row.visible_until);
        if beat.seq <= row.seq || !(ended_at > end.ended_at || shows_more) {
            return self.refuse(*ticket, Refusal::SessionEnded);
        }
        self.extend(row, beat, End { ended_at, ..end });
        self.ledger.hold(*ticket, Err(Refusal::SessionEnded));
    }

    /// Up to when a late beat's spans prove that the session went on. One that begins long after the end is another
    /// stay: the machine slept, the page was frozen, or its tab was elsewhere.
    fn proven_until(&self, end: End, counted: Millis, beat: &Beat) -> Timestamp {
        let gap = match end.reason {
            EndReason::Closed | EndReason::SignedOut | EndReason::Removed => self.policy.leave_grace,
            EndReason::Timeout => self.policy.lease(PageState::Active, Some(self.policy.interval)),
        };
        // What has been counted was placed by an earlier beat; this one may only have been longer under way.
        beat.visible.iter().filter(|span| span.end > counted).fold(end.ended_at, |until, &span| {
            let (start_at, end_at) = self.placed(span, beat);
            if start_at <= until.after(gap) { until.max(end_at) } else { until }
        })
    }

    /// Adds what a late beat proves to the row of an ended session; `end` holds the later evidence.
    fn extend(&mut self, row: &SessionRow, beat: &Beat, end: End) {
        let (visible, visible_until) =
            beat.visible.iter().fold((row.visible, row.visible_until), |(sum, until), span| {
                (sum.plus(span.end.minus(span.start.max(until))), until.max(span.end))
            });
        self.note_spans(beat, row.started_at);
        let most = longest_stay(row.started_at, self.said_at(beat));
        let error_bound = match end.reason {
            EndReason::Timeout if end.ended_at > row.last_seen_at => {
                self.said_at(beat).since(end.ended_at).plus(limits::LAST_WORD_DELAY)
            }
            _ => end.error_bound,
        };
        let end = End { error_bound, ..end };
        if row.end.is_some_and(|known| end.ended_at > known.ended_at) {
            self.correct_punch(row, end);
        }
        self.ledger.note_later_end(SessionRow {
            seq: beat.seq,
            visible: visible.min(most).max(row.visible),
            visible_until,
            active: row.active.max(beat.active.min(most)),
            last_seen_at: row.last_seen_at.max(end.ended_at),
            end: Some(end),
            ..row.clone()
        });
    }
}

#[cfg(test)]
mod size {
    #[test]
    fn a_session_is_small() {
        assert!(
            size_of::<Option<crate::tracker::session::Session>>() <= 96,
            "{}",
            size_of::<Option<crate::tracker::session::Session>>()
        );
    }
}
