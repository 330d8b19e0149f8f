//! The load: tabs that do what people do, each on its own, until their server is gone.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use stillhere_engine::{spans::SpanLog, time::Millis, wire::SessionId};
use stillhere_simulation::chance::Chance;
use tokio::{
    sync::{Notify, watch},
    time::{Duration, MissedTickBehavior, interval},
};

use crate::{
    journal::{Punched, Sent, Session, SignOut, lease_of, wall_ms},
    run::{HIDDEN_HOLD_MS, LEAVE_GRACE_MS},
};

/// The channels that tabs move between.
pub const CHANNELS: [&str; 3] = ["north", "south", "east"];

/// A tab does something this often: as often as one session may beat without being throttled.
const STEP: Duration = Duration::from_millis(250);

/// Counts what happens on the wire, and says when it is time to kill.
pub struct Meter {
    passed: AtomicU64,
    last: u64,
    reached: Notify,
}

impl Meter {
    /// One that says so at the event of this number.
    #[must_use]
    pub fn until(last: u64) -> Arc<Self> {
        Arc::new(Self { passed: AtomicU64::new(0), last, reached: Notify::new() })
    }

    fn note(&self) {
        if self.passed.fetch_add(1, SeqCst) + 1 == self.last {
            self.reached.notify_one();
        }
    }

    /// Waits for that event.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// How much has happened.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.load(SeqCst)
    }
}

/// The way to one server.
#[derive(Clone)]
pub struct Line {
    /// Speaks HTTP.
    pub client: Client,
    /// `127.0.0.1:port`.
    pub address: String,
    /// Hears of each request when it is sent and when it is answered.
    pub meter: Arc<Meter>,
}

