//! Watchers of a channel: how long after its cause each of them hears of a leave.

use std::{
    io::{self, Read, Write},
    net::TcpStream as Blocking,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{
    By, Spec, Told, http, socketio,
    tabs::{id_of, token_of},
    talk::dial,
};
use crate::{
    clock::{nanos_since, now},
    histogram::Histogram,
};

/// Nothing takes so long that still comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The person who comes and goes is none of those that others are.
const GUEST: u32 = 2_000_000_000;

/// What the feed says of somebody who comes and who goes.
const JOIN: &[u8] = b"event: join";
const LEAVE: &[u8] = b"event: leave";

/// Watchers, each on a line of its own, and one line for the person whom they watch.
pub(super) struct Watchers {
    poll: Poll,
    lines: Vec<Line>,
    actor: Blocking,
    by: By,
    channel: String,
    visits: u32,
}

struct Line {
    stream: TcpStream,
    /// The end of what was read, which may be the beginning of a word.
    tail: Vec<u8>,
}

impl Watchers {
    /// Opens a feed on each connection.
    ///
    /// # Errors
    /// A sentence: one of them was refused.
    pub(super) fn open(spec: &Spec, by: By, channel: &str, token: &str, poll: Poll) -> Result<Self, String> {
        let mut lines = Vec::with_capacity(spec.connections);
        for number in 0..spec.connections {
            let stream = match by {
                By::Feed => feed(spec, channel, token, number)?,
                By::SocketIo => room(spec, channel, token, number)?,
            };
            stream.set_nonblocking(true).map_err(|why| why.to_string())?;
            let mut stream = TcpStream::from_std(stream);
            let registered = poll.registry().register(&mut stream, Token(number), Interest::READABLE);
            registered.map_err(|why| why.to_string())?;
            lines.push(Line { stream, tail: Vec::new() });
        }
        let mut actor = dial(spec.to, None, 0)?;
        actor.set_read_timeout(Some(PATIENCE)).map_err(|why| why.to_string())?;
        if by == By::SocketIo {
            socketio::open(&mut actor, &token_of(GUEST))?;
        }
        Ok(Self { poll, lines, actor, by, channel: channel.to_owned(), visits: 0 })
    }

    /// Somebody comes and goes so many times: how long after the word each watcher hears that they have gone.
    ///
    /// # Errors
    /// A sentence: somebody has not heard it.
    pub(super) fn see(&mut self, times: u32) -> Result<Told, String> {
        let mut lengths = Histogram::default();
        let begun = now();
        for _ in 0..times {
            match self.by {
                By::Feed => self.visit(&mut lengths)?,
                By::SocketIo => self.visit_room(&mut lengths)?,
            }
        }
        let answers = [(200, lengths.total())].into();
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Told { answers, seconds, latency: lengths.latency(), ..Told::default() })
    }

    fn visit(&mut self, lengths: &mut Histogram) -> Result<(), String> {
        let guest = GUEST + self.visits;
        self.visits += 1;
        let (id, token, channel) = (id_of(guest), token_of(guest), &self.channel);
        let body =
            format!(r#"{{"session":"{id}","seq":1,"t":0,"state":"active","channel":"{channel}","token":"{token}"}}"#);
        let mut request = Vec::new();
        http::post("/v1/beat", body.as_bytes(), &mut request);
        self.ask(&request, 200)?;
        self.all_hear(JOIN, |_| ())?;
        let word = format!(
            "DELETE /v1/sessions/{id} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
                 content-length: 0\r\n\r\n"
        );
        let said = now();
        self.actor.write_all(word.as_bytes()).map_err(|why| why.to_string())?;
        self.all_hear(LEAVE, |()| lengths.add(nanos_since(said)))?;
        self.answered(204)
    }

    fn visit_room(&mut self, lengths: &mut Histogram) -> Result<(), String> {
        socketio::tell(&mut self.actor, "join", &self.channel)?;
        self.all_hear(socketio::JOIN, |()| ())?;
        let said = now();
        socketio::tell(&mut self.actor, "leave", &self.channel)?;
        self.all_hear(socketio::LEAVE, |()| lengths.add(nanos_since(said)))
    }

    fn ask(&mut self, request: &[u8], wanted: u16) -> Result<(), String> {
        self.actor.write_all(request).map_err(|why| why.to_string())?;
        self.answered(wanted)
    }

    fn answered(&mut self, wanted: u16) -> Result<(), String> {
        let mut input = Vec::new();
        loop {
            if let Some((bytes, status)) = http::answer(&input)? {
                let said = String::from_utf8_lossy(&input[..bytes]);
                return if status == wanted { Ok(()) } else { Err(format!("it was answered {said}")) };
            }
            let mut buffer = [0; 4_096];
            let length = self.actor.read(&mut buffer).map_err(|why| format!("no answer has come: {why}"))?;
            if length == 0 {
                return Err("the server has hung up".to_owned());
            }
            input.extend_from_slice(&buffer[..length]);
        }
    }

    /// Waits until each has heard the word, and notes when.
    fn all_hear(&mut self, word: &[u8], mut note: impl FnMut(())) -> Result<(), String> {
        let mut events = Events::with_capacity(4_096);
        let (mut left, begun) = (self.lines.len(), now());
        let mut buffer = vec![0; 256 * 1024];
        while left > 0 {
            match self.poll.poll(&mut events, Some(Duration::from_secs(1))) {
                Err(why) if why.kind() != io::ErrorKind::Interrupted => return Err(why.to_string()),
                _ => {}
            }
            for event in &events {
                let Some(line) = self.lines.get_mut(event.token().0) else { continue };
                for _ in 0..line.hear(word, &mut buffer)? {
                    note(());
                    left = left.checked_sub(1).ok_or("a watcher was told twice")?;
                }
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{left} of {} watchers have not been told", self.lines.len()));
            }
        }
        Ok(())
    }
}

impl Line {
    /// How often the word has come since the last look.
    fn hear(&mut self, word: &[u8], buffer: &mut [u8]) -> Result<usize, String> {
        let mut found = 0;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err("a watcher was hung up on".to_owned()),
                Ok(length) => {
                    self.tail.extend_from_slice(&buffer[..length]);
                    while let Some(at) = http::find(&self.tail, word) {
                        self.tail.drain(..at + word.len());
                        found += 1;
                    }
                    let done = self.tail.len().saturating_sub(word.len() - 1);
                    self.tail.drain(..done);
                }
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(found),
                Err(why) => return Err(why.to_string()),
            }
        }
    }
}

