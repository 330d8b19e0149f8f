//! Promises: of tabs, to beat again in time; of the server, to wait that long and not longer.

use stillhere_engine::{limits, page::PageState, tracker::EndReason, wire::SessionId};

use super::{Broken, Verdict, holds};
use crate::{
    agenda::Ms,
    cause::Cause,
    life::{Life, Sent},
};

/// Timers are late by a few milliseconds in any browser.
const TIMER_SLACK: Ms = 100;
/// A hidden page's timers come with the next minute. The lease is twice the promise and more, so it bears that once.
const HIDDEN_SLACK: Ms = 60_000;
/// A beat that is lost without a word is noticed after this time, and tried again within the first retry's.
const NOTICED_WITHIN: Ms = limits::ANSWER_WITHIN.0 + limits::RETRY_BASE.0;
/// The wheel's tick, and the way there.
const TICK: Ms = 20;

/// A tab that runs on beats again within the time that its last beat promised.
///
/// # Errors
/// [`Broken`] says by how much it was late.
pub fn promise_is_kept(session: SessionId, life: &Life, next: Option<Sent>, now: Ms) -> Verdict {
    let Some(Sent { seq, at, promise: Some(promise), state }) = life.last_sent else { return Ok(()) };
    let ran_on = life.runs_since().is_some_and(|since| since <= at);
    // Its timers may have been throttled for a moment before it stopped.
    let is_throttled = state == PageState::Hidden || next.is_none_or(|next| next.state == PageState::Hidden);
    let gap = now - at;
    let slack = TIMER_SLACK + if is_throttled { HIDDEN_SLACK } else { 0 };
    holds("promise_is_kept", !ran_on || gap <= promise.0.max(NOTICED_WITHIN) + slack, || {
        let next = next.map_or("nothing".into(), |next| format!("beat {}", next.seq));
        format!("{session:?}: beat {seq} promised {} ms; the page ran on, and {next} came after {gap} ms", promise.0)
    })
}

/// A session whose tab runs on and whose beats all arrive does not end by silence.
///
/// # Errors
/// [`Broken`] tells the story of the last beat.
pub fn leave_is_not_false(session: SessionId, life: &Life, reason: EndReason, now: Ms, may_miss: u32) -> Verdict {
    let (Some(newest), Some(sent)) = (life.newest, life.last_sent) else { return Ok(()) };
    let ran_on = life.runs_since().is_some_and(|since| since <= newest.sent_at);
    let is_kept = match reason {
        EndReason::Closed => life.gone_at.is_none() && sent.seq == newest.seq && ran_on,
        EndReason::Timeout => {
            let is_visible = newest.state.is_visible();
            ran_on && (newest.promise.is_some() || is_visible) && sent.seq <= newest.seq + may_miss
        }
        // Somebody asked for it.
        EndReason::SignedOut | EndReason::Removed => false,
    };
    holds("leave_is_not_false", !is_kept, || {
        format!(
            "{session:?} ended ({}) while its page runs: beat {} came {} ms ago and was good for {} ms, and beat {} \
             was the last one sent, {} ms ago",
            reason.as_str(),
            newest.seq,
            now - newest.at,
            newest.lease.0,
            sent.seq,
            now - sent.at
        )
    })
}

/// Nobody is told that somebody has left whose tab is merely hidden, frozen, throttled or cached, or because the server
/// was started anew.
///
/// # Errors
/// Who, and what had been in the way.
pub fn nobody_there_has_left(person: u32, cause: Cause) -> Verdict {
    holds("nobody_there_has_left", !cause.is_forbidden(), || {
        format!("p{person} is said to have left, and is there ({})", cause.name())
    })
}

/// The server waits as long as the newest beat was good for, not counting the time in which it was down.
///
/// # Errors
/// [`Broken`] says how long it waited instead.
pub fn lease_is_honoured(session: SessionId, life: &Life, reason: EndReason, now: Ms) -> Verdict {
    let Some(newest) = life.newest else { return Ok(()) };
    let waited = (now - newest.at).saturating_sub(life.downtime - newest.downtime);
    holds("lease_is_honoured", life.is_lease_blurred() || waited + 1 >= newest.lease.0, || {
        format!(
            "{session:?} ended ({}) {waited} ms of the server's life after beat {}, which was good for {} ms",
            reason.as_str(),
            newest.seq,
            newest.lease.0
        )
    })
}

/// A session ends when its lease has run out, and not later: `grace` is what restarts have added.
///
/// # Errors
/// [`Broken`] says how much later.
pub fn silence_is_noticed(session: SessionId, life: &Life, grace: Ms, now: Ms) -> Result<(), Broken> {
    let Some(newest) = life.newest else { return Ok(()) };
    let waited = (now - newest.at).saturating_sub(life.downtime - newest.downtime);
    holds("silence_is_noticed", life.is_lease_blurred() || waited <= newest.lease.0 + grace + TICK, || {
        format!(
            "{session:?} ended {waited} ms of the server's life after beat {}, which was good for {} ms and {grace} ms \
             of grace",
            newest.seq, newest.lease.0
        )
    })
}
