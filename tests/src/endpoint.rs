//! Somebody else's endpoint for webhooks: keeps what it is sent, and answers as the test wants.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use http::StatusCode;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::server::PATIENCE;

/// What letters are signed with in tests.
pub const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiBhIHdlYmhvb2sgaW4gdGVzdHM=";

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// With this code.
    Says(u16),
    /// Not at all.
    Hangs,
}

/// A running endpoint. Dropping it closes its port.
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    letters: mpsc::UnboundedReceiver<Delivery>,
    manner: Arc<Mutex<Manner>>,
    task: JoinHandle<()>,
}

/// A letter as it has arrived.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub text: String,
    /// The same as JSON.
    pub body: Value,
}

impl Delivery {
    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// A header, which has to be there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("the header is there").to_str().expect("it is text")
    }

    /// Whether the specification's own library believes that it was signed with [`SECRET`], a moment ago.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        let judge = Webhook::new(SECRET).expect("a secret");
        judge.verify(self.text.as_bytes(), &self.headers).is_ok()
    }
}

type Shared = (Arc<Mutex<Manner>>, mpsc::UnboundedSender<Delivery>);

impl Endpoint {
    /// One on a free port that takes everything.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), Manner::Says(204)).await
    }

    /// One at an address where another one was, or with other manners.
    pub async fn start_at(address: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = listener.local_addr().expect("it has an address");
        let (sender, letters) = mpsc::unbounded_channel();
        let manner = Arc::new(Mutex::new(manner));
        let routes = Router::new().route("/hook/{*secret}", post(take)).with_state((Arc::clone(&manner), sender));
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { address, letters, manner, task }
    }

    /// From now on it answers like this.
    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Its address with a path that nobody else may know.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook/hunter2", self.address)
    }

    /// The next letter.
    pub async fn next(&mut self) -> Delivery {
        let letter = tokio::time::timeout(PATIENCE, self.letters.recv()).await;
        letter.expect("a letter comes").expect("the endpoint runs")
    }

    /// Whether nothing more has arrived.
    pub fn is_quiet(&mut self) -> bool {
        self.letters.try_recv().is_err()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State((manner, letters)): State<Shared>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let text = String::from_utf8(body.to_vec()).expect("letters are text");
    let body = serde_json::from_str(&text).expect("letters are JSON");
    let manner = *manner.lock().unwrap_or_else(PoisonError::into_inner);
    // The test may be over.
    let _ = letters.send(Delivery { headers, text, body });
    match manner {
        Manner::Says(code) => StatusCode::from_u16(code).expect("a code"),
        Manner::Hangs => std::future::pending().await,
    }
}