impl Line {
    /// Status and body; `None`: the line broke, and nobody knows whether the request arrived.
    async fn ask(&self, method: Method, path: &str, user: &str, body: String) -> Option<(u16, Value)> {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        let request = request.header("content-type", "application/json").bearer_auth(user).body(body);
        self.meter.note();
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        self.meter.note();
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

/// One tab of somebody, through all of its sessions.
pub struct Tab {
    user: String,
    chance: Chance,
    session: Session,
    /// By this machine's clock.
    born_at: u64,
    spans: SpanLog,
    /// Visible time of spans that are closed, and since when one is open.
    visible: (u64, Option<u64>),
    active_ms: u64,
    channel: usize,
    /// So many steps it says nothing.
    silent: u64,
    last_body: Option<String>,
    past: Vec<Session>,
    punches: Vec<Punched>,
}

/// What a tab says of its page, and for how long that is good.
#[derive(Clone, Copy)]
struct Word {
    state: &'static str,
    promise_ms: Option<u64>,
    signs_out: bool,
}

impl Word {
    const CLOSED: Self = Self { state: "closed", promise_ms: None, signs_out: false };
    const SIGNED_OUT: Self = Self { signs_out: true, ..Self::CLOSED };

    const fn lease_ms(self) -> u64 {
        match self.promise_ms {
            Some(promise) => lease_of(promise),
            None if self.signs_out => 0,
            None if matches!(self.state.as_bytes(), b"closed") => LEAVE_GRACE_MS,
            None => HIDDEN_HOLD_MS,
        }
    }
}

impl Tab {
    /// A tab of `user`; everything it does follows from the chance, as far as the server's answers let it.
    #[must_use]
    pub fn new(user: String, chance: Chance) -> Self {
        let mut tab = Self {
            user,
            chance,
            session: Session::default(),
            born_at: 0,
            spans: SpanLog::default(),
            visible: (0, None),
            active_ms: 0,
            channel: 0,
            silent: 0,
            last_body: None,
            past: Vec::new(),
            punches: Vec::new(),
        };
        tab.begin_anew();
        tab
    }

    /// Every session so far.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.past.iter().chain([&self.session]).filter(|session| !session.sent.is_empty())
    }

    /// Every punch that was answered.
    #[must_use]
    pub fn punches(&self) -> &[Punched] {
        &self.punches
    }

    /// Does one thing after the other until the server is gone; gives itself back.
    ///
    /// # Panics
    /// The server answers something that nobody may be answered here.
    pub async fn live(mut self, line: Line, mut is_over: watch::Receiver<bool>) -> Self {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = is_over.changed() => return self,
                _ = steps.tick() => {}
            }
            // A request is never given up half-way: it ends with its answer, or with its server.
            self.step(&line).await;
        }
    }

    async fn step(&mut self, line: &Line) {
        if self.silent > 0 {
            self.silent -= 1;
            return;
        }
        if self.session.sent.is_empty() {
            let word = self.usual();
            return self.beat(line, word).await;
        }
        match self.chance.below(1_000) {
            // Long enough for its lease to run out, or not; often over the next kill.
            0..30 => self.silent = self.chance.between(2, 14),
            30..80 => self.close(line).await,
            80..95 => self.sign_out(line).await,
            95..110 => self.beat(line, Word::SIGNED_OUT).await,
            110..160 => self.punch(line).await,
            160..200 => self.repeat(line).await,
            200..250 => {
                self.channel = (self.channel + 1) % CHANNELS.len();
                let word = self.usual();
                self.beat(line, word).await;
            }
            _ => {
                let word = self.usual();
                self.beat(line, word).await;
            }
        }
    }

    fn usual(&mut self) -> Word {
        let promise_ms = Some(self.chance.between(500, 1_000));
        match self.chance.below(10) {
            0 => Word { state: "hidden", promise_ms, signs_out: false },
            1 => Word { state: "hidden", promise_ms: None, signs_out: false },
            2 => Word { state: "passive", promise_ms, signs_out: false },
            _ => Word { state: "active", promise_ms, signs_out: false },
        }
    }

    async fn beat(&mut self, line: &Line, word: Word) {
        let body = self.note_beat(word);
        self.last_body = Some(body.clone());
        let answer = line.ask(Method::POST, "/v1/beat", &self.user, body).await;
        self.take_answer(word, answer);
    }

    /// Writes the beat down before it is sent: from then on it may have arrived.
    fn note_beat(&mut self, word: Word) -> String {
        let sent_at = wall_ms();
        let t = sent_at.saturating_sub(self.born_at);
        let seq = self.session.sent.last().map_or(1, |sent| sent.seq + 1);
        self.look(matches!(word.state, "active" | "passive"), t);
        self.active_ms = (self.active_ms + self.chance.below(200)).min(t);
        let told: Vec<_> = self.spans.tell(seq, Millis(t)).iter().map(|span| (span.start.0, span.end.0)).collect();
        let channel = CHANNELS[self.channel];
        let mut body = json!({
            "session": self.session.id, "seq": seq, "t": t, "state": word.state, "visible": told,
            "activeMs": self.active_ms, "channel": channel, "page": format!("/{seq}"), "token": self.user,
        });
        if let Some(promise_ms) = word.promise_ms {
            body["nextMs"] = json!(promise_ms);
        }
        if word.signs_out {
            body["signOut"] = json!(true);
            self.session.sign_out = SignOut::Sent;
        }
        // Who was never seen to come is not waited for either.
        let is_seen = self.session.began_at().is_some();
        let lease_ms = if is_seen || word.state != "closed" { word.lease_ms() } else { 0 };
        self.session.sent.push(Sent {
            seq,
            state: word.state,
            channel: channel.to_owned(),
            visible_ms: self.visible.0 + self.visible.1.map_or(0, |since| t - since),
            active_ms: self.active_ms,
            lease_ms,
            sent_at,
            taken_at: None,
            is_late: false,
        });
        body.to_string()
    }

    /// Opens or closes a visible span.
    fn look(&mut self, is_visible: bool, t: u64) {
        match (self.visible.1, is_visible) {
            (None, true) => {
                self.spans.open(Millis(t));
                self.visible.1 = Some(t);
            }
            (Some(since), false) => {
                self.spans.close(Millis(t));
                self.visible = (self.visible.0 + (t - since), None);
            }
            _ => {}
        }
    }

    fn take_answer(&mut self, word: Word, answer: Option<(u16, Value)>) {
        let Some((status, body)) = answer else { return };
        match status {
            200 => self.take_acceptance(word, &body),
            410 => self.take_end(),
            // It was refused before anybody looked at it.
            429 => _ = self.session.sent.pop(),
            // Not yet: whether it will be kept is not said.
            503 if body["error"]["retry"] == true => {}
            _ => panic!("a beat was answered {status}: {body}"),
        }
    }

    fn take_acceptance(&mut self, word: Word, body: &Value) {
        self.keep_until(body);
        let at = self.session.sent.len() - 1;
        let follows_closed = at > 0 && {
            let before = &self.session.sent[at - 1];
            before.state == "closed" && before.taken_at.is_some()
        };
        let is_lasting = at == 0 || follows_closed || word.promise_ms.is_none();
        let sent = &mut self.session.sent[at];
        sent.taken_at = body["nowMs"].as_u64();
        if is_lasting {
            self.session.kept_seq = self.session.kept_seq.max(sent.seq);
        }
        if word.signs_out {
            self.session.sign_out = SignOut::Acknowledged;
            self.begin_anew();
        }
    }

    fn take_end(&mut self) {
        self.session.told_ended_at = Some(wall_ms());
        self.session.sent.iter_mut().next_back().expect("it was sent").is_late = true;
        self.begin_anew();
    }

    fn keep_until(&mut self, body: &Value) {
        let kept =
            body["savedSeq"].as_u64().and_then(|seq| u32::try_from(seq).ok()).expect("an answer says what is kept");
        self.session.kept_seq = self.session.kept_seq.max(kept);
        self.spans.forget_until(kept);
    }

    /// The page goes. Half of the time the tab comes back with its next step and takes that back.
    async fn close(&mut self, line: &Line) {
        let session = self.session.id.clone();
        self.beat(line, Word::CLOSED).await;
        if self.session.id == session && self.chance.permille(500) {
            self.begin_anew();
        }
    }

    async fn sign_out(&mut self, line: &Line) {
        self.session.sign_out = SignOut::Sent;
        let path = format!("/v1/sessions/{}", self.session.id);
        match line.ask(Method::DELETE, &path, &self.user, String::new()).await {
            Some((204, _)) => self.session.sign_out = SignOut::Acknowledged,
            None | Some((503, _)) => {}
            Some((status, body)) => panic!("a sign-out was answered {status}: {body}"),
        }
        self.begin_anew();
    }

    async fn punch(&mut self, line: &Line) {
        let kind = if self.chance.permille(600) { "IN" } else { "OUT" };
        match line.ask(Method::POST, "/v1/punches", &self.user, json!({ "kind": kind }).to_string()).await {
            Some((200, row)) => {
                let epoch = row["epoch"].as_str().and_then(|epoch| epoch.parse().ok()).expect("a stay has a number");
                self.punches.push(Punched { user: self.user.clone(), epoch, kind: kind.to_owned() });
            }
            None | Some((409 | 503, _)) => {}
            Some((status, body)) => panic!("a punch was answered {status}: {body}"),
        }
    }

    /// The network delivers the last beat once more. Where it has arrived before it says nothing new. A server that was
    /// killed in between may have forgotten it, and then it is a beat like any other: its lease begins now.
    async fn repeat(&mut self, line: &Line) {
        let Some(body) = self.last_body.clone() else { return };
        self.session.sent.extend(self.session.sent.last().cloned().map(|sent| Sent {
            sent_at: wall_ms(),
            taken_at: None,
            ..sent
        }));
        match line.ask(Method::POST, "/v1/beat", &self.user, body).await {
            Some((200, body)) => self.keep_until(&body),
            Some((410, _)) => self.take_end(),
            None | Some((429 | 503, _)) => {}
            Some((status, body)) => panic!("a repeated beat was answered {status}: {body}"),
        }
    }

    fn begin_anew(&mut self) {
        let id = SessionId(self.chance.bytes()).to_text();
        let next = Session { id, user: self.user.clone(), ..Session::default() };
        self.past.push(std::mem::replace(&mut self.session, next));
        (self.born_at, self.spans, self.visible) = (wall_ms(), SpanLog::default(), (0, None));
        (self.active_ms, self.last_body) = (0, None);
        self.channel = usize::try_from(self.chance.below(CHANNELS.len() as u64)).expect("there are three");
    }
}
