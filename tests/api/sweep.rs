//! Use case 2, the row *trigger*: an HTTP endpoint for an outside cron, guarded by a secret.

use reqwest::Method;
use serde_json::json;
use stillhere_tests::{
    beat::{first, later},
    feed::Feed,
    server::Server,
    token::{ENVIRONMENT, token},
};

const SECRET: &str = "a secret for the cron job, which is long enough";
const PATH: &str = "/v1/admin/sweep";

#[tokio::test]
async fn only_the_cron_job_and_admins_may_sweep_and_no_log_holds_the_secret() {
    let environment = [ENVIRONMENT[0], ("STILLHERE_CRON_SECRET", SECRET)];
    let server = Server::start_logged(&[], "auth = \"jwt\"\n", &environment).await;
    let bearer = |text: &str| ("authorization", format!("Bearer {text}"));
    let header = |text: &str| ("x-cron-secret", text.to_owned());
    for (fields, status, code) in [
        (vec![], 401, "token_missing"),
        (vec![bearer(&SECRET[1..])], 401, "token_bad"),
        (vec![header(&SECRET[1..])], 401, "token_bad"),
        (vec![header("")], 401, "token_bad"),
        (vec![header("no"), bearer(&token("boss", "admin"))], 401, "token_bad"),
        (vec![bearer(&token("ann", "user"))], 403, "not_allowed"),
        (vec![bearer(&token("boss", "admin"))], 200, ""),
        (vec![bearer(SECRET)], 200, ""),
        (vec![header(SECRET)], 200, ""),
    ] {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for method in [Method::GET, Method::POST] {
            let answer = server.send(method, PATH, None, &fields).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{fields:?}: {}", answer.body);
            if status == 200 {
                assert_eq!((&answer.body["ended"], &answer.body["autoOuts"]), (&json!(0), &json!([])));
            }
        }
    }
    let elsewhere = server.send(Method::GET, "/v1/admin/sessions", None, &[("x-cron-secret", SECRET)]).await;
    assert_eq!(elsewhere.code(), "token_missing", "it opens nothing else");
    let log = server.log();
    assert!(log.contains("DEBUG") && !log.contains(SECRET) && !log.contains(&SECRET[1..]));
}

#[tokio::test]
async fn without_a_secret_none_is_right() {
    let server = Server::start(&[], "auth = \"jwt\"\n", &ENVIRONMENT).await;
    for fields in [("x-cron-secret", ""), ("x-cron-secret", SECRET), ("authorization", "Bearer ")] {
        assert_eq!(server.send(Method::POST, PATH, None, &[fields]).await.status, 401, "{fields:?}");
    }
    let open = Server::start(&["--preset", "demo"], "", &[("STILLHERE_CRON_SECRET", SECRET)]).await;
    assert_eq!(open.send(Method::POST, PATH, None, &[]).await.code(), "token_missing");
    assert_eq!(open.send(Method::POST, PATH, None, &[("authorization", "Bearer ann")]).await.code(), "token_bad");
    assert_eq!(open.send(Method::POST, PATH, None, &[("x-cron-secret", SECRET)]).await.status, 200);
}

#[tokio::test]
async fn sweeping_all_the_time_punches_out_once_and_nobody_too_early() {
    let brief = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\npunching = \"with-presence\"\n\
                 address_requests_per_s = 0\n";
    let server = Server::preset_with("punch-clock", brief).await;
    let mut page = Feed::open(&server.url("/v1/feed?user=ann"), None).await;
    page.next().await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "nextMs": 500 }))).await.status, 200);
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "nextMs": 600_000 }))).await.status, 200);
    let sweep = || server.send(Method::POST, PATH, None, &[]);
    let awaited = async { while page.next().await.body["kind"] != "AUTO_OUT" {} };
    let sweeping = async {
        loop {
            let (one, other) = tokio::join!(sweep(), sweep());
            assert_eq!((one.status, other.status), (200, 200), "{} {}", one.body, other.body);
        }
    };
    tokio::select! {
        () = awaited => {}
        () = sweeping => {}
    }
    let rows = server.get("/v1/punches?kind=AUTO_OUT").await["punches"].as_array().expect("rows").clone();
    assert_eq!(rows.iter().map(|row| row["user"].as_str()).collect::<Vec<_>>(), [Some("ann")]);
    assert_eq!(server.sessions("bob").await[0]["endedAt"], json!(null));
}
