//! Every limit of the project, each with its reason. Lengths are in bytes where nothing else is said.

use crate::time::Millis;

/// A beat's body. A real one is a few hundred bytes; with every span and a long token it stays below this.
pub const BEAT_BYTES: usize = 8 * 1024;

/// A channel's name: long enough for `request:` and two UUIDs.
pub const CHANNEL_BYTES: usize = 96;

/// A page's path. Longer ones are cut by the client: nobody reads them in a list.
pub const PAGE_BYTES: usize = 256;

/// A user's id: e-mail addresses and the `sub` of every large identity provider fit.
pub const USER_BYTES: usize = 254;

/// Spans in one beat, and spans a tab keeps while it is offline: with the rest they fit into a beat.
pub const SPANS: usize = 128;

/// One person's sessions at a time. More is a program, not a person, and each costs every list that names them.
pub const SESSIONS_PER_USER: usize = 64;

/// The longest session. `t` is kept in 32 bits of milliseconds, which are 49 days.
pub const SESSION_AGE: Millis = Millis::minutes(30 * 24 * 60);

/// The shortest interval that a server may ask for and a client will follow.
pub const INTERVAL_MIN: Millis = Millis(500);

/// The pace of a tab that has not yet heard the server's.
pub const INTERVAL_UNTOLD: Millis = Millis::seconds(10);

/// The longest interval, hold or grace; a day of silence is an end.
pub const LEASE_MAX: Millis = Millis::minutes(24 * 60);

/// A browser runs a hidden page's timers once a minute, so a shorter promise would be broken.
pub const HIDDEN_INTERVAL_MIN: Millis = Millis::seconds(75);

/// A hidden tab's timer is set so much before its promise is due: it fires with the next full minute, and each one then
/// catches the very next.
pub const HIDDEN_EARLY: Millis = Millis::seconds(20);

/// A visible page's timer that is later than this was held up by more than a busy page: the machine has slept, on a
/// system whose clocks both go on meanwhile.
pub const OVERDUE_AFTER: Millis = Millis::seconds(5);

/// A visible page looks at its clocks at least so often, beat or no beat: a sleep of its machine, or the end of a span
/// before it, is known to within this time.
pub const LOOK_EVERY: Millis = Millis::seconds(60);

/// How long a beat waits for its answer before it counts as lost.
pub const ANSWER_WITHIN: Millis = Millis::seconds(10);

/// How long a beat may have been under way and still arrive: a network that stalls is given up by browsers before that. By so
/// much a session may be longer in truth than the server has seen.
pub const UNDER_WAY_MOST: Millis = Millis::minutes(2);

/// How long it waits when it takes a goodbye back. Two tries and a page's load fit into the usual five seconds before
/// the server takes the goodbye for good; most networks answer within a tenth of it.
pub const RETURN_ANSWER_WITHIN: Millis = Millis(1_500);

/// The first retry comes within this time: so short that of a crowd whose server comes back few wait for one.
pub const RETRY_AT_ONCE: Millis = Millis(100);

/// The second one waits for when a beat would be due without it, unless that is further away than the longest wait; then it
/// comes within twice this time, and each further one within twice the time of the one before.
pub const RETRY_BASE: Millis = Millis::seconds(1);

/// The longest wait between two retries. A server's `boot_grace` must be longer.
pub const RETRY_LAST: Millis = Millis::seconds(60);

/// Beats that a tab may send at once; then one a second. A page that flickers must not flood.
pub const BEAT_BURST: u64 = 8;

/// No page beats more often than this for long, whatever happens to it.
pub const BEAT_GAP_MIN: Millis = Millis(50);

/// One input counts as being active for this long: reading follows scrolling.
pub const ACTIVE_TAIL: Millis = Millis::seconds(5);

/// Input after so much idleness is told at once, not with the next beat.
pub const IDLE_AFTER: Millis = Millis::seconds(30);

/// Clocks that part by more than this between two looks have seen the machine sleep.
pub const SLEEP_AFTER: Millis = Millis::seconds(2);

/// A stored session older than this is not gone on with: the server has long ended it.
pub const RESUME_WITHIN: Millis = Millis::minutes(30);

/// The clocks of servers that share their memory follow one of its own; they are never further apart than this.
pub const CLOCKS_APART: Millis = Millis::seconds(10);

/// An answer from the store is at most so old when it is handed in: its own patience is shorter.
pub const LOOKED_UP_WITHIN: Millis = Millis::seconds(10);

/// Dirty sessions are written at least this often.
pub const CHECKPOINT_EVERY: Millis = Millis::seconds(1);

/// As soon as so many sessions are dirty they are written: a second's beats of a hundred thousand people in one write would take
/// the processor from those who beat meanwhile. A thread keeps it for some three milliseconds before others have a turn, and
/// these are written in less. A store that needs longer takes all that has come meanwhile at once.
pub const CHECKPOINT_ROWS: usize = 128;

/// Longer leases are written one such piece at a time after a restart, at this distance: those whose leases they are come back
/// meanwhile, and whoever has beaten is written for that.
pub const RESTORED_EVERY: Millis = Millis(50);

/// With nothing to write, the server's sign of life is written this often, so that a downtime can be measured.
pub const ALIVE_EVERY: Millis = Millis::seconds(5);

/// Sessions for which room is made before they are read back: some 800 MB. Whoever has more waits while tables grow.
pub const SESSIONS_EXPECTED: u64 = 4_000_000;

/// Rows in one write: small enough that an urgent one behind it does not wait long.
pub const BATCH_ROWS: usize = 20_000;

/// Ends of leases in one write: nobody waits for them, but whoever comes meanwhile waits for the write.
pub const LAPSED_ROWS: usize = 5_000;

/// After a failed write the next try waits this long.
pub const STORE_RETRY: Millis = Millis::seconds(1);

/// What a closing tab's last word may be late by on any usual network.
pub const LAST_WORD_DELAY: Millis = Millis::seconds(1);

/// Steps in a status ladder.
pub const RUNGS: usize = 8;

/// Steps of idleness, each with its interval.
pub const IDLE_STEPS: usize = 8;

/// Spans, visits, views and punches that wait to be written. Beyond it the store has been down for long, and clients keep their beats.
pub const ROW_BACKLOG: usize = 500_000;

/// Leases judged between two looks at what else has come, about a millisecond's work: when a million end at once, beats
/// are answered in between.
pub const EXPIRE_AT_ONCE: usize = 256;
