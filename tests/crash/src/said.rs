//! What a server that has just come back says, held against its own disk.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Client;
use serde_json::Value;

use stillhere_tests::server::run;

use crate::{checks::key, load::CHANNELS, process::Place, stored::Stored};

/// Asks the server for members, sessions and punches.
///
/// # Errors
/// It says something else than what is on its disk.
pub async fn check(client: &Client, address: &str, stored: &Stored) -> Result<(), String> {
    for channel in CHANNELS {
        let said = ask(client, address, &format!("/v1/channels/{channel}")).await?;
        let members = list(&said, "members").iter().map(|member| member["user"].as_str().unwrap_or("?").to_owned());
        let members: BTreeSet<String> = members.collect();
        let open = stored.sessions.values().filter(|row| row.end.is_none() && row.channel == channel);
        // Whether somebody who has just closed is still there is a matter of moments.
        let there: BTreeSet<String> =
            open.clone().filter(|row| row.state != "closed").map(|row| row.user.clone()).collect();
        let at_most: BTreeSet<String> = open.map(|row| row.user.clone()).collect();
        if !there.is_subset(&members) || !members.is_subset(&at_most) {
            return Err(format!("{channel} should have {there:?}, and the server says {members:?}"));
        }
    }
    let said = pages(client, address, "/v1/admin/sessions?limit=1000", "sessions").await?;
    let said: BTreeMap<_, _> = said
        .iter()
        .filter_map(|session| Some((key(session["session"].as_str()?)?, session["visibleMs"].as_u64()?)))
        .collect();
    let there: BTreeMap<_, _> = stored.sessions.iter().map(|(key, row)| (key.clone(), row.visible_ms)).collect();
    if said != there {
        return Err(format!("{} sessions are on disk, and the server's list is another one", there.len()));
    }
    let said = pages(client, address, "/v1/punches?limit=1000", "punches").await?;
    let mut said: Vec<_> =
        said.iter().map(|row| (words(row, "user"), words(row, "epoch"), words(row, "kind"))).collect();
    let of = |row: &crate::stored::PunchRow| (row.user.clone(), row.epoch.to_string(), row.kind.clone());
    let mut there: Vec<_> = stored.punches.iter().map(of).collect();
    said.sort();
    there.sort();
    if said != there {
        return Err(format!("{} punches are on disk, and the server's log is another one", there.len()));
    }
    Ok(())
}

/// Lets the server's own command go through the seals of the punch clock's log.
///
/// # Errors
/// A seal is not what it should be.
pub async fn check_seals(place: &Place) -> Result<(), String> {
    let data = place.folder.join("data").display().to_string();
    let url = place.database_url.as_deref().map(|url| ("STILLHERE_DATABASE_URL", url));
    let (went_well, said, complaint) = run(&["audit", "verify", "--data", &data], url.as_slice()).await;
    if went_well { Ok(()) } else { Err(format!("`audit verify` says: {said}{complaint}")) }
}

async fn pages(client: &Client, address: &str, path: &str, name: &str) -> Result<Vec<Value>, String> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(client, address, &format!("{path}{after}")).await?;
        rows.extend(list(&page, name).iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(rows),
        }
    }
}

async fn ask(client: &Client, address: &str, path: &str) -> Result<Value, String> {
    let failed = |why: reqwest::Error| format!("a server that has come back does not answer {path}: {why}");
    let response = client.get(format!("http://{address}{path}")).send().await.map_err(failed)?;
    response.error_for_status().map_err(failed)?.json().await.map_err(failed)
}

fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body[name].as_array().map_or(&[], Vec::as_slice)
}

fn words(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or("?").to_owned()
}
