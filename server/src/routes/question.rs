//! What follows the question mark: the parts that several routes ask for.

use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::{ChannelName, PagePath, UserId},
};

use crate::{limits, moment, store::Range};

/// `user`: only theirs.
pub(super) fn user(text: Option<String>) -> Result<Option<UserId>, String> {
    text.map(|user| UserId::parse(&user)).transpose().map_err(|rule| format!("`user`: {rule}."))
}

/// `channel`: only there.
pub(super) fn channel(text: Option<String>) -> Result<Option<ChannelName>, String> {
    text.map(|name| ChannelName::parse(&name)).transpose().map_err(|rule| format!("`channel`: {rule}."))
}

/// `page`: only with this one as their newest.
pub(super) fn page(text: Option<String>) -> Result<Option<PagePath>, String> {
    text.map(|page| PagePath::parse(&page)).transpose().map_err(|rule| format!("`page`: {rule}."))
}

/// `from`, `to`: a moment.
pub(super) fn moment(name: &str, text: Option<String>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text else { return Ok(None) };
    let moment = moment::parse(&text);
    moment.map(Some).ok_or_else(|| format!("`{name}` must be a moment such as 2026-11-21T14:06:38.123Z."))
}

/// `from` and `to`: a range. Without an end it reaches until now, and never further; without a beginning it is for the
/// route to say.
pub(super) fn range(
    from: Option<String>,
    to: Option<String>,
    now: Timestamp,
    beginning: impl FnOnce(Timestamp) -> Timestamp,
) -> Result<Range, String> {
    // What happened in this very millisecond is over.
    let now = now.after(Millis(1));
    let to = moment("to", to)?.map_or(now, |to| to.min(now));
    let from = moment("from", from)?.unwrap_or_else(|| beginning(to));
    Range::new(from, to).ok_or_else(|| "`from` must lie before `to`, and before now.".into())
}

/// `step`: the length of a bucket.
pub(super) fn step(text: Option<String>) -> Result<Millis, String> {
    let Some(text) = text else { return Ok(Millis::minutes(60)) };
    let unit = match text.bytes().last() {
        Some(b's') => Millis::seconds(1),
        Some(b'm') => Millis::minutes(1),
        Some(b'h') => Millis::minutes(60),
        Some(b'd') => moment::DAY,
        _ => Millis::ZERO,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<u32>().ok());
    let step = number.map(|number| unit.times(number.into())).filter(|step| *step > Millis::ZERO);
    step.ok_or_else(|| "`step` must be a length such as 30s, 15m, 1h or 7d.".into())
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
