//! The seals of the punch clock's log.
//!
//! Each row has a seal, SHA-256 over the seal before it and everything that the row says, so whoever changes a row, puts
//! one in, takes one out or moves one breaks every seal from there on. The user is in it by a digest of their own, with a
//! salt of chance: when a person's data is removed, salt and name go, the digest stays, and so does the chain. Without
//! the salt nobody can try out names.
//!
//! ```text
//! person = sha256(hex(salt) "\n" user)
//! chain  = sha256("stillhere punch 1\n" hex(chain before) "\n" id "\n" hex(person) "\n" epoch "\n" kind "\n" at "\n"
//!                 detected_at "\n" reason or "-" "\n" error_bound_ms "\n")
//! ```
//!
//! The chain before the first row is 32 zeros. Nothing here is secret: who can write the whole log anew can seal it anew,
//! and only a seal that somebody has written down elsewhere tells.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A digest of 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads what [`fmt::Display`] wrote, in small or capital letters; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// `None`: it has another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0, f)
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// A row of the log as it lies there, whatever it holds: somebody may have written it who should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub(super) id: i64,
    pub(super) user: String,
    pub(super) epoch: i64,
    pub(super) kind: String,
    pub(super) at: i64,
    pub(super) detected_at: i64,
    pub(super) reason: Option<String>,
    pub(super) error_bound_ms: i64,
    /// `None`: its user is erased.
    pub(super) salt: Option<Vec<u8>>,
    pub(super) person: Option<Vec<u8>>,
    pub(super) chain: Option<Vec<u8>>,
}

/// What a row is sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) person: Digest,
    pub(super) chain: Digest,
}

impl LogRow {
    /// Its number.
    pub(crate) const fn number(&self) -> i64 {
        self.id
    }

    /// The seal of this row after the one with `before`.
    pub(super) fn seal(&self, before: Digest) -> Seal {
        let person = self.person_by(self.salt.as_deref().unwrap_or_default());
        Seal { person, chain: self.chain_after(before, person) }
    }

    fn person_by(&self, salt: &[u8]) -> Digest {
        Digest::of(&format!("{}\n{}", Hex(salt), self.user))
    }

    fn chain_after(&self, before: Digest, person: Digest) -> Digest {
        let Self { id, epoch, kind, at, detected_at, error_bound_ms, .. } = self;
        let reason = self.reason.as_deref().unwrap_or("-");
        Digest::of(&format!(
            "stillhere punch 1\n{before}\n{id}\n{person}\n{epoch}\n{kind}\n{at}\n{detected_at}\n{reason}\n\
             {error_bound_ms}\n"
        ))
    }

    /// Whether the row is what was sealed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, before: Digest) -> Result<Sealed, Fault> {
        let fault = |what| Fault { id: self.id, what };
        let (person, chain) = (self.person.as_deref(), self.chain.as_deref());
        let (Some(person), Some(chain)) = (person.and_then(Digest::from_bytes), chain.and_then(Digest::from_bytes))
        else {
            return Err(fault(Wrong::Unsealed));
        };
        let user = match &self.salt {
            Some(salt) if self.person_by(salt) != person => return Err(fault(Wrong::User)),
            Some(_) => User::Named,
            // The name of nobody is the only one that needs no proof.
            None if self.user.starts_with(ERASED) => User::Erased,
            None => return Err(fault(Wrong::User)),
        };
        if self.chain_after(before, person) != chain {
            return Err(fault(Wrong::Chain));
        }
        Ok(Sealed { user, chain })
    }
}

/// How the words begin that stand where a user was erased.
pub(super) const ERASED: &str = "erased-";

/// A row that is what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) user: User,
    pub(crate) chain: Digest,
}

/// Whether it is known whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// It says so, and that is proven.
    Named,
    /// The person's data was removed.
    Erased,
}

/// The first row at which the log is not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row's number.
    pub id: i64,
    /// What is wrong there.
    pub what: Wrong,
}

