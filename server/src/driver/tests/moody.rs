//! A store with a mind of its own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use stillhere_engine::{
    time::Timestamp,
    tracker::{OpenPunch, SessionRow},
    wire::{SessionId, UserId},
};
use tokio::sync::Mutex;

use crate::{
    feed::News,
    store::{
        ChannelTotals, Course, Entry, Event, Left, Office, OpenSessions, Outbox, Pending, Place, PunchList, PunchQuery,
        Range, Removed, SessionList, SessionPage, SessionQuery, Shares, Sqlite, Store, StoreError, Trace,
    },
};

/// A store with a switch: it can be made to fail, or to wait.
pub(crate) struct Moody {
    pub(crate) inner: Sqlite,
    pub(crate) is_down: AtomicBool,
    pub(super) gate: Mutex<()>,
    pub(super) records: AtomicUsize,
    pub(super) removals: AtomicUsize,
    _directory: tempfile::TempDir,
}

impl Moody {
    pub(crate) async fn new() -> Arc<Self> {
        let directory = tempfile::tempdir().unwrap();
        let inner = Sqlite::open(directory.path()).await.unwrap();
        let (is_down, records, removals) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { inner, is_down, gate: Mutex::new(()), records, removals, _directory: directory })
    }

    fn refuse(&self) -> Result<(), StoreError> {
        if self.is_down.load(SeqCst) { Err(StoreError::new("write", "the test says so")) } else { Ok(()) }
    }
}

impl Store for Moody {
    fn record<'a>(&'a self, entry: &'a Entry) -> Pending<'a, ()> {
        Box::pin(async {
            let _passed = self.gate.lock().await;
            self.refuse()?;
            self.records.fetch_add(1, SeqCst);
            self.inner.record(entry).await
        })
    }

    fn session(&self, session: SessionId) -> Pending<'_, Option<SessionRow>> {
        Box::pin(async move {
            self.refuse()?;
            self.inner.session(session).await
        })
    }

    fn remove<'a>(&'a self, user: &'a UserId) -> Pending<'a, Removed> {
        Box::pin(async {
            self.refuse()?;
            self.removals.fetch_add(1, SeqCst);
            self.inner.remove(user).await
        })
    }

    fn forget(&self, before: Timestamp) -> Pending<'_, u64> {
        self.inner.forget(before)
    }

    fn cut(&self, before: Timestamp, now: Timestamp) -> Pending<'_, u64> {
        self.inner.cut(before, now)
    }

    fn punches<'a>(&'a self, query: &'a PunchQuery) -> Pending<'a, PunchList> {
        self.inner.punches(query)
    }

    fn channels(&self, today: Timestamp) -> Pending<'_, Vec<ChannelTotals>> {
        self.inner.channels(today)
    }

    fn course(&self, session: SessionId) -> Pending<'_, Course> {
        self.inner.course(session)
    }

    fn left(&self, since: Timestamp) -> Pending<'_, Vec<Left>> {
        self.inner.left(since)
    }

    fn open_punches(&self) -> Pending<'_, Vec<OpenPunch>> {
        self.inner.open_punches()
    }

    fn open_count(&self) -> Pending<'_, u64> {
        self.inner.open_count()
    }

    fn open_sessions(&self, after: Option<Place>) -> Pending<'_, OpenSessions> {
        self.inner.open_sessions(after)
    }

    fn alive_at(&self) -> Pending<'_, Option<Timestamp>> {
        Box::pin(async {
            self.refuse()?;
            self.inner.alive_at().await
        })
    }

    fn news(&self) -> Pending<'_, Vec<News>> {
        self.inner.news()
    }

    fn sessions<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionList> {
        self.inner.sessions(query)
    }

    fn session_page<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionPage> {
        self.inner.session_page(query)
    }

    fn history<'a>(&'a self, range: Range, into: &'a mut (dyn FnMut(Event<'_>) + Send)) -> Pending<'a, Shares> {
        self.inner.history(range, into)
    }

    fn user_history<'a>(
        &'a self,
        user: &'a UserId,
        range: Range,
        into: &'a mut (dyn FnMut(Trace) + Send),
    ) -> Pending<'a, ()> {
        self.inner.user_history(user, range, into)
    }

    fn outbox(&self) -> &dyn Outbox {
        self.inner.outbox()
    }

    fn office(&self) -> Pending<'_, Option<Office>> {
        self.inner.office()
    }

    fn close(&self) -> Pending<'_, ()> {
        self.inner.close()
    }
}
