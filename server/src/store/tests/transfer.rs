//! Everything from one store into another of the other kind.

use std::{collections::BTreeSet, sync::Arc};

use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, PunchRow, SpanRow, ViewRow, VisitRow},
};

use super::*;
use crate::{
    audit::{Audit, Verdict, verify},
    limits,
    store::{
        Count, Difference, Entry, Fate, Letter, Log, News, Position, Progress, PunchQuery, SessionQuery, TransferError,
        Unlike, survey,
        transfer::{Dialect, TABLES, transfer},
    },
};

const ANN: &str = "ann.lee@example.com";

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn punch(name: &str, kind: PunchKind, epoch: u64) -> PunchRow {
    let reason = (kind == PunchKind::AutoOut).then_some(EndReason::Timeout);
    let at = Timestamp(1_000 * epoch + u64::from(kind != PunchKind::In));
    PunchRow { user: user(name), epoch, kind, at, detected_at: at, reason, error_bound: Millis(30) }
}

fn visit(channel: &str, name: &str, at: u64) -> VisitRow {
    VisitRow { channel: ChannelName::parse(channel).unwrap(), user: user(name), at: Timestamp(at) }
}

fn letter(number: u64) -> Letter {
    Letter {
        message: format!("msg_{number}"),
        hook: "pay".into(),
        event: "presence.join".into(),
        user: (number != 2).then(|| user("zoë \"quoted\" 🫀")),
        body: format!("{{\"data\":\"zoë \\\"{number}\\\"\\n🫀\"}}"),
        made_at: Timestamp(number),
    }
}

fn news(offset: u64) -> Arc<News> {
    let (position, at) = (Position { epoch: u64::MAX, offset }, Timestamp(offset));
    let channel = (offset != 2).then(|| ChannelName::parse("site").unwrap());
    Arc::new(News { position, at, name: "update", channel, user: user("bob"), json: "{\"ä\":1}".into() })
}

/// People who are here, have gone, were removed and punched, in a log that was cut; and who else was told of it.
fn story() -> [Batch; 2] {
    use PunchKind::{AutoOut, Correction, In, Out};
    let of = |id, name: &str| SessionRow { user: user(name), ..row(id, 3) };
    let lasting = SessionRow {
        page: None,
        lease_until: Timestamp::NEVER,
        recovered: true,
        state: PageState::Frozen,
        ..of(4, "Zed")
    };
    let gone = SessionRow { punch_epoch: Some(2), ..ended(of(1, "bob"), 500, EndReason::Timeout) };
    let span = |id: u8, start: u64| SpanRow {
        session: SessionId([id; 16]),
        span: Span { start: Millis(start), end: Millis(start + 5) },
        start_at: Timestamp(start + 7),
        end_at: Timestamp(start + 12),
    };
    let view = |id: u8, seq: u32| ViewRow {
        session: SessionId([id; 16]),
        seq,
        channel: ChannelName::parse("pms").unwrap(),
        page: PagePath::parse(&format!("/orders/{seq}")).ok().filter(|_| seq != 2),
        until_at: Timestamp(1_000 * u64::from(seq)),
    };
    let past = Batch {
        sessions: vec![of(9, ANN), gone],
        visits: vec![visit("site", ANN, 1), visit("Zoo", "bob", 2)],
        punches: vec![punch(ANN, In, 1), punch(ANN, Out, 1), punch("bob", In, 2)],
        ..Batch::default()
    };
    let late = PunchRow { at: Timestamp(5_000), ..punch("bob", Correction, 2) };
    let present = Batch {
        new_ends: 0,
        sessions: vec![of(3, "zoë \"quoted\" 🫀"), lasting],
        spans: vec![span(1, 0), span(4, 0), span(4, 20)],
        visits: vec![visit("site", "zoë \"quoted\" 🫀", 3), visit("pms", "Zed", 4)],
        views: vec![view(4, 1), view(4, 2)],
        punches: vec![punch("bob", AutoOut, 2), late, punch("Zed", In, 4)],
        alive_at: Some(Timestamp(77_000)),
    };
    [past, present]
}

async fn written(ground: &Ground) -> Box<dyn Store> {
    let store = ground.store().await;
    let [past, present] = story();
    store.record(&past.into()).await.unwrap();
    assert_eq!(store.cut(Timestamp(1_001), Timestamp(9_000)).await.unwrap(), 1);
    store.remove(&user(ANN)).await.unwrap();
    let entry = Entry { batch: present, news: vec![news(1), news(2)], letters: (1..=4).map(letter).collect() };
    store.record(&entry).await.unwrap();
    let waiting = store.outbox().due("pay", Timestamp(9), 9).await.unwrap().letters;
    let id = |number: usize| waiting[number - 1].id;
    store.outbox().failed(id(1), "no: \"ö\"", Fate::Dies(Timestamp(20))).await.unwrap();
    store.outbox().failed(id(2), "later", Fate::Waits(Timestamp(9_000))).await.unwrap();
    store.outbox().sent(&[id(4)], Timestamp(30)).await.unwrap();
    store
}

