//! The log of the feed.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use stillhere_engine::{
    time::Timestamp,
    wire::{ChannelName, UserId},
};

use super::record::column;
use crate::{
    limits,
    store::{
        News, Position, StoreError,
        column::{damaged, from_sql, to_sql, unreadable},
    },
    views,
};

/// What is there already is there for good. Nobody else writes, so the numbers go on from the last one.
const NEWS: &str = r#"
    insert into news (id, epoch, "offset", at, name, channel, user_id, json)
    select
        (select coalesce(max(id), 0) from news) + row_number() over (order by told.epoch, told."offset"), told.*
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
        as told (epoch, "offset", at, name, channel, user_id, json)
    where not exists (select from news where news.epoch = told.epoch and news."offset" = told."offset")"#;

/// The numbers have no gaps, so the oldest are found without counting.
const CUT: &str = "delete from news where id <= (select max(id) from news) - $1";

/// Adds the news, and lets the oldest go.
pub(super) async fn record(connection: &mut PgConnection, news: &[Arc<News>]) -> Result<(), sqlx::Error> {
    if news.is_empty() {
        return Ok(());
    }
    sqlx::query(NEWS)
        .bind(column(news, |news| to_sql(news.position.epoch)))
        .bind(column(news, |news| to_sql(news.position.offset)))
        .bind(column(news, |news| to_sql(news.at.0)))
        .bind(column(news, |news| news.name))
        .bind(column(news, |news| news.channel.as_ref().map(ChannelName::as_str)))
        .bind(column(news, |news| news.user.as_str()))
        .bind(column(news, |news| news.json.as_str()))
        .execute(&mut *connection)
        .await?;
    sqlx::query(CUT).bind(to_sql(limits::RING as u64)).execute(connection).await.map(|_| ())
}

/// All that is kept, oldest first.
pub(super) async fn list(pool: &PgPool) -> Result<Vec<News>, StoreError> {
    let sql = r#"select epoch, "offset", at, name, channel, user_id, json from news order by id"#;
    let found = sqlx::query(sql).fetch_all(pool).await.map_err(unreadable)?;
    found.iter().map(to_news).collect()
}

fn to_news(row: &PgRow) -> Result<News, StoreError> {
    let text = |at: usize| row.try_get::<&str, _>(at).map_err(unreadable);
    let number = |at: usize| row.try_get::<i64, _>(at).map(from_sql).map_err(unreadable);
    let channel: Option<&str> = row.try_get(4).map_err(unreadable)?;
    Ok(News {
        position: Position { epoch: number(0)?, offset: number(1)? },
        at: Timestamp(number(2)?),
        name: views::known_change(text(3)?).ok_or_else(|| damaged("name"))?,
        channel: channel.map(ChannelName::parse).transpose().map_err(|_| damaged("channel"))?,
        user: UserId::parse(text(5)?).map_err(|_| damaged("user"))?,
        json: text(6)?.to_owned(),
    })
}
