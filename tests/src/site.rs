//! A site in front of a stillhere server. It puts the tests' scripts before those of every page, in whatever browser, has
//! pages of its own, sees every beat that arrives, and breaks where a test wants it to.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::{Body, to_bytes};
use http::{HeaderValue, Method, Request, Response, Uri, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    clock::Clock,
    server::{PATIENCE, Server},
};

/// More than any page or beat has.
const BODY_BYTES: usize = 1 << 20;

/// Where the scripts are that come before a page's own.
const SCRIPTS: &str = "/test/before.js";

/// A page that does nothing by itself.
pub const BLANK: &str = "/test/blank";

/// A running site. Dropping it closes its port.
pub struct Site {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// How it treats what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Hands it on to the server.
    Open,
    /// Breaks off, as a network does that is not there.
    Gone,
    /// Takes beats and never answers them.
    Hanging,
}

/// An answer to a beat that is not the server's.
#[derive(Clone, Debug)]
pub struct Instead {
    /// The status code.
    pub status: u16,
    /// One header.
    pub header: (&'static str, String),
    /// The body.
    pub body: String,
}

/// A page of the site's own.
struct Page {
    html: String,
    policy: Option<HeaderValue>,
}

struct Shared {
    /// `http://host:port` of the server behind.
    server: String,
    scripts: Mutex<String>,
    pages: Mutex<HashMap<String, Page>>,
    manner: watch::Sender<Manner>,
    instead: Mutex<VecDeque<Instead>>,
    beats: watch::Sender<Vec<Value>>,
    notes: watch::Sender<Vec<String>>,
    client: Client<HttpConnector, Body>,
}

impl Site {
    /// One whose pages see this clock.
    pub async fn before(server: &Server, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            server: server.url(""),
            scripts: Mutex::new(clock.script()),
            pages: Mutex::default(),
            manner: watch::Sender::new(Manner::Open),
            instead: Mutex::default(),
            beats: watch::Sender::default(),
            notes: watch::Sender::default(),
            // A connection that is kept may belong to a server that has been killed since.
            client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        let site = Self { address, shared, task };
        site.put(BLANK, "<!doctype html><title>blank</title>", None);
        site
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts one more script before those of every page.
    pub fn run_first(&self, script: &str) {
        let mut scripts = lock(&self.shared.scripts);
        scripts.push_str("\n;");
        scripts.push_str(script);
    }

    /// Has a page of its own from now on, with a content security policy or none.
    pub fn put(&self, path: &str, html: &str, policy: Option<&'static str>) {
        let page = Page { html: html.to_owned(), policy: policy.map(HeaderValue::from_static) };
        lock(&self.shared.pages).insert(path.to_owned(), page);
    }

    /// Behaves like this from now on.
    pub fn behave(&self, manner: Manner) {
        self.shared.manner.send_replace(manner);
    }

    /// Answers the next beat itself, or the one after those that have such an answer already.
    pub fn answer(&self, instead: Instead) {
        lock(&self.shared.instead).push_back(instead);
    }

    /// Every beat that has arrived, whatever became of it.
    #[must_use]
    pub fn beats(&self) -> Vec<Value> {
        self.shared.beats.borrow().clone()
    }

    /// Waits until the beats that have arrived are as they should be; gives them.
    pub async fn beats_until(&self, are_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        wait(&self.shared.beats, are_so).await
    }

    /// Waits until pages have told this, by `POST /test/note`.
    pub async fn told(&self, what: &str) {
        wait(&self.shared.notes, |notes: &[String]| notes.iter().any(|note| note == what)).await;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn wait<T: Clone + std::fmt::Debug>(list: &watch::Sender<Vec<T>>, is_so: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut list = list.subscribe();
    let outcome = timeout(PATIENCE, list.wait_for(|list| is_so(list))).await.map(|list| list.map(|list| list.clone()));
    match outcome {
        Ok(list) => list.expect("the site outlives its pages"),
        Err(_) => panic!("what was awaited never arrived, only {:#?}", list.borrow()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// One connection. An error of the service breaks it off.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| answer(request, &shared));
    // A page that is gone does not wait for the rest.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// There is no answer.
type Broken = Box<dyn std::error::Error + Send + Sync>;

async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Response<Body>, Broken> {
    let path = request.uri().path().to_owned();
    let is_beat = request.method() == Method::POST && path.ends_with("/beat");
    let manner = *shared.manner.borrow();
    if manner == Manner::Gone {
        return Err("gone".into());
    }
    if path == SCRIPTS {
        return Ok(with_type("text/javascript; charset=utf-8", lock(&shared.scripts).clone()));
    }
    if let Some(page) = lock(&shared.pages).get(&path) {
        return Ok(page.answer());
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), BODY_BYTES).await?;
    if path == "/test/note" {
        let note = String::from_utf8_lossy(&body).into_owned();
        shared.notes.send_modify(|notes| notes.push(note));
        return Ok(Response::new(Body::empty()));
    }
    if is_beat {
        let beat = serde_json::from_slice(&body).unwrap_or(Value::Null);
        shared.beats.send_modify(|beats| beats.push(beat));
        if manner == Manner::Hanging {
            return std::future::pending().await;
        }
        if let Some(instead) = lock(&shared.instead).pop_front() {
            return Ok(instead.answer()?);
        }
    }
    shared.hand_on(Request::from_parts(head, body.into())).await
}

impl Shared {
    async fn hand_on(&self, mut request: Request<Body>) -> Result<Response<Body>, Broken> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("{}{path}", self.server).parse::<Uri>()?;
        // What is to be changed on its way must be text.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
        let response = self.client.request(request).await?;
        let (mut head, body) = response.into_parts();
        let is_page =
            head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !is_page {
            return Ok(Response::from_parts(head, Body::new(body)));
        }
        let html = String::from_utf8(to_bytes(Body::new(body), BODY_BYTES).await?.to_vec())?;
        head.headers.remove(header::CONTENT_LENGTH);
        Ok(Response::from_parts(head, with_scripts(&html).into()))
    }
}

impl Page {
    fn answer(&self) -> Response<Body> {
        let mut response = with_type("text/html; charset=utf-8", with_scripts(&self.html));
        if let Some(policy) = &self.policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    }
}

impl Instead {
    fn answer(self) -> Result<Response<Body>, http::Error> {
        let (name, value) = self.header;
        Response::builder().status(self.status).header(name, value).body(self.body.into())
    }
}

fn with_type(kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The page with the scripts before any of its own.
fn with_scripts(html: &str) -> String {
    let mark = ["<head>", "<!doctype html>"].into_iter().find_map(|mark| html.find(mark).map(|at| at + mark.len()));
    let (before, after) = html.split_at(mark.unwrap_or_default());
    format!("{before}<script src=\"{SCRIPTS}\"></script>{after}")
}
