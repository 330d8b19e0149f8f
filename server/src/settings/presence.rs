//! Where nodes that share their work keep who is here.

use super::{
    SettingsError, Typed,
    redis_url::{RedisPlace, RedisUrl},
};
use crate::limits;

/// What the names of all keys begin with when nobody says.
const DEFAULT_PREFIX: &str = "stillhere";

/// A Redis that several nodes share, and what lies where in it. Checked: every node that says the same finds the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedisSettings {
    url: RedisUrl,
    place: RedisPlace,
    prefix: Box<str>,
    shards: u16,
}

impl RedisSettings {
    /// Finds out what was meant, if there is to be one.
    ///
    /// # Errors
    /// What is wrong, without a word of the address.
    pub(super) fn of(typed: &Typed) -> Result<Option<Self>, SettingsError> {
        let (prefix, shards) = (typed.redis_prefix.as_deref(), typed.redis_shards);
        let Some(url) = &typed.redis_url else {
            return if prefix.is_some() || shards.is_some() {
                Err(SettingsError::new(
                    "there is `redis_prefix` or `redis_shards`, but no Redis: say where it is by STILLHERE_REDIS_URL, or \
                     `redis_url` in a file, or leave them out",
                ))
            } else {
                Ok(None)
            };
        };
        if typed.database_url.is_none() {
            return Err(SettingsError::new(
                "there is a `redis_url`, by which several servers share who is here, but no `database_url`: what they \
                 remember has to be in one PostgreSQL database too, as a directory is one server's own",
            ));
        }
        Self::parse(url, prefix, shards).map(Some)
    }

    /// Everything as it could have been typed; the address without its password.
    pub(super) fn write(&self, typed: &mut Typed) {
        typed.redis_url = Some(self.url.clone());
        typed.redis_prefix = Some(self.prefix.to_string());
        typed.redis_shards = Some(self.shards);
    }

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
                "`redis_prefix` is 1 to {} letters, digits or any of . _ : -",
                limits::REDIS_PREFIX_BYTES
            )));
        }
        let shards = shards.unwrap_or(limits::SHARDS);
        if !(1..=limits::SHARDS_MOST).contains(&shards) {
            return Err(SettingsError::new(format!(
                "`redis_shards` is 1 to {}, and the same for every node",
                limits::SHARDS_MOST
            )));
        }
        Ok(Self { url: url.clone(), place: url.parse()?, prefix: prefix.into(), shards })
    }

    /// The address, which is printed without its password.
    pub(crate) const fn url(&self) -> &RedisUrl {
        &self.url
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
    use crate::settings::Settings;

    #[test]
    fn nodes_share_a_database_as_well_or_do_not_start() {
        let parse = |text: &str| Settings::parse(Typed::from_toml(text).unwrap(), None);
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("redis_url = \"redis://db\"").contains("one PostgreSQL database"));
        assert!(said("redis_prefix = \"site\"").contains("STILLHERE_REDIS_URL"));
        assert!(said("redis_shards = 3").contains("STILLHERE_REDIS_URL"));
        let both = "database_url = \"postgres://db/facts\"\nredis_url = \"redis://:hunter2@db:6380/1\"";
        assert!(said(&format!("{both}\nredis_shards = 300")).contains("1 to 256"));
        let typed = parse(both).unwrap().to_typed();
        let printed = toml::to_string(&typed).unwrap();
        for line in ["redis_url = \"redis://db:6380/1\"", "redis_prefix = \"stillhere\"", "redis_shards = 16"] {
            assert!(printed.contains(line), "{printed}");
        }
        assert!(!format!("{printed}{typed:?}").contains("hunter2"), "{printed}");
    }

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
