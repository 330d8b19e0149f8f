//! Tabs that beat through the proxy, each for somebody of its own, until they are told to fall silent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::PATIENCE,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

/// How often each of them beats, and what it promises.
const EVERY: Duration = Duration::from_millis(250);

/// All tabs of a test.
pub(crate) struct Tabs {
    tabs: Vec<Tab>,
}

struct Tab {
    answered: watch::Receiver<u64>,
    refused: watch::Receiver<u64>,
    heard: watch::Receiver<String>,
    silence: watch::Sender<bool>,
    task: JoinHandle<Told>,
}

/// What a tab was told, by status and code, and how often.
pub(crate) type Told = BTreeMap<String, u64>;

impl Tabs {
    /// Opens so many, of `user0`, `user1` and so on.
    pub(crate) fn open(count: usize, url: &str) -> Self {
        let client = Arc::new(Client::builder().timeout(PATIENCE).build().expect("a client"));
        Self { tabs: (0..count).map(|number| Tab::open(number, url.to_owned(), Arc::clone(&client))).collect() }
    }

    /// Waits until each of those that still beat has been answered so many times more.
    pub(crate) async fn answered(&self, times: u64) {
        self.each(|tab| &tab.answered, times).await;
    }

    /// Waits until each of those that still beat has been refused so many times more.
    pub(crate) async fn refused(&self, times: u64) {
        self.each(|tab| &tab.refused, times).await;
    }

    async fn each(&self, of: impl Fn(&Tab) -> &watch::Receiver<u64>, more: u64) {
        let beating = self.tabs.iter().filter(|tab| !*tab.silence.borrow());
        let mut waits: Vec<_> = beating.map(|tab| (of(tab).clone(), *of(tab).borrow() + more)).collect();
        let all = async {
            for (count, wanted) in &mut waits {
                count.wait_for(|count| count >= wanted).await.expect("the tab is open");
            }
        };
        let came = timeout(PATIENCE * 2, all).await;
        let heard: Vec<String> = self.tabs.iter().map(|tab| tab.heard.borrow().clone()).collect();
        assert!(came.is_ok(), "what is waited for does not come; each has heard last: {heard:?}");
    }

    /// Tells the first of them to fall silent, without a word.
    pub(crate) fn silence(&self, count: usize) {
        self.tabs.iter().take(count).for_each(|tab| _ = tab.silence.send_replace(true));
    }

    /// Ends all of them, and says what they were told.
    pub(crate) async fn end(self) -> Told {
        self.silence(self.tabs.len());
        let mut all = Told::new();
        for tab in self.tabs {
            for (word, count) in tab.task.await.expect("a tab does not panic") {
                *all.entry(word).or_default() += count;
            }
        }
        all
    }
}

impl Tab {
    fn open(number: usize, url: String, client: Arc<Client>) -> Self {
        let (answers, answered) = watch::channel(0);
        let (refusals, refused) = watch::channel(0);
        let (words, heard) = watch::channel(String::new());
        let (silence, silenced) = watch::channel(false);
        let task = tokio::spawn(beat(number, url, client, silenced, [answers, refusals], words));
        Self { answered, refused, heard, silence, task }
    }
}

/// Beats as often as it has said, and the same beat again when it was not taken, as pages do.
async fn beat(
    number: usize,
    url: String,
    client: Arc<Client>,
    silenced: watch::Receiver<bool>,
    [answers, refusals]: [watch::Sender<u64>; 2],
    words: watch::Sender<String>,
) -> Told {
    let (mut told, mut seq) = (Told::new(), 1_u64);
    let mut due = interval(EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*silenced.borrow() {
        due.tick().await;
        let t = seq * u64::try_from(EVERY.as_millis()).expect("a short time");
        let body = later(
            first('A', &format!("user{number}")),
            json!({ "session": format!("{number:A>21}A"), "seq": seq, "t": t, "visible": [[0, t]], "nextMs": 500 }),
        );
        let word = match client.post(&url).body(body.to_string()).send().await {
            Ok(answer) => {
                let status = answer.status();
                let code = answer.json::<Value>().await.unwrap_or(Value::Null);
                if status == StatusCode::OK {
                    seq += 1;
                    "200".to_owned()
                } else {
                    format!("{} {}", status.as_u16(), code["error"]["code"].as_str().unwrap_or("from the proxy"))
                }
            }
            Err(_) => "no answer".to_owned(),
        };
        if word == "200" { &answers } else { &refusals }.send_modify(|count| *count += 1);
        words.send_replace(word.clone());
        *told.entry(word).or_default() += 1;
    }
    told
}

/// Panics where a tab was told that its session is over, which it is not as long as it beats.
pub(crate) fn nobody_was_out(told: &Told) {
    let ended = told.keys().find(|word| word.starts_with("410") || word.starts_with("409"));
    assert!(ended.is_none(), "a tab that beats all the time was told that its session is over: {told:?}");
}
