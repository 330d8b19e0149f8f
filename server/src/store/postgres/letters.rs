//! Letters that wait for their webhooks.

use sqlx::{Connection, PgConnection, PgPool, Postgres as Database, QueryBuilder};
use stillhere_engine::{time::Timestamp, wire::UserId};

use super::{Postgres, read, record::column};
use crate::{
    limits,
    store::{
        DeadLetter, DeadLetters, Due, Fate, Letter, LetterCount, Outbox, Pending, StoreError, Waiting,
        column::{from_sql, to_sql, unreadable},
        rows,
    },
};

/// What is there already, delivered or not, is there for good.
const LETTERS: &str = "
    insert into letters (message, hook, event, user_id, body, made_at, due_at)
    select told.message, told.hook, told.event, told.user_id, told.body, told.made_at, told.made_at
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
        with ordinality as told (message, hook, event, user_id, body, made_at, place)
    order by told.place
    on conflict (message) do nothing";

/// What a person reads of it is gone at once; that it was there is known for as long as a batch may come late.
const SENT: &str = "
    update letters set due_at = null, failed_at = null, sent_at = $2, user_id = null, body = '', why = null
    where id = any ($1) and sent_at is null";

const FORGET_SENT: &str = "delete from letters where sent_at < $1";

/// Somebody may have removed it, or let it die, while it was on its way.
const FAILED: &str = "
    update letters set attempts = attempts + 1, due_at = $2, failed_at = $3, why = $4 where id = $1 and due_at is not null";

const TOO_MANY: &str = "
    update letters set due_at = null, failed_at = $3, why = $4
    where hook = $1 and due_at is not null and id <= (
        select id from letters where hook = $1 and due_at is not null order by id desc limit 1 offset $2
    )";

const TOO_MANY_DEAD: &str = "
    delete from letters
    where hook = $1 and failed_at is not null and id <= (
        select id from letters where hook = $1 and failed_at is not null order by id desc limit 1 offset $2
    )";

/// A person's letters, whatever has become of them.
pub(super) const FORGET: &str = "delete from letters where user_id = $1";

const COUNT: &str = "
    select (select count(*) from letters where hook = $1 and due_at is not null),
        (select count(*) from letters where hook = $1 and failed_at is not null)";

const REVIVE: &str = "
    update letters set attempts = 0, due_at = $2, failed_at = null, why = null where hook = $1 and failed_at is not null";

const HURRY: &str = "update letters set due_at = $2 where hook = $1 and due_at is not null";

const COLUMNS: &str = "select id, message, hook, event, user_id, body, made_at, attempts, failed_at, why from letters";

/// Adds what is not there yet.
pub(super) async fn record(connection: &mut PgConnection, letters: &[Letter]) -> Result<(), sqlx::Error> {
    if letters.is_empty() {
        return Ok(());
    }
    sqlx::query(LETTERS)
        .bind(column(letters, |letter| letter.message.as_str()))
        .bind(column(letters, |letter| &*letter.hook))
        .bind(column(letters, |letter| &*letter.event))
        .bind(column(letters, |letter| letter.user.as_ref().map(UserId::as_str)))
        .bind(column(letters, |letter| letter.body.as_str()))
        .bind(column(letters, |letter| to_sql(letter.made_at.0)))
        .execute(connection)
        .await
        .map(|_| ())
}

impl Outbox for Postgres {
    fn due<'a>(&'a self, hook: &'a str, now: Timestamp, limit: u32) -> Pending<'a, Due> {
        read(async move {
            let mut query = QueryBuilder::<Database>::new(COLUMNS);
            query.push(" where hook = ").push_bind(hook).push(" and due_at <= ").push_bind(to_sql(now.0));
            query.push(" order by due_at, id limit ").push_bind(i64::from(limit));
            let found = query.build().fetch_all(&self.readers).await.map_err(unreadable)?;
            let letters: Vec<Waiting> = found.iter().map(rows::waiting).collect::<Result<_, _>>()?;
            let next_at = if letters.is_empty() { next_at(&self.readers, hook).await? } else { None };
            Ok(Due { letters, next_at })
        })
    }

