//! The network: packets take their time, come late, twice, in another order, or never.

use stillhere_engine::{
    limits,
    pulse::{Dispatch, Input, Means, Outcome},
    time::Millis,
    wire::{BadBeat, Beat, ChannelName, RawBeat, SessionId},
};

use super::{
    Event, World,
    browser::{Device, Tab},
};
use crate::{
    agenda::{Ms, SECOND},
    baseline::Ping,
    checks::{beat_is_valid, promise_is_kept},
    hostility::Kind,
    life::{Fate, Sent},
    machine::Link,
    slab::Key,
};

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) sender: Sender,
    pub(super) sent_at: Ms,
    pub(super) body: Body,
}

/// Whose page waits for the answer, if it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) tab: Key<Tab>,
    pub(super) device: Key<Device>,
    pub(super) page: u64,
    pub(super) person: u32,
    pub(super) wants_answer: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Beat(Beat),
    Ping { session: SessionId, ping: Ping, channel: usize, number: u32 },
}

impl Body {
    /// Whose, and which of them.
    const fn name(&self) -> (SessionId, u32) {
        match self {
            Self::Beat(beat) => (beat.session, beat.seq),
            Self::Ping { session, number, .. } => (*session, *number),
        }
    }
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) sender: Sender,
    pub(super) session: SessionId,
    pub(super) seq: u32,
    pub(super) outcome: Outcome,
}

impl World {
    /// A beat goes out.
    pub(super) fn send(&mut self, key: Key<Tab>, dispatch: &Dispatch) {
        let now = self.now();
        let Some((sender, channel)) = self.sender(key, dispatch.means) else { return };
        let channel = self.channels[channel].clone();
        let bytes = wire_bytes(dispatch, &channel);
        self.tally.beats += 1;
        self.tally.bytes += bytes as u64;
        let beat = if self.scenario.is_thorough {
            self.through_the_wire(dispatch, &channel, bytes)
        } else {
            Some(as_beat(dispatch, channel))
        };
        self.log.mix(now ^ u64::from(dispatch.seq) << 44);
        self.log.note(
            now,
            format_args!(
                "p{} {:?} sends beat {}: t {} {:?} next {:?} visible {:?}",
                sender.person,
                dispatch.session,
                dispatch.seq,
                dispatch.t.0,
                dispatch.state,
                dispatch.next.map(|next| next.0),
                dispatch.visible.iter().map(|span| (span.start.0, span.end.0)).collect::<Vec<_>>(),
            ),
        );
        let sent = Sent { seq: dispatch.seq, at: now, promise: dispatch.next, state: dispatch.state };
        if let Some(life) = self.lives.get_mut(&dispatch.session) {
            let verdict = promise_is_kept(dispatch.session, life, Some(sent), now);
            life.began.get_or_insert(now);
            life.last_sent = Some(sent);
            life.try_again(dispatch.seq, now);
            self.check(verdict);
        }
        if let Some(beat) = beat {
            self.put_on_the_way(Packet { sender, sent_at: now, body: Body::Beat(beat) });
        }
    }

    /// A baseline's request goes out.
    pub(super) fn send_ping(&mut self, key: Key<Tab>, ping: Ping) {
        let now = self.now();
        let Some((sender, channel)) = self.sender(key, Means::Beacon) else { return };
        let Some(session) = self.tabs.get(key).and_then(|tab| tab.page.as_ref()).map(super::browser::Page::session)
        else {
            return;
        };
        self.tally.beats += 1;
        self.tally.bytes += ping.bytes();
        let number = self.tally.beats as u32;
        if let Some(life) = self.lives.get_mut(&session) {
            life.began.get_or_insert(now);
            life.try_again(number, now);
        }
        self.put_on_the_way(Packet { sender, sent_at: now, body: Body::Ping { session, ping, channel, number } });
    }

    fn sender(&self, key: Key<Tab>, means: Means) -> Option<(Sender, usize)> {
        let tab = self.tabs.get(key)?;
        let page = tab.page.as_ref()?;
        let wants_answer = means == Means::Fetch;
        let sender = Sender { tab: key, device: tab.device, page: page.number, person: tab.person, wants_answer };
        Some((sender, tab.channel))
    }

    /// Everything that the wire checks, in both directions.
    fn through_the_wire(&mut self, dispatch: &Dispatch, channel: &ChannelName, bytes: usize) -> Option<Beat> {
        let text = serde_json::to_string(dispatch).unwrap_or_default();
        let text = format!("{},\"channel\":\"{}\"}}", text.trim_end_matches('}'), channel.as_str());
        debug_assert_eq!(text.len(), bytes, "{text}");
        let raw = serde_json::from_str::<RawBeat>(&text).map_err(|why| BadBeat::Json(why.to_string()));
        let parsed = raw.and_then(|raw| raw.parse());
        let verdict = beat_is_valid(dispatch.session, parsed.as_ref().map(|_| ()).map_err(Clone::clone), text.len());
        self.check(verdict);
        parsed.ok()
    }

