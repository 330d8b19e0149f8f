//! What lists of people show of those who are here: names and roles, from the newest token of each.
//!
//! It lies in memory and nowhere else. After a restart somebody is a bare id until their next beat.

use std::sync::Arc;

use quick_cache::sync::Cache;
use stillhere_engine::wire::UserId;

use crate::{
    identity::{Profile, Who},
    limits,
};

/// The newest token's word about each user. Who has been silent for longest is forgotten first.
pub(crate) struct Profiles {
    known: Cache<UserId, Arc<Who>>,
}

impl Profiles {
    /// Knows nobody yet.
    pub(crate) fn new() -> Self {
        Self { known: Cache::new(limits::PROFILES) }
    }

    /// Whoever has just beaten.
    pub(crate) fn note(&self, who: &Arc<Who>) {
        // A token without names must not take away what another tab's token has said.
        if who.profile == Profile::default() {
            return;
        }
        let is_known = self.known.peek(&who.user).is_some_and(|known| Arc::ptr_eq(&known, who));
        if !is_known {
            self.known.insert(who.user.clone(), Arc::clone(who));
        }
    }

    /// A person is removed.
    pub(crate) fn forget(&self, user: &UserId) {
        self.known.remove(user);
    }

    /// What is known of a user.
    pub(crate) fn of(&self, user: &UserId) -> Option<Arc<Who>> {
        self.known.get(user)
    }
}
