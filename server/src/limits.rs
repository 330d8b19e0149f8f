//! Every limit of the server, each with its reason. The limits of a beat are the engine's.

mod shared;

use std::{ops::RangeInclusive, time::Duration};

use stillhere_engine::time::Millis;

pub use shared::*;

/// How long a read or a write waits for its turn before it counts as failed. Who comes in the middle of one write waits for
/// it, a second until the next, and for that one: together that is less than the ten seconds after which nobody waits.
pub const STORE_PATIENCE: Duration = Duration::from_secs(4);

/// Connections that read. Reading is short, and more of them than cores gain nothing.
pub const STORE_READERS: u32 = 4;

/// The longest read from a database over a network: what the engine is handed must be less than ten seconds old, and
/// nobody waits longer for a list.
pub const STORE_READ: Duration = Duration::from_secs(9);

/// The longest write to a database over a network: many times what the largest batch after an outage takes, as one that
/// never fits would never be written. Whatever takes longer is a connection that has died without a word.
pub const STORE_WRITE: Duration = Duration::from_secs(60);

/// Pages that the writing connection keeps in memory, in SQLite's notation: 64 MiB. Sessions' ids are random, so each
/// checkpoint touches pages all over the index; with SQLite's usual 2 MiB it would read most of them again.
pub const STORE_CACHE: &str = "-65536";

/// Pages that SQLite's log may hold before they go to where they belong, in SQLite's notation: 16 MiB. Each checkpoint writes
/// pages that the one before it has written too; the longer they wait, the fewer are written twice, and the longer it
/// takes the processor from everybody else: ten milliseconds and more with 64 MiB.
pub const STORE_LOG_PAGES: &str = "4096";

/// Rows that SQLite looks at to learn about its indexes when it closes: enough to choose well, and over in no time.
pub const ANALYSIS_ROWS: u32 = 400;

/// Open sessions read back in one piece at a start: some hundred kilobytes, which can stay in a core's own cache on their
/// way from the database to the tracker, and a million need not lie in memory twice.
pub const RESTORE_ROWS: u32 = 2_000;

/// Punches that are sealed or checked in one piece: a few megabytes, and done in some milliseconds.
pub const AUDIT_ROWS: u32 = 10_000;

/// Rows that are carried into another store in one piece: some megabytes on each side, and the most that any of it needs.
pub const TRANSFER_ROWS: u32 = 5_000;

/// Sessions that are deleted in one transaction: over in some milliseconds, as nothing is written meanwhile.
pub const FORGET_ROWS: u32 = 500;

/// Removed people whose tabs may still be open: more are not removed in a month, and each costs 16 bytes.
pub const REMOVALS: usize = 100_000;

/// How often it is looked for what is too old: days are what is counted in.
pub const RETENTION_EVERY: Duration = Duration::from_secs(3_600);

/// The pause between two pieces that are forgotten: five thousand sessions in a second, and most of the disk for others.
pub const RETENTION_PAUSE: Duration = Duration::from_millis(100);

/// For how long things may be kept at most, in days, other than for ever: a century.
pub const RETENTION_DAYS: u32 = 36_500;

/// The port when none is named.
pub const PORT: u16 = 4747;

/// A status's name. It stands in every member of every list.
pub const STATUS_BYTES: usize = 32;

/// The shortest secret: as many bits as HS256 has (RFC 7518, 3.2).
pub const SECRET_BYTES: usize = 32;

/// Connections at a time. Each costs a few kilobytes and a file descriptor.
pub const CONNECTIONS: usize = 100_000;

/// A connection that says nothing for so long is closed: longer than a hidden tab's interval, so that its beats share
/// one. It is also what a client that sends its header byte by byte is given.
pub const IDLE: Duration = Duration::from_secs(120);

/// What a connection's buffers may hold: the longest header, with room for large tokens and cookies.
pub const BUFFER_BYTES: usize = 64 * 1024;

/// A request is answered within this time, its body's arrival included; the client gives up a beat at the same time.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long requests may go on after the server was told to stop.
pub const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long a stop tries to write what is not on disk yet, should the store be down: less than the ten seconds after
/// which most supervisors kill, with the time above.
pub const LAST_WRITE: Duration = Duration::from_secs(4);

/// Commands that wait for the driver. At the pace of the slowest machine it is a tenth of a second's work; more would
/// be answered too late to be of use, so the client is told to come again.
pub const COMMANDS: usize = 4_096;

/// Commands taken with one look at the clock: a batch is over in well under the millisecond that the clock counts in.
pub const COMMANDS_AT_ONCE: usize = 256;

/// Beats whose answer is held until something is on disk. A store that is down must not fill the memory.
pub const BEATS_WAITING: usize = 100_000;

