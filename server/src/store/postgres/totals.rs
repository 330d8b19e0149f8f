//! What a whole list of sessions comes to, however long it is.

use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use stillhere_engine::time::Millis;

use crate::{
    limits,
    store::{
        SessionQuery, Stay, StoreError, Totals,
        column::{from_sql, unreadable},
        filters,
    },
};

/// A sum of every stay ever could leave 64 bits, and stops there. The sum of nothing is null.
const SUMS: &str = "
    select count(*),
        least(coalesce(sum(greatest(0, coalesce(ended_at, last_seen_at) - started_at)), 0), 9223372036854775807)::bigint,
        least(coalesce(sum(visible_ms), 0), 9223372036854775807)::bigint,
        least(coalesce(sum(active_ms), 0), 9223372036854775807)::bigint
    from sessions";

/// From each person to the next one in the index, past all sessions between them: that costs people, and not sessions.
const PEOPLE: &str = "
    with recursive people (user_id) as (
        select min(user_id) from sessions
        union all
        select (select min(user_id) from sessions where user_id > people.user_id) from people where user_id is not null
    )
    select count(*) from people where user_id is not null and exists (select 1 from sessions";

/// The totals of everything that matches.
pub(super) async fn of(snapshot: &mut PgConnection, query: &SessionQuery) -> Result<Totals, StoreError> {
    let mut sums = QueryBuilder::<Postgres>::new(SUMS);
    filters::sessions(&mut sums, query);
    let sums = sums.build().fetch_one(&mut *snapshot).await.map_err(unreadable)?;
    let sessions = count(&sums, 0)?;
    let is_narrow = query.user.is_some() || query.channel.is_some() || query.page.is_some();
    let mut people;
    if is_narrow || query.stay == Some(Stay::Open) || sessions <= u64::from(limits::SUMMED_ROWS) {
        // Each name into a table of those that were there: `count(distinct …)` would sort them all.
        people = QueryBuilder::new("select count(*) from (select distinct user_id from sessions");
        filters::sessions(&mut people, query);
        people.push(") as people");
    } else {
        people = QueryBuilder::new(PEOPLE);
        filters::sessions(&mut people, query);
        people.push(" and user_id = people.user_id)");
    }
    let people = people.build().fetch_one(snapshot).await.map_err(unreadable)?;
    let length = |at: usize| count(&sums, at).map(Millis);
    Ok(Totals { sessions, users: count(&people, 0)?, duration: length(1)?, visible: length(2)?, active: length(3)? })
}

fn count(row: &PgRow, at: usize) -> Result<u64, StoreError> {
    row.try_get::<i64, _>(at).map(from_sql).map_err(unreadable)
}
