//! Names from outside: users, channels, pages. A value of these types is valid; only `parse` makes one.

use alloc::boxed::Box;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::limits;

/// Why a name was refused. The sentence is for a web developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadName(&'static str);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $longest:expr, $letter:expr, $why:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(<&str>::deserialize(from)?).map_err(D::Error::custom)
            }
        }

        impl $name {
            /// Checks the name.
            ///
            /// # Errors
            /// [`BadName`] says what a good one looks like.
            pub fn parse(text: &str) -> Result<Self, BadName> {
                let letters: fn(char) -> bool = $letter;
                if text.is_empty() || text.len() > $longest || !text.chars().all(letters) {
                    return Err(BadName($why));
                }
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// Who a token names.
    UserId, limits::USER_BYTES, |letter| !letter.is_control(),
    "a user id is 1 to 254 bytes without control characters"
}

name! {
    /// The named place a session is in.
    ChannelName, limits::CHANNEL_BYTES,
    |letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | ':' | '-' | '/' | '@'),
    "a channel is 1 to 96 letters, digits or any of . _ : - / @"
}

name! {
    /// The page that a session looks at, as the application names it.
    PagePath, limits::PAGE_BYTES, |letter| !letter.is_control(),
    "a page is 1 to 256 bytes without control characters"
}

impl ChannelName {
    /// Where a beat belongs that names no channel.
    pub const DEFAULT: &'static str = "site";
}

impl Default for ChannelName {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_printable() {
        assert!(ChannelName::parse("request:17/ann@example.com").is_ok());
        assert!(ChannelName::parse("").is_err());
        assert!(ChannelName::parse("two words").is_err());
        assert!(ChannelName::parse(&"a".repeat(97)).is_err());
        assert!(UserId::parse("Zoë").is_ok());
        assert!(UserId::parse("line\nbreak").is_err());
        assert!(PagePath::parse("/orders/17?tab=1").is_ok());
        assert!(PagePath::parse(&"/".repeat(257)).is_err());
    }
}
