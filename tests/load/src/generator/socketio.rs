//! As much of socket.io as a watcher needs: its packets are the texts of a WebSocket, a kind and then JSON.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{http, socket};

/// What is said of somebody who comes and who goes.
pub(super) const JOIN: &[u8] = br#"42["join","#;
pub(super) const LEAVE: &[u8] = br#"42["leave","#;

/// Opens a socket and shows the token.
///
/// # Errors
/// A sentence.
pub(super) fn open(stream: &mut TcpStream, token: &str) -> Result<(), String> {
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).map_err(|why| failed(&why))?;
    wait_for(stream, b"0{")?;
    say(stream, &format!(r#"40{{"token":"{token}"}}"#))?;
    wait_for(stream, b"40{")
}

/// Watches a room.
///
/// # Errors
/// A sentence.
pub(super) fn watch(stream: &mut TcpStream, room: &str) -> Result<(), String> {
    say(stream, &format!(r#"420["watch","{room}"]"#))?;
    wait_for(stream, b"430[")
}

/// Comes to a room, or leaves it.
///
/// # Errors
/// A sentence.
pub(super) fn tell(stream: &mut TcpStream, what: &str, room: &str) -> Result<(), String> {
    say(stream, &format!(r#"42["{what}","{room}"]"#))
}

fn say(stream: &mut TcpStream, packet: &str) -> Result<(), String> {
    let mut out = Vec::new();
    socket::text(packet.as_bytes(), &mut out);
    stream.write_all(&out).map_err(|why| failed(&why))
}

/// Reads up to the end of the packet that begins like this.
fn wait_for(stream: &mut TcpStream, packet: &[u8]) -> Result<(), String> {
    let (mut input, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let length = stream.read(&mut buffer).map_err(|why| failed(&why))?;
        input.extend_from_slice(&buffer[..length]);
        if let Some(at) = http::find(&input, packet) {
            // Each of these ends with the bracket that it has opened.
            let closing = if packet.ends_with(b"[") { b"]" } else { b"}" };
            if input[at..].ends_with(closing) {
                return Ok(());
            }
        }
        if length == 0 || http::find(&input, b"44{").is_some() {
            return Err(format!("socket.io answered {}", String::from_utf8_lossy(&input)));
        }
    }
}

fn failed(why: &std::io::Error) -> String {
    format!("socket.io does not answer: {why}")
}
