//! `GET /healthz`: whether the process is alive. `GET /readyz`: whether it can do its work.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::App;
use crate::{driver::Writing, error, limits};

/// It answers, so it is.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// How one part is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Ok,
    Failing,
    /// It has said nothing within the time for it.
    Silent,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    status: &'static str,
    driver: Part,
    store_reads: Part,
    store_writes: Part,
}

/// Asks the parts. Beats of sessions that go on are taken without the store too, for as long as it does not last; but
/// who chooses between servers had better choose another one.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let (presence, store) = (&app.inner.presence, &app.inner.store);
    let (driver, read) =
        tokio::join!(timeout(limits::READY_WITHIN, presence.ready()), timeout(limits::READY_WITHIN, store.alive_at()));
    let (driver, store_writes) = match driver {
        Ok(Ok(Writing::Good)) => (Part::Ok, Part::Ok),
        Ok(Ok(Writing::Failing)) => (Part::Ok, Part::Failing),
        Ok(Err(_)) => (Part::Failing, Part::Silent),
        Err(_) => (Part::Silent, Part::Silent),
    };
    let store_reads = match read {
        Ok(Ok(_)) => Part::Ok,
        Ok(Err(why)) => {
            tracing::error!(%why, "the store could not be read when somebody asked whether it is well");
            Part::Failing
        }
        Err(_) => Part::Silent,
    };
    let is_ready = [driver, store_reads, store_writes].iter().all(|part| *part == Part::Ok);
    let status = if is_ready { "ready" } else { "not_ready" };
    let answer = Json(Ready { status, driver, store_reads, store_writes });
    if is_ready { answer.into_response() } else { error::unready(answer) }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::Ordering::SeqCst};

    use axum::body::to_bytes;
    use tokio::sync::watch;

    use super::*;
    use crate::{
        driver::{
            Driver,
            tests::{Moody, beat, drafts, user},
        },
        metrics::Metrics,
        presence::Presence,
        profiles::Profiles,
        settings::{Settings, Typed},
        store::Store,
        webhooks::Webhooks,
    };

    async fn asked(app: &App) -> (u16, Value) {
        let response = ready(State(app.clone())).await;
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 1_000).await.unwrap()).unwrap())
    }

    #[tokio::test]
    async fn it_says_which_part_is_not_well_and_when_all_are_again() {
        let moody = Moody::new().await;
        let store: Arc<dyn Store> = Arc::<Moody>::clone(&moody);
        let (settings, metrics) = (Settings::parse(Typed::default(), None).unwrap(), Arc::new(Metrics::new()));
        let policy = settings.policy().clone();
        let profiles = Arc::new(Profiles::new());
        let webhooks = Arc::new(Webhooks::new(Vec::new(), Arc::clone(&profiles)).unwrap());
        let driver = Driver::start(policy, Arc::clone(&store), Arc::clone(&metrics), drafts()).await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        let app = App::new(settings, Presence::Local(driver.clone()), store, metrics, profiles, webhooks, stopped);
        let well = json!({ "status": "ready", "driver": "ok", "storeReads": "ok", "storeWrites": "ok" });
        assert_eq!(asked(&app).await, (200, well.clone()));
        driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
        moody.is_down.store(true, SeqCst);
        driver.settle().await.unwrap();
        let down = json!({ "status": "not_ready", "driver": "ok", "storeReads": "failing", "storeWrites": "failing" });
        assert_eq!(asked(&app).await, (503, down));
        moody.is_down.store(false, SeqCst);
        while asked(&app).await.0 != 200 {
            // The next try comes by itself, and is told when it is over.
            driver.settle().await.unwrap();
        }
        driver.stop().await.unwrap();
        let stopped =
            json!({ "status": "not_ready", "driver": "failing", "storeReads": "ok", "storeWrites": "silent" });
        assert_eq!(asked(&app).await, (503, stopped));
    }
}
