//! `GET /socket`: beats up, and what the feed tells down, on one line.
//!
//! The first message is a hello: it says who it is, unless a header or a cookie has said so already, and what is to be
//! watched. Then each beat is answered, one after the other. **A socket that is closed ends no session**: the lease does,
//! as if the beats had come one by one, so a network that breaks is no leave.

mod message;
mod pace;

use std::{pin::Pin, sync::Arc};

use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use stillhere_engine::{
    limits::BEAT_BYTES,
    time::Timestamp,
    wire::{RawBeat, Refusal},
};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{
    App,
    line::{Line, Told},
    topic::Wish,
};
use crate::{caller::Caller, error::Rejection, identity::Who, limits};
use message::{Down, Hello, Unread, Up};
use pace::{Due, Pace};

/// Opens a socket. Who it is may be said later, but not wrongly.
pub(super) async fn open(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_socket(&headers, app.now())?;
    let upgrade = upgrade.map_err(|_| Rejection::UpgradeMissing)?;
    let place = Arc::clone(&app.inner.sockets).try_acquire_owned().map_err(|_| Rejection::TooManySockets)?;
    let upgrade = upgrade.max_message_size(BEAT_BYTES).max_frame_size(BEAT_BYTES);
    // Small, as there are many and each message is.
    let upgrade = upgrade.read_buffer_size(BEAT_BYTES).write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| Talk::new(app, caller, who, socket, place).run()))
}

/// A beat that is being taken.
type Taking = Pin<Box<dyn Future<Output = String> + Send>>;

/// Why a talk is over.
enum End {
    /// The other side has gone, or has said goodbye.
    Gone,
    /// The server stops.
    Stop,
    /// Something that cannot go on.
    Refused(Rejection),
}

/// What happens next.
enum Event {
    Stop,
    Time,
    Heard(Option<Result<Message, axum::Error>>),
    Answer(String),
    Told(Option<Told>),
}

struct Talk {
    app: App,
    caller: Caller,
    socket: WebSocket,
    who: Option<Arc<Who>>,
    has_begun: bool,
    wish: Option<Wish>,
    line: Option<Line>,
    /// One at a time: the next message waits on the line for its answer.
    taking: Option<Taking>,
    pace: Pace,
    _place: OwnedSemaphorePermit,
}

impl Talk {
    fn new(app: App, caller: Caller, who: Option<Arc<Who>>, socket: WebSocket, place: OwnedSemaphorePermit) -> Self {
        let pace = Pace::new(app.now());
        let (has_begun, wish, line, taking) = (false, None, None, None);
        Self { app, caller, socket, who, has_begun, wish, line, taking, pace, _place: place }
    }

    async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        let (code, reason) = match &end {
            End::Gone => return,
            End::Stop => (close_code::RESTART, "stopping"),
            End::Refused(why) => (why.close_code(), why.code()),
        };
        let goodbye = async {
            let frame = CloseFrame { code, reason: reason.into() };
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                // A line that is let go while something lies unread on it takes the goodbye along.
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = timeout(limits::GOODBYE_WITHIN, goodbye).await;
    }

    /// One thing that happens, and what it leads to.
    async fn step(&mut self) -> Result<(), End> {
        let now = self.app.now();
        let until = match self.pace.due(now) {
            Due::Nothing(until) => until,
            Due::Ping => return self.send(Message::Ping(Vec::new().into())).await,
            Due::NoHello | Due::Silence => return Err(End::Refused(Rejection::Silent)),
            Due::TokenOver => return self.end(Refusal::TokenBad.into()).await,
        };
        match self.next(until).await {
            Event::Stop => Err(End::Stop),
            Event::Time => Ok(()),
            Event::Answer(text) => {
                self.taking = None;
                self.send(Message::text(text)).await
            }
            Event::Told(Some(told)) => self.send(Message::text(message::event(&told))).await,
            Event::Told(None) => Err(End::Stop),
            Event::Heard(heard) => {
                self.pace.heard(self.app.now());
                self.hear(heard).await
            }
        }
    }

