//! `POST /demo/tokens`: a token of whoever one would like to be, for trying out. Only the demo has it, for pages of its
//! own machine.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Extension, State, rejection::JsonRejection},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stillhere_engine::{limits::BEAT_BYTES, time::Millis, wire::UserId};

use super::{App, for_this_machine, method_wrong, whole};
use crate::{
    error::Rejection,
    identity::{ClaimPath, Wish, issue},
    settings::{Auth, Settings},
};

/// As long as somebody tries it out in one go.
const LIFE: Millis = Millis::minutes(8 * 60);

/// The systems that one can have tokens for, by their names.
#[derive(Default)]
pub(crate) struct Issuers(BTreeMap<&'static str, Settings>);

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
        self.0.insert(name, settings);
    }

    /// The route. `app` knows whether a request is for this machine.
    pub(crate) fn routes(self, app: App) -> Router {
        let route = Router::new()
            .route("/demo/tokens", post(give))
            .method_not_allowed_fallback(method_wrong)
            .layer(Extension(Arc::new(self)))
            .layer(middleware::from_fn_with_state(app.clone(), for_this_machine))
            .layer(DefaultBodyLimit::max(BEAT_BYTES));
        whole(route, app)
    }

    fn of(&self, system: &str) -> Result<&Settings, Rejection> {
        self.0.get(system).ok_or_else(|| {
            let names: Vec<_> = self.0.keys().copied().collect();
            Rejection::BodyBad(format!("There is no system {system:?} here; there are: {}.", names.join(", ")))
        })
    }
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
