//! What a session leaves behind besides its row: the pages that it was on, and the spans in which it was visible.

use serde::ser::{Serialize, Serializer};
use sqlx::{Sqlite, SqlitePool, Transaction};
use stillhere_engine::{
    tracker::ViewRow,
    wire::{PagePath, SessionId},
};

use super::record::{AsArray, hex, to_json};
use crate::{
    limits,
    store::{
        Course, StoreError,
        column::{self, to_sql, unreadable},
    },
};

/// A view is named by its session and a beat: told twice, it is one. The row of its session is there.
const VIEWS: &str = "
    insert into views (session_id, seq, channel, page, until_at)
    select sessions.id, told.value ->> 1, told.value ->> 2, told.value ->> 3, told.value ->> 4
    from json_each(?1) as told cross join sessions on sessions.session = unhex(told.value ->> 0)
    where true
    on conflict do nothing";

/// The newest views of a session, newest first.
const OF_SESSION: &str = "
    select channel, page, until_at from views
    where session_id = (select id from sessions where session = ?1)
    order by seq desc limit ?2";

/// The newest visible spans of a session, newest first.
const SPANS: &str = "
    select start_at, end_at from spans
    where session_id = (select id from sessions where session = ?1)
    order by start_ms desc limit ?2";

/// Adds what is not there yet.
pub(super) async fn record(transaction: &mut Transaction<'_, Sqlite>, views: &[ViewRow]) -> Result<(), sqlx::Error> {
    let Some(rows) = to_json(views.iter().map(AsArray))? else { return Ok(()) };
    sqlx::query(VIEWS).bind(rows).execute(&mut **transaction).await.map(|_| ())
}

/// What is kept of a session.
pub(super) async fn of_session(pool: &SqlitePool, session: SessionId) -> Result<Course, StoreError> {
    let session = session.0.to_vec();
    let mut snapshot = pool.begin().await.map_err(unreadable)?;
    let views = sqlx::query_as(OF_SESSION).bind(session.clone()).bind(limits::COURSE_ROWS);
    let views = views.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    let spans = sqlx::query_as(SPANS).bind(session).bind(limits::COURSE_ROWS);
    let spans = spans.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    snapshot.rollback().await.map_err(unreadable)?;
    column::to_course(views, spans)
}

impl Serialize for AsArray<'_, ViewRow> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ViewRow { session, seq, channel, page, until_at } = self.0;
        let page = page.as_ref().map(PagePath::as_str);
        (hex(*session), seq, channel.as_str(), page, to_sql(until_at.0)).serialize(to)
    }
}
