//! How long after their leases have ended the server knows of it: of some in each second, and of all within one.

use std::time::Duration;

use stillhere_engine::time::{Millis, Timestamp};
use stillhere_tests::{server::Server, token::token};
use tokio::time::{interval, timeout};

use crate::{
    clock::{length, nanos_since, now},
    crowd,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs, Told, wall_ms},
    program::Program,
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped},
    throughput::figure,
};

/// As roomy as others.
const SETTINGS: &str = "auth = \"jwt\"\ninterval_ms = 3600000\nhidden_hold_ms = 36000000\n\
    address_beats_per_s = 0\naddress_sessions_per_s = 0\naddress_requests_per_s = 0\n";

/// The shortest grace after a start that there may be: by so much the server makes every lease longer that it reads back,
/// and by then everything that was read back is written again.
const GRACE_MS: u64 = 60_000;

/// So many sessions are written in a second at least, and so long it takes at most until a server is started. A lease that is
/// over by then would end with all others of its kind.
const FILLED_PER_S: u64 = 10_000;
const STARTED_MS: u64 = 5_000;

/// Leases that end evenly, and so many in a second.
const EVENLY_MS: u64 = 10_000;
const EVENLY_PER_S: u32 = 1_000;

/// Between those that end evenly and all the others, which end within a second.
const PAUSE_MS: u64 = 15_000;

/// Honest people who stay.
const TABS: u32 = 1_000;
const LINES: usize = 200;

/// Where the tabs of those who stay begin.
const STAYING: u32 = 2_000_000;

const MOST_S: f64 = 0.1;

/// Longer than it takes to end a million sessions and to write that down.
const PATIENCE: Duration = Duration::from_secs(300);

/// When whose lease ends, in milliseconds after the first.
#[derive(Clone, Copy)]
struct Ends {
    count: u32,
    evenly: u32,
}

impl Ends {
    fn of(count: u32) -> Self {
        Self { count, evenly: (count / 10).min(EVENLY_PER_S * (EVENLY_MS / 1_000) as u32) }
    }

    fn after_ms(self, number: u32) -> u64 {
        match number.checked_sub(self.evenly) {
            None => u64::from(number) * EVENLY_MS / u64::from(self.evenly),
            Some(number) => EVENLY_MS + PAUSE_MS + u64::from(number) * 1_000 / u64::from(self.count - self.evenly),
        }
    }

    const fn last_ms() -> u64 {
        EVENLY_MS + PAUSE_MS + 1_000
    }
}

/// What was found.
struct Found {
    quiet: Told,
    evenly: (Detected, Told),
    at_once: (Detected, Told),
    /// From the end of the last lease until nobody is here any more, in nanoseconds.
    all_known: u64,
}

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
    let ends = Ends::of(scale.crowd);
    let base = wall_ms() + STARTED_MS + u64::from(ends.count) * 1_000 / FILLED_PER_S;
    let lease_until = |number| Timestamp(base).after(Millis(ends.after_ms(number)));
    crowd::lapsing(folder.path(), ends.count, lease_until, progress).await?;
    progress.say("a server takes them in");
    let first_end = base + GRACE_MS;
    let settings = format!("{SETTINGS}boot_grace_ms = {GRACE_MS}\n");
    let program = Program::on(folder.path(), &settings).await?;
    if wall_ms() >= base {
        return Err(format!("{} sessions could not be written and read back in time", ends.count));
    }
    let server = program.server().ok_or("it is ours")?;
    let staying = Tabs { count: TABS, first: STAYING, per_user: 1, promise: Promise::Ms(3_600_000) };
    let speech = Speech::Beats(staying, vec![200]);
    let spec = Spec { to: program.address()?, from: None, connections: LINES, under_way: LINES, speech };
    let mut honest = Generator::start(&spec).await?;
    honest.work(Order::Count { requests: TABS.into() }).await?;
    written(server).await;
    let quiet = honest.work(Order::Paced { per_s: scale.honest_per_s, seconds: scale.seconds }).await?;
    let here = figure(&server.metrics().await, "stillhere_sessions");
    if wall_ms() >= first_end || here != Some(f64::from(ends.count + TABS)) {
        return Err(format!("{} sessions were to be here before the first lease ends, and {here:?} are", ends.count));
    }
    let found = look(ends, first_end, scale, progress, server, &mut honest, quiet).await?;
    Ok(table(scale, ends, &found))
}

