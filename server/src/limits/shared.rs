//! The limits of nodes that share who is here, and of what they share it in and write into.

use std::time::Duration;

use stillhere_engine::time::Millis;

use super::RING;

/// How long a call to Redis may take: many times what the slowest does, and short enough for a beat to be answered that waits
/// for several.
pub const REDIS_WITHIN: Duration = Duration::from_secs(2);

/// How often a cluster's line looks for the right server again within one call: a key may move twice, and not more often.
pub const REDIS_RETRIES: u32 = 3;

/// Hosts in the address of a cluster, or sentinels. Each knows the others.
pub const REDIS_HOSTS: usize = 16;

/// What the names of all keys in Redis begin with: it is sent with each command.
pub const REDIS_PREFIX_BYTES: usize = 32;

/// Parts of the users in Redis, when nobody says: as many as the masters of a large cluster.
pub const SHARDS: u16 = 16;

/// The most such parts. Each is looked at by itself for what is due.
pub const SHARDS_MOST: u16 = 256;

/// Changes in a shard's outbox. More are there only if nobody has relayed them for minutes, and memory must end somewhere.
pub const OUTBOX: u32 = 100_000;

/// Changes that are relayed in one piece: some milliseconds in which Redis does nothing else.
pub const RELAYED_AT_ONCE: usize = 512;

/// Changes that the feed in Redis keeps: each node begins with a ring of them, and may fall behind as far again.
pub const SHARED_FEED: usize = 2 * RING;

/// Users that are read in one piece when everybody is: a few hundred kilobytes.
pub const USERS_AT_ONCE: usize = 1_000;

/// How often each shard is looked at for what is over: with the way to Redis it is known within a tenth of a second.
pub const SWEEP_EVERY: Duration = Duration::from_millis(50);

/// Within this time whoever was handed out as due is judged, or handed out again: many times what a round takes.
pub const SWEPT_WITHIN: Millis = Millis::seconds(2);

/// People who are looked at in one round, so that beats have their turn in between.
pub const SWEPT_AT_ONCE: usize = 512;

/// How often a round judges somebody anew whom another node has written meanwhile. Two tabs of one person beat through two
/// nodes within the same milliseconds; eight times in a row they do not.
pub const ROUNDS: usize = 8;

/// People of one shard whom a node remembers, so that it need not ask for them: some hundred bytes each.
pub const KNOWN_PEOPLE: usize = 20_000;

/// How often a node looks for news in the feed: half of what a watcher may wait.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(25);

/// How often a node looks whether Redis has forgotten what there was.
pub const REBUILT_WITHIN: Duration = Duration::from_secs(1);

/// How long the removal of a person may take before another node believes that whoever has begun it is gone: many times what
/// the largest takes.
pub const REMOVED_WITHIN: Millis = Millis::minutes(1);

/// How often something is written again into PostgreSQL because another node has stood in its way. The other one gets through
/// each time, and there are few others.
pub const CLASHES: usize = 8;

/// A node that has stopped for so long in the middle of a transaction loses it: others wait for what it has locked. Between
/// two statements of one that runs are milliseconds.
pub const NODE_STALL: Duration = Duration::from_secs(5);

/// For so long nobody may look at a shard before that is an outage, which is held against nobody's lease: a call to Redis may
/// take as long, and leases are longer.
pub const UNWATCHED: Millis = Millis::seconds(2);

/// How often it is noted that somebody looks at a shard: a part of the above, and no write for each look.
pub const WATCH_NOTED: Millis = Millis(250);

/// How often the node in office looks what webhooks are to be told: they take longer to answer.
pub const HERALD_EVERY: Duration = Duration::from_millis(250);

/// How often a node asks for the office, and whether it still has it: so long nobody tells webhooks when a node has gone.
pub const OFFICE_EVERY: Duration = Duration::from_secs(2);
