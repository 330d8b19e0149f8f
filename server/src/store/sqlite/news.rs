//! The log of the feed.

use std::sync::Arc;

use serde::ser::{Serialize, Serializer};
use sqlx::{SqlitePool, SqliteTransaction};
use stillhere_engine::wire::ChannelName;

use super::record::{AsArray, to_json};
use crate::{
    limits,
    store::{
        News, StoreError,
        column::{to_sql, unreadable},
        rows,
    },
};

/// What is there already is there for good.
const NEWS: &str = "
    insert into news (epoch, offset, at, name, channel, user, json)
    select
        value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    from json_each(?1)
    where true
    on conflict (epoch, offset) do nothing";

/// The numbers have no gaps, so the oldest are found without counting.
const CUT: &str = "delete from news where id <= (select max(id) from news) - ?1";

/// Adds the news, and lets the oldest go.
pub(super) async fn record(transaction: &mut SqliteTransaction<'_>, news: &[Arc<News>]) -> Result<(), sqlx::Error> {
    let Some(rows) = to_json(news.iter().map(|news| AsArray(&**news)))? else { return Ok(()) };
    sqlx::query(NEWS).bind(rows).execute(&mut **transaction).await?;
    sqlx::query(CUT).bind(to_sql(limits::RING as u64)).execute(&mut **transaction).await.map(|_| ())
}

impl Serialize for AsArray<'_, News> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let News { position, at, name, channel, user, json } = self.0;
        let channel = channel.as_ref().map(ChannelName::as_str);
        let (epoch, offset, at) = (to_sql(position.epoch), to_sql(position.offset), to_sql(at.0));
        (epoch, offset, at, name, channel, user.as_str(), json).serialize(to)
    }
}

/// All that is kept, oldest first.
pub(super) async fn list(pool: &SqlitePool) -> Result<Vec<News>, StoreError> {
    let sql = "select epoch, offset, at, name, channel, user, json from news order by id";
    let found = sqlx::query(sql).fetch_all(pool).await.map_err(unreadable)?;
    found.iter().map(rows::news).collect()
}
