//! The same story on servers that share their memory: for each thing that happens another one takes what there is of the
//! person, judges it, and puts it back as bytes. Whatever is answered, told and written is what one server would have said.

use alloc::{sync::Arc, vec::Vec};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;

pub(super) struct Nodes {
    policy: Arc<Policy>,
    memory: BTreeMap<UserId, (Vec<u8>, Timestamp)>,
    /// When who is to be looked at.
    due: BTreeSet<(Timestamp, UserId)>,
    disk: Disk,
    said: Vec<String>,
    /// Punches of which whoever records them may tell.
    told: VecDeque<String>,
}

/// What they all write to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Disk {
    rows: BTreeMap<SessionId, SessionRow>,
    punches: Vec<PunchRow>,
}

impl Disk {
    fn write(&mut self, batch: Batch) {
        self.rows.extend(batch.sessions.into_iter().map(|row| (row.session, row)));
        batch.punches.into_iter().for_each(|row| add_punch(&mut self.punches, row));
    }
}

impl Nodes {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy: Arc::new(policy),
            memory: BTreeMap::new(),
            due: BTreeSet::new(),
            disk: Disk::default(),
            said: Vec::new(),
            told: VecDeque::new(),
        }
    }

    /// Everything that is said because of the input, in no order.
    pub(super) fn tell(&mut self, input: &Input, now: Timestamp, is_down: bool) -> Vec<String> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, user)| user.clone());
        for user in due.collect::<Vec<_>>() {
            self.step(&user, Input::Timer, now, is_down);
        }
        match input {
            Input::Beat(report) => {
                // Nobody hands in what the store knew before the memory was looked into.
                let report = Report { past: None, ..(**report).clone() };
                self.step(&report.user.clone(), Input::Beat(Box::new(report)), now, is_down);
            }
            Input::Punch { ticket, user, way } => {
                self.step(user, Input::Punch { ticket: *ticket, user: user.clone(), way: *way }, now, is_down);
            }
            Input::SignOut { ticket, user, session } => {
                let (ticket, session) = (*ticket, *session);
                if self.disk.rows.get(&session).is_some_and(|row| row.user != *user) {
                    // The shell looks for the session where it lies.
                    self.said.push(done_in_words(ticket, Err(Refusal::SessionOfAnother)));
                    return self.say();
                }
                self.step(user, Input::SignOut { ticket, user: user.clone(), session }, now, is_down);
            }
            Input::Remove { ticket, user } => {
                self.step(user, Input::Remove { ticket: *ticket, user: user.clone() }, now, is_down);
            }
            Input::Removed(user) => self.step(user, Input::Removed(user.clone()), now, is_down),
            Input::Settle(ticket) => self.said.push(format!("done {}", ticket.0)),
            _ => {}
        }
        self.say()
    }

    fn say(&mut self) -> Vec<String> {
        let mut said = core::mem::take(&mut self.said);
        said.sort();
        said
    }

    /// The memory is lost; it is put together from the store.
    pub(super) fn rebuild(&mut self, rows: &[SessionRow], open: &[OpenPunch], alive_at: Timestamp, now: Timestamp) {
        let users = rows.iter().map(|row| &row.user).chain(open.iter().map(|punch| &punch.user));
        let users: Vec<UserId> = users.cloned().collect();
        self.memory.clear();
        self.due.clear();
        for user in users {
            let mut tracker = Tracker::resume(Arc::clone(&self.policy), Holding::nobody(user.clone(), now));
            let rows = rows.iter().filter(|row| row.user == user).cloned().collect();
            tracker.handle_input(Input::Restore { rows, alive_at: Some(alive_at) }, now);
            let open = open.iter().filter(|punch| punch.user == user).cloned().collect();
            tracker.handle_input(Input::RestorePunches(open), now);
            self.drain(&user, &mut tracker, now, false);
            self.put_back(&user, &tracker, now);
        }
    }

    fn step(&mut self, user: &UserId, input: Input, now: Timestamp, is_down: bool) {
        let holding = self.memory.remove(user).map(|(bytes, due)| {
            self.due.remove(&(due, user.clone()));
            postcard::from_bytes::<Holding>(&bytes).expect("readable")
        });
        let holding = holding.unwrap_or_else(|| Holding::nobody(user.clone(), now));
        let mut tracker = Tracker::resume(Arc::clone(&self.policy), holding);
        tracker.handle_input(input, now);
        self.drain(user, &mut tracker, now, is_down);
        tracker.handle_input(Input::Settle(Ticket(0)), now);
        self.drain(user, &mut tracker, now, is_down);
        self.put_back(user, &tracker, now);
    }

    fn put_back(&mut self, user: &UserId, tracker: &Tracker, now: Timestamp) {
        let Some(holding) = tracker.hold(user, None) else { return };
        let due = if holding.is_unwritten() { now.after(limits::STORE_RETRY) } else { Timestamp::NEVER };
        let bytes = postcard::to_allocvec(&holding).expect("writable");
        let due = due.min(tracker.due_at());
        self.memory.insert(user.clone(), (bytes, due));
        self.due.insert((due, user.clone()));
    }

    fn drain(&mut self, user: &UserId, tracker: &mut Tracker, now: Timestamp, is_down: bool) {
        loop {
            match tracker.poll_output() {
                Output::Answer { answer, .. } => self.said.push(masked(&answer)),
                Output::LookUp(mut report) => {
                    let stored = self.disk.rows.get(&report.beat.session);
                    report.past = Some(stored.map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row.clone()))));
                    tracker.handle_input(Input::Beat(report), now);
                }
                Output::Record(batch) if is_down => tracker.handle_input(Input::RecordFailed(batch), now),
                Output::Record(batch) => {
                    // As if this server were killed now, before anybody knows that it is written, and another went on.
                    let left = tracker.hold(user, Some(&batch));
                    let mut disk = self.disk.clone();
                    let recorded = left.clone().map(|mut holding| (holding.record(&batch), holding));
                    self.disk.write(*batch);
                    self.write_what_is_left(left.clone(), now, &mut disk);
                    assert_eq!(disk, self.disk, "another writes the same");
                    self.write_what_is_left(left, now, &mut disk);
                    assert_eq!(disk, self.disk, "written twice is written once");
                    tracker.handle_input(Input::Recorded, now);
                    if let Some((told, holding)) = recorded {
                        let is = (!holding.is_over()).then_some(holding);
                        assert_eq!(is, tracker.hold(user, None), "whoever has the person learns the same");
                        self.told.extend(told.iter().map(in_words));
                    }
                }
                Output::Publish(change @ Change::Punch(_)) => {
                    assert_eq!(self.told.pop_front(), Some(in_words(&change)), "and tells the same");
                    self.said.push(in_words(&change));
                }
                Output::Publish(change) => self.said.push(in_words(&change)),
                Output::Done { ticket: Ticket(0), .. } => {}
                Output::Done { ticket, done } => self.said.push(done_in_words(ticket, done)),
                Output::Punched { punch, .. } => self.said.push(asked_in_words(punch)),
                Output::Wait { .. } => return,
            }
        }
    }

    fn write_what_is_left(&self, left: Option<Holding>, now: Timestamp, disk: &mut Disk) {
        // Where nothing is to be remembered, nothing was to be written: somebody has only asked whether it was.
        let Some(left) = left else { return };
        let mut tracker = Tracker::resume(Arc::clone(&self.policy), left);
        tracker.handle_input(Input::Settle(Ticket(0)), now);
        while let output @ (Output::Record(_) | Output::Publish(_)) = tracker.poll_output() {
            if let Output::Record(batch) = output {
                disk.write(*batch);
            }
        }
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.disk.punches.iter().map(as_logged).collect()
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let all = self.memory.values().map(|(bytes, _)| postcard::from_bytes(bytes).expect("readable"));
        let trackers = all.map(|holding| Tracker::resume(Arc::clone(&self.policy), holding));
        in_order(trackers.flat_map(|tracker| tracker.members(None)).collect())
    }
}

