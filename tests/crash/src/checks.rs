//! What must hold on the disk after every kill, whatever the moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use stillhere_engine::wire::SessionId;

use crate::{
    ends,
    journal::{Journal, Session, SignOut},
    stored::{Row, Stored},
};

/// On a slow machine with much else to do, an end that is known is on disk by then. That a lease has run out is told from
/// memory, as it follows from facts that are on disk: a server that is killed in between comes to the same end once more.
const WRITTEN_WITHIN_MS: u64 = 5_000;

/// Holds everything that was acknowledged against everything that is stored.
///
/// # Errors
/// The first thing that is not so, with the journal of whom it is about.
pub fn check(journal: &Journal, stored: &Stored) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for session in &journal.sessions {
        let key = key(&session.id).ok_or("a tab has made a bad id")?;
        let row = stored.sessions.get(&key);
        check_session(session, row, &journal.kills).map_err(|why| told(session, row, &why))?;
        known.insert(key);
    }
    if let Some(stranger) = stored.sessions.keys().find(|key| !known.contains(*key)) {
        return Err(format!("there is a session that nobody has begun: {stranger}"));
    }
    check_punches(journal, stored)?;
    ends::check_auto_outs(journal, stored)
}

/// A session's id as the stores are asked for it.
#[must_use]
pub fn key(id: &str) -> Option<String> {
    let bytes = SessionId::parse(id).ok()?.0;
    Some(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn check_session(session: &Session, row: Option<&Row>, kills: &[u64]) -> Result<(), String> {
    let Some(row) = row else {
        let is_owed = session.began_at().is_some() || session.sign_out == SignOut::Acknowledged && session.kept_seq > 0;
        return if is_owed { Err("an acknowledged session is lost".into()) } else { Ok(()) };
    };
    if row.user != session.user {
        return Err(format!("it has become {}'s", row.user));
    }
    if row.seq < session.kept_seq {
        return Err(format!("beat {} was acknowledged as kept, and beat {} is there", session.kept_seq, row.seq));
    }
    let Some(beat) = session.beat(row.seq) else {
        return Err(format!("it has a beat {} that was never sent", row.seq));
    };
    // Late evidence adds time to an ended session and leaves the rest of its row as it was.
    let is_late = row.end.is_some();
    if !is_late && (row.state.as_str(), &row.channel) != (beat.state, &beat.channel) {
        return Err(format!("it is not as beat {} has said", row.seq));
    }
    for (what, there, told) in [
        ("visible time", row.visible_ms, beat.visible_ms),
        ("active time", row.active_ms, beat.active_ms),
        ("time of its spans", row.spans_ms, beat.visible_ms),
    ] {
        if there != told {
            let fault = if there < told { "lost" } else { "counted twice" };
            return Err(format!("{what} was {fault}: beat {} has told {told} ms, and {there} ms are there", row.seq));
        }
    }
    match &row.end {
        Some(end) => ends::check(session, end, kills),
        None if is_owed_an_end(session, kills) => Err("its tab was told that it has ended, and it goes on".into()),
        None if session.sign_out == SignOut::Acknowledged => Err("an acknowledged sign-out is lost".into()),
        None => Ok(()),
    }
}

/// That a session has ended is told from memory, and written at once: the tab begins a new one either way, and loses
/// nothing. Only a kill in between leaves the old one open.
fn is_owed_an_end(session: &Session, kills: &[u64]) -> bool {
    session.told_ended_at.is_some_and(|at| !kills.iter().any(|&kill| at <= kill && kill - at < WRITTEN_WITHIN_MS))
}

fn check_punches(journal: &Journal, stored: &Stored) -> Result<(), String> {
    for punch in &journal.punches {
        let is_it = |row: &&crate::stored::PunchRow| {
            (&row.user, row.epoch, &row.kind) == (&punch.user, punch.epoch, &punch.kind)
        };
        match stored.punches.iter().filter(is_it).count() {
            1 => {}
            0 => return Err(format!("an acknowledged punch is lost: {punch:?}")),
            times => return Err(format!("an acknowledged punch is there {times} times: {punch:?}")),
        }
    }
    let mut stays: BTreeMap<(&str, u64), Vec<&str>> = BTreeMap::new();
    for row in stored.punches.iter().filter(|row| row.kind != "CORRECTION") {
        stays.entry((&row.user, row.epoch)).or_default().push(&row.kind);
    }
    for ((user, epoch), kinds) in &stays {
        let begins = kinds.iter().filter(|&&kind| kind == "IN").count();
        let ends = kinds.len() - begins;
        let is_in = stored.stays.iter().any(|(who, stay)| who == user && stay == epoch);
        if begins != 1 || ends > 1 || is_in != (ends == 0) {
            return Err(format!("stay {epoch} of {user} is {kinds:?}, and it goes on: {is_in}"));
        }
    }
    Ok(())
}

/// The sentence, and what one needs to see how it came to that.
fn told(session: &Session, row: Option<&Row>, why: &str) -> String {
    let mut text = format!("session {} of {}: {why}\n  on disk: {row:?}\n", session.id, session.user);
    let _ = writeln!(
        text,
        "  kept up to {}, sign-out {:?}, told ended: {:?}",
        session.kept_seq, session.sign_out, session.told_ended_at
    );
    for sent in session.sent.iter().rev().take(6).rev() {
        let _ = writeln!(text, "  {sent:?}");
    }
    text
}
