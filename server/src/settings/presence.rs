//! Where nodes that share their work keep who is here.

use super::{
    SettingsError,
    redis_url::{RedisPlace, RedisUrl},
};
use crate::limits;

/// What the names of all keys begin with when nobody says.
const DEFAULT_PREFIX: &str = "stillhere";

/// A Redis that several nodes share, and what lies where in it. Checked: every node that says the same finds the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedisSettings {
    place: RedisPlace,
    prefix: Box<str>,
    shards: u16,
}

impl RedisSettings {
    /// Finds out what was meant; `None` for what was not typed.
    ///
    /// # Errors
    /// What is wrong, without a word of the address.
    pub(crate) fn parse(url: &RedisUrl, prefix: Option<&str>, shards: Option<u16>) -> Result<Self, SettingsError> {
        let prefix = prefix.unwrap_or(DEFAULT_PREFIX);
        let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"._:-".contains(&letter);
        // A brace would be half of the mark by which a cluster keeps keys together.
        if prefix.is_empty() || prefix.len() > limits::REDIS_PREFIX_BYTES || !prefix.bytes().all(is_plain) {
            return Err(SettingsError::new(format!(
                "`presence.prefix` is 1 to {} letters, digits or any of . _ : -",
                limits::REDIS_PREFIX_BYTES
            )));
        }
        let shards = shards.unwrap_or(limits::SHARDS);
        if !(1..=limits::SHARDS_MOST).contains(&shards) {
            return Err(SettingsError::new(format!(
                "`presence.shards` is 1 to {}, and the same for every node",
                limits::SHARDS_MOST
            )));
        }
        Ok(Self { place: url.parse()?, prefix: prefix.into(), shards })
    }

    pub(crate) const fn place(&self) -> &RedisPlace {
        &self.place
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) const fn shards(&self) -> u16 {
        self.shards
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_shards_have_names_and_numbers_that_every_node_can_follow() {
        let url = RedisUrl::new("redis://db");
        let settings = RedisSettings::parse(&url, None, None).unwrap();
        assert_eq!((settings.prefix(), settings.shards()), ("stillhere", 16));
        let settings = RedisSettings::parse(&url, Some("site:2"), Some(1)).unwrap();
        assert_eq!((settings.prefix(), settings.shards()), ("site:2", 1));
        for prefix in ["", "a b", "{a}", "ö", &"a".repeat(33)] {
            let said = RedisSettings::parse(&url, Some(prefix), None).unwrap_err().to_string();
            assert!(said.contains("1 to 32 letters"), "{said}");
        }
        for shards in [0, 257] {
            let said = RedisSettings::parse(&url, None, Some(shards)).unwrap_err().to_string();
            assert!(said.contains("1 to 256"), "{said}");
        }
    }
}
