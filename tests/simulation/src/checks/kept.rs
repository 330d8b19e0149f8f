//! What was acknowledged is kept, and what is sent is valid.

use stillhere_engine::{
    limits,
    page::PageState,
    tracker::SessionRow,
    wire::{BadBeat, SessionId},
};

use super::{Broken, Verdict, holds};

/// An answer that states a lasting fact comes after that fact is on disk: a session's first beat, its last word, and
/// whatever `saved_seq` names.
///
/// # Errors
/// What is missing.
pub fn acknowledged_is_kept(
    session: SessionId,
    (seq, state): (u32, PageState),
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
    holds("acknowledged_is_kept", state != PageState::Closed || row.seq >= seq, || {
        format!("{session:?}: the last word (beat {seq}) was answered; the disk has beat {}", row.seq)
    })
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
