//! Connections that are held open and say nothing, or one letter at a time.

use std::{io::Write, net::TcpStream, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::generator::dial;
use std::net::SocketAddr;

/// Their machines are nobody else's.
const NET: u8 = 99;
const MACHINES: u8 = 100;

/// Every connection has its turn in so many ticks.
const TICKS: usize = 100;
const TICK: Duration = Duration::from_millis(10);

/// A header that never ends.
const ENDLESS: &[u8] = b"POST /v1/beat HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ";

/// Connections that are there.
pub(crate) struct Held {
    lines: Vec<TcpStream>,
    turn: usize,
    said: usize,
}

impl Held {
    /// Opens them.
    ///
    /// # Errors
    /// A sentence: one of them was not taken.
    pub(crate) fn open(to: SocketAddr, count: usize) -> Result<Self, String> {
        let from = crate::generator::Addresses { net: NET, count: MACHINES };
        let lines = (0..count).map(|number| dial(to, Some(from), number)).collect::<Result<_, _>>()?;
        Ok(Self { lines, turn: 0, said: 0 })
    }

    /// Says a letter on each in each second, for as long as it is polled.
    ///
    /// # Errors
    /// A sentence: somebody was hung up on who had not been given their time.
    pub(crate) async fn drip(&mut self) -> Result<(), String> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for _ in 0..self.lines.len().div_ceil(TICKS) {
                let round = self.said / self.lines.len();
                let letter = ENDLESS.get(round).copied().unwrap_or(b'a');
                let sent = self.lines[self.turn].write_all(&[letter]);
                sent.map_err(|why| format!("a slow connection was hung up on at letter {round}: {why}"))?;
                self.turn = (self.turn + 1) % self.lines.len();
                self.said += 1;
            }
        }
    }

    /// How many the other side has hung up on.
    pub(crate) fn hung_up(&self) -> usize {
        let is_over = |line: &&TcpStream| line.set_nonblocking(true).is_ok() && matches!(line.peek(&mut [0]), Ok(0));
        self.lines.iter().filter(is_over).count()
    }
}
