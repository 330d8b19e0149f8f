//! False leaves: whether somebody who is said to have left is there, and what had been in the way.

use stillhere_engine::{limits, page::PageState};

use super::{
    World,
    browser::{Page, Tab},
};
use crate::{
    agenda::{MINUTE, Ms},
    cause::Cause,
    checks,
    life::{Fate, Life},
    machine::Link,
    preset::Preset,
};

/// Who has been awake and connected for so long could have been heard.
const REACHABLE_FOR: Ms = 3 * MINUTE;
/// On any usual network a beat is there after this time.
const USUAL_DELAY: Ms = limits::LAST_WORD_DELAY.0;
/// After so long hidden, a page's timers run once a minute.
const THROTTLED_AFTER: Ms = 5 * MINUTE;

impl World {
    /// Somebody was told that the person has left: is a page of theirs open, on a machine that is awake and connected?
    pub(super) fn count_if_false(&mut self, person: u32, channel: Option<usize>) {
        let tabs = self.open.get(&person).into_iter().flatten().filter_map(|&tab| self.tabs.get(tab));
        let in_channel = tabs.filter(|tab| channel.is_none_or(|channel| self.is_in(tab, channel)));
        let causes = in_channel.filter_map(|tab| self.cause_of(tab).map(|cause| (cause, tab)));
        let Some((cause, tab)) = causes.max_by_key(|&(cause, _)| cause) else { return };
        let session = tab.page.as_ref().or(tab.cached.as_ref()).and_then(|page| page.known);
        self.log.note(self.agenda.now(), format_args!("p{person} is still there ({}): {session:?}", cause.name()));
        self.tally.false_leaves.add(cause);
        if self.scenario.is_thorough && self.baseline.is_none() {
            let verdict = checks::nobody_there_has_left(person, cause);
            self.check(verdict);
        }
    }

    /// Whether the tab is in the channel. A page in the cache is where it was last heard of, wherever the tab's next page
    /// may have gone.
    fn is_in(&self, tab: &Tab, channel: usize) -> bool {
        let cached = tab.cached.as_ref().filter(|_| tab.page.is_none() && !tab.is_awaited);
        let row = cached.and_then(|page| self.server.disk.row(&page.known?));
        row.map_or(tab.channel == channel, |row| self.channels.get(channel) == Some(&row.channel))
    }

    /// Why the server has not heard of the tab; `None` if nobody is there.
    fn cause_of(&self, tab: &Tab) -> Option<Cause> {
        if !self.is_reachable(tab) {
            return None;
        }
        match (&tab.page, &tab.cached) {
            (Some(page), _) => self.is_there(page).then(|| self.cause_in(page)),
            (None, _) if tab.is_awaited => Some(Cause::SlowPage),
            // Of the predecessors none held a page that lies in the cache, nor said that it would.
            (None, Some(page)) if self.baseline.is_none() && self.is_held(page) => Some(self.cause_in(page)),
            (None, _) => None,
        }
    }

    fn is_reachable(&self, tab: &Tab) -> bool {
        let Some(machine) = self.devices.get(tab.device).map(|device| &device.machine) else { return false };
        let since = self.partition_until.max(machine.reachable_since);
        !machine.is_asleep() && machine.link == Link::Up && self.now() >= since + REACHABLE_FOR
    }

    fn is_there(&self, page: &Page) -> bool {
        match page.state {
            PageState::Active | PageState::Passive => true,
            // A silent tab whose session has ended waits for somebody to look before it begins another.
            PageState::Hidden if page.is_silent && self.is_before_its_first_beat(page) => false,
            PageState::Hidden => {
                let within_hold = page.hidden_since.is_none_or(|since| self.now() < since + self.policy.hidden_hold.0);
                self.scenario.preset.counts_hidden() && (self.policy.hidden_interval.is_some() || within_hold)
            }
            PageState::Frozen => self.is_held(page),
            PageState::Closed => false,
        }
    }

    fn is_before_its_first_beat(&self, page: &Page) -> bool {
        let life = page.known.and_then(|session| self.lives.get(&session));
        self.baseline.is_none() && life.is_some_and(|life| life.began.is_none())
    }

