//! How long after their leases have ended the server knows of it, when very many end within one second.

use std::time::Duration;

use stillhere_tests::server::Server;
use tokio::time::{interval, timeout};

use crate::{
    clock::length,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs, wall_ms},
    program::Program,
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped},
    throughput::figure,
};

/// As roomy as others, but for the grace, which is in every lease.
const SETTINGS: &str = "auth = \"jwt\"\ninterval_ms = 3600000\nhidden_hold_ms = 36000000\ngrace_ms = 1000\n\
    leave_grace_ms = 1\naddress_beats_per_s = 0\naddress_sessions_per_s = 0\naddress_requests_per_s = 0\n";

const GRACE_MS: u64 = 1_000;

/// So many first beats a second are certain on the slowest machine, and so long it takes at least.
const COMING_PER_S: u64 = 2_000;
const COMING_MS: u64 = 10_000;

/// First beats under way at once: a batch on its way to the disk takes them along all at once.
const UNDER_WAY: usize = 2_000;

/// Honest people who stay.
const TABS: u32 = 1_000;
const LINES: usize = 16;

/// Where the tabs of those who stay begin.
const STAYING: u32 = 2_000_000;

const MOST_S: f64 = 0.1;

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let program = Program::ours(SETTINGS).await?;
    let server = program.server().ok_or("it is ours")?;
    let to = program.address()?;
    let lines = |tabs, connections| {
        let speech = Speech::Beats(tabs, vec![200]);
        Spec { to, from: None, connections, under_way: connections, speech }
    };
    let staying = Tabs { count: TABS, first: STAYING, per_user: 1, promise: Promise::Ms(3_600_000) };
    let mut honest = Generator::start(&lines(staying, LINES)).await?;
    honest.work(Order::Count { requests: TABS.into() }).await?;
    let pace = Order::Paced { per_s: scale.honest_per_s, seconds: scale.seconds };
    let quiet = honest.work(pace).await?;

    let count = scale.crowd;
    let end = wall_ms() + COMING_MS + u64::from(count) * 1_000 / COMING_PER_S;
    progress.say(&format!("{count} sessions come, whose leases end together"));
    let leaving = Tabs { count, first: 0, per_user: 1, promise: Promise::Until(end - GRACE_MS) };
    let mut crowd = Generator::start(&lines(leaving, UNDER_WAY.min(count as usize))).await?;
    crowd.work(Order::Count { requests: count.into() }).await?;
    drop(crowd);
    let here = figure(&server.metrics().await, "stillhere_sessions");
    if wall_ms() >= end || here != Some(f64::from(count + TABS)) {
        return Err(format!("{count} sessions were to be here before their leases end, and {here:?} are"));
    }
    progress.say("their leases end");
    let left_s = end.saturating_sub(wall_ms()) as f64 / 1_000.0;
    let seconds = left_s + scale.seconds.max(1.0) + 1.0;
    honest.begin(Order::Paced { per_s: scale.honest_per_s, seconds }).await?;
    let loud = honest.hear().await?;
    let detected = all_detected(server, count).await?;
    Ok(table(scale, &detected, [quiet, loud].map(|told| told.latency.p99)))
}

fn table(scale: &Scale, detected: &Detected, [quiet, loud]: [u64; 2]) -> Table {
    let count = scale.crowd;
    let p99 = detected.quantile(0.99);
    let words = |bound: f64| {
        if bound.is_finite() { format!("≤ {}", length((bound * 1e9) as u64)) } else { "above 10 s".to_owned() }
    };
    let bars = [0.5, 0.9, 0.99, 1.0].map(|part| Bar {
        name: if part < 1.0 { format!("{:.0} of 100 within", part * 100.0) } else { "all within".to_owned() },
        value: detected.quantile(part).min(60.0),
        words: words(detected.quantile(part)),
        is_ours: true,
    });
    Table {
        noun: "expiry",
        title: "From the end of a lease until it is known",
        method: format!(
            "{} tabs have beaten once, over HTTP, and then say nothing; their promises are such that their leases end evenly within \
             one second. How long after its lease each session was known to have ended is the server's own \
             `stillhere_detection_seconds`, whose counts say no more than between which two of its bounds. Meanwhile {TABS} honest \
             tabs beat {} times a second.",
            grouped(f64::from(count)),
            scale.honest_per_s
        ),
        rows: vec![
            Row::alone(
                format!("detected, p99 of {}", grouped(f64::from(count))),
                words(p99),
                Some(Target::at_most(p99, MOST_S, "100 ms")),
            ),
            Row::alone("detected within 100 ms", format!("{:.2} %", detected.within(MOST_S) * 100.0), None),
            Row {
                what: "p99 of honest beats meanwhile".to_owned(),
                ours: length(loud),
                baseline: format!("in quiet {}", length(quiet)),
                ratio: Some(loud as f64 / quiet.max(1) as f64),
                target: None,
            },
        ],
        axis: "after the end of the lease",
        bars: bars.to_vec(),
        ..Table::default()
    }
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

    fn total(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The bound below which so large a part is.
    fn quantile(&self, part: f64) -> f64 {
        let wanted = self.total() * part;
        self.0.iter().find(|(_, count)| *count >= wanted).map_or(f64::INFINITY, |(bound, _)| *bound)
    }

    fn within(&self, seconds: f64) -> f64 {
        let found = self.0.iter().rev().find(|(bound, _)| *bound <= seconds);
        found.map_or(0.0, |(_, count)| count / self.total().max(1.0))
    }
}

/// Waits until every single one is known to have ended.
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
    let detected = timeout(Duration::from_secs(120), waiting).await;
    let detected = detected.map_err(|_| format!("not all of {count} were known to have ended after two minutes"))?;
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
        assert!((detected.within(0.1) - 0.9).abs() < 1e-9 && detected.total() > 99.0);
    }
}
