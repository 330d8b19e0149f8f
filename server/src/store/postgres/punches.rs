//! The punch clock's log, and who is in now.

use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, Row};
use stillhere_engine::{
    time::Timestamp,
    tracker::{EndReason, OpenPunch, PunchKind, PunchRow},
    wire::UserId,
};

use super::{locks, record::column, seals};
use crate::store::{
    PunchList, PunchQuery, StoreError,
    column::{damaged, from_sql, to_sql, unreadable},
    filters, rows,
};

/// A punch is added unless it is there: the unique keys say what "there" means. The order is the log's, not the keys':
/// it means something.
const PUNCHES: &str = "
    insert into punches (user_id, epoch, kind, at, detected_at, reason, error_bound_ms)
    select told.user_id, told.epoch, told.kind, told.at, told.detected_at, told.reason, told.error_bound_ms
    from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
        with ordinality as told (user_id, epoch, kind, at, detected_at, reason, error_bound_ms, place)
    order by told.place
    on conflict do nothing
    returning id";

/// A correction is added where there is an AUTO_OUT to correct, and nothing in the log or before it in the batch knows
/// better already.
const CORRECTIONS: &str = "
    insert into punches (user_id, epoch, kind, at, detected_at, reason, error_bound_ms)
    select told.user_id, told.epoch, told.kind, told.at, told.detected_at, told.reason, told.error_bound_ms
    from (
        select *, max(at) over (
            partition by user_id, epoch order by place rows between unbounded preceding and 1 preceding
        ) as before
        from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
            with ordinality as row (user_id, epoch, kind, at, detected_at, reason, error_bound_ms, place)
    ) as told
    where (told.before is null or told.at > told.before) and told.at > (
        select punches.at from punches
        where punches.user_id = told.user_id and punches.epoch = told.epoch and punches.kind = 'AUTO_OUT'
    )
    and told.at > coalesce((
        select max(punches.at) from punches
        where punches.user_id = told.user_id and punches.epoch = told.epoch and punches.kind = 'CORRECTION'
    ), 0)
    order by told.place
    on conflict do nothing
    returning id";

/// Who is in now, from what the log says of the stays that the batch names. First who has come and not gone …
const STAYS_BEGUN: &str = "
    insert into stays as kept (user_id, epoch, at)
    select distinct on (told.user_id) told.user_id, told.epoch, told.at
    from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as told (user_id, epoch, at, place)
    where not exists (
        select from punches
        where punches.user_id = told.user_id and punches.epoch = told.epoch and kind in ('OUT', 'AUTO_OUT')
    )
    order by told.user_id, told.epoch desc, told.place
    on conflict (user_id) do update set epoch = excluded.epoch, at = excluded.at where excluded.epoch > kept.epoch";

/// … then who has gone.
const STAYS_ENDED: &str = "
    delete from stays where (user_id, epoch) in (select * from unnest($1::text[], $2::bigint[]))";

/// Adds what is not there yet, while nobody else does: what is asked of the log between two statements is still so in the
/// second, and the seals follow each other. A batch without punches waits for nobody.
pub(super) async fn record(connection: &mut PgConnection, punches: &[PunchRow]) -> Result<(), sqlx::Error> {
    if punches.is_empty() {
        return Ok(());
    }
    locks::log(connection).await?;
    let (corrections, punches): (Vec<_>, Vec<_>) = punches.iter().partition(|row| row.kind == PunchKind::Correction);
    let mut added = Vec::new();
    if !punches.is_empty() {
        added = add(connection, PUNCHES, &punches).await?;
        let (begun, ended): (Vec<_>, Vec<_>) = punches.into_iter().partition(|row| row.kind == PunchKind::In);
        sqlx::query(STAYS_BEGUN)
            .bind(column(&begun, |row| row.user.as_str()))
            .bind(column(&begun, |row| to_sql(row.epoch)))
            .bind(column(&begun, |row| to_sql(row.at.0)))
            .execute(&mut *connection)
            .await?;
        sqlx::query(STAYS_ENDED)
            .bind(column(&ended, |row| row.user.as_str()))
            .bind(column(&ended, |row| to_sql(row.epoch)))
            .execute(&mut *connection)
            .await?;
    }
    if !corrections.is_empty() {
        added.extend(add(connection, CORRECTIONS, &corrections).await?);
    }
    seals::seal(connection, &added).await
}

/// Says which numbers the new rows have.
async fn add(connection: &mut PgConnection, sql: &'static str, rows: &[&PunchRow]) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(sql)
        .bind(column(rows, |row| row.user.as_str()))
        .bind(column(rows, |row| to_sql(row.epoch)))
        .bind(column(rows, |row| row.kind.as_str()))
        .bind(column(rows, |row| to_sql(row.at.0)))
        .bind(column(rows, |row| to_sql(row.detected_at.0)))
        .bind(column(rows, |row| row.reason.map(EndReason::as_str)))
        .bind(column(rows, |row| to_sql(row.error_bound.0)))
        .fetch_all(connection)
        .await
}

/// Who is in, each with the last evidence of them so far.
const OPEN: &str = "
    select user_id, epoch, greatest(at, (
        select max(ended_at) from sessions where sessions.user_id = stays.user_id and punch_epoch = stays.epoch
    ))
    from stays";

/// Who is in by the punch clock.
pub(super) async fn open(pool: &PgPool) -> Result<Vec<OpenPunch>, StoreError> {
    let found = sqlx::query_as::<_, (String, i64, i64)>(OPEN).fetch_all(pool).await.map_err(unreadable)?;
    let open = found.into_iter().map(|(user, epoch, at)| {
        let user = UserId::parse(&user).map_err(|_| damaged("user_id"))?;
        Ok(OpenPunch { user, epoch: from_sql(epoch), proven_until: Timestamp(from_sql(at)) })
    });
    open.collect()
}

/// A page of the log, newest row first.
pub(super) async fn list(pool: &PgPool, query: &PunchQuery) -> Result<PunchList, StoreError> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "select id, user_id, epoch, kind, at, detected_at, reason, error_bound_ms from punches",
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
