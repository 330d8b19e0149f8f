//! The loop of a generator: one thread, many connections, and no waiting for any of them.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use super::{
    Addresses, Order, Spec, Told,
    voice::{Answer, Voice},
};
use crate::{
    clock::{nanos_since, now},
    histogram::Histogram,
};

/// Nothing takes so long that still comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait at most before it is looked whether the time is over.
const LOOK: Duration = Duration::from_millis(100);

/// Read at once; an answer is a few hundred bytes.
const READ: usize = 64 * 1024;

/// All connections and what is said on them.
pub(super) struct Talk {
    poll: Poll,
    spec: Spec,
    voice: Voice,
    lines: Vec<Line>,
    /// Who has nothing under way, longest first.
    idle: VecDeque<usize>,
    buffer: Vec<u8>,
}

struct Line {
    stream: TcpStream,
    out: Vec<u8>,
    input: Vec<u8>,
    /// What is under way: since when, and how many answers are still to come.
    under_way: Option<(u64, u64)>,
}

/// What has come of an order so far.
#[derive(Default)]
struct Count {
    lengths: Histogram,
    answers: BTreeMap<u16, u64>,
    begun: u64,
    ended: u64,
    hung_up: u64,
}

impl Talk {
    /// Opens every connection.
    ///
    /// # Errors
    /// A sentence: one of them was not taken.
    pub(super) fn open(spec: Spec, poll: Poll) -> Result<Self, String> {
        let voice = Voice::new(&spec.speech);
        let buffer = vec![0; READ];
        let mut talk = Self { poll, spec, voice, lines: Vec::new(), idle: VecDeque::new(), buffer };
        for number in 0..talk.spec.connections {
            let line = talk.connect(number)?;
            talk.lines.push(line);
            talk.idle.push_back(number);
        }
        Ok(talk)
    }

    fn connect(&self, number: usize) -> Result<Line, String> {
        let mut stream = dial(self.spec.to, self.spec.from, number)?;
        self.voice.greet(number, &mut stream)?;
        stream.set_nonblocking(true).map_err(|why| why.to_string())?;
        let mut stream = TcpStream::from_std(stream);
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), both).map_err(|why| why.to_string())?;
        Ok(Line { stream, out: Vec::new(), input: Vec::new(), under_way: None })
    }

    /// The poll on which it is told of a new order too.
    pub(super) fn wait_idle(&mut self, events: &mut Events) -> Result<bool, String> {
        poll(&mut self.poll, events, None)?;
        let mut is_woken = false;
        let mut count = Count::default();
        for event in &*events {
            match event.token() {
                super::run::WAKER => is_woken = true,
                // Whoever hangs up on somebody who says nothing may do so: the next order opens the line again, or finds out.
                Token(number) => _ = self.ready(number, 0, &mut count)?,
            }
        }
        Ok(is_woken)
    }

    /// Does what it was told to, and waits for every answer.
    ///
    /// # Errors
    /// A sentence: something was answered that may not be, or nothing was.
    pub(super) fn work(&mut self, order: &Order) -> Result<Told, String> {
        if matches!(order, Order::Reconnect) {
            return self.reconnect();
        }
        let mut events = Events::with_capacity(1_024);
        let mut count = Count::default();
        let begun = now();
        let mut heard = begun;
        loop {
            let passed = nanos_since(begun);
            let due = order.due(passed, count.begun);
            self.say_what_is_due(order, begun, due, &mut count);
            let is_over = order.is_over(passed, count.begun);
            if is_over && count.begun == count.ended {
                break;
            }
            let answered = count.ended;
            // Who has no line to say it on waits for an answer, however late the next thing is.
            let has_place = !self.idle.is_empty() && count.begun - count.ended < self.spec.under_way as u64;
            let pause = if has_place { order.pause(passed, count.begun) } else { LOOK };
            poll(&mut self.poll, &mut events, Some(pause))?;
            let passed = nanos_since(begun);
            for event in &events {
                if event.token() != super::run::WAKER && !self.ready(event.token().0, passed, &mut count)? {
                    self.hung_up(event.token().0, &mut count)?;
                }
            }
            if count.ended > answered || count.begun == count.ended {
                heard = now();
            } else if heard.elapsed() > PATIENCE {
                return Err(format!("{} answers have not come in a minute", count.begun - count.ended));
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let Count { lengths, answers, hung_up, .. } = count;
        Ok(Told { answers, seconds, latency: lengths.latency(), hung_up, failed: None })
    }

    fn reconnect(&mut self) -> Result<Told, String> {
        for number in 0..self.lines.len() {
            self.lines[number] = self.connect(number)?;
        }
        Ok(Told::default())
    }

    fn say_what_is_due(&mut self, order: &Order, begun: Instant, due: u64, count: &mut Count) {
        while count.begun < due && count.begun - count.ended < self.spec.under_way as u64 {
            let Some(number) = self.idle.pop_front() else { break };
            let line = &mut self.lines[number];
            let since = order.since(count.begun).unwrap_or_else(|| nanos_since(begun));
            self.voice.say(number, &mut line.out);
            line.under_way = Some((since, self.voice.at_once()));
            count.begun += 1;
            // What is wrong with the line is found out by whoever reads from it.
            let _later = line.flush();
        }
    }

    /// Something can be read or written. Whether the line is still there.
    fn ready(&mut self, number: usize, passed: u64, count: &mut Count) -> Result<bool, String> {
        let line = &mut self.lines[number];
        let flushed = line.flush();
        let read = line.read(&mut self.buffer, self.voice.bears_hanging_up());
        while let Some(answer) = self.voice.understand(&line.input)? {
            match answer {
                Answer::Reply { bytes, with } => {
                    line.input.drain(..bytes);
                    line.out.extend_from_slice(&with);
                    let _later = line.flush();
                }
                Answer::Of { bytes, status, count: answers } => {
                    line.input.drain(..bytes);
                    *count.answers.entry(status).or_default() += answers;
                    let (since, left) = line.under_way.ok_or("an answer has come to which there is no question")?;
                    line.under_way = (left > answers).then(|| (since, left - answers));
                    if line.under_way.is_none() {
                        count.lengths.add(passed.saturating_sub(since));
                        count.ended += 1;
                        self.idle.push_back(number);
                    }
                }
            }
        }
        Ok(flushed.and(read).is_ok())
    }

    /// The next one, in place of a connection that is over.
    fn hung_up(&mut self, number: usize, count: &mut Count) -> Result<(), String> {
        if !self.voice.bears_hanging_up() {
            return Err("the server has hung up".to_owned());
        }
        count.hung_up += 1;
        if self.lines[number].under_way.is_some() {
            count.ended += 1;
            self.idle.push_back(number);
        }
        self.lines[number] = self.connect(number)?;
        Ok(())
    }
}

impl Line {
    fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// Reads what is there. An end that comes with the last answer is only found by who looks for more than that.
    fn read(&mut self, buffer: &mut [u8], looks_for_an_end: bool) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    self.input.extend_from_slice(&buffer[..length]);
                    if length < buffer.len() && !looks_for_an_end {
                        return Ok(());
                    }
                }
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(why) => return Err(why),
            }
        }
    }
}