/// Waits until what was read back is written again; how long that takes is not what is asked here.
async fn written(server: &Server) {
    let admin = format!("Bearer {}", token("operator", "admin"));
    let asking = async {
        let headers = [("authorization", admin.as_str())];
        while server.status(reqwest::Method::GET, "/v1/admin/sessions?user=nobody", &headers).await != 200 {}
    };
    // Whether it was in time is found by who looks at the clock.
    let _late = timeout(PATIENCE, asking).await;
}

async fn look(
    ends: Ends,
    first_end: u64,
    scale: &Scale,
    progress: &Progress,
    server: &Server,
    honest: &mut Generator,
    quiet: Told,
) -> Result<Found, String> {
    let until = |ms: u64| Duration::from_millis((first_end + ms).saturating_sub(wall_ms()));
    let paced = |seconds: f64| Order::Paced { per_s: scale.honest_per_s, seconds };
    progress.say("leases end evenly");
    let before = Detected::of(&server.metrics().await);
    honest.begin(paced(until(EVENLY_MS).as_secs_f64())).await?;
    reached(until(EVENLY_MS + PAUSE_MS / 2)).await;
    let evenly = all_detected(server, ends.evenly).await?;
    let evenly_loud = honest.hear().await?;
    progress.say("all others end within a second");
    reached(until(EVENLY_MS + PAUSE_MS)).await;
    let seconds = 1.0 + scale.seconds.max(f64::from(ends.count) / 100_000.0);
    honest.begin(paced(seconds)).await?;
    reached(until(Ends::last_ms())).await;
    let all_known = gone(server).await?;
    let loud = honest.hear().await?;
    let all = all_detected(server, ends.count).await?;
    let at_once = all.since(&evenly);
    Ok(Found { quiet, evenly: (evenly.since(&before), evenly_loud), at_once: (at_once, loud), all_known })
}

/// What is waited for here is a moment.
async fn reached(after: Duration) {
    let _nothing = timeout(after, std::future::pending::<()>()).await;
}

/// How long it takes from now until only those are here who stay.
async fn gone(server: &Server) -> Result<u64, String> {
    let begun = now();
    let waiting = async {
        let mut looks = interval(Duration::from_millis(50));
        while figure(&server.metrics().await, "stillhere_sessions") != Some(f64::from(TABS)) {
            looks.tick().await;
        }
        nanos_since(begun)
    };
    timeout(PATIENCE, waiting).await.map_err(|_| "some were still here after five minutes".to_owned())
}

