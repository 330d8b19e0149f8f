//! The scripts, each a file of its own. Nothing comes between the commands of one: that is what makes a write all or nothing.

use redis::{Cmd, Script, cmd};

/// All scripts.
pub(super) struct Scripts {
    /// Writes what is known of some users.
    pub(super) commit: Lua,
    /// Hands out those for whom something is due.
    pub(super) due: Lua,
    /// Puts changes at the end of the feed.
    pub(super) publish: Lua,
    /// Notes that a shard was put together.
    pub(super) built: Lua,
    /// Tells the time.
    pub(super) clock: Lua,
    /// Tells what is thrown out when memory is full.
    pub(super) policy: Lua,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            commit: Lua::new(include_str!("scripts/commit.lua")),
            due: Lua::new(include_str!("scripts/due.lua")),
            publish: Lua::new(include_str!("scripts/publish.lua")),
            built: Lua::new(include_str!("scripts/built.lua")),
            clock: Lua::new(include_str!("scripts/clock.lua")),
            policy: Lua::new(include_str!("scripts/policy.lua")),
        }
    }
}

/// One script, and the name by which a Redis knows it that has heard it once.
pub(super) struct Lua {
    text: &'static str,
    name: Box<str>,
}

impl Lua {
    fn new(text: &'static str) -> Self {
        Self { text, name: Script::new(text).get_hash().into() }
    }

    /// Calls it by its name.
    pub(super) fn by_name(&self, keys: &[&str], arguments: &[Vec<u8>]) -> Cmd {
        call("EVALSHA", &self.name, keys, arguments)
    }

    /// Tells all of it, and calls it.
    pub(super) fn in_full(&self, keys: &[&str], arguments: &[Vec<u8>]) -> Cmd {
        call("EVAL", self.text, keys, arguments)
    }
}

fn call(command: &str, script: &str, keys: &[&str], arguments: &[Vec<u8>]) -> Cmd {
    let mut call = cmd(command);
    call.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    call
}