/// What can be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its user is not whom it was written for.
    User,
    /// It does not follow from the row before it.
    Chain,
    /// It has no seal, or none of the right length.
    Unsealed,
    /// It is not the last that was sealed.
    Tail,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, what } = self;
        match what {
            Wrong::User => write!(f, "row {id} is wrong: its user is not whom it was written for"),
            Wrong::Chain => write!(
                f,
                "row {id} is wrong: it, or its place, was changed, or a row before it was put in or taken out"
            ),
            Wrong::Unsealed => write!(f, "row {id} is wrong: it has no seal, so this server has not written it"),
            Wrong::Tail => write!(f, "the log is cut off after row {id}: it is not the last one that was sealed"),
        }
    }
}

/// A place in the chain: what is known of it besides the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The row's number.
    pub id: i64,
    /// How many rows were sealed up to here.
    pub count: i64,
    /// The row's seal.
    pub chain: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> LogRow {
        let mut row = LogRow {
            id: 7,
            user: "ann".into(),
            epoch: 3,
            kind: "AUTO_OUT".into(),
            at: 1_000,
            detected_at: 1_030,
            reason: Some("timeout".into()),
            error_bound_ms: 30,
            salt: Some(vec![0xab; 16]),
            person: None,
            chain: None,
        };
        let seal = row.seal(Digest::default());
        row.person = Some(seal.person.bytes().to_vec());
        row.chain = Some(seal.chain.bytes().to_vec());
        row
    }

    fn wrong(change: impl FnOnce(&mut LogRow)) -> Wrong {
        let mut row = row();
        change(&mut row);
        row.check(Digest::default()).unwrap_err().what
    }

    /// The digests are those of `printf … | sha256sum`, so that another program can check a log too.
    #[test]
    fn a_seal_is_what_the_page_says_and_any_program_can_make_it() {
        let seal = row().seal(Digest::default());
        assert_eq!(seal.person.to_string(), "3ab21a3adf2b444206605e5238c2f97e2b7e41fa9f3cc1100a29a1bd6a106976");
        assert_eq!(seal.chain.to_string(), "f7e7b2c4bebb10c759fe37a48ba2c0f2cdd2c0fc2d54220d6b3ebbc29c68080f");
    }

    #[test]
    fn nothing_that_a_row_says_can_be_changed() {
        assert!(row().check(Digest::default()).is_ok());
        assert_eq!(wrong(|row| row.user = "eve".into()), Wrong::User);
        assert_eq!(wrong(|row| row.salt = Some(vec![0; 16])), Wrong::User);
        assert_eq!(wrong(|row| row.salt = None), Wrong::User, "who is erased has no name");
        assert_eq!(wrong(|row| row.id = 8), Wrong::Chain);
        assert_eq!(wrong(|row| row.epoch = 4), Wrong::Chain);
        assert_eq!(wrong(|row| row.kind = "OUT".into()), Wrong::Chain);
        assert_eq!(wrong(|row| row.at = 1_001), Wrong::Chain);
        assert_eq!(wrong(|row| row.detected_at = 1_031), Wrong::Chain);
        assert_eq!(wrong(|row| row.reason = None), Wrong::Chain);
        assert_eq!(wrong(|row| row.error_bound_ms = 0), Wrong::Chain);
        assert_eq!(wrong(|row| row.chain = None), Wrong::Unsealed);
        assert_eq!(row().check(row().seal(Digest::default()).chain).unwrap_err().what, Wrong::Chain);
    }

    #[test]
    fn a_row_whose_user_is_erased_still_holds_and_is_still_guarded() {
        let mut erased = LogRow { user: "erased-1".into(), salt: None, ..row() };
        assert_eq!(erased.check(Digest::default()).unwrap().user, User::Erased);
        erased.at = 1;
        assert_eq!(erased.check(Digest::default()).unwrap_err().what, Wrong::Chain);
    }

    #[test]
    fn a_digest_is_read_as_it_was_written() {
        let digest = Digest::of("x");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse(&digest.to_string().to_uppercase()), Some(digest));
        for text in ["", "00", &"g".repeat(64), &"+0".repeat(32), &"0".repeat(66)] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
