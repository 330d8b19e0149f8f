//! A server's story in any order: beats of a few tabs, time, a disk that fails, crashes.

mod claims;
mod server;
mod store;
mod story;

use arbitrary::{Arbitrary, Unstructured};

use crate::chance::Told;
use server::Server;
use story::{Step, Story};

/// Longer stories reach nothing new.
const STEPS: usize = 256;

/// Lives the story that `bytes` tell, and then lets everything come to its end.
///
/// # Panics
/// When a ticket is not answered once, when watchers are told what does not fit together or is not so, when a row takes
/// back what an earlier one said, when the tracker does not come to a wait, or when something is left in it at the end.
pub fn check(bytes: &[u8]) {
    let Ok(story) = Story::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let _told = Told(&story);
    let mut server = Server::start(story.policy());
    for step in story.steps.iter().take(STEPS) {
        take(&mut server, step);
    }
    server.come_to_rest();
}

/// A new input of the tracker is a line here, one in [`Step`], and what it promises in `claims.rs` or `store.rs`.
fn take(server: &mut Server, step: &Step) {
    match step {
        Step::Beat(said) => server.beat(said),
        Step::Again(at) => server.beat_again(*at),
        Step::Timer => server.wake(),
        Step::Pass(length) => server.pass(length.0),
        Step::WaitIsOver(times) => server.wait_out(*times),
        Step::Settle => server.settle(),
        Step::Punch { user, wish } => server.punch(*user, *wish),
        Step::SignOut { user, tab } => server.sign_out(*user, *tab),
        Step::Remove { user } => server.remove(*user),
        Step::DiskAnswers(how) => server.disk_answers(*how),
        Step::StoreAnswers(how) => server.store_answers(*how),
        Step::Crash { down } => server.crash(down.0),
    }
}