/// Changes that are kept for watchers who come back: some minutes of a busy site, in a few megabytes.
pub const RING: usize = 8_192;

/// Changes that wait for one watcher. Who is further behind is better served by a fresh snapshot.
pub const WATCHER_QUEUE: usize = 256;

/// The users that one watcher may list: the people of one page, not of a company.
pub const USERS_WATCHED: usize = 256;

/// A channel's counts are told no more often: nobody reads faster, and a building that comes to work is one change.
pub const COUNTS_EVERY: Millis = Millis::seconds(1);

/// Users that are certainly counted within a millisecond on the slowest machine. So many more make the pause between two
/// counts of a channel a millisecond longer, and counting takes a small part of the driver's time however large it is.
pub const COUNTED_IN_A_MS: usize = 100;

/// Channels that are remembered to have been counted a moment ago, besides those that change: some kilobytes.
pub const COUNTS_REMEMBERED: usize = 64;

/// Watchers at a time: each is written every change of its channel.
pub const WATCHERS: usize = 10_000;

/// Sockets at a time, besides the [`CONNECTIONS`] that they have grown out of. Each costs some twenty kilobytes.
pub const SOCKETS: usize = 50_000;

/// Whoever opens a socket says who they are within this time: a page that waits for a new token takes seconds.
pub const HELLO_WITHIN: Millis = Millis::seconds(10);

/// A socket on which nothing has come for so long is over: three pings that nobody has answered.
pub const SOCKET_SILENCE: Millis = Millis::seconds(45);

/// How long a socket's end waits for the other side's goodbye. Most networks answer in a tenth of it.
pub const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// The pause between two signs of life on a silent feed: below the 30 s after which some proxies cut a line.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Sessions on one page of the list, when the client does not say.
pub const PAGE_ROWS: u32 = 100;

/// Sessions on the longest page of the list.
pub const PAGE_ROWS_MOST: u32 = 1_000;

/// Pages and spans of one session in an answer: a day of somebody who turns a page every half minute.
pub const COURSE_ROWS: u32 = 2_880;

/// People who have left and are still remembered in a list: as many as are ever looked at, in some megabytes.
pub const LEFT_ROWS: u32 = 100_000;

/// People on one page of their list, when the client does not say: a screen that scrolls holds them all.
pub const PEOPLE: u32 = 1_000;

/// People on the longest page: some three megabytes of JSON.
pub const PEOPLE_MOST: u32 = 10_000;

/// People whose names and roles are remembered for lists, from their newest token: some tens of megabytes at most.
pub const PROFILES: usize = 100_000;

/// Lists that are downloaded whole at a time. Each keeps a page in memory and a reader busy, and people ask, not pages.
pub const EXPORTS: usize = 16;

/// How long somebody who downloads a list may take none of it: longer than any network's pause.
pub const EXPORT_PATIENCE: Duration = Duration::from_secs(60);

/// How far a token's clock may be off when nobody says: servers that tell each other the time are closer.
pub const TOKEN_LEEWAY: Millis = Millis::seconds(30);

/// How far it may be off at most. More would let a token that was taken back live on.
pub const TOKEN_LEEWAY_MOST: Millis = Millis::minutes(5);

/// A token. Identity providers that list somebody's every group come to a few kilobytes.
pub const TOKEN_BYTES: usize = 16 * 1024;

/// Tokens that need not be verified again: one for each connection, some 300 bytes each.
pub const TOKENS_VERIFIED: usize = CONNECTIONS;

/// The longest life of a token made by `stillhere token`, in hours: a year, as it cannot be taken back.
pub const TOKEN_HOURS: u32 = 365 * 24;

/// A file with a secret or keys. The largest providers' key sets are a tenth of it.
pub const KEY_FILE_BYTES: u64 = 1024 * 1024;

/// Keys in one key set. Providers publish two to ten.
pub const KEYS: usize = 64;

/// The shortest RSA modulus, in bytes: 2048 bits (RFC 7518, 3.3).
pub const RSA_BYTES: usize = 256;

/// How often the key set's file is looked at: a key that was taken back is good for so long at most.
pub const KEY_FILE_EVERY: Millis = Millis::seconds(5);

/// How soon it is looked at again for a key that nobody knows: whoever invents keys must not keep the disk busy.
pub const UNKNOWN_KEY_EVERY: Millis = Millis::seconds(1);

/// Where a claim lies. Providers' namespaces are addresses of some fifty letters.
pub const CLAIM_PATH_BYTES: usize = 256;

/// A name, a role, a department in a list of people. Longer ones are cut: nobody reads them there.
pub const PROFILE_BYTES: usize = 128;

