//! The log of the feed.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};
use stillhere_engine::wire::ChannelName;

use super::record::column;
use crate::{
    limits,
    store::{
        News, StoreError,
        column::{to_sql, unreadable},
        rows,
    },
};

/// What is there already is there for good. One server writes here at a time, so the numbers go on from the last one: one that
/// works alone, or of several the one in office. Those have their feed in Redis, and here up to where webhooks were told of it.
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
    found.iter().map(rows::news).collect()
}
