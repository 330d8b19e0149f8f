//! What lies in a row becomes what the rest of the server knows, whatever the database: each kind of row in one place.

use sqlx::{Row, postgres::PgRow, sqlite::SqliteRow};
use stillhere_engine::{
    page::PageState,
    time::{Millis, Timestamp},
    tracker::{End, EndReason, PunchKind, PunchRow, SessionRow},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

use super::{
    Cursor, DeadLetter, Letter, News, Position, StoreError, Waiting,
    column::{damaged, from_sql, unreadable},
};
use crate::views;

/// The cells of a row, by their place in the statement.
pub(super) trait Cells {
    fn text(&self, at: usize) -> Result<&str, StoreError>;
    fn maybe_text(&self, at: usize) -> Result<Option<&str>, StoreError>;
    fn integer(&self, at: usize) -> Result<i64, StoreError>;
    fn maybe_integer(&self, at: usize) -> Result<Option<i64>, StoreError>;
    fn bytes(&self, at: usize) -> Result<&[u8], StoreError>;
    fn flag(&self, at: usize) -> Result<bool, StoreError>;

    fn number(&self, at: usize) -> Result<u64, StoreError> {
        self.integer(at).map(from_sql)
    }

    fn moment(&self, at: usize) -> Result<Timestamp, StoreError> {
        self.number(at).map(Timestamp)
    }

    fn length(&self, at: usize) -> Result<Millis, StoreError> {
        self.number(at).map(Millis)
    }

    fn user(&self, at: usize) -> Result<UserId, StoreError> {
        UserId::parse(self.text(at)?).map_err(|_| damaged("user"))
    }
}

macro_rules! cells {
    ($($row:ty)*) => {$(
        impl Cells for $row {
            fn text(&self, at: usize) -> Result<&str, StoreError> {
                self.try_get(at).map_err(unreadable)
            }

            fn maybe_text(&self, at: usize) -> Result<Option<&str>, StoreError> {
                self.try_get(at).map_err(unreadable)
            }

            fn integer(&self, at: usize) -> Result<i64, StoreError> {
                self.try_get(at).map_err(unreadable)
            }

            fn maybe_integer(&self, at: usize) -> Result<Option<i64>, StoreError> {
                self.try_get(at).map_err(unreadable)
            }

            fn bytes(&self, at: usize) -> Result<&[u8], StoreError> {
                self.try_get(at).map_err(unreadable)
            }

            fn flag(&self, at: usize) -> Result<bool, StoreError> {
                self.try_get(at).map_err(unreadable)
            }
        }
    )*};
}

cells!(SqliteRow PgRow);

/// A session; its own number, a place in the store's order, comes first.
pub(super) fn session(row: &impl Cells) -> Result<SessionRow, StoreError> {
    let page = row.maybe_text(4)?;
    Ok(SessionRow {
        session: SessionId(row.bytes(1)?.try_into().map_err(|_| damaged("session"))?),
        user: row.user(2)?,
        channel: ChannelName::parse(row.text(3)?).map_err(|_| damaged("channel"))?,
        page: page.map(PagePath::parse).transpose().map_err(|_| damaged("page"))?,
        state: PageState::parse(row.text(5)?).ok_or_else(|| damaged("state"))?,
        seq: u32::try_from(row.number(6)?).map_err(|_| damaged("seq"))?,
        started_at: row.moment(7)?,
        last_seen_at: row.moment(8)?,
        last_active_at: row.moment(9)?,
        lease_until: row.moment(10)?,
        visible: row.length(11)?,
        visible_until: row.length(12)?,
        active: row.length(13)?,
        recovered: row.flag(14)?,
        punch_epoch: row.maybe_integer(19)?.map(from_sql),
        end: end(row)?,
    })
}

fn end(row: &impl Cells) -> Result<Option<End>, StoreError> {
    let (Some(ended_at), Some(detected_at), Some(reason), Some(error_bound)) =
        (row.maybe_integer(15)?, row.maybe_integer(16)?, row.maybe_text(17)?, row.maybe_integer(18)?)
    else {
        return Ok(None);
    };
    Ok(Some(End {
        ended_at: Timestamp(from_sql(ended_at)),
        detected_at: Timestamp(from_sql(detected_at)),
        reason: self::reason(reason)?,
        error_bound: Millis(from_sql(error_bound)),
    }))
}

fn reason(word: &str) -> Result<EndReason, StoreError> {
    EndReason::parse(word).ok_or_else(|| damaged("reason"))
}

/// Where the list goes on after this session.
pub(super) fn cursor(row: &impl Cells) -> Result<Cursor, StoreError> {
    Ok(Cursor { id: row.integer(0)?, started_at: row.integer(7)? })
}

/// A punch; its own number comes first.
pub(super) fn punch(row: &impl Cells) -> Result<PunchRow, StoreError> {
    Ok(PunchRow {
        user: row.user(1)?,
        epoch: row.number(2)?,
        kind: PunchKind::parse(row.text(3)?).ok_or_else(|| damaged("kind"))?,
        at: row.moment(4)?,
        detected_at: row.moment(5)?,
        reason: row.maybe_text(6)?.map(reason).transpose()?,
        error_bound: row.length(7)?,
    })
}

/// A change that watchers were told.
pub(super) fn news(row: &impl Cells) -> Result<News, StoreError> {
    let channel = row.maybe_text(4)?;
    Ok(News {
        position: Position { epoch: row.number(0)?, offset: row.number(1)? },
        at: row.moment(2)?,
        name: views::known_change(row.text(3)?).ok_or_else(|| damaged("name"))?,
        channel: channel.map(ChannelName::parse).transpose().map_err(|_| damaged("channel"))?,
        user: row.user(5)?,
        json: row.text(6)?.to_owned(),
    })
}

/// A letter that waits; its own number comes first.
pub(super) fn waiting(row: &impl Cells) -> Result<Waiting, StoreError> {
    let user = row.maybe_text(4)?;
    let letter = Letter {
        message: row.text(1)?.to_owned(),
        hook: row.text(2)?.into(),
        event: row.text(3)?.into(),
        user: user.map(UserId::parse).transpose().map_err(|_| damaged("user"))?,
        body: row.text(5)?.to_owned(),
        made_at: row.moment(6)?,
    };
    let attempts = u32::try_from(row.number(7)?).map_err(|_| damaged("attempts"))?;
    Ok(Waiting { id: row.number(0)?, letter, attempts })
}

/// The same, and when and why it was given up.
pub(super) fn dead(row: &impl Cells) -> Result<DeadLetter, StoreError> {
    let (failed_at, why) = (row.moment(8)?, row.maybe_text(9)?.unwrap_or_default().to_owned());
    Ok(DeadLetter { waiting: waiting(row)?, failed_at, why })
}