/// Specialties of one person in a list. The others are left out.
pub const SPECIALTIES: usize = 16;

/// The name of a cookie.
pub const COOKIE_NAME_BYTES: usize = 64;

/// What stands before the @ of an e-mail address (RFC 5321, 4.5.3.1.1). The whole is bounded as every user's id.
pub const EMAIL_LOCAL_BYTES: usize = 64;

/// How long somebody who came through the e-mail gate is let in.
pub const VISIT: Millis = Millis::minutes(24 * 60);

/// The pause after the system has refused to hand over a connection.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(250);

/// How long a browser may remember which requests other origins may make.
pub const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// Beats of one address in a second, when nobody says: an office of ten thousand behind one address beats so often, and
/// one that sends more costs a core no more than a twentieth of its time.
pub const ADDRESS_BEATS_PER_S: u32 = 1_000;

/// Sessions that one address begins in a second, when nobody says: that office's whole morning in two minutes.
pub const ADDRESS_SESSIONS_PER_S: u32 = 100;

/// Visitors through the e-mail gate from one address in a minute, when nobody says: a lecture hall opens the link at
/// once, and whoever tries out a list of addresses is not much faster.
pub const ADDRESS_VISITS_PER_MIN: u32 = 60;

/// Requests other than beats from one address in a second, when nobody says: that office's lists, each asked for again
/// every half minute by whoever has one open. A list costs what fifty beats do.
pub const ADDRESS_REQUESTS_PER_S: u32 = 200;

/// How long a part of the server may take to say that it is well: a load balancer asks every few seconds.
pub const READY_WITHIN: Duration = Duration::from_secs(2);

/// A request's id that somebody else has given: room for a UUID or a trace's id, and nothing to fill a log with.
pub const REQUEST_ID_BYTES: usize = 64;

/// How often the histograms' newest samples are added up: they wait in memory until then.
pub const METRICS_EVERY: Duration = Duration::from_secs(5);

/// Hops that are looked at in a forwarding header. Nobody has so many proxies.
pub const HOPS: usize = 16;

/// Seconds' worth of beats that one address may send at once: many tabs that come back with a network.
pub const AT_ONCE_S: u32 = 4;

/// Seconds' worth of sessions that one address may begin at once: a whole building that comes back with its network.
pub const SESSIONS_AT_ONCE_S: u32 = 20;

/// Beats of one session in a second: twice what the shortest interval of 500 ms makes, as every change of a page's
/// state is a beat too.
pub const SESSION_BEATS_PER_S: u32 = 4;

/// Beats of one session at once: twice the client's own burst.
pub const SESSION_BEATS_AT_ONCE: u32 = 16;

/// Beats of one user in a second: one for each session that a user may have.
pub const USER_BEATS_PER_S: u32 = 64;

/// Beats of one user at once: a browser that comes back with as many tabs.
pub const USER_BEATS_AT_ONCE: u32 = 256;

/// Requests of one address in a second that no page of ours makes. Answers to further ones wait.
pub const NONSENSE_PER_S: u32 = 10;

/// Such requests of one address at once: a network through which somebody's old pages speak all together.
pub const NONSENSE_AT_ONCE: u32 = 20;

/// How long they wait. A flood is then as fast as it has connections, and an office whose tokens all end at noon loses a
/// second by it.
pub const NONSENSE_PAUSE: Millis = Millis::seconds(1);

/// Bad tokens of one address in a second: tabs whose token is over ask for a new one, and try once.
pub const BAD_TOKENS_PER_S: u32 = 10;

/// Bad tokens of one address at once: an office whose tokens all end at noon.
pub const BAD_TOKENS_AT_ONCE: u32 = 1_000;

/// Sessions whose newest beat is remembered for the limits: some megabytes. Of the others the driver is asked.
pub const SESSIONS_REMEMBERED: usize = 100_000;

/// How often it is forgotten who has been quiet. One bucket is about a hundred bytes.
pub const FORGET_EVERY: Duration = Duration::from_secs(1);

/// The longest session: the engine keeps its moments in so many milliseconds, which are 49 days. Whoever looks for what
/// was there at a moment need not look further back.
pub const STAY: Millis = Millis(u32::MAX as u64);

/// Channels in a list of shares. A preset has a dozen; where every document is a channel, the first hundred tell enough.
pub const CHANNEL_SHARES: u32 = 100;

/// Users in the list of who was punched out most often: nobody talks to more of them about it.
pub const AUTO_OUT_USERS: u32 = 20;

/// Histories that are counted at a time: half of the store's readers, so that beats never wait for a year's statistics.
pub const HISTORIES: usize = STORE_READERS as usize / 2;

