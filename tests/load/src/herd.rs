//! When the tabs of a crowd come back after an outage: what each one's own pulse says, in virtual time.

use stillhere_engine::{
    page::PageState,
    pulse::{Input, Options, Outcome, Output, Pulse},
    time::{Instant, Millis, Now, Timestamp},
};

/// The server's interval, over which the crowd is spread before the outage.
const INTERVAL: Millis = Millis::seconds(10);

/// When the outage begins: everybody has beaten some times, and knows the pace.
const DOWN_MS: u64 = 35_000;

/// How long it lasts: as long as somebody needs to start another server.
const OUTAGE_MS: u64 = 5_000;

/// How exactly it is said who comes when.
pub(crate) const STEP_MS: u64 = 100;

/// For how long after the outage is looked: by then everybody has their pace again.
pub(crate) const LOOK_MS: u64 = 20_000;

/// How many beats arrive in each tenth of a second when nothing has happened.
pub(crate) fn everyday(tabs: u32) -> Vec<u32> {
    let by = |step: u64| u64::from(tabs) * step * STEP_MS / INTERVAL.0;
    (0..LOOK_MS / STEP_MS).map(|step| (by(step + 1) - by(step)) as u32).collect()
}

/// How many beats arrive in each tenth of a second after the outage.
pub(crate) fn arrivals(tabs: u32) -> Vec<u32> {
    let mut counts = vec![0; (LOOK_MS / STEP_MS) as usize];
    for number in 0..tabs {
        let mut tab = Tab::open(number);
        while let Some(ms) = tab.next_beat(DOWN_MS + OUTAGE_MS + LOOK_MS) {
            if let Some(count) =
                ms.checked_sub(DOWN_MS + OUTAGE_MS).and_then(|ms| counts.get_mut((ms / STEP_MS) as usize))
            {
                *count += 1;
            }
        }
    }
    counts
}

/// A tab in view, and a server that answers unless it is down.
struct Tab {
    pulse: Pulse,
    ms: u64,
    look_at: u64,
}

impl Tab {
    fn open(number: u32) -> Self {
        // People open their pages at any time.
        let ms = u64::from(number.wrapping_mul(2_654_435_761)) % INTERVAL.0;
        let mut seed = [0; 16];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let pulse = Pulse::begin(Options::default(), seed, None, now(ms));
        Self { pulse, ms, look_at: ms }
    }

    /// When the next beat is sent, if it is before the end.
    fn next_beat(&mut self, end_ms: u64) -> Option<u64> {
        let mut input = if self.look_at == self.ms { Input::Page(PageState::Active) } else { Input::Timer };
        loop {
            self.ms = self.ms.max(self.look_at);
            if self.ms >= end_ms {
                return None;
            }
            if let Some(sent) = self.tell(input) {
                let (session, seq) = sent;
                let is_down = (DOWN_MS..DOWN_MS + OUTAGE_MS).contains(&self.ms);
                let outcome = if is_down {
                    Outcome::Retry { after: Millis::ZERO }
                } else {
                    Outcome::Accepted { interval: INTERVAL, hidden_interval: None, saved_seq: seq }
                };
                let at = self.ms;
                self.ms += 1;
                self.tell(Input::Answered { session, seq, outcome });
                return Some(at);
            }
            input = Input::Timer;
        }
    }

    fn tell(&mut self, input: Input) -> Option<(stillhere_engine::wire::SessionId, u32)> {
        self.pulse.handle_input(input, now(self.ms));
        let mut sent = None;
        loop {
            match self.pulse.poll_output() {
                Output::Send(dispatch) => sent = Some((dispatch.session, dispatch.seq)),
                Output::Ended(_) => {}
                Output::Wait { until, .. } => {
                    self.look_at = until.0;
                    return sent;
                }
            }
        }
    }
}

const fn now(ms: u64) -> Now {
    Now { instant: Instant(ms), wall: Timestamp(ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_back_nearly_as_spread_as_they_were_and_keeps_that_step() {
        let (counts, usual) = (arrivals(10_000), everyday(10_000));
        let all: u32 = counts.iter().sum();
        // Two intervals are looked at.
        assert!((19_900..20_200).contains(&all), "{all}");
        assert!(counts.iter().zip(&usual).all(|(count, usual)| count < &(usual * 2)), "{counts:?}");
        let mut later = counts.iter().zip(&usual).skip(10);
        assert!(later.all(|(count, usual)| count.abs_diff(*usual) < usual / 5), "{counts:?}");
    }
}