/// All that a store answers.
async fn known(ground: &Ground) -> (String, Audit) {
    let store = &*ground.store().await;
    let sessions = store.sessions(&SessionQuery { limit: 100, ..SessionQuery::default() }).await.unwrap();
    let mut courses = Vec::new();
    for row in &sessions.page.rows {
        courses.push(store.course(row.session).await.unwrap());
    }
    let mut open_punches = store.open_punches().await.unwrap();
    open_punches.sort_by(|one, other| one.user.as_str().cmp(other.user.as_str()));
    let mut channels = store.channels(Timestamp(3)).await.unwrap();
    channels.sort_by(|one, other| one.channel.as_str().cmp(other.channel.as_str()));
    let outbox = store.outbox();
    let answers = (
        (sessions, courses, store.open_sessions(None).await.unwrap(), store.left(Timestamp(0)).await.unwrap()),
        (store.punches(&PunchQuery { limit: 100, ..PunchQuery::default() }).await.unwrap(), open_punches, channels),
        (store.news().await.unwrap(), store.alive_at().await.unwrap()),
        outbox.due("pay", Timestamp(9_000), 9).await.unwrap(),
        (outbox.dead("pay", None, 9).await.unwrap(), outbox.count("pay").await.unwrap()),
    );
    store.close().await.unwrap();
    let mut log = Log::open(&ground.place()).await.unwrap();
    let Verdict::Whole(audit) = verify(&mut log, None, |_, _| {}).await.unwrap() else {
        panic!("its seals are broken")
    };
    (format!("{answers:#?}"), audit)
}

async fn carried(from: &Ground, to: &Ground) -> Result<Vec<Count>, TransferError> {
    transfer(&from.place(), &to.place(), &mut |_| {}).await
}

async fn refused(from: &Ground, to: &Ground) -> String {
    carried(from, to).await.unwrap_err().to_string()
}

#[tokio::test]
async fn every_table_and_every_column_of_both_databases_is_carried() {
    let ours = |dialect: Dialect| {
        let names = TABLES.iter().flat_map(|table| {
            table.columns.iter().map(move |column| (table.name.to_owned(), column.name_in(dialect).to_owned()))
        });
        names.collect::<BTreeSet<_>>()
    };
    let (sqlite, postgres) = (Ground::sqlite(), Ground::postgres());
    for (ground, dialect) in [(&sqlite, Dialect::Sqlite), (&postgres, Dialect::Postgres)] {
        ground.store().await.close().await.unwrap();
        assert_eq!(ours(dialect), ground.columns().await, "{dialect:?}");
    }
}

#[tokio::test]
async fn everything_that_a_store_knows_is_known_on_the_other_side_and_back_again() {
    let (first, middle, last) = (Ground::sqlite(), Ground::postgres(), Ground::sqlite());
    written(&first).await.close().await.unwrap();
    let counts = carried(&first, &middle).await.unwrap();
    assert!(counts.len() == 10 && counts.iter().all(|count| count.rows > 0), "the story tells of all: {counts:?}");
    assert_eq!(carried(&middle, &last).await.unwrap(), counts);
    let before = known(&first).await;
    assert_eq!(before.1.erased, 1);
    assert_eq!(known(&middle).await, before);
    assert_eq!(known(&last).await, before);
}

