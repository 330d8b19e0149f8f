//! What was acknowledged is kept, and what is sent is valid.

use stillhere_engine::{
    limits,
    page::PageState,
    tracker::SessionRow,
    wire::{BadBeat, SessionId},
};

use super::{Broken, Verdict, holds};

/// A lasting fact that a beat states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// It is the one that began its session.
    Start,
    /// It said that the page is gone or falls silent, and no newer one had come.
    LastWord,
}

/// An answer that states a lasting fact comes after that fact is on disk: a session's first beat, its last word, and
/// whatever `saved_seq` names.
///
/// # Errors
/// What is missing.
pub fn acknowledged_is_kept(
    session: SessionId,
    (seq, fact): (u32, Option<Fact>),
    saved_seq: u32,
    row: Option<&SessionRow>,
) -> Verdict {
    let Some(row) = row else {
        let what = format!("{session:?}: beat {seq} was answered, and no row is on disk");
        return Err(Broken::new("acknowledged_is_kept", what));
    };
    holds("acknowledged_is_kept", row.seq >= saved_seq, || {
        format!("{session:?}: beat {saved_seq} is said to be saved; the disk has {}", row.seq)
    })?;
    holds(
        "acknowledged_is_kept",
        fact != Some(Fact::LastWord) || row.seq >= seq || row.state == PageState::Closed,
        || format!("{session:?}: the last word (beat {seq}) was answered; the disk has beat {}", row.seq),
    )
}

/// What a tab sends obeys the rules of the wire and its bounds.
///
/// # Errors
/// The rule.
pub fn beat_is_valid(session: SessionId, parsed: Result<(), BadBeat>, bytes: usize) -> Verdict {
    if let Err(why) = parsed {
        return Err(Broken::new("beat_is_valid", format!("{session:?}: {why}")));
    }
    holds("beat_is_valid", bytes <= limits::BEAT_BYTES, || format!("{session:?}: a beat of {bytes} bytes"))
}