impl Order {
    /// How many are to have begun by now.
    fn due(&self, passed: u64, begun: u64) -> u64 {
        match self {
            Self::For { .. } if self.is_over(passed, begun) => begun,
            Self::For { .. } => u64::MAX,
            Self::Count { requests } => *requests,
            Self::UpTo { .. } if self.is_over(passed, begun) => begun,
            Self::Paced { per_s, seconds } | Self::UpTo { per_s, seconds } => {
                ((passed as f64 / NANOS).min(*seconds) * per_s) as u64
            }
            Self::Waves { each_ms, counts } => {
                let wave = (passed / (each_ms * NANOS_IN_MS)) as usize;
                let whole: u64 = counts.iter().take(wave).map(|count| u64::from(*count)).sum();
                let part = (passed % (each_ms * NANOS_IN_MS)) as f64 / (each_ms * NANOS_IN_MS) as f64;
                whole + counts.get(wave).map_or(0, |count| (f64::from(*count) * part) as u64)
            }
            Self::Reconnect | Self::Leaves { .. } => 0,
        }
    }

    /// When this one was due; `None`: whenever there was a place for it.
    fn since(&self, number: u64) -> Option<u64> {
        match self {
            Self::Paced { per_s, .. } | Self::UpTo { per_s, .. } => Some(((number + 1) as f64 / per_s * NANOS) as u64),
            Self::Waves { each_ms, counts } => {
                let mut before = 0;
                for (wave, count) in (0..).zip(counts) {
                    let count = u64::from(*count);
                    if number < before + count {
                        let part = (number - before + 1) as f64 / count as f64;
                        return Some(((wave as f64 + part) * (each_ms * NANOS_IN_MS) as f64) as u64);
                    }
                    before += count;
                }
                Some(u64::MAX)
            }
            _ => None,
        }
    }

    fn is_over(&self, passed: u64, begun: u64) -> bool {
        let seconds_are_over = |seconds: f64| passed as f64 >= seconds * NANOS;
        match self {
            Self::For { seconds } | Self::UpTo { seconds, .. } => seconds_are_over(*seconds),
            Self::Paced { per_s, seconds } => seconds_are_over(*seconds) && begun >= (seconds * per_s) as u64,
            Self::Count { requests } => begun >= *requests,
            Self::Waves { each_ms, counts } => {
                let all = counts.iter().map(|count| u64::from(*count)).sum();
                passed >= counts.len() as u64 * each_ms * NANOS_IN_MS && begun >= all
            }
            Self::Reconnect | Self::Leaves { .. } => true,
        }
    }

    /// How long to wait for answers before something is to be done again.
    fn pause(&self, passed: u64, begun: u64) -> Duration {
        let next = self.since(begun).map(|due| Duration::from_nanos(due.saturating_sub(passed)));
        next.map_or(LOOK, |next| next.min(LOOK))
    }
}

const NANOS_IN_MS: u64 = 1_000_000;

const NANOS: f64 = 1e9;

/// A connection, from an address of its own if one is wanted.
pub(crate) fn dial(to: SocketAddr, from: Option<Addresses>, number: usize) -> Result<std::net::TcpStream, String> {
    let failed = |why: io::Error| format!("connection {number} to {to} was not taken: {why}");
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(failed)?;
    if let Some(Addresses { net, count }) = from {
        let last = u8::try_from(number % usize::from(count)).unwrap_or(0) + 1;
        let own: SocketAddr = (Ipv4Addr::new(127, 0, net, last), 0).into();
        socket.bind(&own.into()).map_err(failed)?;
    }
    socket.set_tcp_nodelay(true).map_err(failed)?;
    socket.connect(&to.into()).map_err(failed)?;
    Ok(socket.into())
}

/// Waits; a signal is no reason to stop.
fn poll(poll: &mut Poll, events: &mut Events, timeout: Option<Duration>) -> Result<(), String> {
    match poll.poll(events, timeout) {
        Err(why) if why.kind() != io::ErrorKind::Interrupted => Err(why.to_string()),
        _ => Ok(()),
    }
}