/// Sessions of a list that are looked at one by one for its totals: over in a quarter of a second. Of more, an index is
/// summed up that has nothing else. Tests have the long way with few.
pub const SUMMED_ROWS: u32 = if cfg!(test) { 100 } else { 250_000 };

/// Sessions of a history that are read at once: some hundred kilobytes, and counted in a few milliseconds, as others want
/// the core too.
pub const HISTORY_ROWS: u32 = 5_000;

/// Buckets in one answer: more than a chart has dots, in some hundred kilobytes.
pub const BUCKETS: u64 = 1_000;

/// The longest range of statistics: a year, leap day and all, so that years can be compared.
pub const STATISTICS_RANGE: Millis = Millis::minutes(366 * 24 * 60);

/// Days in one answer about a user: almost three years.
pub const HISTORY_DAYS: u64 = 1_000;

/// Webhooks. A company's chat, payroll and dashboard are three. Each has one request under way at most, so there are never
/// more requests than this, and none has to wait for another webhook's.
pub const WEBHOOKS: usize = 16;

/// A webhook's name: it is a label of the metrics and a part of the environment's variables.
pub const WEBHOOK_NAME_BYTES: usize = 32;

/// Users, or channels, that one webhook names. Each change is held against each of them.
pub const WEBHOOK_NAMES: usize = 256;

/// What letters are signed with, before base64: what Standard Webhooks recommends.
pub const WEBHOOK_SECRET_BYTES: RangeInclusive<usize> = 24..=64;

/// Secrets of one webhook: the new one and the old one, until everybody knows the new one.
pub const WEBHOOK_SECRETS: usize = 2;

/// How long it is known that a letter was delivered: many times what a batch takes that is tried again.
pub const LETTER_KNOWN: Millis = Millis::minutes(60);

/// Letters of one webhook that wait, and as many that are dead: a busy day of a company, in some megabytes. Beyond it the
/// oldest die, as news are worth more than history.
pub const LETTERS: u32 = 10_000;

/// Letters that are not on disk yet. While the store is down no more are gathered than one webhook could keep.
pub const LETTERS_UNWRITTEN: usize = 10_000;

/// A letter's body. What is told of a person is a few names, each with its own limit; this is several times that.
pub const LETTER_BYTES: usize = 16 * 1024;

/// Letters read, and noted as delivered, in one piece: after a crash no more are sent again, and the disk has a
/// sixteenth of the work.
pub const LETTERS_AT_ONCE: u32 = 16;

/// How long an endpoint may take to answer, connection included: the shortest that Standard Webhooks suggests.
pub const WEBHOOK_PATIENCE: Duration = Duration::from_secs(15);

/// The same for a letter that somebody tries out, who wants an answer in time.
pub const WEBHOOK_TRY_PATIENCE: Duration = Duration::from_secs(7);

/// What is read of an endpoint's answer, so that its connection can be used again. What it says is nothing to us.
pub const WEBHOOK_ANSWER_BYTES: usize = 16 * 1024;

/// What is kept of the reason why a letter could not be delivered: a sentence.
pub const WEBHOOK_WHY_BYTES: usize = 256;

/// How long a webhook is left alone after the first failure, at most; twice as long after each further one in a row.
pub const WEBHOOK_HOLD: Millis = Millis::seconds(1);

/// The longest that it is left alone: one request a minute shows soon enough that it is back, and costs nobody anything.
pub const WEBHOOK_HOLD_MOST: Millis = Millis::minutes(1);

/// How often a sender looks for letters that another node has put back.
pub const WEBHOOK_LOOK: Millis = Millis::minutes(1);

/// The longest `Retry-After` that is obeyed. Whoever wants more says 410.
pub const WEBHOOK_RETRY_AFTER_MOST: Millis = Millis::minutes(60);

/// How long the rest of an endpoint's answer may take. It is thrown away.
pub const WEBHOOK_REST: Duration = Duration::from_secs(1);

/// How long a connection to an endpoint is kept for the next letter. Most servers keep it for about as long.
pub const WEBHOOK_IDLE: Duration = Duration::from_secs(60);

/// Files of the site that are kept packed: several times what a binary carries, in each coding. In a debug build, whose files
/// change, the oldest go.
pub const FILES_PACKED: usize = 500;

/// The largest file that goes out plain whatever a browser takes: with its headers it fills one packet.
pub const PLAIN_FILE_BYTES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_in_the_middle_of_a_write_that_fails_is_answered_while_they_still_wait() {
        let pause = Duration::from_millis(stillhere_engine::limits::STORE_RETRY.0);
        assert!(STORE_PATIENCE * 2 + pause < ANSWER_WITHIN);
    }
}
