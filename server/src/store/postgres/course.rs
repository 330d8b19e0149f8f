//! What a session leaves behind besides its row: the pages that it was on, and the spans in which it was visible.

use sqlx::{PgConnection, PgPool};
use stillhere_engine::{
    tracker::ViewRow,
    wire::{PagePath, SessionId},
};

use super::record::column;
use crate::{
    limits,
    store::{
        Course, StoreError,
        column::{to_course, to_sql, unreadable},
    },
};

/// A view is named by its session and a beat: told twice, it is one. The row of its session is there.
const VIEWS: &str = "
    insert into views (session_id, seq, channel, page, until_at)
    select sessions.id, told.seq, told.channel, told.page, told.until_at
    from unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
        as told (session, seq, channel, page, until_at)
    join sessions on sessions.session = told.session
    order by sessions.id, told.seq
    on conflict do nothing";

/// The newest views of a session, newest first.
const OF_SESSION: &str = "
    select channel, page, until_at from views
    where session_id = (select id from sessions where session = $1)
    order by seq desc limit $2";

/// The newest visible spans of a session, newest first.
const SPANS: &str = "
    select start_at, end_at from spans
    where session_id = (select id from sessions where session = $1)
    order by start_ms desc limit $2";

/// Adds what is not there yet.
pub(super) async fn record(connection: &mut PgConnection, views: &[ViewRow]) -> Result<(), sqlx::Error> {
    if views.is_empty() {
        return Ok(());
    }
    sqlx::query(VIEWS)
        .bind(column(views, |row| row.session.0))
        .bind(column(views, |row| i64::from(row.seq)))
        .bind(column(views, |row| row.channel.as_str()))
        .bind(column(views, |row| row.page.as_ref().map(PagePath::as_str)))
        .bind(column(views, |row| to_sql(row.until_at.0)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// What is kept of a session. Of one that goes on the two lists may be a moment apart.
pub(super) async fn of_session(pool: &PgPool, session: SessionId) -> Result<Course, StoreError> {
    let limit = i64::from(limits::COURSE_ROWS);
    let views = sqlx::query_as(OF_SESSION).bind(session.0).bind(limit);
    let views = views.fetch_all(pool).await.map_err(unreadable)?;
    let spans = sqlx::query_as(SPANS).bind(session.0).bind(limit);
    to_course(views, spans.fetch_all(pool).await.map_err(unreadable)?)
}
