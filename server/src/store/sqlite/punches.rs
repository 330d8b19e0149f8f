//! The punch clock's log, and who is in now.

use serde::ser::{Serialize, SerializeSeq, Serializer};
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, Transaction};
use stillhere_engine::{
    time::Timestamp,
    tracker::{EndReason, OpenPunch, PunchKind, PunchRow},
    wire::UserId,
};

use super::{
    record::{AsArray, to_json},
    seals,
};
use crate::store::{
    PunchList, PunchQuery, StoreError,
    column::{damaged, from_sql, to_sql, unreadable},
    filters, rows,
};

/// A punch is added unless it is there: the unique keys say what "there" means.
const PUNCHES: &str = "
    insert into punches (user, epoch, kind, at, detected_at, reason, error_bound_ms)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    from json_each(?1)
    where true
    on conflict do nothing
    returning id";

/// A correction is added where there is an AUTO_OUT to correct, and nothing in the log knows better already.
///
/// Here as below, `kind <> 'CORRECTION'` says no more than the kinds beside it do; but it says that one of the unique
/// indexes has the row, without which all of a user's years would be gone through.
const CORRECTION: &str = "
    insert into punches (user, epoch, kind, at, detected_at, reason, error_bound_ms)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    from json_each(?1)
    where value ->> 3 > (
        select at from punches where user = value ->> 0 and epoch = value ->> 1 and kind = 'AUTO_OUT' and kind <> 'CORRECTION'
    )
    and value ->> 3 > coalesce((
        select max(at) from punches where user = value ->> 0 and epoch = value ->> 1 and kind = 'CORRECTION'
    ), 0)
    on conflict do nothing
    returning id";

/// Who is in now, from what the log says of the stays that the batch names. First who has come and not gone …
const STAYS_BEGUN: &str = "
    insert into stays (user, epoch, at)
    select value ->> 0, value ->> 1, value ->> 3 from json_each(?1)
    where value ->> 2 = 'IN' and not exists (
        select 1 from punches where user = value ->> 0 and epoch = value ->> 1 and kind in ('OUT', 'AUTO_OUT')
            and kind <> 'CORRECTION'
    )
    on conflict (user) do update set epoch = excluded.epoch, at = excluded.at where excluded.epoch > epoch";

/// … then who has gone.
const STAYS_ENDED: &str = "
    delete from stays where (user, epoch) in (
        select value ->> 0, value ->> 1 from json_each(?1) where value ->> 2 in ('OUT', 'AUTO_OUT')
    )";

/// Adds what is not there yet.
pub(super) async fn record(transaction: &mut Transaction<'_, Sqlite>, punches: &[PunchRow]) -> Result<(), sqlx::Error> {
    let (corrections, punches): (Vec<_>, Vec<_>) = punches.iter().partition(|row| row.kind == PunchKind::Correction);
    let mut added: Vec<i64> = Vec::new();
    if let Some(rows) = to_json(punches.into_iter().map(AsArray))? {
        added = sqlx::query_scalar(PUNCHES).bind(&rows).fetch_all(&mut **transaction).await?;
        for sql in [STAYS_BEGUN, STAYS_ENDED] {
            sqlx::query(sql).bind(&rows).execute(&mut **transaction).await?;
        }
    }
    // One by one: each is held against those before it.
    for row in corrections {
        let row = to_json(std::iter::once(AsArray(row)))?;
        added.extend(sqlx::query_scalar::<_, i64>(CORRECTION).bind(row).fetch_all(&mut **transaction).await?);
    }
    seals::seal(transaction, &added).await
}

impl Serialize for AsArray<'_, PunchRow> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut array = to.serialize_seq(Some(7))?;
        array.serialize_element(row.user.as_str())?;
        array.serialize_element(&to_sql(row.epoch))?;
        array.serialize_element(row.kind.as_str())?;
        array.serialize_element(&to_sql(row.at.0))?;
        array.serialize_element(&to_sql(row.detected_at.0))?;
        array.serialize_element(&row.reason.map(EndReason::as_str))?;
        array.serialize_element(&to_sql(row.error_bound.0))?;
        array.end()
    }
}

/// Who is in, each with the last evidence of them so far.
const OPEN: &str = "
    select user, epoch, max(at, coalesce((
        select max(ended_at) from sessions where sessions.user = stays.user and punch_epoch = stays.epoch
    ), 0))
    from stays";

/// Who is in by the punch clock.
pub(super) async fn open(pool: &SqlitePool) -> Result<Vec<OpenPunch>, StoreError> {
    let found = sqlx::query_as::<_, (String, i64, i64)>(OPEN).fetch_all(pool).await.map_err(unreadable)?;
    let open = found.into_iter().map(|(user, epoch, at)| {
        let user = UserId::parse(&user).map_err(|_| damaged("user"))?;
        Ok(OpenPunch { user, epoch: from_sql(epoch), proven_until: Timestamp(from_sql(at)) })
    });
    open.collect()
}

/// A page of the log, newest row first.
pub(super) async fn list(pool: &SqlitePool, query: &PunchQuery) -> Result<PunchList, StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "select id, user, epoch, kind, at, detected_at, reason, error_bound_ms from punches",
    );
    filters::punches(&mut sql, query);
    let mut found = sql.build().fetch_all(pool).await.map_err(unreadable)?;
    let more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let next = match found.last().filter(|_| more) {
        Some(row) => Some(from_sql(row.try_get(0).map_err(unreadable)?)),
        None => None,
    };
    Ok(PunchList { rows: found.iter().map(rows::punch).collect::<Result<_, _>>()?, next })
}
