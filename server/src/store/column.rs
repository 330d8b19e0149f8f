//! What a column of SQL can hold, whatever the database.

use stillhere_engine::{
    time::Timestamp,
    wire::{ChannelName, PagePath, UserId},
};

use super::{Course, Left, StoreError, Viewed};

/// SQL's integers are signed. The only moment beyond them is [`Timestamp::NEVER`], which stays the last one.
///
/// [`Timestamp::NEVER`]: stillhere_engine::time::Timestamp::NEVER
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn from_sql(number: i64) -> u64 {
    if number == i64::MAX { u64::MAX } else { u64::try_from(number).unwrap_or(0) }
}

pub(super) fn unreadable(why: sqlx::Error) -> StoreError {
    StoreError::new("read", why)
}

/// Only a hand or a fault of the disk makes such a row: nothing that was not checked is ever written.
pub(super) fn damaged(column: &'static str) -> StoreError {
    StoreError::new("read", format!("a row's `{column}` holds something that it never wrote"))
}

/// Who has left, from columns in the order of [`Left`].
pub(super) fn to_left(found: Vec<(String, String, i64, i64)>) -> Result<Vec<Left>, StoreError> {
    let left = found.into_iter().map(|(user, channel, last_seen_at, last_active_at)| {
        Ok(Left {
            user: UserId::parse(&user).map_err(|_| damaged("user"))?,
            channel: ChannelName::parse(&channel).map_err(|_| damaged("channel"))?,
            last_seen_at: Timestamp(from_sql(last_seen_at)),
            last_active_at: Timestamp(from_sql(last_active_at)),
        })
    });
    left.collect()
}

/// What is kept of a session, from columns in the order of [`Viewed`] and of a span, newest first.
pub(super) fn to_course(
    views: Vec<(String, Option<String>, i64)>,
    spans: Vec<(i64, i64)>,
) -> Result<Course, StoreError> {
    let moment = |column| Timestamp(from_sql(column));
    let views = views.into_iter().rev().map(|(channel, page, until_at)| {
        let page = page.as_deref().map(PagePath::parse).transpose().map_err(|_| damaged("page"))?;
        let channel = ChannelName::parse(&channel).map_err(|_| damaged("channel"))?;
        Ok(Viewed { channel, page, until_at: moment(until_at) })
    });
    let spans = spans.into_iter().rev().map(|(start, end)| (moment(start), moment(end)));
    Ok(Course { views: views.collect::<Result<_, _>>()?, spans: spans.collect() })
}