fn table(scale: &Scale, ends: Ends, found: &Found) -> Table {
    let count = grouped(f64::from(ends.count));
    let (evenly, at_once) = (&found.evenly.0, &found.at_once.0);
    let p99 = evenly.quantile(0.99);
    let meanwhile = |what: &str, told: &Told| Row {
        what: format!("p99 of honest beats while {what}"),
        ours: length(told.latency.p99),
        baseline: format!("in quiet {}", length(found.quiet.latency.p99)),
        ratio: Some(told.latency.p99 as f64 / found.quiet.latency.p99.max(1) as f64),
        target: None,
    };
    let bars = [("some a second", evenly), ("all at once", at_once)].map(|(name, detected)| {
        [0.5, 0.99].map(|part| Bar {
            name: format!("{name}: {:.0} of 100 within", part * 100.0),
            value: detected.quantile(part).min(60.0),
            words: in_words(detected.quantile(part)),
            is_ours: true,
        })
    });
    Table {
        noun: "expiry",
        title: "From the end of a lease until it is known",
        method: format!(
            "A server takes {count} open sessions in from its store. The leases of {} of them end evenly within {}, and then \
             those of all others within one second. How long after its lease each session was known to have ended is the \
             server's own `stillhere_detection_seconds`, whose counts say no more than between which two of its bounds. \
             Meanwhile {TABS} honest tabs beat {} times a second.",
            grouped(f64::from(ends.evenly)),
            length(EVENLY_MS * 1_000_000),
            scale.honest_per_s
        ),
        rows: vec![
            Row::alone(
                format!("detected, p99 of {} that end evenly while {count} are here", grouped(evenly.total())),
                in_words(p99),
                Some(Target::at_most(p99, MOST_S, "100 ms")),
            ),
            meanwhile("they end", &found.evenly.1),
            Row::alone(
                format!("detected, p99 of {} that end within a second", grouped(at_once.total())),
                in_words(at_once.quantile(0.99)),
                None,
            ),
            Row::alone("from the last of their leases until all are known", length(found.all_known), None),
            meanwhile("all end", &found.at_once.1),
        ],
        axis: "after the end of the lease",
        bars: bars.concat(),
        ..Table::default()
    }
}

fn in_words(bound: f64) -> String {
    if bound.is_finite() { format!("≤ {}", length((bound * 1e9) as u64)) } else { "above 10 s".to_owned() }
}

/// The server's own counts: how many were detected within which time.
struct Detected(Vec<(f64, f64)>);

impl Detected {
    fn of(metrics: &str) -> Self {
        let lines = metrics.lines().filter_map(|line| line.strip_prefix("stillhere_detection_seconds_bucket{le=\""));
        Self(
            lines
                .filter_map(|line| {
                    let (bound, count) = line.split_once("\"} ")?;
                    let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
                    Some((bound, count.trim().parse().ok()?))
                })
                .collect(),
        )
    }

    /// Those that were not counted before.
    fn since(&self, before: &Self) -> Self {
        let earlier = |at: usize| before.0.get(at).map_or(0.0, |(_, count)| *count);
        Self(self.0.iter().enumerate().map(|(at, (bound, count))| (*bound, count - earlier(at))).collect())
    }

    fn total(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The bound below which so large a part is.
    fn quantile(&self, part: f64) -> f64 {
        let wanted = self.total() * part;
        self.0.iter().find(|(_, count)| *count >= wanted).map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}

/// Waits until every single one is counted.
async fn all_detected(server: &Server, count: u32) -> Result<Detected, String> {
    let waiting = async {
        let mut looks = interval(Duration::from_millis(200));
        loop {
            looks.tick().await;
            let detected = Detected::of(&server.metrics().await);
            if detected.total() >= f64::from(count) {
                return detected;
            }
        }
    };
    let detected = timeout(PATIENCE, waiting).await;
    let detected = detected.map_err(|_| format!("not all of {count} were counted after five minutes"))?;
    if detected.total() > f64::from(count) {
        return Err(format!("{count} leases have ended, and {} sessions", detected.total()));
    }
    Ok(detected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_bound_below_which_so_many_are() {
        let text = "x 1\nstillhere_detection_seconds_bucket{le=\"0.1\"} 90\n\
            stillhere_detection_seconds_bucket{le=\"0.25\"} 99\nstillhere_detection_seconds_bucket{le=\"+Inf\"} 100\n";
        let detected = Detected::of(text);
        assert_eq!([0.5, 0.99].map(|part| detected.quantile(part)), [0.1, 0.25]);
        assert!(detected.quantile(1.0).is_infinite());
        assert_eq!(detected.since(&Detected::of(text)).total().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn some_leases_end_evenly_and_all_others_within_a_second() {
        let ends = Ends::of(1_000_000);
        assert_eq!(ends.evenly, 10_000);
        assert_eq!([0, 9_999, 10_000, 999_999].map(|number| ends.after_ms(number)), [0, 9_999, 25_000, 25_999]);
    }
}