    /// A page that cannot beat is there as long as it is to be held.
    fn is_held(&self, page: &Page) -> bool {
        let within_hold = page.frozen_since.is_some_and(|since| self.now() < since + self.policy.hidden_hold.0);
        let life = page.known.and_then(|session| self.lives.get(&session));
        // Another page may have carried the session on and ended it.
        let is_last = |life: &Life| life.last_sent.is_none_or(|sent| sent.state == PageState::Frozen);
        // Had the session ended before, nothing was left to be held.
        let is_held = |life: &Life| is_last(life) && life.end.is_none();
        self.scenario.preset.counts_hidden() && within_hold && life.is_some_and(is_held)
    }

    /// What is left when no accident explains it is the state that the page is in.
    fn cause_in(&self, page: &Page) -> Cause {
        let life = page.known.and_then(|session| self.lives.get(&session));
        if let Some(cause) = life.and_then(|life| self.accident(page, life)) {
            return cause;
        }
        let is_throttled = page.hidden_since.is_some_and(|since| self.now() >= since + THROTTLED_AFTER);
        match page.state {
            _ if page.has_left => Cause::Cached,
            PageState::Frozen => Cause::Frozen,
            PageState::Hidden if is_throttled => Cause::Throttled,
            PageState::Hidden => Cause::Hidden,
            _ if self.baseline.is_some() && self.scenario.preset == Preset::WhoIsOnline => Cause::Idle,
            _ => Cause::Unexplained,
        }
    }

    /// A beat that would have prevented the leave, had nothing been in its way.
    fn accident(&self, page: &Page, life: &Life) -> Option<Cause> {
        let now = self.now();
        let is_lost = life.trials.iter().any(|trial| match trial.fate {
            Fate::Lost => true,
            Fate::UnderWay => now >= trial.at + USUAL_DELAY,
            // Of a page that came in a downtime a server that is back cannot know before it is told. Nor can it know that what
            // comes so late was followed by beats that met nobody.
            Fate::Down => life.newest.is_none_or(|newest| newest.at >= newest.sent_at + USUAL_DELAY),
            Fate::Arrived => false,
        });
        if is_lost {
            let returns = life.newest.is_none_or(|newest| newest.state == PageState::Closed);
            return Some(if returns { Cause::LostReturn } else { Cause::Network });
        }
        // It has only just come, and its first beat is under way or still being looked up; or it has yet to hear that its
        // session is over.
        let borne = if self.seems_open(life) { USUAL_DELAY } else { limits::ANSWER_WITHIN.0 };
        let is_unheard = !life.trials.is_empty() || life.answered == 0;
        if is_unheard && now < page.here_since + borne {
            return Some(Cause::Return);
        }
        let is_to_be_silent = page.state == PageState::Frozen || page.is_silent;
        let knows_last = life.newest.map(|newest| newest.seq) == life.last_sent.map(|sent| sent.seq);
        if !knows_last && (life.is_blurred() || self.server.is_without_past) {
            return Some(Cause::Forgotten);
        }
        // It was heard, and the answer that its session is over waits for the disk with what it told.
        if life.trials.iter().any(|trial| trial.fate == Fate::Arrived && now >= trial.at + USUAL_DELAY) {
            return Some(Cause::SlowStore);
        }
        // Its first beat was lost and its last word came instead, so it was over before it began. Whoever has come back to it
        // was heard, and the answer that says so waits for the disk too.
        let is_over_unheard =
            life.answered == 0 && life.arrivals.first().is_some_and(|first| first.state == PageState::Closed);
        if is_over_unheard && life.newest.is_some_and(|newest| now >= newest.at + USUAL_DELAY) {
            return Some(Cause::SlowStore);
        }
        let was_down = life.newest.is_some_and(|newest| newest.downtime < life.downtime);
        let met_nobody = life.trials.iter().any(|trial| trial.fate == Fate::Down);
        if is_to_be_silent && (met_nobody || !knows_last) {
            return Some(Cause::Unheard);
        }
        let has_just_started =
            self.server.restarted_at.is_some_and(|restarted_at| now < restarted_at + self.policy.boot_grace.0);
        (met_nobody || was_down || has_just_started).then_some(Cause::Restart)
    }
}
