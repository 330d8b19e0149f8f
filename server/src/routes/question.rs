//! What follows the question mark: the parts that several routes ask for.

use stillhere_engine::{
    time::Timestamp,
    wire::{ChannelName, UserId},
};

use crate::{limits, moment};

/// `user`: only theirs.
pub(super) fn user(text: Option<String>) -> Result<Option<UserId>, String> {
    text.map(|user| UserId::parse(&user)).transpose().map_err(|rule| format!("`user`: {rule}."))
}

/// `channel`: only there.
pub(super) fn channel(text: Option<String>) -> Result<Option<ChannelName>, String> {
    text.map(|name| ChannelName::parse(&name)).transpose().map_err(|rule| format!("`channel`: {rule}."))
}

/// `from`, `to`: a moment.
pub(super) fn moment(name: &str, text: Option<String>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text else { return Ok(None) };
    let moment = moment::parse(&text);
    moment.map(Some).ok_or_else(|| format!("`{name}` must be a moment such as 2026-11-21T14:06:38.123Z."))
}

/// `limit`: the longest page of a list.
pub(super) fn limit(text: Option<String>) -> Result<u32, String> {
    limit_of(text, limits::PAGE_ROWS, limits::PAGE_ROWS_MOST)
}

/// The same, for a list with lengths of its own.
pub(super) fn limit_of(text: Option<String>, usual: u32, most: u32) -> Result<u32, String> {
    match text.map(|limit| limit.parse()) {
        None => Ok(usual),
        Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(format!("`limit` must be a number from 1 to {most}.")),
    }
}

/// A whole list has no pages: nobody who wants one is to believe that they have the other.
pub(super) fn limit_of_table(page: Option<&String>) -> Result<u32, String> {
    match page {
        None => Ok(limits::PAGE_ROWS_MOST),
        Some(_) => Err("A CSV is the whole list: leave `limit` and `after` out, or ask for JSON.".into()),
    }
}