    fn put_on_the_way(&mut self, packet: Packet) {
        let now = self.now();
        let Some(machine) = self.devices.get(packet.sender.device).map(|device| &device.machine) else { return };
        let (link, latency) = (machine.link, machine.latency);
        if matches!(link, Link::Offline | Link::Silent) {
            self.fares(&packet.body, Fate::Lost);
            if link == Link::Offline {
                self.fail_at_once(&packet);
            }
            return;
        }
        if now < self.partition_until || self.is_lost() {
            self.fares(&packet.body, Fate::Lost);
            return self.log.note(now, format_args!("  it is lost"));
        }
        let twice = self.hostility.rate(Kind::Duplicate, 2, 50);
        if self.chance.permille(twice) {
            let late = self.delay(latency) + self.chance.about(10 * SECOND).min(60 * SECOND);
            self.agenda.plan(now + late, Event::Request(Box::new(packet.clone())));
        }
        let delay = self.delay(latency);
        self.agenda.plan(now + delay, Event::Request(Box::new(packet)));
    }

    /// Writes down what has become of a request.
    pub(super) fn fares(&mut self, body: &Body, fate: Fate) {
        let (session, seq) = body.name();
        if let Some(life) = self.lives.get_mut(&session) {
            life.fare(seq, fate);
        }
    }

    fn fail_at_once(&mut self, packet: &Packet) {
        let Body::Beat(beat) = &packet.body else { return };
        let outcome = Outcome::Retry { after: Millis::ZERO };
        let reply = Reply { sender: packet.sender, session: beat.session, seq: beat.seq, outcome };
        self.agenda.plan(self.now() + 2, Event::Answer(Box::new(reply)));
    }

    /// Sends an answer back, if anybody wants it.
    pub(super) fn reply(&mut self, reply: Reply) {
        let now = self.now();
        if !reply.sender.wants_answer || now < self.partition_until || self.is_lost() {
            return;
        }
        let Some(machine) = self.devices.get(reply.sender.device).map(|device| &device.machine) else { return };
        if machine.link != Link::Up {
            return;
        }
        let latency = machine.latency;
        let delay = self.delay(latency);
        self.agenda.plan(now + delay, Event::Answer(Box::new(reply)));
    }

    /// The answer is there, if its page still is and runs.
    pub(super) fn answer_arrives(&mut self, reply: Reply) {
        let Reply { sender, session, seq, outcome } = reply;
        let Some(page) = self.tabs.get(sender.tab).and_then(|tab| tab.page.as_ref()) else { return };
        if page.number != sender.page || page.state == stillhere_engine::page::PageState::Frozen {
            return;
        }
        self.tell(sender.tab, Input::Answered { session, seq, outcome });
    }

    /// The device has its network back, and its pages hear of it.
    pub(super) fn link_is_up(&mut self, key: Key<Device>) {
        let now = self.now();
        let Some(device) = self.devices.get_mut(key) else { return };
        let was = std::mem::replace(&mut device.machine.link, Link::Up);
        device.machine.reachable_since = now;
        let tabs = device.tabs.clone();
        self.log.note(self.agenda.now(), format_args!("a network is back"));
        if was == Link::Offline {
            for tab in tabs {
                self.tell(tab, Input::Online);
            }
        }
    }

    fn is_lost(&mut self) -> bool {
        let rate = self.hostility.rate(Kind::Loss, 3, 60);
        self.chance.permille(rate)
    }

    /// One way: mostly the machine's own latency, at times far more.
    fn delay(&mut self, latency: Ms) -> Ms {
        let usual = latency + self.chance.below(latency / 2 + 1);
        let late = self.hostility.rate(Kind::Delay, 5, 60);
        if self.chance.permille(late) {
            let most = limits::ANSWER_WITHIN.0 * 3;
            return usual + self.chance.about(2 * SECOND).min(most);
        }
        usual
    }
}

/// The beat as the server's decoder would give it, without the way there and back: for large worlds.
fn as_beat(dispatch: &Dispatch, channel: ChannelName) -> Beat {
    Beat {
        session: dispatch.session,
        seq: dispatch.seq,
        t: dispatch.t,
        state: dispatch.state,
        sign_out: dispatch.sign_out,
        idle: dispatch.idle,
        ago: Millis::ZERO,
        next: dispatch.next,
        visible: dispatch.visible.clone(),
        active: dispatch.active,
        channel,
        page: None,
    }
}

/// How long the beat's JSON is.
fn wire_bytes(dispatch: &Dispatch, channel: &ChannelName) -> usize {
    use stillhere_engine::page::PageState;
    let state = match dispatch.state {
        PageState::Active | PageState::Hidden | PageState::Frozen | PageState::Closed => 6,
        PageState::Passive => 7,
    };
    let spans: usize = dispatch.visible.iter().map(|span| 3 + digits(span.start.0) + digits(span.end.0)).sum();
    let names = r#"{"session":"","seq":,"t":,"state":"","visible":[],"activeMs":,"channel":""}"#.len();
    names
        + 22
        + digits(u64::from(dispatch.seq))
        + digits(dispatch.t.0)
        + state
        + if dispatch.sign_out { r#","signOut":true"#.len() } else { 0 }
        + dispatch.next.map_or(0, |next| r#","nextMs":"#.len() + digits(next.0))
        + spans
        + dispatch.visible.len().saturating_sub(1)
        + digits(dispatch.active.0)
        + channel.as_str().len()
}

const fn digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}
