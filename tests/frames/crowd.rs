//! Ten thousand people by their beats, and what they do: turn pages, look away and back, leave and come.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use stillhere_tests::server::Server;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

/// How many are here.
pub(crate) const PEOPLE: usize = 10_000;

/// Changes in a second, each of somebody else.
pub(crate) const CHANGES_PER_S: u32 = 200;

/// Ten beats are eleven changes: who leaves is seen to close the page, and then is gone.
const PACE: Duration = Duration::from_micros(1_000_000 * 11 / 10 / CHANGES_PER_S as u64);

/// How many know the site and are elsewhere at first: who comes is one of them.
const ELSEWHERE: usize = 100;

/// Beats that are under way while the crowd comes: the server writes as many down at once.
const TOGETHER: usize = 256;

const CHANNELS: [&str; 8] = ["site", "orders", "reports", "planning", "archive", "night-shift", "wards", "reception"];

/// A server for so many at one address, whose promises outlast any measurement: nothing changes that nobody has changed.
pub(crate) const SETTINGS: &str = "interval_ms = 3600000\nhidden_interval_ms = 3600000\nhidden_hold_ms = 36000000\nleave_grace_ms = 1\n\
    address_beats_per_s = 0\naddress_sessions_per_s = 0\naddress_requests_per_s = 0\n\
    [[status]]\nname = \"online\"\nvisible = true\n[[status]]\nname = \"away\"\n";

/// Everybody, whoever is here in front.
pub(crate) struct Crowd {
    mouth: Arc<Mouth>,
    here: VecDeque<Person>,
    elsewhere: VecDeque<Person>,
    done: usize,
}

/// Says beats to the server.
struct Mouth {
    client: reqwest::Client,
    url: String,
}

struct Person {
    number: usize,
    visits: u32,
    seq: u32,
    is_away: bool,
    began: Instant,
}

impl Crowd {
    /// Everybody comes.
    pub(crate) async fn gather(server: &Server) -> Self {
        let mouth = Arc::new(Mouth { client: reqwest::Client::new(), url: server.url("/v1/beat") });
        let all = PEOPLE + ELSEWHERE;
        // By a stride that shares no divisor with their number: who changes next is far off in the list.
        let people = (0..all).map(|turn| Person::new(turn * 7_919 % all));
        let (elsewhere, here) = people.partition::<VecDeque<_>, _>(|person| person.number % (all / ELSEWHERE) == 0);
        let mut crowd = Self { mouth, here, elsewhere, done: 0 };
        let mouth = &crowd.mouth;
        let coming = crowd.here.iter_mut().map(Person::come);
        stream::iter(coming).for_each_concurrent(TOGETHER, |beat| mouth.say(beat)).await;
        crowd
    }

    /// How many are here now.
    pub(crate) fn here(&self) -> usize {
        self.here.len()
    }

    /// They go on about their work, by the clock, until `stop` is over.
    pub(crate) async fn work(&mut self, stop: impl Future<Output = ()>) {
        let mut due = interval(PACE);
        // Whoever was held up catches up: the page is to get that many.
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut said = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = due.tick() => {
                    let (beat, mouth) = (self.change(), Arc::clone(&self.mouth));
                    said.spawn(async move { mouth.say(beat).await });
                }
            }
            while let Some(outcome) = said.try_join_next() {
                outcome.expect("a beat is answered");
            }
        }
        said.join_all().await;
    }

    /// The next beat that changes something: of ten, seven turn a page, one looks away or back, one leaves, one comes.
    fn change(&mut self) -> Value {
        let turn = self.done;
        self.done += 1;
        if turn % 10 == 1 {
            let mut person = self.elsewhere.pop_front().expect("as many leave as come");
            let beat = person.come();
            self.here.push_back(person);
            return beat;
        }
        let mut person = self.here.pop_front().expect("as many come as leave");
        match turn % 10 {
            0 => {
                let beat = person.leave();
                self.elsewhere.push_back(person);
                return beat;
            }
            5 => person.is_away = !person.is_away,
            _ => {}
        }
        let beat = person.go_on();
        self.here.push_back(person);
        beat
    }
}

impl Person {
    fn new(number: usize) -> Self {
        Self { number, visits: 0, seq: 0, is_away: false, began: Instant::now() }
    }

    fn come(&mut self) -> Value {
        (self.visits, self.seq, self.is_away, self.began) = (self.visits + 1, 0, false, Instant::now());
        self.go_on()
    }

    /// On another page, as they are now.
    fn go_on(&mut self) -> Value {
        self.beat(if self.is_away { "hidden" } else { "active" })
    }

    fn leave(&mut self) -> Value {
        self.beat("closed")
    }

    fn beat(&mut self, state: &str) -> Value {
        self.seq += 1;
        let Self { number, visits, seq, .. } = *self;
        let t = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        json!({
            "session": format!("{visits:06}{number:015}A"), "seq": seq, "t": t, "state": state,
            "token": format!("user-{number:05}"), "channel": CHANNELS[number % CHANNELS.len()],
            "page": format!("/{}/{seq}", number % 40),
        })
    }
}

impl Mouth {
    async fn say(&self, beat: Value) {
        let sent = self.client.post(&self.url).header("content-type", "text/plain").body(beat.to_string()).send();
        let answer = sent.await.expect("the server answers");
        assert!(answer.status().is_success(), "{beat}: {}", answer.text().await.unwrap_or_default());
    }
}
