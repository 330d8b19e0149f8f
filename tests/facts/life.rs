//! Which events a page is told when it is frozen, cached, closed or killed, and what becomes of its timers.

use stillhere_simulation::habits;
use stillhere_tests::browser::Browser;

use crate::{
    site::{Note, Site},
    table::{Fact, Verdict, in_words},
    throttling::SILENCE,
};

/// A timer that is due while the page is stopped.
const TIMER: &str = r#"setTimeout(() => note("timer"), 1000);"#;

/// What a busy machine may add.
const BUSY: f64 = 100.0;

pub(crate) async fn measure() -> Vec<Fact> {
    let mut facts = frozen().await;
    facts.extend(cached().await);
    facts.extend(gone().await);
    facts
}

async fn frozen() -> Vec<Fact> {
    let mut site = Site::open().await;
    let browser = Browser::as_people_have_it(&[]).await;
    browser.open(&site.page("frozen")).await;
    browser.hide().await;
    site.until("frozen", "visibilitychange hidden", 0).await;
    browser.run(TIMER).await;
    let before = site.len();
    browser.freeze().await;
    site.until("frozen", "freeze", before).await;
    site.until_all(SILENCE, |_| None::<()>).await;
    let stopped = names(&site.told("frozen", before).await);
    let middle = site.len();
    browser.thaw().await;
    let timer = site.until("frozen", "timer", middle).await.at;
    let told = site.told("frozen", middle).await;
    let resumed = told.iter().find(|note| note.what == "resume").map_or(f64::NAN, |note| note.at);
    let events: Vec<String> = names(&told).into_iter().filter(|what| what != "timer").collect();
    vec![
        Fact::events("a hidden page is frozen", habits::ON_FREEZE, &stopped),
        Fact::events("and thawed", habits::ON_THAW, &events),
        within(
            "a timer that was due while it was frozen fires after the thaw, still hidden, within",
            habits::HIDDEN_STEP as f64,
            timer - resumed,
        ),
    ]
}

async fn cached() -> Vec<Fact> {
    let mut site = Site::open().await;
    let browser = Browser::as_people_have_it(&[]).await;
    browser.open(&site.page("first")).await;
    site.until("first", "pageshow", 0).await;
    browser.run(TIMER).await;
    let before = site.len();
    browser.open(&site.page("second")).await;
    site.until("second", "pageshow", before).await;
    site.until_all(SILENCE, |_| None::<()>).await;
    let left = names(&site.told("first", before).await);
    let middle = site.len();
    browser.back().await;
    let shown = site.until("first", "pageshow from the cache", middle).await.at;
    let timer = site.until("first", "timer", middle).await.at;
    let back = names(&site.told("first", middle).await).into_iter().filter(|what| what != "timer").collect::<Vec<_>>();
    vec![
        Fact::events("a page gives way to another and is kept", habits::ON_CACHE, &left),
        Fact::events("and comes back", habits::ON_RETURN, &back),
        within("a timer that was due meanwhile fires after the return within", 0.0, timer - shown),
    ]
}

async fn gone() -> Vec<Fact> {
    let mut site = Site::open().await;
    let browser = Browser::as_people_have_it(&[]).await;
    browser.open(&site.page("reloaded")).await;
    site.until("reloaded", "pageshow", 0).await;
    let before = site.len();
    // A page that is loaded again is the one that is surely not kept.
    browser.reload().await;
    site.until("reloaded", "pageshow", before).await;
    let left = names(&site.told("reloaded", before).await);
    let left: Vec<String> = left.into_iter().take_while(|what| what != "pageshow").collect();

    browser.open_tab(&site.page("closed")).await;
    site.until("closed", "pageshow", before).await;
    let before = site.len();
    browser.close_tab().await;
    site.until("closed", "pagehide", before).await;
    let closed = names(&site.told("closed", before).await);

    browser.open(&site.page("killed")).await;
    site.until("killed", "pageshow", before).await;
    let before = site.len();
    browser.kill();
    site.until_all(SILENCE, |_| None::<()>).await;
    let killed = names(&site.told("killed", before).await);
    vec![
        Fact::events("a page gives way to another and is not kept", habits::ON_CLOSE, &left),
        Fact::events("a tab is closed", habits::ON_CLOSE, &closed),
        Fact::events("a browser is killed", habits::ON_KILL, &killed),
    ]
}

fn within(what: &'static str, most: f64, took: f64) -> Fact {
    let verdict = Verdict::of((0.0..=most + BUSY).contains(&took), "100 ms more");
    Fact { what, model: in_words(most), browser: in_words(took), verdict }
}

fn names(notes: &[Note]) -> Vec<String> {
    notes.iter().map(|note| note.what.clone()).collect()
}
