//! Checks the seals of the punch clock's log, row by row from the oldest on.

use crate::store::{Cut, Digest, Fault, Log, Mark, StoreError, User, Wrong};

/// What a log is worth that was gone through to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How many rows were gone through.
    pub rows: i64,
    /// Of how many the user is erased. All else that they say is as it was sealed.
    pub erased: i64,
    /// The last row and its seal: to be written down elsewhere. It speaks for every row before it.
    pub head: Mark,
    /// What was cut off at the old end, of which nothing can be said.
    pub cut: Option<Cut>,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is what was sealed.
    Whole(Audit),
    /// This is the first row that is not.
    Broken(Fault),
    /// Every row is what was sealed, and yet it is another log: the seal that was expected is nowhere in it.
    Another(Audit),
}

/// Goes through the whole log, in pieces. `expect` is a seal from an earlier time; `progress` is told how many rows of how
/// many are behind.
///
/// # Errors
/// The log cannot be read.
pub async fn verify(
    log: &mut Log,
    expect: Option<Digest>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Verdict, StoreError> {
    // Before every number that a row can have, or a hand can give it.
    let mut at = Mark { id: i64::MIN, ..Mark::default() };
    let (mut rows, mut erased, mut cut, mut is_found) = (0, 0, None, expect.is_none());
    loop {
        let piece = log.piece(at.id).await?;
        if let Some(newer) = piece.cut.filter(|cut| cut.mark.id > at.id) {
            // At the beginning, or because a part was cut off while it was gone through. What was cut off is not there.
            if let Some(row) = piece.rows.first().filter(|row| row.number() <= newer.mark.id) {
                return Ok(Verdict::Broken(Fault { id: row.number(), what: Wrong::Chain }));
            }
            is_found |= expect == Some(newer.mark.chain);
            (at, cut) = (newer.mark, Some(newer));
            continue;
        }
        for row in &piece.rows {
            let sealed = match row.check(at.chain) {
                Ok(sealed) => sealed,
                Err(fault) => return Ok(Verdict::Broken(fault)),
            };
            at = Mark { id: row.number(), count: at.count + 1, chain: sealed.chain };
            rows += 1;
            erased += i64::from(sealed.user == User::Erased);
            is_found |= expect == Some(sealed.chain);
        }
        let head = piece.head.unwrap_or_default();
        progress(at.count, head.count);
        if piece.is_last() {
            if (at.count, at.chain) != (head.count, head.chain) {
                return Ok(Verdict::Broken(Fault { id: at.id.max(0), what: Wrong::Tail }));
            }
            let audit = Audit { rows, erased, head, cut };
            return Ok(if is_found { Verdict::Whole(audit) } else { Verdict::Another(audit) });
        }
    }
}