/// A socket in a room.
fn room(spec: &Spec, channel: &str, token: &str, number: usize) -> Result<Blocking, String> {
    let mut stream = dial(spec.to, spec.from, number)?;
    let refused = |why: String| format!("watcher {number} was not let in: {why}");
    stream.set_read_timeout(Some(PATIENCE)).map_err(|why| refused(why.to_string()))?;
    socketio::open(&mut stream, token).and_then(|()| socketio::watch(&mut stream, channel)).map_err(refused)?;
    Ok(stream)
}

/// A feed that has begun, snapshot and all.
fn feed(spec: &Spec, channel: &str, token: &str, number: usize) -> Result<Blocking, String> {
    let mut stream = dial(spec.to, spec.from, number)?;
    let failed = |why: io::Error| format!("watcher {number} was not let in: {why}");
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let request =
        format!("GET /v1/feed?channel={channel} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let (mut input, mut buffer) = (Vec::new(), [0; 4_096]);
    // The end of the snapshot's event.
    while http::find(&input, b"event: snapshot").is_none() || !input.ends_with(b"\n\n\r\n") {
        let length = stream.read(&mut buffer).map_err(failed)?;
        input.extend_from_slice(&buffer[..length]);
        let is_refused = input.len() > 12 && !input.starts_with(b"HTTP/1.1 200");
        if length == 0 || is_refused {
            return Err(format!("watcher {number} was answered {}", String::from_utf8_lossy(&input)));
        }
    }
    Ok(stream)
}
