//! `POST /demo/tokens`: a token of whoever one would like to be, for trying out; `GET /demo/systems`: where that is. Only
//! the demo has them, for pages of its own machine.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Extension, State, rejection::JsonRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stillhere_engine::{time::Millis, wire::UserId};

use super::{App, around, method_wrong};
use crate::{
    error::Rejection,
    identity::{ClaimPath, Wish, issue},
    settings::{Auth, SITE, Settings},
};

/// As long as somebody tries it out in one go.
const LIFE: Millis = Millis::minutes(8 * 60);

/// The systems that one can have tokens for, by their names.
#[derive(Default)]
pub(crate) struct Issuers(Vec<(&'static str, Settings)>);

/// One system, for whoever wants to look at all of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: &'static str,
    endpoint: String,
    metrics: String,
    /// Elsewhere everybody is who they say they are.
    asks_for_tokens: bool,
}

/// Who one would like to be, and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    system: String,
    user: String,
    role: Option<String>,
    name: Option<String>,
    email: Option<String>,
    department: Option<String>,
    specialties: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Issued {
    token: String,
}

impl Issuers {
    pub(crate) fn add(&mut self, name: &'static str, settings: Settings) {
        self.0.push((name, settings));
    }

    /// The routes. `app` knows whether a request is for this machine.
    pub(crate) fn routes(self, app: App) -> Router {
        let route = Router::new()
            .route("/demo/tokens", post(give))
            .route("/demo/systems", get(list))
            .method_not_allowed_fallback(method_wrong)
            .layer(Extension(Arc::new(self)));
        around::whole(around::local(route, &app), app)
    }

    fn of(&self, system: &str) -> Result<&Settings, Rejection> {
        let known = self.0.iter().find(|(name, _)| *name == system);
        known.map(|(_, settings)| settings).ok_or_else(|| {
            let names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
            Rejection::BodyBad(format!("There is no system {system:?} here; there are: {}.", names.join(", ")))
        })
    }
}

async fn list(State(app): State<App>, Extension(issuers): Extension<Arc<Issuers>>) -> Json<Vec<Listed>> {
    let others = issuers.0.iter().map(|(name, settings)| {
        let endpoint = settings.base_path().to_owned();
        Listed { name, metrics: format!("{endpoint}/metrics"), endpoint, asks_for_tokens: true }
    });
    let endpoint = app.inner.settings.base_path().to_owned();
    let site = Listed { name: SITE, endpoint, metrics: "/metrics".into(), asks_for_tokens: false };
    Json(others.chain([site]).collect())
}

async fn give(
    State(app): State<App>,
    Extension(issuers): Extension<Arc<Issuers>>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, Rejection> {
    let Json(asked) = asked?;
    let settings = issuers.of(&asked.system)?;
    let bad = |why: String| Rejection::BodyBad(why);
    let user = UserId::parse(&asked.user).map_err(|rule| bad(format!("`user`: {rule}.")))?;
    let wish = Wish { user, role: asked.role.clone(), life: LIFE, claims: claims(settings, asked) };
    let token = issue(settings, &wish, app.now()).map_err(|why| bad(why.to_string()))?;
    Ok(Json(Issued { token }).into_response())
}

/// What lists of people show.
fn claims(settings: &Settings, asked: Asked) -> Vec<(ClaimPath, Value)> {
    let (Auth::Jwt(rules) | Auth::Email(rules)) = settings.auth() else { return Vec::new() };
    let paths = &rules.claims;
    let texts = [(&paths.name, asked.name), (&paths.email, asked.email), (&paths.department, asked.department)];
    let texts = texts.into_iter().filter_map(|(path, text)| Some((path.clone(), json!(text?))));
    let specialties = asked.specialties.map(|list| (paths.specialties.clone(), json!(list)));
    texts.chain(specialties).collect()
}
