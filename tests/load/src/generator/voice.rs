//! What is said on a connection, and how its answers are understood.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{
    Flood, Promise, Speech, Tabs, http,
    socket::{self, Heard},
    tabs::{Crowd, TokenIn, token_of},
};

/// What an answer that has no status counts as.
const FINE: u16 = 200;

/// How large a huge body is: eight times what a beat may have.
const HUGE: usize = 64 * 1024;

/// Where the people of floods begin, far from everybody else.
const STRANGERS: u32 = 3_000_000_000;

/// Says things and understands what is answered.
pub(super) enum Voice {
    Beats { crowd: Crowd, answers: Vec<u16>, body: Vec<u8> },
    Socket { crowd: Crowd, per: usize, turns: Vec<usize>, body: Vec<u8> },
    Redis { password: String, at_once: usize, users: u32, turn: u32 },
    Flood { flood: Flood, number: u32, body: Vec<u8> },
}

/// What has come.
pub(super) enum Answer {
    /// So many answers with this status, in so many bytes.
    Of { bytes: usize, status: u16, count: u64 },
    /// Something in so many bytes that is to be answered with this.
    Reply { bytes: usize, with: Vec<u8> },
}

impl Voice {
    pub(super) fn new(speech: &Speech) -> Self {
        match speech {
            Speech::Beats(tabs, answers) => {
                Self::Beats { crowd: Crowd::new(*tabs), answers: answers.clone(), body: Vec::new() }
            }
            Speech::Socket(tabs, per) => Self::Socket {
                crowd: Crowd::new(*tabs),
                per: *per as usize,
                turns: vec![0; tabs.count.div_ceil(*per) as usize],
                body: Vec::new(),
            },
            Speech::Redis { password, at_once, users } => {
                Self::Redis { password: password.clone(), at_once: *at_once, users: *users, turn: 0 }
            }
            Speech::Flood(flood) => {
                // Two floods that take turns are of other people.
                let number = STRANGERS + std::process::id() % 1_000 * 1_000_000;
                Self::Flood { flood: *flood, number, body: Vec::new() }
            }
            Speech::Watch { .. } => unreachable!("watchers have a loop of their own"),
        }
    }

    /// What comes before the first request of a connection; it waits for the answers.
    ///
    /// # Errors
    /// A sentence.
    pub(super) fn greet(&self, number: usize, stream: &mut TcpStream) -> Result<(), String> {
        match self {
            Self::Beats { .. } | Self::Flood { .. } => Ok(()),
            Self::Socket { crowd, per, .. } => socket::open(stream, crowd.token(number * per)),
            Self::Redis { password, .. } => {
                let failed = |why: std::io::Error| format!("Redis does not answer: {why}");
                stream.write_all(format!("AUTH {password}\r\n").as_bytes()).map_err(failed)?;
                let mut said = [0; 5];
                stream.read_exact(&mut said).map_err(failed)?;
                if said == *b"+OK\r\n" { Ok(()) } else { Err("Redis does not know the password".to_owned()) }
            }
        }
    }

    /// How many answers one saying has.
    pub(super) const fn at_once(&self) -> u64 {
        match self {
            Self::Redis { at_once, .. } => *at_once as u64,
            _ => 1,
        }
    }

    /// Whether the other side may hang up.
    pub(super) const fn bears_hanging_up(&self) -> bool {
        matches!(self, Self::Flood { .. })
    }

