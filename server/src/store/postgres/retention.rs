//! Forgetting what is older than it may be, a piece at a time.

use sqlx::{Connection, PgConnection, Row};
use stillhere_engine::time::Timestamp;

use super::{locks, seals};
use crate::{
    limits,
    store::{
        chain::{Digest, Mark},
        column::to_sql,
    },
};

/// Sessions that ended before a moment, the longest ago first. Their spans go with them.
const SESSIONS: &str = "
    delete from sessions where id in (
        select id from sessions where ended_at < $1 order by ended_at limit $2
    )";

/// Visits since which nobody has come or gone. Who is still there has not gone.
const VISITS: &str = "
    delete from visits where (channel, user_id) in (
        select channel, user_id from visits
        where last_at < $1 and not exists (
            select 1 from sessions
            where sessions.user_id = visits.user_id and sessions.channel = visits.channel and ended_at is null
        )
        order by last_at limit $2
    )";

/// The oldest rows of the log, and never the newest of all.
const OLDEST: &str = "
    select id, detected_at, chain from punches
    where id < (select id from punch_marks where name = 'head')
    order by id limit $1";

const ANCHOR: &str = "
    insert into punch_marks (name, id, count, chain, at) values ('anchor', $1, $2, $3, $4)
    on conflict (name) do update set id = excluded.id, count = excluded.count, chain = excluded.chain, at = excluded.at";

/// Forgets one piece of sessions and one of visits; says how many rows that were.
pub(super) async fn forget(connection: &mut PgConnection, before: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let mut forgotten = 0;
    for sql in [SESSIONS, VISITS] {
        let done = sqlx::query(sql).bind(to_sql(before.0)).bind(i64::from(limits::FORGET_ROWS));
        forgotten += done.execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(forgotten)
}

/// Cuts off one piece at the old end of the log and writes down what it was, so that the rest can still be checked.
pub(super) async fn cut(connection: &mut PgConnection, before: Timestamp, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    locks::log(&mut transaction).await?;
    let mut mark = seals::mark_of(&mut transaction, "anchor").await?.unwrap_or_default();
    let already = mark.count;
    let rows = sqlx::query(OLDEST).bind(i64::from(limits::FORGET_ROWS)).fetch_all(&mut *transaction).await?;
    for row in rows {
        if row.try_get::<i64, _>(1)? >= to_sql(before.0) {
            break;
        }
        let chain = row.try_get::<Option<&[u8]>, _>(2)?.and_then(Digest::from_bytes);
        // A hand has put it in: it is to be found, and not to vanish.
        let chain = chain.ok_or_else(|| sqlx::Error::Decode("the oldest row of the log has no seal".into()))?;
        mark = Mark { id: row.try_get(0)?, count: mark.count + 1, chain };
    }
    if mark.count == already {
        // Now, and not with the next statement of this connection, whenever that comes: others wait for the lock.
        transaction.rollback().await?;
        return Ok(0);
    }
    let anchor = sqlx::query(ANCHOR).bind(mark.id).bind(mark.count).bind(mark.chain.bytes()).bind(to_sql(now.0));
    anchor.execute(&mut *transaction).await?;
    sqlx::query("delete from punches where id <= $1").bind(mark.id).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(u64::try_from(mark.count - already).unwrap_or(0))
}
