//! How a hidden page's timers are held back.

use std::time::Duration;

use stillhere_engine::limits;
use stillhere_simulation::habits;
use stillhere_tests::browser::Browser;

use crate::{
    site::{Note, PATIENCE, Site},
    table::{Fact, Verdict, list},
};

/// Ticks nearer to each other than this belong to one time that the page was let run.
const ONE_WAKE: f64 = 500.0;

/// A gap longer than this is none of the first stage.
const LONG: f64 = 10_000.0;

/// A timer that wants to fire ten times a second, and a worker's.
const TICKS: &str = r#"
    setInterval(() => note("tick"), 100);
    const source = new Blob(["setInterval(() => postMessage(0), 1000)"]);
    new Worker(URL.createObjectURL(source)).onmessage = () => note("worker");"#;

/// What a hidden tab of ours waits for: each timer is set by the answer to a beat, not by another timer.
const BEATS: &str = r#"
    const beat = async () => { await fetch("/note"); note("set"); setTimeout(() => { note("beat"); beat(); }, WAIT); };
    beat();"#;

/// The same wait, each timer set by the one before.
const CHAIN: &str = r#"
    const next = () => { note("set"); setTimeout(() => { note("beat"); next(); }, WAIT); };
    const deep = (left) => left ? setTimeout(deep, 0, left - 1) : next();
    deep(8);"#;

/// Timers are held back for good long before the first of the measured ones is due: five minutes are measured once.
const SOONER: &str = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10";

/// What the client sets its timer to in a hidden tab that promises as little as it may.
fn wait() -> f64 {
    limits::HIDDEN_INTERVAL_MIN.minus(limits::HIDDEN_EARLY).0 as f64
}

/// Three browsers side by side, some minutes.
pub(crate) async fn measure() -> Vec<Fact> {
    let (mut facts, beats, chain) = tokio::join!(
        ticks(),
        waits(BEATS, "hidden for long, a beat's timer (75 s less 20 s), set by an answer: late by"),
        waits(CHAIN, "the same timer, set by the one before: late by"),
    );
    facts.extend([beats, chain]);
    facts
}

async fn ticks() -> Vec<Fact> {
    let mut site = Site::open().await;
    let browser = Browser::as_people_have_it(&[]).await;
    browser.open(&site.page("ticks")).await;
    browser.run(TICKS).await;
    site.until("ticks", "tick", 0).await;
    browser.hide().await;
    let hidden = site.until("ticks", "visibilitychange hidden", 0).await.at;
    println!("  hidden; now it takes some minutes until its timers are held back for good");
    let enough = |notes: &[Note]| {
        let wakes = wakes(notes, hidden);
        (wakes.windows(2).filter(|pair| pair[1] - pair[0] > LONG).count() >= 3).then_some(wakes)
    };
    let wakes = site.until_all(PATIENCE, enough).await.expect("the page is held back in the end");
    let gaps: Vec<f64> = wakes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let first_long = gaps.iter().position(|&gap| gap > LONG).expect("there are three");
    let (short, long) = (&gaps[1..first_long], &gaps[first_long + 1..]);
    let told = site.told("ticks", 0).await;
    let worker: Vec<f64> =
        told.iter().filter(|note| note.what == "worker" && note.at > wakes[first_long]).map(|note| note.at).collect();
    let worker: Vec<f64> = worker.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let step = habits::INTENSIVE_STEP as f64;
    let second = habits::HIDDEN_STEP as f64;
    vec![
        Fact::length("between two ticks of a 100 ms timer, just hidden", second, median(short), 50.0, "50 ms"),
        in_phase("those ticks lie at one place in each second", &wakes[1..=first_long], second, 100.0),
        Fact::length(
            "hidden until timers are held back further",
            habits::INTENSIVE_AFTER as f64,
            wakes[first_long] - hidden,
            5_000.0,
            "5 s",
        ),
        Fact::length("between two ticks after that", step, median(long), 1_000.0, "1 s"),
        in_phase("those ticks lie at one place in each minute", &wakes[first_long + 1..], step, 1_000.0),
        Fact {
            what: "between two ticks of a worker's 1 s timer then",
            model: "none needed: no client of ours has a worker".to_owned(),
            browser: list(&[median(&worker)]),
            verdict: Verdict::of((median(&worker) - 1_000.0).abs() < 50.0, "not held back, 50 ms"),
        },
    ]
}

/// The moments at which the page was let run, since it was hidden.
fn wakes(notes: &[Note], hidden: f64) -> Vec<f64> {
    let mut ticks: Vec<f64> =
        notes.iter().filter(|note| note.what == "tick" && note.at > hidden).map(|note| note.at).collect();
    ticks.sort_by(f64::total_cmp);
    ticks.dedup_by(|later, earlier| *later - *earlier < ONE_WAKE);
    ticks
}

fn in_phase(what: &'static str, moments: &[f64], step: f64, within: f64) -> Fact {
    let first = moments.first().copied().unwrap_or_default();
    let off = |at: &f64| {
        let rest = (at - first).rem_euclid(step);
        rest.min(step - rest)
    };
    let most = moments.iter().map(off).fold(0.0, f64::max);
    Fact {
        what,
        model: "yes".to_owned(),
        browser: format!("off by {} at most, {} ticks", list(&[most]), moments.len()),
        verdict: Verdict::of(most <= within, if within < 1_000.0 { "100 ms" } else { "1 s" }),
    }
}

/// Four beats of a page that has been hidden for long.
async fn waits(script: &str, what: &'static str) -> Fact {
    let mut site = Site::open().await;
    let browser = Browser::as_people_have_it(&[SOONER]).await;
    browser.open(&site.page("beats")).await;
    browser.hide().await;
    let hidden = site.until("beats", "visibilitychange hidden", 0).await.at;
    browser.run(&script.replace("WAIT", &wait().to_string())).await;
    let four = |notes: &[Note]| (notes.iter().filter(|note| note.what == "beat").count() >= 4).then_some(());
    site.until_all(PATIENCE, four).await.expect("a hidden page beats");
    let told = site.told("beats", 0).await;
    let moments = |what: &str| told.iter().filter(|note| note.what == what).map(|note| note.at).collect::<Vec<f64>>();
    let (set, fired) = (moments("set"), moments("beat"));
    let late: Vec<f64> = set.iter().zip(&fired).map(|(set, fired)| fired - set - wait()).collect();
    // The model's word for the same timers, in a page that has been hidden for long and whose phase is that of the last.
    let hidden_since = Some(hidden as u64 - habits::INTENSIVE_AFTER);
    let phase = fired.last().copied().unwrap_or_default() as u64 % habits::INTENSIVE_STEP;
    let played: Vec<f64> = set
        .iter()
        .zip(&fired)
        .map(|(set, _)| {
            let due = (set + wait()) as u64;
            (habits::fires_at(due, hidden_since, phase) - due) as f64
        })
        .collect();
    let agrees = late.iter().zip(&played).all(|(late, played)| (late - played).abs() <= 1_500.0);
    let is_bounded = late.iter().all(|&late| late <= habits::INTENSIVE_STEP as f64);
    let verdict = if is_bounded && !agrees { Verdict::Harsher } else { Verdict::of(agrees, "1.5 s each") };
    Fact { what, model: list(&played), browser: list(&late), verdict }
}

fn median(lengths: &[f64]) -> f64 {
    let mut sorted = lengths.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// So long is waited where the fact is that nothing comes.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);
