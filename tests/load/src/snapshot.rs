//! How long it takes to say who is in a channel of very many.

use std::{error::Error, path::Path, pin::pin};

use serde_json::Value;
use stillhere_engine::time::Millis;
use stillhere_tests::{server::Server, token::token};

use crate::{
    clock::{length, nanos_since, now},
    cores, crowd,
    program::{ENVIRONMENT, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, grouped, median},
};

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut found = Vec::new();
    for members in [scale.members / 100, scale.members / 10, scale.members] {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let lease_until = crowd::now().after(Millis::minutes(24 * 60));
        crowd::together(folder.path(), members, lease_until, progress).await?;
        progress.say(&format!("{members} members"));
        found.push((members, look(folder.path(), members, scale.rounds).await?));
    }
    let rows = found.iter().flat_map(|(members, seen)| {
        let members = grouped(f64::from(*members));
        let row = |what: &str, nanos: f64, beside: String| Row {
            baseline: beside,
            ..Row::alone(format!("{what} of {members}"), length(nanos as u64), None)
        };
        let size = format!("{} kB", seen.bytes / 1_000);
        [
            row("the list", seen.list, size.clone()),
            row("the feed's first picture", seen.feed, size),
            row("processor time for one", seen.processor, String::new()),
            row("how long somebody else waits meanwhile, at most,", seen.held_up, String::new()),
        ]
    });
    let bars = found.iter().map(|(members, seen)| Bar {
        name: format!("{} members", grouped(f64::from(*members))),
        value: seen.list,
        words: length(seen.list as u64),
        is_ours: true,
    });
    Ok(Table {
        noun: "snapshot",
        title: "Who is in a large channel",
        method: format!(
            "All of them are in one channel. The time is from the request to the whole answer, for `/v1/channels/lobby` and for \
             the first event of `/v1/feed?channel=lobby`, each asked {} times; the middle one counts. Beside it, how long the \
             answer is. While another list is on its way, `/readyz` is asked again and again, which the task answers that owns \
             who is here.",
            scale.rounds
        ),
        rows: rows.collect(),
        axis: "time until the whole list is there",
        bars: bars.collect(),
        ..Table::default()
    })
}

/// What was found for a channel.
struct Seen {
    list: f64,
    feed: f64,
    /// Of the server, for one of the two.
    processor: f64,
    held_up: f64,
    bytes: usize,
}

/// Asks for the list and the feed's snapshot in turn, and looks at what they say.
async fn look(folder: &Path, members: u32, rounds: usize) -> Result<Seen, String> {
    let folder = folder.display().to_string();
    cores::pin(cores::SERVER)?;
    let mut server = Server::start(&["--data", &folder], ROOMY, &ENVIRONMENT).await;
    cores::pin(cores::LOAD)?;
    let (mut list, mut feed, mut bytes) = (Vec::new(), Vec::new(), 0);
    let client = reqwest::Client::new();
    let begun = cores::seconds(&[server.id()]);
    for _ in 0..rounds {
        let (nanos, whole) = read(&client, &server.url("/v1/channels/lobby")).await?;
        list.push(nanos);
        bytes = whole.len();
        let told: Value = serde_json::from_slice(&whole).map_err(said)?;
        if told["active"] != members {
            return Err(format!("{members} are in the channel, and the list says {}", told["active"]));
        }
        let (nanos, event) = read(&client, &server.url("/v1/feed?channel=lobby")).await?;
        feed.push(nanos);
        let event = String::from_utf8(event).map_err(said)?;
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
        let told: Value = serde_json::from_str(data).map_err(said)?;
        let told = told["members"].as_array().map_or(0, Vec::len);
        if told != members as usize {
            return Err(format!("{members} are in the channel, and the feed tells {told}"));
        }
    }
    let processor = (cores::seconds(&[server.id()]) - begun) * 1e9 / (2 * rounds) as f64;
    let mut held_up = Vec::new();
    for _ in 0..rounds {
        held_up.push(meanwhile(&server, &client).await?);
    }
    server.kill().await;
    Ok(Seen { list: median(list), feed: median(feed), processor, held_up: median(held_up), bytes })
}

/// How long it takes until all of it is there, or the first event of what does not end; and that.
async fn read(client: &reqwest::Client, url: &str) -> Result<(f64, Vec<u8>), String> {
    let begun = now();
    let request = client.get(url).bearer_auth(token("operator", "admin"));
    let mut answer = request.send().await.map_err(said)?;
    let mut whole = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(said)? {
        whole.extend_from_slice(&chunk);
        if whole.ends_with(b"\n\n") {
            break;
        }
    }
    Ok((nanos_since(begun) as f64, whole))
}

/// The longest that anybody else waits for an answer while a list is on its way.
async fn meanwhile(server: &Server, client: &reqwest::Client) -> Result<f64, String> {
    let url = server.url("/v1/channels/lobby");
    let mut list = pin!(read(client, &url));
    let mut longest: f64 = 0.0;
    loop {
        let begun = now();
        let mut other = pin!(server.status(reqwest::Method::GET, "/readyz", &[]));
        let mut is_over = false;
        loop {
            tokio::select! {
                biased;
                _ = &mut other => break,
                read = &mut list, if !is_over => {
                    read?;
                    is_over = true;
                }
            }
        }
        longest = longest.max(nanos_since(begun) as f64);
        if is_over {
            return Ok(longest);
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn said(why: impl Error) -> String {
    why.to_string()
}
