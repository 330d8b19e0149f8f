//! The checks themselves: each finds what it is there for, in a story of one tab.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

use stillhere_crash::{
    checks::{check, key},
    journal::{Journal, Punched, Sent, Session, SignOut},
    run::BOOT_GRACE_MS,
    stored::{End, PunchRow, Row, Stored},
};

const ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const BEGAN_AT: u64 = 1_000_000;
const LEASE_MS: u64 = 1_500;

fn sent(seq: u32, at: u64) -> Sent {
    let visible_ms = u64::from(seq) * 100;
    Sent {
        seq,
        state: "active",
        channel: "north".into(),
        visible_ms,
        active_ms: visible_ms / 2,
        lease_ms: LEASE_MS,
        sent_at: at,
        taken_at: Some(at),
        is_late: false,
    }
}

/// Ann has beaten twice, punched in, and the server knows all of it.
fn ann() -> (Journal, Stored) {
    let session = Session {
        id: ID.into(),
        user: "ann".into(),
        sent: vec![sent(1, BEGAN_AT), sent(2, BEGAN_AT + 500)],
        kept_seq: 2,
        ..Session::default()
    };
    let row = Row {
        user: "ann".into(),
        channel: "north".into(),
        state: "active".into(),
        seq: 2,
        visible_ms: 200,
        active_ms: 100,
        end: None,
        spans_ms: 200,
    };
    let punch = Punched { user: "ann".into(), epoch: 7, kind: "IN".into() };
    let journal = Journal { sessions: vec![session], punches: vec![punch], kills: Vec::new() };
    let stored = Stored {
        sessions: [(key(ID).expect("an id"), row)].into(),
        punches: vec![punched("IN", BEGAN_AT)],
        stays: vec![("ann".into(), 7)],
    };
    (journal, stored)
}

fn punched(kind: &str, detected_at: u64) -> PunchRow {
    PunchRow { user: "ann".into(), epoch: 7, kind: kind.into(), detected_at }
}

fn ended(reason: &str, detected_at: u64) -> Option<End> {
    Some(End { ended_at: BEGAN_AT + 500, detected_at, reason: reason.into() })
}

/// What the checks say once something of ann's story was changed.
fn said(change: impl FnOnce(&mut Session, &mut Row, &mut Vec<PunchRow>, &mut Journal)) -> String {
    let (mut journal, mut stored) = ann();
    let mut session = journal.sessions.remove(0);
    let mut row = stored.sessions.remove(&key(ID).expect("an id")).expect("ann's");
    change(&mut session, &mut row, &mut stored.punches, &mut journal);
    let is_in = !stored.punches.iter().any(|row| row.kind.ends_with("OUT"));
    stored.stays.retain(|_| is_in);
    journal.sessions.push(session);
    stored.sessions.insert(key(ID).expect("an id"), row);
    check(&journal, &stored).err().unwrap_or_else(|| "nothing".into())
}

#[track_caller]
fn finds(fault: &str, change: impl FnOnce(&mut Session, &mut Row, &mut Vec<PunchRow>, &mut Journal)) {
    let said = said(change);
    assert!(said.contains(fault), "{said}");
}

#[test]
fn what_is_as_it_was_acknowledged_is_well() {
    assert_eq!(said(|_, _, _, _| {}), "nothing");
}

#[test]
fn a_lost_session_is_found() {
    let (journal, mut stored) = ann();
    stored.sessions.clear();
    assert!(check(&journal, &stored).unwrap_err().contains("an acknowledged session is lost"));
}

#[test]
fn figures_that_are_lost_or_counted_twice_are_found() {
    finds("acknowledged as kept", |_, row, _, _| row.seq = 1);
    finds("visible time was lost", |_, row, _, _| row.visible_ms -= 1);
    finds("visible time was counted twice", |_, row, _, _| row.visible_ms += 1);
    finds("active time was counted twice", |_, row, _, _| row.active_ms += 1);
    finds("time of its spans was counted twice", |_, row, _, _| row.spans_ms += 1);
    finds("never sent", |_, row, _, _| row.seq = 3);
    finds("is not as beat 2 has said", |_, row, _, _| row.channel = "south".into());
}

#[test]
fn an_end_that_was_told_and_is_not_there_is_found() {
    finds("was told that it has ended", |session, _, _, journal| {
        session.told_ended_at = Some(BEGAN_AT + 5_000);
        journal.kills = vec![BEGAN_AT + 4_000, BEGAN_AT + 10_000];
    });
    finds("sign-out is lost", |session, _, _, _| session.sign_out = SignOut::Acknowledged);
}

#[test]
fn an_end_that_nobody_has_caused_is_found() {
    let lease_ends = BEGAN_AT + 500 + LEASE_MS;
    finds("before it could be", |_, row, _, _| row.end = ended("timeout", lease_ends - 100));
    finds("nobody has asked", |_, row, _, _| row.end = ended("signed_out", lease_ends));
    finds("never said so", |_, row, _, _| row.end = ended("closed", lease_ends));
}

#[test]
fn an_end_within_the_boot_grace_is_found() {
    let kill = BEGAN_AT + 600;
    let ends = |at: u64| {
        said(|_, row, punches, journal| {
            journal.kills.push(kill);
            row.end = ended("timeout", at);
            punches.push(punched("AUTO_OUT", at));
        })
    };
    assert!(ends(kill + 5_000).contains("before it could be"));
    let told = said(|session, row, punches, journal| {
        let late = Sent { seq: 3, taken_at: None, is_late: true, ..sent(2, kill + 1_000) };
        session.sent.push(late);
        journal.kills.push(kill);
        row.end = ended("timeout", kill + 1_000 + LEASE_MS);
        punches.push(punched("AUTO_OUT", kill + 1_000 + LEASE_MS));
    });
    assert!(told.contains("before it could be"), "a beat that came too late has renewed nothing: {told}");
    assert_eq!(ends(kill + BOOT_GRACE_MS), "nothing");
}

#[test]
fn a_punch_that_is_lost_or_there_twice_is_found() {
    finds("punch is lost", |_, _, punches, _| punches.clear());
    finds("there 2 times", |_, _, punches, _| punches.push(punched("IN", BEGAN_AT)));
    let out = |_: &mut Session, row: &mut Row, punches: &mut Vec<PunchRow>, _: &mut Journal| {
        let at = BEGAN_AT + 500 + LEASE_MS;
        row.end = ended("timeout", at);
        punches.extend([punched("AUTO_OUT", at), punched("AUTO_OUT", at)]);
    };
    finds("[\"IN\", \"AUTO_OUT\", \"AUTO_OUT\"]", out);
}

#[test]
fn an_auto_out_of_somebody_who_is_there_is_found() {
    finds("was open", |_, _, punches, _| punches.push(punched("AUTO_OUT", BEGAN_AT + 600)));
}

#[test]
fn a_stay_without_a_session_is_found() {
    finds("has no open session", |_, row, _, _| row.end = ended("timeout", BEGAN_AT + 500 + LEASE_MS));
}
