//! Webhooks: endpoints of others that are told of what happens.
//!
//! What becomes a letter is decided in the driver ([`Drafts`]), which has it written with the batch that makes it true.
//! From there on it lies in the store's outbox, and each hook's sender takes what is due for it, in order, one at a time.
//! Nobody waits for an endpoint: not the driver, and no other hook.
//!
//! **What a restart looks like:** what was not noted as delivered is sent again, by the same name, so that whoever gets it twice
//! can tell. An endpoint that has said 410 is asked again.

mod arrivals;
mod drafts;
mod event;
mod hook;
mod letter;
mod post;
mod schedule;
mod sender;
mod signature;
mod slack;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use stillhere_engine::{time::Timestamp, wire::UserId};
use tokio::sync::{Notify, Semaphore};

pub(crate) use drafts::Drafts;
pub use event::Event;
pub use hook::Format;
pub(crate) use hook::{Hook, Occasion};
pub(crate) use post::Failure;
pub(crate) use sender::run;

use crate::{limits, profiles::Profiles, store::Letter};
use letter::Cause;
use post::Post;

/// All hooks, and the way to each.
pub(crate) struct Webhooks {
    lines: Vec<Line>,
    post: Post,
    profiles: Arc<Profiles>,
}

/// One hook, and how it goes with it.
pub(crate) struct Line {
    pub(crate) hook: Hook,
    /// Something new is on disk.
    bell: Notify,
    /// Whatever the endpoint has done before: try it now.
    nudge: Notify,
    report: Mutex<Report>,
    /// One letter at a time is tried out.
    trial: Semaphore,
}

/// How it has gone lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The endpoint's newest good answer.
    pub(crate) success_at: Option<Timestamp>,
    /// Its newest bad one, or none.
    pub(crate) failure_at: Option<Timestamp>,
    /// What was wrong with that.
    pub(crate) why: Option<String>,
    /// It has said that it is gone; nothing is sent until the next start.
    pub(crate) is_gone: bool,
}

impl Webhooks {
    /// Lines to these hooks.
    ///
    /// # Errors
    /// One needs the system's certificates, and they cannot be read.
    pub(crate) fn new(hooks: Vec<Hook>, profiles: Arc<Profiles>) -> io::Result<Self> {
        let post = Post::new(&hooks)?;
        let line = |hook| Line {
            hook,
            bell: Notify::new(),
            nudge: Notify::new(),
            report: Mutex::default(),
            trial: Semaphore::new(1),
        };
        Ok(Self { lines: hooks.into_iter().map(line).collect(), post, profiles })
    }

    /// The hooks.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = &Hook> {
        self.lines.iter().map(|line| &line.hook)
    }

    /// Each with how it goes.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The one of that name.
    pub(crate) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| *line.hook.name == *name)
    }

    /// These are on disk.
    fn ring(&self, letters: &[Letter]) {
        for line in self.lines.iter().filter(|line| letters.iter().any(|letter| letter.hook == line.hook.name)) {
            line.bell.notify_one();
        }
    }

    /// Sends a letter about nothing, now and only once. `None`: another one is under way.
    pub(crate) async fn try_out(&self, line: &Line, now: Timestamp) -> Option<Result<(), Failure>> {
        let _turn = line.trial.try_acquire().ok()?;
        let key = now.0.to_string();
        let cause = Cause { kind: "webhook.test", key: &key, at: now, user: None, data: "{}" };
        let letter = letter::write(&line.hook.name, cause)?;
        Some(self.deliver(line, &letter, now, limits::WEBHOOK_TRY_PATIENCE).await)
    }

    async fn deliver(
        &self,
        line: &Line,
        letter: &Letter,
        now: Timestamp,
        patience: std::time::Duration,
    ) -> Result<(), Failure> {
        let body = match line.hook.format {
            Format::Standard => letter.body.clone(),
            Format::Slack => slack::body(&letter.body, |user| self.name_of(user)),
        };
        let delivered = self.post.deliver(&line.hook, letter, body, now, patience).await;
        line.note(&delivered, now);
        delivered
    }

    /// What the newest token says that they are called. Names lie in memory only, and go into no letter before it is sent.
    fn name_of(&self, user: &str) -> Option<String> {
        let who = self.profiles.of(&UserId::parse(user).ok()?)?;
        who.profile.name.as_ref().map(ToString::to_string)
    }
}

impl Line {
    /// How it has gone lately.
    pub(crate) fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the sender to look now, whatever the endpoint has done before.
    pub(crate) fn nudge(&self) {
        self.nudge.notify_one();
    }

    fn note(&self, delivered: &Result<(), Failure>, at: Timestamp) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        match delivered {
            Ok(()) => report.success_at = Some(at),
            Err(failure) => {
                report.failure_at = Some(at);
                report.why = Some(failure.why.clone());
                report.is_gone |= failure.is_gone;
            }
        }
    }
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.hooks()).finish()
    }
}

#[cfg(test)]
mod tests;
