//! Times: visible time is neither counted twice nor lost, and a session began when its first beat was sent.

use stillhere_engine::{limits, page::PageState, tracker::SessionRow};

use super::{Verdict, holds};
use crate::{agenda::Ms, life::Life};

/// Rounding, for each span.
const ROUNDING: Ms = 2;

/// Visible time is never above the truth. What is forgiven: rounding, and sleeps too short to be noticed.
///
/// # Errors
/// By how much it is.
pub fn visible_is_not_above_the_truth(row: &SessionRow, life: &Life, now: Ms) -> Verdict {
    let truth = life.visible_until(now);
    let slack = ROUNDING * (life.spans + 1) + life.unnoticed;
    // A log that is full joins spans and says so in its documentation.
    let is_full = life.spans as usize >= limits::SPANS;
    holds("visible_is_not_above_the_truth", is_full || row.visible.0 <= truth + slack, || {
        format!("{:?} was visible for {} ms by the record and for {truth} ms in truth", row.session, row.visible.0)
    })
}

/// When the server has a tab's very last beat, it has all of its visible time.
///
/// # Errors
/// How much is missing.
pub fn no_time_is_lost(row: &SessionRow, life: &Life, now: Ms) -> Verdict {
    let has_all =
        life.last_sent.is_some_and(|sent| sent.seq == row.seq) && life.sleeps + life.leaps == 0 && !life.is_blurred();
    let truth = life.visible_until(now);
    let has_last_word = life.last_sent.is_some_and(|sent| sent.state == PageState::Closed);
    let slack = ROUNDING * (life.spans + 1);
    holds("no_time_is_lost", !has_all || !has_last_word || row.visible.0 + slack >= truth, || {
        format!("{:?} was visible for {truth} ms in truth, and the record has {} ms", row.session, row.visible.0)
    })
}

/// `started_at` is when the first beat was sent, give or take the network's delay. `started_at` is in true time.
///
/// # Errors
/// How far it is from that.
pub fn start_is_true(row: &SessionRow, life: &Life, started_at: i64, clock_slack: Ms) -> Verdict {
    let Some(began) = life.began.filter(|_| !life.is_blurred() && life.leaps == 0) else { return Ok(()) };
    let off = started_at - began as i64;
    let slack = (life.worst_delay + clock_slack + ROUNDING) as i64;
    holds("start_is_true", (-(clock_slack as i64) - 2..=slack).contains(&off), || {
        format!("{:?} began {off} ms after its first beat was sent, by the record", row.session)
    })
}
