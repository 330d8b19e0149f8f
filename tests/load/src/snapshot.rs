//! How long it takes to say who is in a channel of very many.

use std::path::Path;

use stillhere_engine::time::Millis;
use stillhere_tests::{feed::Feed, server::Server, token::token};

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
    let rows = found.iter().flat_map(|(members, (list, feed, bytes))| {
        let members = grouped(f64::from(*members));
        let size = format!("{} kB", bytes / 1_000);
        let row = |what: &str, nanos: f64| Row {
            baseline: size.clone(),
            ..Row::alone(format!("{what} of {members}"), length(nanos as u64), None)
        };
        [row("the list", *list), row("the feed's first picture", *feed)]
    });
    let bars = found.iter().map(|(members, (list, ..))| Bar {
        name: format!("{} members", grouped(f64::from(*members))),
        value: *list,
        words: length(*list as u64),
        is_ours: true,
    });
    Ok(Table {
        noun: "snapshot",
        title: "Who is in a large channel",
        method: format!(
            "All of them are in one channel. The time is from the request to the whole answer, for `/v1/channels/lobby` and for \
             the first event of `/v1/feed?channel=lobby`, each asked {} times; the middle one counts. Beside it, how long the \
             answer is.",
            scale.rounds
        ),
        rows: rows.collect(),
        axis: "time until the whole list is there",
        bars: bars.collect(),
        ..Table::default()
    })
}

/// How long the list and the feed's snapshot take, and how long the list is.
async fn look(folder: &Path, members: u32, rounds: usize) -> Result<(f64, f64, usize), String> {
    let folder = folder.display().to_string();
    cores::pin(cores::SERVER)?;
    let mut server = Server::start(&["--data", &folder], ROOMY, &ENVIRONMENT).await;
    cores::pin(cores::LOAD)?;
    let admin = token("operator", "admin");
    let (mut list, mut feed, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let begun = now();
        let answer = server.get_as(&admin, "/v1/channels/lobby").await;
        list.push(nanos_since(begun) as f64);
        if answer["active"] != members {
            return Err(format!("{members} are in the channel, and the list says {}", answer["active"]));
        }
        bytes = answer.to_string().len();
        let begun = now();
        let first = Feed::open_as(&server.url("/v1/feed?channel=lobby"), &admin).await.next().await;
        feed.push(nanos_since(begun) as f64);
        let told = first.body["members"].as_array().map_or(0, Vec::len);
        if told != members as usize {
            return Err(format!("{members} are in the channel, and the feed tells {told}"));
        }
    }
    server.kill().await;
    Ok((median(list), median(feed), bytes))
}
