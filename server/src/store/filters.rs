//! What a list is asked for, as conditions: the same in both databases, but for what the user's column is called.

use sqlx::{Database, Encode, Postgres, QueryBuilder, Sqlite, Type};

use super::{PunchQuery, SessionQuery, Stay, column::to_sql};

/// How a database writes things down.
pub(super) trait Dialect: Database {
    /// The column with the user: PostgreSQL keeps the word `user` for itself.
    const USER: &'static str;
}

impl Dialect for Sqlite {
    const USER: &'static str = "user";
}

impl Dialect for Postgres {
    const USER: &'static str = "user_id";
}

/// `where` and every filter; always something, so that more can follow with `and`.
pub(super) fn sessions<D: Dialect>(sql: &mut QueryBuilder<D>, query: &SessionQuery)
where
    String: for<'a> Encode<'a, D> + Type<D>,
    i64: for<'a> Encode<'a, D> + Type<D>,
{
    sql.push(" where true");
    if let Some(user) = &query.user {
        equals(sql, D::USER, user.as_str());
    }
    if let Some(channel) = &query.channel {
        equals(sql, "channel", channel.as_str());
    }
    if let Some(page) = &query.page {
        // Where it is, or was before it went on.
        sql.push(" and (page = ").push_bind(page.as_str().to_owned());
        sql.push(" or id in (select session_id from views where page = ");
        sql.push_bind(page.as_str().to_owned()).push("))");
    }
    if let Some(from) = query.from {
        sql.push(" and started_at >= ").push_bind(to_sql(from.0));
    }
    if let Some(to) = query.to {
        sql.push(" and started_at < ").push_bind(to_sql(to.0));
    }
    match query.stay {
        Some(Stay::Open) => _ = sql.push(" and ended_at is null"),
        Some(Stay::Ended) => _ = sql.push(" and ended_at is not null"),
        None => {}
    }
}

/// The same for punches, and their order: newest row first, one more than asked for, which tells of another page.
pub(super) fn punches<D: Dialect>(sql: &mut QueryBuilder<D>, query: &PunchQuery)
where
    String: for<'a> Encode<'a, D> + Type<D>,
    i64: for<'a> Encode<'a, D> + Type<D>,
{
    sql.push(" where true");
    if let Some(user) = &query.user {
        equals(sql, D::USER, user.as_str());
    }
    if let Some(kind) = query.kind {
        equals(sql, "kind", kind.as_str());
    }
    if let Some(from) = query.from {
        sql.push(" and at >= ").push_bind(to_sql(from.0));
    }
    if let Some(to) = query.to {
        sql.push(" and at < ").push_bind(to_sql(to.0));
    }
    if let Some(after) = query.after {
        sql.push(" and id < ").push_bind(to_sql(after));
    }
    sql.push(" order by id desc limit ").push_bind(i64::from(query.limit) + 1);
}

fn equals<D: Dialect>(sql: &mut QueryBuilder<D>, column: &str, text: &str)
where
    String: for<'a> Encode<'a, D> + Type<D>,
{
    sql.push(" and ").push(column).push(" = ").push_bind(text.to_owned());
}