    fn sent<'a>(&'a self, ids: &'a [u64], at: Timestamp) -> Pending<'a, ()> {
        Box::pin(async move {
            let long_ago = Timestamp(at.0.saturating_sub(limits::LETTER_KNOWN.0));
            let ids = column(ids, |id| to_sql(*id));
            let written = self.writer.act(async |connection| {
                let mut transaction = connection.begin().await?;
                sqlx::query(SENT).bind(&ids).bind(to_sql(at.0)).execute(&mut *transaction).await?;
                sqlx::query(FORGET_SENT).bind(to_sql(long_ago.0)).execute(&mut *transaction).await?;
                transaction.commit().await
            });
            written.await
        })
    }

    fn failed<'a>(&'a self, id: u64, why: &'a str, fate: Fate) -> Pending<'a, ()> {
        Box::pin(async move {
            let (due_at, failed_at) = match fate {
                Fate::Waits(until) => (Some(to_sql(until.0)), None),
                Fate::Dies(at) => (None, Some(to_sql(at.0))),
            };
            let written = self.writer.act(async |connection| {
                let query = sqlx::query(FAILED).bind(to_sql(id)).bind(due_at).bind(failed_at).bind(why);
                query.execute(connection).await.map(|_| ())
            });
            written.await
        })
    }

    fn trim<'a>(&'a self, hook: &'a str, most: u32, now: Timestamp, why: &'a str) -> Pending<'a, u64> {
        Box::pin(async move {
            let count = self.count(hook).await?;
            if count.waiting <= u64::from(most) && count.dead <= u64::from(most) {
                return Ok(0);
            }
            let written = self.writer.act(async |connection| {
                let mut transaction = connection.begin().await?;
                let too_many = sqlx::query(TOO_MANY).bind(hook).bind(i64::from(most)).bind(to_sql(now.0)).bind(why);
                let died = too_many.execute(&mut *transaction).await?.rows_affected();
                sqlx::query(TOO_MANY_DEAD).bind(hook).bind(i64::from(most)).execute(&mut *transaction).await?;
                transaction.commit().await.map(|()| died)
            });
            written.await
        })
    }

    fn count<'a>(&'a self, hook: &'a str) -> Pending<'a, LetterCount> {
        read(async move {
            let found = sqlx::query_as::<_, (i64, i64)>(COUNT).bind(hook).fetch_one(&self.readers).await;
            let (waiting, dead) = found.map_err(unreadable)?;
            Ok(LetterCount { waiting: from_sql(waiting), dead: from_sql(dead) })
        })
    }

    fn dead<'a>(&'a self, hook: &'a str, after: Option<u64>, limit: u32) -> Pending<'a, DeadLetters> {
        read(async move {
            let mut query = QueryBuilder::<Database>::new(COLUMNS);
            query.push(" where failed_at is not null and hook = ").push_bind(hook);
            query.push(" and id < ").push_bind(to_sql(after.unwrap_or(u64::MAX)));
            query.push(" order by id desc limit ").push_bind(i64::from(limit) + 1);
            let found = query.build().fetch_all(&self.readers).await.map_err(unreadable)?;
            let mut rows: Vec<DeadLetter> = found.iter().map(rows::dead).collect::<Result<_, _>>()?;
            let is_more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| is_more).map(|last| last.waiting.id);
            Ok(DeadLetters { rows, next })
        })
    }

    fn revive<'a>(&'a self, hook: &'a str, now: Timestamp) -> Pending<'a, u64> {
        Box::pin(async move {
            let written = self.writer.act(async |connection| {
                let mut transaction = connection.begin().await?;
                let revive = sqlx::query(REVIVE).bind(hook).bind(to_sql(now.0));
                let revived = revive.execute(&mut *transaction).await?.rows_affected();
                sqlx::query(HURRY).bind(hook).bind(to_sql(now.0)).execute(&mut *transaction).await?;
                transaction.commit().await.map(|()| revived)
            });
            written.await
        })
    }
}

async fn next_at(pool: &PgPool, hook: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select min(due_at) from letters where hook = $1 and due_at is not null";
    let found: Option<i64> = sqlx::query_scalar(sql).bind(hook).fetch_one(pool).await.map_err(unreadable)?;
    Ok(found.map(|moment| Timestamp(from_sql(moment))))
}
