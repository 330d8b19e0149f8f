//! The other side of a WebSocket: what a page says on it, and what it hears.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::{feed::Event, server::PATIENCE};

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The position of the newest event heard.
    pub position: String,
}

impl Socket {
    /// Opens one, with headers.
    ///
    /// # Errors
    /// The server has refused: status and body.
    pub async fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, (u16, Value)> {
        let address = url.replacen("http", "ws", 1);
        let mut request = address.into_client_request().expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("the server answers") {
            Ok((stream, _)) => Ok(Self { stream, position: String::new() }),
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err((answer.status().as_u16(), serde_json::from_slice(body).unwrap_or(Value::Null)))
            }
            Err(why) => panic!("no socket: {why}"),
        }
    }

    /// Opens one and says hello, which is answered by a welcome.
    pub async fn hello(url: &str, hello: Value) -> Self {
        let mut socket = Self::open(url, &[]).await.expect("it opens");
        socket.say_hello(hello).await;
        socket
    }

    /// Says hello, which is answered by a welcome.
    pub async fn say_hello(&mut self, mut hello: Value) -> Value {
        hello["type"] = json!("hello");
        self.say(hello).await;
        self.hear_a("welcome").await
    }

    /// Says something.
    pub async fn say(&mut self, message: impl ToString) {
        // One that is closed already says why when it is listened to.
        let _ = self.stream.send(Message::text(message.to_string())).await;
    }

    /// Says something that is no text.
    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.send(Message::binary(bytes.to_vec())).await;
    }

    /// Sends a beat.
    pub async fn beat(&mut self, beat: Value) {
        self.say(json!({ "type": "beat", "beat": beat })).await;
    }

    /// The next message, or why there will be none.
    ///
    /// # Errors
    /// The code and reason by which the socket was closed.
    pub async fn hear(&mut self) -> Result<Value, (u16, String)> {
        loop {
            let next = timeout(PATIENCE, self.stream.next()).await.expect("something comes");
            match next.expect("it ends by a goodbye").expect("it can be read") {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("a message is JSON");
                    if let Some(id) = message["id"].as_str() {
                        self.position = id.to_owned();
                    }
                    return Ok(message);
                }
                Message::Close(frame) => {
                    let frame = frame.expect("a goodbye with a reason");
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                _ => {}
            }
        }
    }

    /// The next message, which is of this type.
    pub async fn hear_a(&mut self, kind: &str) -> Value {
        let message = self.hear().await.expect("it goes on");
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// The next event in one line, as a feed's.
    pub async fn next_in_words(&mut self) -> String {
        let message = self.hear().await.expect("it goes on");
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        Event { kind, body: message["data"].clone() }.in_words()
    }

    /// How it ends, whatever is said before.
    pub async fn end(&mut self) -> (u16, String) {
        loop {
            if let Err(end) = self.hear().await {
                return end;
            }
        }
    }
}
