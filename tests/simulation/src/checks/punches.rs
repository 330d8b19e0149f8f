//! Punches: a stay begins once and ends once, and its end is where its sessions' ends are.

use stillhere_engine::{
    time::Timestamp,
    tracker::{PunchKind, PunchRow, SessionRow},
};

use super::{Verdict, holds};
use crate::punch_log::{PunchLog, Stay};

/// A stay has one IN and one end: what is written again says the same, and nobody comes who is in or goes who is out.
///
/// # Errors
/// The two rows.
pub fn stay_ends_once(log: &PunchLog, row: &PunchRow) -> Verdict {
    let stay = log.stay(&row.user, row.epoch);
    let known = stay.and_then(|stay| match row.kind {
        PunchKind::In | PunchKind::Correction => stay.row(row.kind),
        // Whichever of the two it was.
        PunchKind::Out | PunchKind::AutoOut => stay.end(),
    });
    let is_same = row.kind == PunchKind::Correction || known.is_none_or(|known| known == row);
    holds("stay_ends_once", is_same, || format!("{known:?} is on disk, and now: {row:?}"))?;
    let is_new = row.kind == PunchKind::In && known.is_none();
    let other = log.stays_of(&row.user).find(|other| is_new && other.is_open());
    holds("stay_ends_once", other.is_none(), || format!("{:?} goes on, and now: {row:?}", other.map(|stay| &stay.rows)))
}

/// Nobody is in whose sessions are all over: not for the server …
///
/// # Errors
/// Who is.
pub fn nobody_stays_without_a_session(user: &str, epoch: Option<u64>) -> Verdict {
    holds("nobody_is_in_without_a_session", epoch.is_none(), || format!("{user} has left and is still in"))
}

/// … and, at the end, not on disk.
///
/// # Errors
/// Who is.
pub fn nobody_is_in_without_a_session(stay: &Stay) -> Verdict {
    holds("nobody_is_in_without_a_session", !stay.is_open(), || {
        format!("no session is left, and the log says {:?}", stay.rows)
    })
}

/// Whoever the server says to be in or out by presence is so.
///
/// # Errors
/// Who is not.
pub fn presence_is_a_stay(user: &str, epoch: Option<u64>) -> Verdict {
    holds("presence_is_a_stay", epoch.is_some(), || format!("{user} is here and not in"))
}

/// An AUTO_OUT, with what has corrected it, is never before the end of a session of its stay.
///
/// # Errors
/// By how much it is.
pub fn auto_out_covers_its_sessions(stay: &Stay, row: &SessionRow) -> Verdict {
    let (Some(at), Some(end)) = (stay.auto_ended_at(), row.end) else { return Ok(()) };
    holds("auto_out_covers_its_sessions", at >= end.ended_at, || {
        format!("{:?} ended at {}, and the log says {:?}", row.session, end.ended_at.0, stay.rows)
    })
}

/// An AUTO_OUT says no more than the evidence: the last of its sessions' ends, or its own IN.
///
/// # Errors
/// By how much it does.
pub fn auto_out_is_proven(stay: &Stay) -> Verdict {
    let Some(at) = stay.auto_ended_at() else { return Ok(()) };
    let came = stay.row(PunchKind::In).map(|row| row.at);
    let proven = stay.proven_until.max(came).unwrap_or(Timestamp(0));
    holds("auto_out_is_proven", at <= proven, || {
        format!("the evidence ends at {}, and the log says {:?}", proven.0, stay.rows)
    })
}

/// Whoever was answered, or told, finds the punch on disk.
///
/// # Errors
/// The row that is not there.
pub fn punch_is_kept(log: &PunchLog, row: &PunchRow) -> Verdict {
    let stay = log.stay(&row.user, row.epoch);
    holds("punch_is_kept", stay.is_some_and(|stay| stay.row(row.kind) == Some(row)), || {
        format!("{row:?} was told, and the disk has {:?}", stay.map(|stay| &stay.rows))
    })
}