    async fn next(&mut self, until: Timestamp) -> Event {
        let mut stop = self.app.inner.stop.clone();
        let (taking, line) = (&mut self.taking, &mut self.line);
        let is_taking = taking.is_some();
        let clock = self.app.inner.presence.clock();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Event::Stop,
            () = clock.reached(until) => Event::Time,
            Some(answer) = async { Some(taking.as_mut()?.await) } => Event::Answer(answer),
            heard = self.socket.recv(), if !is_taking => Event::Heard(heard),
            Some(told) = async { Some(line.as_mut()?.next().await) } => Event::Told(told),
        }
    }

    async fn hear(&mut self, heard: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let text = match heard {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => return self.refuse(Rejection::TypeWrong).await,
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
            // Longer than a message may be, or not what a socket says.
            Some(Err(_)) => return Err(End::Refused(Rejection::BodyTooLong)),
        };
        match Up::parse(&text) {
            Ok(Up::Hello(hello)) => self.hello(*hello).await,
            Ok(Up::Beat(_)) | Err(Unread::BadBeat(_)) if !self.has_begun => {
                self.refuse(Rejection::BodyBad("The first message must be a `hello`.".into())).await
            }
            Ok(Up::Beat(beat)) => self.beat(&beat).await,
            Err(Unread::BadBeat(why)) => self.complain(why).await,
            Err(Unread::Nonsense(why)) => self.refuse(why).await,
        }
    }

    async fn hello(&mut self, hello: Hello) -> Result<(), End> {
        let begun = timeout(limits::ANSWER_WITHIN, self.begin(hello)).await;
        match begun.unwrap_or(Err(Rejection::Late)) {
            Ok(()) => {
                self.has_begun = true;
                let welcome = Down::welcome(self.who.as_deref(), self.app.now());
                self.send(Message::text(welcome)).await
            }
            Err(why) => self.refuse(why).await,
        }
    }

    /// Learns who it is and what they want to watch. A later hello brings a newer token, or another wish, or both.
    async fn begin(&mut self, hello: Hello) -> Result<(), Rejection> {
        let identity = &self.app.inner.identity;
        let who = match &hello.token {
            Some(token) => Some(identity.of_token(token, self.app.now())?),
            None => self.who.clone(),
        };
        if who.is_none() && !identity.believes_everybody() {
            return Err(Refusal::TokenMissing.into());
        }
        let is_same = who.as_ref().map(|who| &who.user) == self.who.as_ref().map(|who| &who.user);
        let asked = hello.wish()?;
        let is_asked = asked.is_some();
        self.wish = asked.or_else(|| self.wish.take().filter(|_| is_same));
        let topic = match self.wish.clone() {
            Some(wish) => Some(wish.topic(&self.app, identity.watcher(who.clone())?.as_deref()).await?),
            None => None,
        };
        let goes_on = !is_asked && self.line.as_ref().map(Line::topic) == topic.as_ref();
        if !goes_on {
            // Its place is free for the next one.
            self.line = None;
            if let Some(topic) = topic {
                self.line = Some(Line::begin(&self.app, topic, hello.after()).await?);
            }
        }
        self.pace.hello(who.as_ref().map_or(Timestamp::NEVER, |who| who.until));
        self.who = who;
        Ok(())
    }

    /// Takes a beat as if it had come by itself.
    async fn beat(&mut self, raw: &RawBeat) -> Result<(), End> {
        let beat = match raw.parse() {
            Ok(beat) => beat,
            Err(why) => return self.complain(Refusal::BadBeat(why).into()).await,
        };
        let who = match self.who_beats(raw.token.as_deref()) {
            Ok(who) => who,
            Err(why) => {
                let why = self.counted(why.into());
                return self.send(Message::text(Down::answer(&beat, &Err(why)))).await;
            }
        };
        let (app, caller) = (self.app.clone(), self.caller);
        self.taking = Some(Box::pin(async move {
            let clock = app.inner.presence.clock();
            let begun = clock.passed();
            let taken = timeout(limits::ANSWER_WITHIN, app.beat_of(caller, &who, beat.clone())).await;
            let answer = taken.unwrap_or(Err(Rejection::Late));
            match &answer {
                Ok(_) => app.inner.metrics.beat(clock.passed().saturating_sub(begun)),
                Err(why) => app.inner.metrics.refusal(why.code()),
            }
            Down::answer(&beat, &answer)
        }));
        Ok(())
    }

    /// Whoever the beat's own token names, else whoever has said hello. A newer token of theirs keeps the socket open.
    fn who_beats(&mut self, token: Option<&str>) -> Result<Arc<Who>, Refusal> {
        let Some(token) = token else { return self.who.clone().ok_or(Refusal::TokenMissing) };
        let newer = self.app.inner.identity.of_token(token, self.app.now())?;
        if let Some(who) = &mut self.who
            && who.user == newer.user
            && who.until < newer.until
        {
            // What they may see was judged by the hello's token, and stays so.
            self.pace.hello(newer.until);
            Arc::make_mut(who).until = newer.until;
        }
        Ok(newer)
    }

    /// Says that something was refused. The talk goes on.
    async fn complain(&mut self, why: Rejection) -> Result<(), End> {
        let why = self.counted(why);
        self.send(Message::text(Down::error(&why))).await
    }

    /// Says so, and the talk is over.
    async fn refuse(&mut self, why: Rejection) -> Result<(), End> {
        self.end(self.counted(why)).await
    }

    async fn end(&mut self, why: Rejection) -> Result<(), End> {
        self.send(Message::text(Down::error(&why))).await?;
        Err(End::Refused(why))
    }

    /// The refusal as it is told after it was counted: too many bad tokens are answered otherwise.
    fn counted(&self, why: Rejection) -> Rejection {
        let is_bad_token = why == Rejection::Engine(Refusal::TokenBad);
        let throttled = is_bad_token.then(|| self.app.inner.limiter.bad_token(self.caller).err()).flatten();
        let why = throttled.map_or(why, Rejection::from);
        self.app.inner.metrics.refusal(why.code());
        why
    }

    /// Sends it. Who takes nothing for so long as a silent one is waited for has gone.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let patience = std::time::Duration::from_millis(limits::SOCKET_SILENCE.0);
        let mut stop = self.app.inner.stop.clone();
        tokio::select! {
            biased;
            sent = timeout(patience, self.socket.send(message)) => sent.ok().and_then(Result::ok).ok_or(End::Gone),
            _ = stop.wait_for(|stop| *stop) => Err(End::Stop),
        }
    }
}
