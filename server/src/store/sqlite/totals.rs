//! What a whole list of sessions comes to, however long it is.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};
use stillhere_engine::time::Millis;

use crate::{
    limits,
    store::{
        SessionQuery, Stay, StoreError, Totals,
        column::{from_sql, unreadable},
        filters,
    },
};

/// A list of which every row may be looked at.
const SHORT: &str = "
    select count(*), total(max(0, coalesce(ended_at, last_seen_at) - started_at)), total(visible_ms), total(active_ms),
        count(distinct user)
    from sessions";

/// Those of a long list that are over. Their index has all that is asked for: a tenth of the bytes of the table.
const ENDED: &str = "
    select count(*), total(max(0, ended_at - started_at)), total(visible_ms), total(active_ms)
    from sessions indexed by sessions_past";

/// Those of it that last.
const LASTING: &str = "
    select count(*), total(max(0, last_seen_at - started_at)), total(visible_ms), total(active_ms) from sessions";

/// From each person to the next one in the index, past all sessions between them: that costs people, and not sessions.
const PEOPLE: &str = "
    with recursive people (user) as (
        select min(user) from sessions
        union all
        select (select min(user) from sessions where user > people.user) from people where user is not null
    )
    select count(*) from people where user is not null and exists (select 1 from sessions";

/// The totals of everything that matches.
pub(super) async fn of(snapshot: &mut SqliteConnection, query: &SessionQuery) -> Result<Totals, StoreError> {
    if !is_long(snapshot, query).await? {
        let mut sums = QueryBuilder::<Sqlite>::new(SHORT);
        filters::sessions(&mut sums, query);
        let sums = sums.build().fetch_one(snapshot).await.map_err(unreadable)?;
        return Ok(Totals { users: count(&sums, 4)?, ..totals(&sums)? });
    }
    let ended = SessionQuery { stay: Some(Stay::Ended), ..query.clone() };
    let lasting = query.stay.is_none().then(|| SessionQuery { stay: Some(Stay::Open), ..query.clone() });
    let mut sums = sum(snapshot, ENDED, &ended).await?;
    if let Some(lasting) = &lasting {
        let more = sum(snapshot, LASTING, lasting).await?;
        sums.sessions += more.sessions;
        sums.duration = sums.duration.plus(more.duration);
        sums.visible = sums.visible.plus(more.visible);
        sums.active = sums.active.plus(more.active);
    }
    let mut people = match query.channel {
        None => {
            let mut people = QueryBuilder::<Sqlite>::new(PEOPLE);
            filters::sessions(&mut people, query);
            people.push(" and user = people.user)");
            people
        }
        // No index has the people of a channel in their order.
        Some(_) => {
            let mut people =
                QueryBuilder::<Sqlite>::new("select count(distinct user) from (select user from sessions ");
            people.push("indexed by sessions_past");
            filters::sessions(&mut people, &ended);
            if let Some(lasting) = &lasting {
                people.push(" union all select user from sessions");
                filters::sessions(&mut people, lasting);
            }
            people.push(")");
            people
        }
    };
    let people = people.build().fetch_one(snapshot).await.map_err(unreadable)?;
    Ok(Totals { users: count(&people, 0)?, ..sums })
}

/// Whether too many sessions match for each to be looked at. Those of one person and those that last are few enough.
async fn is_long(snapshot: &mut SqliteConnection, query: &SessionQuery) -> Result<bool, StoreError> {
    if query.user.is_some() || query.page.is_some() || query.stay == Some(Stay::Open) {
        return Ok(false);
    }
    let mut first = QueryBuilder::<Sqlite>::new("select count(*) from (select 1 from sessions");
    filters::sessions(&mut first, &SessionQuery { stay: None, ..query.clone() });
    first.push(" limit ").push_bind(i64::from(limits::SUMMED_ROWS) + 1).push(")");
    let first = first.build().fetch_one(snapshot).await.map_err(unreadable)?;
    Ok(count(&first, 0)? > u64::from(limits::SUMMED_ROWS))
}

async fn sum(snapshot: &mut SqliteConnection, sums: &'static str, query: &SessionQuery) -> Result<Totals, StoreError> {
    let mut sums = QueryBuilder::<Sqlite>::new(sums);
    filters::sessions(&mut sums, query);
    totals(&sums.build().fetch_one(snapshot).await.map_err(unreadable)?)
}

fn totals(row: &SqliteRow) -> Result<Totals, StoreError> {
    // `total` counts in floating point, as a sum of every stay ever could leave 64 bits; exact up to 285,000 years.
    let length = |at: usize| row.try_get::<f64, _>(at).map(|sum| Millis(sum as u64)).map_err(unreadable);
    Ok(Totals { sessions: count(row, 0)?, users: 0, duration: length(1)?, visible: length(2)?, active: length(3)? })
}

fn count(row: &SqliteRow, at: usize) -> Result<u64, StoreError> {
    row.try_get::<i64, _>(at).map(from_sql).map_err(unreadable)
}
