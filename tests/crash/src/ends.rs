//! Whether a session may have ended: nobody is out who may still be there.

use crate::{
    journal::{Journal, Sent, Session, SignOut},
    run::BOOT_GRACE_MS,
    stored::{End, PunchRow, Stored},
};

/// Clocks of two processes on one machine agree to within this time: the server's goes on from its start without being set.
const CLOCKS_MS: u64 = 50;

/// Holds an end against what the tab knows.
///
/// # Errors
/// The tab cannot have ended so.
pub fn check(session: &Session, end: &End, kills: &[u64]) -> Result<(), String> {
    match end.reason.as_str() {
        "signed_out" if session.sign_out == SignOut::Unsaid => {
            return Err("it was signed out, and nobody has asked for that".into());
        }
        "closed" if !session.sent.iter().any(|sent| sent.state == "closed") => {
            return Err("it was closed, and its tab has never said so".into());
        }
        "signed_out" => return Ok(()),
        "closed" | "timeout" => {}
        other => return Err(format!("it ended for a reason that nobody gave: {other}")),
    }
    let evidence = session.last_evidence().iter().filter(|sent| !sent.is_late);
    let earliest = evidence.map(|sent| earliest_end(sent, end, kills)).min();
    match earliest {
        Some(earliest) if end.detected_at + CLOCKS_MS < earliest => Err(format!(
            "it was ended {} ms before it could be, though its tab was there: {end:?}, servers were killed at {kills:?}",
            earliest - end.detected_at
        )),
        _ => Ok(()),
    }
}

/// When the lease of this beat runs out at the earliest, if it was the last that arrived. A server that starts in the
/// meantime gives everybody its boot grace.
fn earliest_end(sent: &Sent, end: &End, kills: &[u64]) -> u64 {
    let at = sent.evidence_at();
    let restarts = kills.iter().filter(|&&kill| at + CLOCKS_MS < kill && kill + CLOCKS_MS < end.detected_at);
    restarts.map(|kill| kill + BOOT_GRACE_MS).fold(at + sent.lease_ms, u64::max)
}

/// Holds each AUTO_OUT against the user's sessions: it comes with the end of the last one.
///
/// # Errors
/// Somebody was punched out who was there.
pub fn check_auto_outs(journal: &Journal, stored: &Stored) -> Result<(), String> {
    for row in stored.punches.iter().filter(|row| row.kind == "AUTO_OUT") {
        if let Some((session, _)) = others_there(journal, row).find(|(_, id)| is_open_at(stored, id, row.detected_at)) {
            return Err(format!("{row:?}, while session {} was open", session.id));
        }
    }
    for (user, epoch) in &stored.stays {
        let mut theirs = stored.sessions.values().filter(|row| row.user == *user);
        if !theirs.any(|row| row.end.is_none()) {
            return Err(format!("{user} is in by stay {epoch} and has no open session"));
        }
    }
    Ok(())
}

/// The user's sessions that had been answered before the punch.
fn others_there<'a>(journal: &'a Journal, row: &PunchRow) -> impl Iterator<Item = (&'a Session, String)> {
    let (user, at) = (row.user.clone(), row.detected_at);
    let theirs = journal.sessions.iter().filter(move |session| session.user == user);
    theirs
        .filter(move |session| session.began_at().is_some_and(|began_at| began_at < at))
        .filter_map(|session| Some((session, crate::checks::key(&session.id)?)))
}

fn is_open_at(stored: &Stored, id: &str, at: u64) -> bool {
    stored.sessions.get(id).is_some_and(|row| row.end.as_ref().is_none_or(|end| end.detected_at > at))
}
