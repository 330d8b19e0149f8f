//! Letters that are made and not on disk yet.

use std::{collections::VecDeque, sync::Arc};

use stillhere_engine::{
    tracker::{Change, EndReason, Member, PunchKind, PunchRow},
    wire::UserId,
};

use super::{
    Event, Occasion, Webhooks,
    arrivals::Arrivals,
    letter::{self, Cause},
};
use crate::{feed::News, limits, store::Letter, views::PunchView};

/// What the driver has to tell webhooks with its next batch. A change becomes a letter when watchers hear of it; a punch,
/// of which they hear only when it is on disk, does so in its own batch, so that no crash comes between the two.
#[derive(Debug)]
pub(crate) struct Drafts {
    webhooks: Arc<Webhooks>,
    /// `None`: no webhook asks who comes online.
    arrivals: Option<Arrivals>,
    letters: VecDeque<Letter>,
}

impl Drafts {
    /// None yet.
    pub(crate) fn new(webhooks: Arc<Webhooks>) -> Self {
        Self { webhooks, arrivals: None, letters: VecDeque::new() }
    }

    /// Begins with those who are here already, of whom nobody is told again that they have come. `members` are only asked for
    /// where it matters; `first` is the status of the ladder's first rung.
    pub(crate) fn begin(&mut self, first: &str, members: impl FnOnce() -> Vec<Member>) {
        let is_asked = self.webhooks.hooks().any(|hook| hook.events.contains(&Event::Online));
        self.arrivals = is_asked.then(|| Arrivals::new(first, members()));
    }

