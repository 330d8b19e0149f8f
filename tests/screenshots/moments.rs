//! What pages look like at moments to which no address leads: who is asked for, refused, warned, or left without a server.

use std::{fs, path::Path};

use stillhere_tests::{
    beat::first,
    browser::Browser,
    engine::Engine,
    server::Server,
    token::{ENVIRONMENT, token},
};

use crate::LOOKS;

const DEMOS: [&str; 5] = ["session-duration", "punch-clock", "who-is-online", "module-users", "availability"];

/// Figures of a bad day, in answers that are a real server's but for their numbers.
const BAD_DAY: &str = r#"
    const own = window.fetch;
    let looks = 0;
    window.fetch = async (...asked) => {
        const [address] = asked;
        if (String(address) === "/metrics") {
            looks += 1;
            // Counters only grow, and two looks make a rate.
            return new Response(`stillhere_beats_taken_total ${100 * looks}
stillhere_refusals_total{code="token_bad"} ${40 * looks}
stillhere_checkpoints_failed_total ${looks}
stillhere_resyncs_total ${3 * looks}
stillhere_commands_waiting 812
stillhere_push_seconds_bucket{le="1"} ${10 * looks}
stillhere_push_seconds_bucket{le="2.5"} ${30 * looks}
stillhere_push_seconds_bucket{le="+Inf"} ${30 * looks}`);
        }
        const answer = await own(...asked);
        if (!String(address).includes("step=1m")) return answer;
        const said = await answer.json();
        said.buckets.at(-20).autoOuts = 34;
        Object.assign(said.totals, { autoOuts: 34, ended: 120, endedTimeout: 90 });
        return Response.json(said);
    };"#;

/// All of them, into the folder.
pub(crate) async fn picture(folder: &Path) {
    token_form(folder).await;
    bad_day(folder).await;
    for name in DEMOS {
        without_server(folder, &format!("/demos/{name}/"), &format!("demos-{name}")).await;
    }
    without_server(folder, "/dashboard/?api=/punch-clock/v1", "dashboard").await;
}

/// The same moment in every look.
async fn take(browser: &Browser, folder: &Path, name: &str) {
    for (width, scheme, look) in LOOKS {
        browser.look(width, scheme).await;
        let picture = browser.picture(width).await;
        fs::write(folder.join(format!("moment-{name}-{look}.png")), picture).expect("the picture can be written");
    }
    println!("  {name}");
}

async fn token_form(folder: &Path) {
    let server = Server::start(&["--preset", "who-is-online"], "auth = \"jwt\"\n", &ENVIRONMENT).await;
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&server.url("/dashboard/?user=ann")).await;
    browser.until("!document.querySelector('form.pass').hidden").await;
    take(&browser, folder, "token-asked").await;
    let said = "document.querySelector('[data-field=pass-why]').textContent";
    for (name, token, words) in
        [("garbage", "nonsense".to_owned(), "token"), ("of-a-user", token("ann", "user"), "An admin’s is needed")]
    {
        let script = format!(
            "const form = document.querySelector('form.pass'); form.elements.token.value = '{token}'; form.requestSubmit();"
        );
        browser.run(&script).await;
        browser.until(&format!("{said}.includes('{words}')")).await;
        take(&browser, folder, &format!("token-{name}")).await;
    }
}

async fn bad_day(folder: &Path) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(Engine::Chromium).await;
    server.beat(first('A', "ann")).await;
    browser.open(&server.url("/dashboard/")).await;
    browser.run(BAD_DAY).await;
    browser.until("document.querySelectorAll('[data-testid=warnings] li').length >= 6").await;
    take(&browser, folder, "warnings").await;
}

/// A page in use whose server stops, and comes back.
async fn without_server(folder: &Path, path: &str, name: &str) {
    let mut server = Server::demo().await;
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&server.url(path)).await;
    let is = |phase: &str| format!("document.getElementById('line')?.dataset.state === '{phase}'");
    browser.until(&is("live")).await;
    browser.until("[...document.querySelectorAll('iframe')].every((frame) => frame.dataset.ready === 'true')").await;
    assert!(server.stop().await, "it stops well");
    browser.until(&is("reconnecting")).await;
    take(&browser, folder, &format!("{name}-gone")).await;
    server.restart().await;
    browser.until(&is("live")).await;
    take(&browser, folder, &format!("{name}-back")).await;
}