    /// Says the next thing on this connection.
    pub(super) fn say(&mut self, connection: usize, out: &mut Vec<u8>) {
        match self {
            Self::Beats { crowd, body, .. } => {
                body.clear();
                crowd.next(body);
                http::post("/v1/beat", body, out);
            }
            Self::Socket { crowd, per, turns, body } => {
                let turn = turns[connection];
                turns[connection] = (turn + 1) % *per;
                body.clear();
                body.extend_from_slice(br#"{"type":"beat","beat":"#);
                crowd.beat(connection * *per + turn, TokenIn::Hello, body);
                body.push(b'}');
                socket::text(body, out);
            }
            Self::Redis { at_once, users, turn, .. } => {
                for _ in 0..*at_once {
                    *turn = (*turn + 1) % *users;
                    set(*turn, out);
                }
            }
            Self::Flood { flood, number, body } => {
                *number = number.wrapping_add(1);
                body.clear();
                evil(*flood, *number, body);
                http::post("/v1/beat", body, out);
            }
        }
    }

    /// The first whole answer; `None`: it is still coming.
    ///
    /// # Errors
    /// It is none, or not the one that there may be.
    pub(super) fn understand(&self, input: &[u8]) -> Result<Option<Answer>, String> {
        match self {
            Self::Beats { answers, .. } => {
                let Some((bytes, status)) = http::answer(input)? else { return Ok(None) };
                if !answers.contains(&status) {
                    let said = String::from_utf8_lossy(&input[..bytes]);
                    return Err(format!("a beat was answered {said}"));
                }
                Ok(Some(Answer::Of { bytes, status, count: 1 }))
            }
            Self::Flood { .. } => {
                Ok(http::answer(input)?.map(|(bytes, status)| Answer::Of { bytes, status, count: 1 }))
            }
            Self::Socket { .. } => understand_socket(input),
            Self::Redis { .. } => understand_redis(input),
        }
    }
}

fn understand_socket(input: &[u8]) -> Result<Option<Answer>, String> {
    let Some((bytes, begin, heard)) = socket::heard(input)? else { return Ok(None) };
    match heard {
        Heard::Ping => {
            let mut with = Vec::new();
            socket::pong(&mut with);
            Ok(Some(Answer::Reply { bytes, with }))
        }
        Heard::Text if input[begin..bytes].starts_with(br#"{"type":"ack""#) => {
            Ok(Some(Answer::Of { bytes, status: FINE, count: 1 }))
        }
        Heard::Text => Err(format!("a beat was answered {}", String::from_utf8_lossy(&input[begin..bytes]))),
    }
}

fn understand_redis(input: &[u8]) -> Result<Option<Answer>, String> {
    const OK: &[u8] = b"+OK\r\n";
    let count = input.chunks_exact(OK.len()).take_while(|chunk| *chunk == OK).count();
    let bytes = count * OK.len();
    if !OK.starts_with(&input[bytes..input.len().min(bytes + OK.len())]) {
        return Err(format!("Redis said {}", String::from_utf8_lossy(&input[bytes..])));
    }
    Ok((count > 0).then_some(Answer::Of { bytes, status: FINE, count: count as u64 }))
}

/// The record of use case 3, which expires by itself.
fn set(user: u32, out: &mut Vec<u8>) {
    let key = format!("presence:user-{user:07}");
    let record = format!(
        r#"{{"userId":"user-{user:07}","name":"Person {user}","email":"user-{user:07}@example.com","role":"member","department":"sales","lastSeen":1790000000000}}"#
    );
    let words = ["SET", &key, &record, "EX", "300"];
    // Writing into memory does not fail.
    let _ok = write!(out, "*{}\r\n", words.len());
    for word in words {
        let _ok = write!(out, "${}\r\n{word}\r\n", word.len());
    }
}

fn evil(flood: Flood, number: u32, body: &mut Vec<u8>) {
    let tabs = Tabs { count: 1, first: number, per_user: 1, promise: Promise::Ms(10_000) };
    match flood {
        Flood::Begins => Crowd::new(tabs).next(body),
        Flood::Forged => {
            Crowd::new(tabs).beat(0, TokenIn::Hello, body);
            body.pop();
            let token = token_of(number);
            let (claims, signature) = token.rsplit_once('.').unwrap_or_default();
            // Right in everything but one letter.
            let other = if signature.starts_with('A') { 'B' } else { 'A' };
            let _ok = write!(body, r#","token":"{claims}.{other}{}"}}"#, &signature[1..]);
        }
        Flood::Huge => body.resize(HUGE, b' '),
        Flood::Tiny => body.push(b'{'),
    }
}
