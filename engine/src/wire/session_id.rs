//! A session's id: sixteen bytes, written as 22 url-safe characters.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::BadBeat;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTERS: usize = 22;

/// Names one tab's stay. Made in the tab, by chance; knowing it gives no right to anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl SessionId {
    /// Reads the 22 characters.
    ///
    /// # Errors
    /// [`BadBeat::Session`] when there are more or fewer, when one is not url-safe base64, or when they say more
    /// than sixteen bytes: each id has one spelling.
    pub fn parse(text: &str) -> Result<Self, BadBeat> {
        if text.len() != LETTERS {
            return Err(BadBeat::Session);
        }
        let mut bits: u128 = 0;
        for (i, letter) in text.bytes().enumerate() {
            let six = ALPHABET.bytes().position(|known| known == letter).ok_or(BadBeat::Session)? as u128;
            if i < LETTERS - 1 {
                bits = bits << 6 | six;
            } else if six & 0b1111 == 0 {
                bits = bits << 2 | six >> 4;
            } else {
                return Err(BadBeat::Session);
            }
        }
        Ok(Self(bits.to_be_bytes()))
    }

    /// The id as four numbers.
    #[must_use]
    pub fn parts(self) -> [u32; 4] {
        let (parts, _) = self.0.as_chunks();
        core::array::from_fn(|i| u32::from_le_bytes(parts[i]))
    }

    /// The id of these four numbers.
    #[must_use]
    pub(crate) fn from_parts(parts: [u32; 4]) -> Self {
        let mut bytes = [0; 16];
        for (four, part) in bytes.as_chunks_mut().0.iter_mut().zip(parts) {
            *four = part.to_le_bytes();
        }
        Self(bytes)
    }

    /// The 22 characters.
    #[must_use]
    pub fn to_text(self) -> String {
        let mut text = String::new();
        let (mut bits, mut held) = (0, 0);
        for byte in self.0 {
            bits = bits << 8 | u32::from(byte);
            held += 8;
            while held >= 6 {
                held -= 6;
                text.push(letter(bits >> held));
            }
        }
        // Two bits are left of 128.
        text.push(letter(bits << 4));
        text
    }
}

/// The letter for six bits.
fn letter(bits: u32) -> char {
    ALPHABET.as_bytes()[(bits & 63) as usize].into()
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.serialize_str(&self.to_text()) } else { self.0.serialize(to) }
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Deserialize::deserialize(from).map(Self);
        }
        Self::parse(<&str>::deserialize(from)?).map_err(|_| Error::custom("no session's id"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        for bytes in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let text = SessionId(bytes).to_text();
            assert_eq!(text.len(), 22);
            assert_eq!(SessionId::parse(&text), Ok(SessionId(bytes)));
        }
        assert_eq!(SessionId(*b"0123456789abcdef").to_text(), "MDEyMzQ1Njc4OWFiY2RlZg");
    }

    #[test]
    fn each_id_has_one_spelling() {
        for text in ["", "short", "MDEyMzQ1Njc4OWFiY2RlZh", "MDEyMzQ1Njc4OWFiY2Rl+g", "MDEyMzQ1Njc4OWFiY2RlZgA"] {
            assert_eq!(SessionId::parse(text), Err(BadBeat::Session), "{text}");
        }
    }
}