    /// A change is told to watchers.
    pub(crate) fn note(&mut self, change: &Change, news: &Arc<News>) {
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.note(change, news);
        }
        let reason = if let Change::Leave { reason, .. } = change { Some(reason.as_str()) } else { None };
        if let Some(event) = Event::of_change(change).filter(|event| !event.is_punch()) {
            self.write_news(event, news, reason);
        }
    }

    /// All changes are in that belong together.
    pub(crate) fn settle(&mut self) {
        let came = self.arrivals.as_mut().map(Arrivals::settle);
        for news in came.into_iter().flatten() {
            self.write_news(Event::Online, &news, None);
        }
    }

    /// Hands over what goes with a batch with these punches.
    pub(crate) fn take(&mut self, punches: &[PunchRow]) -> Vec<Letter> {
        self.settle();
        let mut letters: Vec<Letter> = std::mem::take(&mut self.letters).into();
        for row in punches {
            self.write_punch(row, &mut letters);
        }
        letters
    }

    /// Takes back what could not be written. Punches come again with their batch.
    pub(crate) fn put_back(&mut self, letters: Vec<Letter>) {
        let kinds = [Event::PunchIn, Event::PunchOut, Event::AutoOut].map(Event::kind);
        let older = letters.into_iter().filter(|letter| !kinds.contains(&&*letter.event));
        let newer = std::mem::replace(&mut self.letters, older.collect());
        newer.into_iter().for_each(|letter| self.push(letter));
    }

    /// A person is removed: nothing more is told of them.
    pub(crate) fn forget(&mut self, user: &UserId) {
        self.letters.retain(|letter| letter.user.as_ref() != Some(user));
    }

    /// These are on disk: whoever sends them may look.
    pub(crate) fn ring(&self) -> impl Fn(&[Letter]) + use<> {
        let webhooks = Arc::clone(&self.webhooks);
        move |letters| webhooks.ring(letters)
    }

    fn push(&mut self, letter: Letter) {
        if self.letters.len() >= limits::LETTERS_UNWRITTEN
            && let Some(lost) = self.letters.pop_front()
        {
            tracing::error!(hook = %lost.hook, "a letter is lost: the store is down, and more than it may wait for it");
        }
        self.letters.push_back(letter);
    }

    fn write_news(&mut self, event: Event, news: &News, reason: Option<&'static str>) {
        let occasion = Occasion { event, user: &news.user, channel: news.channel.as_ref(), reason };
        let webhooks = Arc::clone(&self.webhooks);
        for hook in webhooks.hooks().filter(|hook| hook.wants(occasion)) {
            let (kind, key, at) = (event.kind(), news.position.to_string(), news.at);
            let cause = Cause { kind, key: &key, at, user: Some(&news.user), data: &news.json };
            if let Some(letter) = letter::write(&hook.name, cause) {
                self.push(letter);
            }
        }
    }

    fn write_punch(&self, row: &PunchRow, letters: &mut Vec<Letter>) {
        let Some(event) = Event::of_punch(row.kind) else { return };
        let reason = row.reason.filter(|_| row.kind == PunchKind::AutoOut).map(EndReason::as_str);
        let occasion = Occasion { event, user: &row.user, channel: None, reason };
        for hook in self.webhooks.hooks().filter(|hook| hook.wants(occasion)) {
            let data = match serde_json::to_string(&PunchView::from(row)) {
                Ok(data) => data,
                Err(why) => {
                    // Strings and numbers always become JSON.
                    tracing::error!(%why, "a punch could not be written as JSON");
                    continue;
                }
            };
            // A stay is begun and ended once.
            let key = format!("{} {}", row.epoch, row.user.as_str());
            let cause =
                Cause { kind: event.kind(), key: &key, at: row.detected_at, user: Some(&row.user), data: &data };
            letters.extend(letter::write(&hook.name, cause));
        }
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::{
        time::{Millis, Timestamp},
        tracker::LeaveReason,
        wire::ChannelName,
    };

    use super::*;
    use crate::{feed::Position, profiles::Profiles, webhooks::hook::tests::hook};

    fn drafts() -> Drafts {
        let hooks = [hook("left", &[Event::Leave]), hook("punched", &[Event::AutoOut, Event::PunchIn])];
        Drafts::new(Arc::new(Webhooks::new(hooks.to_vec(), Arc::new(Profiles::new())).unwrap()))
    }

    fn leave(drafts: &mut Drafts, offset: u64) {
        let (channel, user) = (ChannelName::default(), UserId::parse("ann").unwrap());
        let position = Position { epoch: 1, offset };
        let json = offset.to_string();
        let news = News {
            position,
            at: Timestamp(offset),
            name: "leave",
            channel: Some(channel.clone()),
            user: user.clone(),
            json,
        };
        let reason = LeaveReason::Closed;
        drafts.note(&Change::Leave { channel, user, reason, last_seen_at: Timestamp(0) }, &Arc::new(news));
    }

    fn punch(kind: PunchKind, epoch: u64) -> PunchRow {
        let (user, at) = (UserId::parse("ann").unwrap(), Timestamp(epoch));
        let reason = Some(EndReason::Timeout);
        PunchRow { user, epoch, kind, at, detected_at: at, reason, error_bound: Millis::ZERO }
    }

    fn told(letters: &[Letter]) -> Vec<String> {
        letters.iter().map(|letter| format!("{} {} {}", letter.hook, letter.event, letter.made_at.0)).collect()
    }

    #[test]
    fn a_batch_that_could_not_be_written_has_its_letters_again_and_each_once() {
        let mut drafts = drafts();
        leave(&mut drafts, 1);
        let punches = [punch(PunchKind::AutoOut, 2), punch(PunchKind::Correction, 2), punch(PunchKind::Out, 3)];
        let first = drafts.take(&punches);
        assert_eq!(told(&first), ["left presence.leave 1", "punched punch.auto_out 2"]);
        drafts.put_back(first.clone());
        leave(&mut drafts, 4);
        let second = drafts.take(&punches);
        assert_eq!(told(&second), ["left presence.leave 1", "left presence.leave 4", "punched punch.auto_out 2"]);
        assert_eq!((&second[0], &second[2]), (&first[0], &first[1]), "by the same name");
        assert!(drafts.take(&[]).is_empty());
    }

    #[test]
    fn of_somebody_who_is_removed_nothing_more_is_told() {
        let mut drafts = drafts();
        leave(&mut drafts, 1);
        drafts.forget(&UserId::parse("bob").unwrap());
        assert_eq!(drafts.letters.len(), 1);
        drafts.forget(&UserId::parse("ann").unwrap());
        assert!(drafts.take(&[]).is_empty());
    }

    #[test]
    fn while_nothing_can_be_written_the_newest_letters_are_kept() {
        let mut drafts = drafts();
        let most = limits::LETTERS_UNWRITTEN as u64;
        (1..=most).for_each(|offset| leave(&mut drafts, offset));
        let failed = drafts.take(&[]);
        (most + 1..=most + 10).for_each(|offset| leave(&mut drafts, offset));
        drafts.put_back(failed);
        let kept = drafts.take(&[]);
        assert_eq!((kept.len() as u64, kept[0].made_at.0, kept[kept.len() - 1].made_at.0), (most, 11, most + 10));
    }
}
