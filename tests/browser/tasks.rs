//! How long the heart keeps its page busy at a stretch.

use serde_json::json;
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Site},
};

stories! {
    "long tasks" needs LongTasks: no_task_of_the_heart_takes_fifty_milliseconds;
}

/// Everything that a heart does: it starts, beats, hears a thousand inputs, stops. What the browser calls a long task
/// (50 ms and more) and was not over before that is in `window.found`.
///
/// The last one is the page's own. It shows that the browser tells of long tasks at all, and that it has told of all
/// those before.
const VISIT: &str = r#"
    const tasks = [];
    let told;
    const burnt = new Promise((done) => { told = done; });
    let burning = Infinity;
    new PerformanceObserver((list) => {
      tasks.push(...list.getEntries());
      if (tasks.some(({ startTime, duration }) => startTime + duration > burning)) told();
    }).observe({ type: "longtask", buffered: true });
    const turn = () => new Promise((done) => setTimeout(done));

    await turn();
    const began = performance.now();
    const { start } = await test.import("/client/index.js");
    const heart = await start({ endpoint: "/v1", token: "ann" });
    for (let beats = 0; beats < 5; beats++) {
      await new Promise((done) => { heart.on("beat", done); heart.beatNow(); });
    }
    await turn();
    for (let inputs = 0; inputs < 1_000; inputs++) dispatchEvent(new Event("pointermove"));
    await turn();
    heart.stop();
    await turn();
    burning = performance.now();
    while (performance.now() < burning + 80);
    await burnt;
    window.found = tasks.filter(({ startTime, duration }) => startTime + duration > began)
      .map(({ startTime, duration }) => ({ startTime, duration, isOurs: startTime + duration < burning }));"#;

async fn no_task_of_the_heart_takes_fifty_milliseconds(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut visits = Vec::new();
    // The browser counts time on the wall, also that in which the machine was busy with something else. Work that is really
    // long is long at every visit, and one without a long task shows that there is none.
    for _ in 0..5 {
        browser.open(&site.url(BLANK)).await;
        browser.act(VISIT).await;
        let found = browser.run("return found").await;
        let tasks = found.as_array().map_or(&[][..], Vec::as_slice);
        assert!(tasks.iter().any(|task| task["isOurs"] == false), "the page's own is told of: {found}");
        if !tasks.iter().any(|task| task["isOurs"] == true) {
            return;
        }
        visits.push(found);
    }
    panic!("long tasks at every visit: {:#}", json!(visits));
}
