//! As much of WebSockets as a generator needs. Its masks are all zero, which is a mask like any other to the server.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// The bits that say: whole, text; and: whole, pong.
const TEXT: u8 = 0x81;
const PONG: u8 = 0x8a;
const MASKED: u8 = 0x80;

/// What has come.
pub(super) enum Heard {
    /// A message.
    Text,
    /// A ping, which wants an answer.
    Ping,
}

/// A frame with this text.
pub(super) fn text(body: &[u8], out: &mut Vec<u8>) {
    frame(TEXT, body, out);
}

/// The answer to a ping.
pub(super) fn pong(out: &mut Vec<u8>) {
    frame(PONG, b"", out);
}

fn frame(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    match u8::try_from(body.len()) {
        Ok(short @ 0..126) => out.push(MASKED | short),
        _ => {
            out.push(MASKED | 126);
            out.extend_from_slice(&u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(body);
}

/// The first whole frame: how long it is, where its text begins, and what it is. `None`: it is still coming.
///
/// # Errors
/// The other side says goodbye, or something that is none of this.
pub(super) fn heard(input: &[u8]) -> Result<Option<(usize, usize, Heard)>, String> {
    let [kind, length, rest @ ..] = input else { return Ok(None) };
    let (begin, length) = match (length, rest) {
        (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        // Nothing that a server says here is longer than that.
        (127, _) => return Err("a frame of more than 64 KiB".to_owned()),
        (126, _) => return Ok(None),
        (short, _) => (2, usize::from(*short)),
    };
    if input.len() < begin + length {
        return Ok(None);
    }
    match kind {
        0x81 => Ok(Some((begin + length, begin, Heard::Text))),
        0x89 => Ok(Some((begin + length, begin, Heard::Ping))),
        kind => Err(format!("a frame of kind {kind:x}: {}", String::from_utf8_lossy(&input[begin..begin + length]))),
    }
}

/// Opens a socket on the connection and says hello. It waits for both answers.
///
/// # Errors
/// A sentence.
pub(super) fn open(stream: &mut TcpStream, token: &str) -> Result<(), String> {
    let failed = |why: std::io::Error| format!("a socket does not open: {why}");
    let request = "GET /v1/socket HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut input = Vec::new();
    while !input.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_err(failed)?;
        input.push(byte[0]);
    }
    if !input.starts_with(b"HTTP/1.1 101") {
        return Err(format!("a socket was answered {}", String::from_utf8_lossy(&input)));
    }
    let mut out = Vec::new();
    text(format!(r#"{{"type":"hello","token":"{token}"}}"#).as_bytes(), &mut out);
    stream.write_all(&out).map_err(failed)?;
    let mut head = [0; 2];
    stream.read_exact(&mut head).map_err(failed)?;
    let mut body = vec![0; usize::from(head[1])];
    if head[1] == 126 {
        let mut length = [0; 2];
        stream.read_exact(&mut length).map_err(failed)?;
        body.resize(usize::from(u16::from_be_bytes(length)), 0);
    }
    stream.read_exact(&mut body).map_err(failed)?;
    let said = String::from_utf8_lossy(&body);
    if said.contains(r#""type":"welcome""#) { Ok(()) } else { Err(format!("a hello was answered {said}")) }
}
