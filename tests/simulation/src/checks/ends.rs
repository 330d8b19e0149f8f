//! Ends: once, and where they really were.

use stillhere_engine::{
    tracker::{End, EndReason},
    wire::SessionId,
};

use super::{Verdict, holds};
use crate::{
    agenda::Ms,
    life::{EndSeen, Life},
};

/// Rounding to milliseconds on two clocks.
const SLACK: Ms = 10;

/// A session ends once: later evidence may move the end, but nobody detects it again, nor does it come back.
///
/// # Errors
/// The two ends.
pub fn ends_once(session: SessionId, life: &Life, end: Option<End>) -> Verdict {
    let Some(known) = life.end else { return Ok(()) };
    holds("ends_once", end.is_some_and(|end| end.detected_at.0 == known.detected_at), || {
        format!("{session:?} had ended, as was detected at {}, and now: {end:?}", known.detected_at)
    })
}

/// Who signs out is gone with that word: nobody waits for a next page.
///
/// # Errors
/// How long it took.
pub fn sign_out_is_at_once(session: SessionId, life: &Life, end: End, detected_at: Ms) -> Verdict {
    let heard_at = life.newest.map_or(detected_at, |newest| newest.at);
    holds("sign_out_is_at_once", end.reason != EndReason::SignedOut || detected_at <= heard_at + SLACK, || {
        format!("{session:?} signed out at {heard_at}, and that was seen at {detected_at}")
    })
}

/// `ended_at` is not after the true end by more than the network's delay. `ended_at` is in true time; `gap` is how
/// long the tab may have been silent for two stretches to count as one.
///
/// # Errors
/// By how much it is.
pub fn end_is_not_after_the_truth(session: SessionId, life: &Life, ended_at: Ms, gap: Ms, now: Ms) -> Verdict {
    // No clock but the wall's lives on from one page to the next; when it was set meanwhile, old spans are misplaced.
    let Some(end) = life.end.filter(|_| !life.is_blurred() && life.leaps == 0) else { return Ok(()) };
    let truth = life.end_of(end, gap, now);
    let slack = SLACK + life.clock_slack(now.saturating_sub(truth));
    holds("end_is_not_after_the_truth", ended_at <= truth + life.worst_delay + slack, || {
        format!(
            "{session:?} ended at {ended_at} by the record and at {truth} in truth, {} ms earlier; no beat was under \
             way for more than {} ms",
            ended_at - truth,
            life.worst_delay
        )
    })
}

/// `ended_at` is not before the true end by more than the stated bound, as far as the server could know: up to the
/// moment when it decided.
///
/// # Errors
/// By how much it is.
pub fn end_is_not_before_the_truth(
    session: SessionId,
    life: &Life,
    (ended_at, detected_at): (Ms, Ms),
    end: End,
    now: Ms,
) -> Verdict {
    // A last word that was taken back is the truth as long as only the network knows better.
    let is_fair = |seen: &EndSeen| !life.is_blurred() && (seen.has_heard_all || end.reason == EndReason::Timeout);
    let Some(seen) = life.end.filter(is_fair) else { return Ok(()) };
    let truth = life.end_of(seen, 0, now).min(detected_at);
    holds("end_is_not_before_the_truth", truth <= ended_at + end.error_bound.0 + SLACK, || {
        format!(
            "{session:?} ended at {ended_at} by the record ({}) and at {truth} in truth, {} ms later; the bound is {} ms",
            end.reason.as_str(),
            truth - ended_at,
            end.error_bound.0
        )
    })
}