#[tokio::test]
async fn life_goes_on_after_a_transfer_and_no_number_of_a_letter_comes_again() {
    let (first, middle, last) = (Ground::sqlite(), Ground::postgres(), Ground::sqlite());
    let store = written(&first).await;
    let newest = store.outbox().due("pay", Timestamp(9_000), 9).await.unwrap().letters;
    // The letter with the greatest number goes, long after it was delivered.
    store.outbox().sent(&[], Timestamp(40 + limits::LETTER_KNOWN.0)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    for (from, to) in [(&first, &middle), (&middle, &last)] {
        carried(from, to).await.unwrap();
        let store = to.store().await;
        let next = Entry {
            batch: Batch { punches: vec![punch("new", PunchKind::In, 9)], ..batch(vec![row(77, 1)]) },
            news: vec![news(3)],
            letters: vec![letter(5)],
        };
        store.record(&next).await.unwrap();
        let letters = store.outbox().due("pay", Timestamp(9_000), 9).await.unwrap().letters;
        let last = letters.iter().find(|waiting| waiting.letter.message == "msg_5").unwrap();
        assert_eq!(last.id, newest.iter().map(|waiting| waiting.id).max().unwrap() + 2, "4 was taken");
        store.close().await.unwrap();
        drop(store);
        known(to).await;
    }
}

#[tokio::test]
async fn a_store_of_many_pages_is_carried_whole_whatever_the_order_of_its_names() {
    let (first, second) = (Ground::sqlite(), Ground::postgres());
    let store = first.store().await;
    let names = ["ann", "Ann", "änn", "a b", "a-b", "ANN", "🫀"];
    let many = (0..2 * limits::TRANSFER_ROWS + 1).map(|number| {
        let name = format!("{}{}", names[number as usize % names.len()], number / 7);
        SessionRow { session: SessionId(u128::from(number).to_be_bytes()), user: user(&name), ..row(1, 1) }
    });
    let sessions: Vec<_> = many.collect();
    let visits = sessions.iter().map(|row| visit("site", row.user.as_str(), 1)).collect();
    store.record(&Batch { visits, ..batch(sessions) }.into()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let mut told = Vec::new();
    let mut progress = |progress: Progress| told.push((progress.table, progress.done));
    let counts = transfer(&first.place(), &second.place(), &mut progress).await.unwrap();
    assert_eq!(counts[0].rows, i64::from(2 * limits::TRANSFER_ROWS + 1));
    let page = i64::from(limits::TRANSFER_ROWS);
    let steps = |table| [(table, page), (table, 2 * page), (table, 2 * page + 1)];
    let once = [steps("sessions").as_slice(), &steps("visits"), &[("punch_marks", 1)]].concat();
    assert_eq!(told, [once.clone(), once].concat(), "carried, and compared");
}

#[tokio::test]
async fn a_row_that_differs_is_named_and_nothing_is_kept() {
    let (source, target) = (Ground::sqlite(), Ground::postgres());
    written(&source).await.close().await.unwrap();
    target.store().await.close().await.unwrap();
    let change = |what: &str| {
        format!(
            "create or replace function change() returns trigger language plpgsql as $$ begin {what}; return new; end $$;
            create or replace trigger change before insert on spans for each row execute function change()"
        )
    };
    for (what, expected) in [
        ("if new.start_ms = 20 then new.end_at = 1; end if", Unlike::Column("end_at")),
        ("if new.start_ms = 20 then return null; end if", Unlike::Missing),
        ("if new.start_ms = 20 then insert into spans values (new.session_id, 10, 0, 0, 0); end if", Unlike::Added),
    ] {
        target.meddle(sqlx::AssertSqlSafe(change(what))).await.unwrap();
        let Err(TransferError::Differs(difference)) = carried(&source, &target).await else { panic!("{what}") };
        let key = if expected == Unlike::Added { "4, 10" } else { "4, 20" };
        assert_eq!(difference, Difference { table: "spans", key: key.into(), what: expected });
    }
    target.meddle("drop trigger change on spans").await.unwrap();
    carried(&source, &target).await.unwrap();
}

#[tokio::test]
async fn a_target_that_is_in_use_is_refused_by_its_lock_or_by_what_is_in_it() {
    for (source, target) in [(Ground::sqlite(), Ground::postgres()), (Ground::postgres(), Ground::sqlite())] {
        written(&source).await.close().await.unwrap();
        let store = target.store().await;
        let why = refused(&source, &target).await;
        assert!(why.starts_with("at the target, ") && why.contains("another stillhere server is using it ("), "{why}");
        // That a server has run on it for a moment, to try the address, is no past.
        store.record(&Batch { alive_at: Some(Timestamp(1)), ..Batch::default() }.into()).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        carried(&source, &target).await.unwrap();
        let why = refused(&source, &target).await;
        assert!(why.contains("there is something in its table sessions"), "{why}");
        let _server = source.store().await;
        let why = refused(&source, &target).await;
        assert!(why.starts_with("at the source, ") && why.contains("another stillhere server is using it ("), "{why}");
    }
}

#[tokio::test]
async fn a_source_that_holds_nothing_is_refused_before_anything_is_made() {
    let (source, target) = (Ground::sqlite(), Ground::postgres());
    let why = refused(&source, &target).await;
    assert!(why.contains("no server has kept anything here"), "{why}");
    let Ground::Sqlite(directory) = &source else { unreachable!() };
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    source.store().await.close().await.unwrap();
    assert!(refused(&source, &target).await.starts_with("the source holds nothing"));
}

#[tokio::test]
async fn a_source_of_an_older_version_is_brought_up_to_date_first() {
    let (source, target) = (Ground::sqlite(), Ground::postgres());
    written(&source).await.close().await.unwrap();
    source.meddle("drop table views; delete from _sqlx_migrations where version = 9").await.unwrap();
    let old = survey(&source.place(), &target.place()).await.unwrap();
    let counts = carried(&source, &target).await.unwrap();
    assert_eq!(old, counts);
    assert_eq!(counts.iter().find(|count| count.table == "views").unwrap().rows, 0);
    assert_eq!(known(&target).await, known(&source).await);
}

#[tokio::test]
async fn a_survey_counts_beside_a_server_and_changes_nothing() {
    for (source, target) in [(Ground::sqlite(), Ground::postgres()), (Ground::postgres(), Ground::sqlite())] {
        let _server = written(&source).await;
        let counts = survey(&source.place(), &target.place()).await.unwrap();
        assert_eq!(counts[0], Count { table: "sessions", rows: 3 });
        if let Ground::Sqlite(directory) = &target {
            assert_eq!(directory.path().read_dir().unwrap().count(), 0);
        } else {
            assert!(target.columns().await.is_empty());
        }
        let _other = written(&target).await;
        let why = survey(&source.place(), &target.place()).await.unwrap_err().to_string();
        assert!(why.contains("there is something in its table sessions"), "{why}");
    }
}
