//! What can be asked of one person, and what the store knows of what is asked.

use std::sync::Arc;

use stillhere_engine::{
    time::Timestamp,
    tracker::{Batch, Change, Holding, Input, OpenPunch, Past, PunchKind, Report, SessionRow, Ticket, Way},
    wire::{Beat, SessionId, UserId},
};
use tokio::sync::{mpsc, oneshot};

use super::{judged::Judged, shard::Common, waiting::Waiting};
use crate::store::{PunchQuery, Store, StoreError};

/// What is asked of one person.
#[derive(Debug)]
pub(super) enum Ask {
    /// Take a beat; `past` is what the store knows of its session, once somebody has looked.
    Beat { issued_at: Option<Timestamp>, beat: Box<Beat>, past: Option<Past>, waiting: Ticket },
    /// Punch in or out.
    Punch { way: Way, waiting: Ticket },
    /// End a session at once.
    SignOut { session: SessionId, waiting: Ticket },
    /// Look whether something is over.
    Look,
    /// Look whether something is over, and say what.
    Sweep { waiting: Ticket },
    /// End what there is of them, before what is kept of them is removed.
    Remove { waiting: Ticket },
    /// It is removed: who comes now is somebody new.
    Removed { waiting: Option<Ticket> },
    /// This is in the store.
    Recorded(Batch),
    /// Go on with what the store knows, after Redis has forgotten.
    Restore { rows: Vec<SessionRow>, open: Option<OpenPunch>, alive_at: Option<Timestamp> },
}

impl Ask {
    /// What the engine is told.
    pub(super) fn inputs(&self, user: &UserId) -> Vec<Input> {
        let user = user.clone();
        match self {
            Self::Beat { issued_at, beat, past, waiting } => {
                let (beat, past) = ((**beat).clone(), past.clone());
                let report = Report { ticket: *waiting, user, issued_at: *issued_at, beat, past };
                vec![Input::Beat(Box::new(report))]
            }
            Self::Punch { way, waiting } => vec![Input::Punch { ticket: *waiting, user, way: *way }],
            Self::SignOut { session, waiting } => {
                vec![Input::SignOut { ticket: *waiting, user, session: *session }]
            }
            Self::Look | Self::Sweep { .. } => vec![Input::Timer],
            Self::Remove { waiting } => vec![Input::Remove { ticket: *waiting, user }],
            Self::Removed { .. } => vec![Input::Removed(user)],
            Self::Recorded(_) => Vec::new(),
            Self::Restore { rows, open, alive_at } => vec![
                Input::Restore { rows: rows.clone(), alive_at: *alive_at },
                Input::RestorePunches(open.iter().cloned().collect()),
            ],
        }
    }

    /// What is in the store nobody has to write any more; gives back what may be told by that.
    pub(super) fn recorded(&self, holding: &mut Holding) -> Vec<Change> {
        if let Self::Recorded(batch) = self { holding.record(batch) } else { Vec::new() }
    }

    /// Who waits for it.
    pub(super) const fn waiting(&self) -> Option<Ticket> {
        match self {
            Self::Beat { waiting, .. }
            | Self::Punch { waiting, .. }
            | Self::SignOut { waiting, .. }
            | Self::Sweep { waiting }
            | Self::Remove { waiting } => Some(*waiting),
            Self::Removed { waiting } => *waiting,
            Self::Look | Self::Recorded(_) | Self::Restore { .. } => None,
        }
    }
}

/// What comes into a shard.
pub(super) enum Command {
    /// From a request. The shard gives the ticket.
    New(UserId, Waiting, Box<dyn FnOnce(Ticket) -> Ask + Send>),
    /// From this node itself.
    Own(UserId, Ask),
    /// The batch of a person is in the store, or could not be written.
    Written(Box<Judged>, bool),
    /// Nothing could be read about a beat's session.
    LookUpFailed(Ticket),
    /// Says when everything that came before is in Redis, or that it is not.
    Until(oneshot::Sender<bool>),
}

/// What the store knows of a session that is in nobody's memory.
enum Found {
    /// It never was, is over, or is somebody else's.
    Ended(Past),
    /// It lasts.
    Open(Ask),
}

/// Asks the store about a beat's session, and lets the beat be judged with that.
pub(super) fn look_up(common: &Arc<Common>, commands: &mpsc::WeakUnboundedSender<Command>, report: Report) {
    let (common, commands) = (Arc::clone(common), commands.clone());
    tokio::spawn(async move {
        let Report { ticket: waiting, user, issued_at, beat, .. } = report;
        let asks = match past_of(&common, &user, beat.session).await {
            Some((found, removed_at)) => {
                // A tab that was open all the time would tell of what was removed.
                let issued_at = issued_at.max(removed_at);
                let ask = |past| Ask::Beat { issued_at, beat: Box::new(beat.clone()), past, waiting };
                match found {
                    Found::Ended(past) => vec![Command::Own(user, ask(Some(past)))],
                    // Redis has forgotten it: that is no departure.
                    Found::Open(restore) => {
                        vec![Command::Own(user.clone(), restore), Command::Own(user, ask(None))]
                    }
                }
            }
            None => vec![Command::LookUpFailed(waiting)],
        };
        if let Some(commands) = commands.upgrade() {
            asks.into_iter().for_each(|command| _ = commands.send(command));
        }
    });
}

/// Looks a session up, and when its user was removed last; `None`: that cannot be known now.
async fn past_of(common: &Common, user: &UserId, session: SessionId) -> Option<(Found, Option<Timestamp>)> {
    let (found, removed_at) = tokio::join!(stored(&*common.store, user, session), common.shards.removed_at(user));
    let outcome = match &found {
        Ok(Found::Ended(Past::NeverSeen)) => "new",
        Ok(_) => "found",
        Err(_) => "failed",
    };
    common.metrics.look_up(outcome);
    if let Err(why) = &found {
        tracing::error!(%why, "a session could not be looked up");
    }
    if let Err(why) = &removed_at {
        tracing::warn!(%why, "it is not known whether somebody was removed");
    }
    Some((found.ok()?, removed_at.ok()?))
}

async fn stored(store: &dyn Store, user: &UserId, session: SessionId) -> Result<Found, StoreError> {
    let Some(row) = store.session(session).await? else { return Ok(Found::Ended(Past::NeverSeen)) };
    if row.end.is_some() || row.user != *user {
        return Ok(Found::Ended(Past::Stored(Box::new(row))));
    }
    let newest = PunchQuery { user: Some(user.clone()), limit: 1, ..PunchQuery::default() };
    let newest = store.punches(&newest).await?.rows.pop().filter(|punch| punch.kind == PunchKind::In);
    let open = newest.map(|punch| OpenPunch { user: punch.user, epoch: punch.epoch, proven_until: punch.at });
    let alive_at = Some(row.last_seen_at);
    Ok(Found::Open(Ask::Restore { rows: vec![row], open, alive_at }))
}
