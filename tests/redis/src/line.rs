//! A line to a server, as little of one as tests need: one command, one answer, and whoever asks waits.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::PASSWORD;

/// No command of a test takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing is there.
    Nothing,
    /// A number.
    Number(i64),
    /// A text, or bytes that are shown as one.
    Text(String),
    /// Several answers.
    Several(Vec<Reply>),
    /// The command was refused, and why.
    Refused(String),
}

impl Reply {
    /// The number that was answered.
    ///
    /// # Panics
    /// It was something else.
    #[must_use]
    pub fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("{self:?} is no number") };
        *number
    }

    /// The text that was answered.
    ///
    /// # Panics
    /// It was something else.
    #[must_use]
    pub fn text(&self) -> &str {
        let Self::Text(text) = self else { panic!("{self:?} is no text") };
        text
    }
}

pub(crate) struct Line(BufReader<TcpStream>);

impl Line {
    /// Connects and logs in.
    pub(crate) fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("there may be a limit");
        let mut line = Self(BufReader::new(stream));
        assert_eq!(line.ask(&["AUTH", PASSWORD]), Reply::Text("OK".to_owned()));
        line
    }

    pub(crate) fn ask(&mut self, words: &[&str]) -> Reply {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.get_mut().write_all(command.as_bytes()).expect("the server takes a command");
        self.answer()
    }

    fn answer(&mut self) -> Reply {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the server answers");
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).expect("the server has not hung up");
        let count = || rest.parse::<i64>().expect("a number");
        match kind {
            "+" => Reply::Text(rest.to_owned()),
            "-" => Reply::Refused(rest.to_owned()),
            ":" => Reply::Number(count()),
            "$" => usize::try_from(count()).map_or(Reply::Nothing, |length| self.text(length)),
            "*" => (0..count()).map(|_| self.answer()).collect::<Vec<_>>().into(),
            _ => panic!("an answer that begins with {kind:?}"),
        }
    }

    fn text(&mut self, length: usize) -> Reply {
        let mut bytes = vec![0; length + "\r\n".len()];
        self.0.read_exact(&mut bytes).expect("the server answers");
        bytes.truncate(length);
        Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl From<Vec<Self>> for Reply {
    fn from(several: Vec<Self>) -> Self {
        Self::Several(several)
    }
}