/// Where they are listed first is nobody's business.
pub(super) fn in_order(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_by(|one, other| (&one.channel, &one.user).cmp(&(&other.channel, &other.user)));
    members
}

/// A punch without the number of its stay: of each user another server counts them.
pub(super) fn as_logged(row: &PunchRow) -> String {
    format!("{} {:?} {:?} {:?}", as_row(row), row.at, row.detected_at, row.error_bound)
}

/// An answer without what it says of the store, which may be asked at another moment.
pub(super) fn masked(answer: &Result<Accepted, Refusal>) -> String {
    match answer {
        Ok(Accepted { status, interval_ms, hidden_interval_ms, now_ms, .. }) => {
            format!("{status} {interval_ms:?} {hidden_interval_ms:?} {now_ms}")
        }
        Err(why) => why.code().into(),
    }
}

#[test]
fn a_time_in_which_nobody_could_be_heard_is_held_against_nobody() {
    let (mut server, mut tab) = (Server::alone(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(5_000);
    let ann = UserId::parse("ann").expect("a user");
    let policy = Arc::new(Policy::default());
    let holding = server.tracker.hold(&ann, None).expect("she is here");
    let (since, until) = (Timestamp(server.now), Timestamp(server.now).after(Millis::minutes(10)));
    let judge = |holding: &Holding, now: Timestamp, is_excused: bool| {
        let mut tracker = Tracker::resume(Arc::clone(&policy), holding.clone());
        if is_excused {
            tracker.excuse(since, until);
        }
        tracker.handle_input(Input::Timer, now);
        tracker
    };
    let after = until.after(Millis(1));
    assert!(judge(&holding, after, false).members_of(&ann).is_empty(), "her lease was over long ago");
    let excused = judge(&holding, after, true);
    assert_eq!(excused.members_of(&ann)[0].status, "online");

    let held = excused.hold(&ann, None).expect("she is here");
    let again = judge(&held, after, true);
    assert_eq!(again.hold(&ann, None), Some(held.clone()), "once, whoever takes her up next");
    let late = excused.explain(&ann)[0].row.lease_until;
    let in_the_end = judge(&held, late.after(Millis::seconds(1)), true);
    assert!(in_the_end.members_of(&ann).is_empty(), "whoever does not come back has gone");
    assert_eq!(late, since.after(Millis(25_000)).after(Millis::minutes(10)).after(policy.boot_grace));
}
