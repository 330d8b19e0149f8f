//! Stories of one tab: what happens, and what is sent.

use alloc::{format, string::String, vec::Vec};

use super::*;
use crate::time::Timestamp;

/// A pulse, its clocks, and everything that it sent.
struct Tab {
    pulse: Pulse,
    ms: u64,
    slept: u64,
    sent: Vec<Dispatch>,
    ended: Vec<SessionId>,
    wait: (Instant, Why),
}

impl Tab {
    fn open(options: Options) -> Self {
        let mut tab = Self::load(options, None);
        tab.tell(Input::Page(PageState::Active));
        tab
    }

    fn load(options: Options, saved: Option<(Saved, u64)>) -> Self {
        Self::seeded(1, options, saved)
    }

    fn seeded(seed: u8, options: Options, saved: Option<(Saved, u64)>) -> Self {
        let ms = saved.as_ref().map_or(0, |(_, ms)| *ms);
        let now = Now { instant: Instant(ms), wall: Timestamp(ms) };
        let pulse = Pulse::begin(options, [seed; 16], saved.map(|(saved, _)| saved), now);
        Self { pulse, ms, slept: 0, sent: Vec::new(), ended: Vec::new(), wait: (Instant(0), Why::Asked) }
    }

    fn tell(&mut self, input: Input) {
        let now = Now { instant: Instant(self.ms), wall: Timestamp(self.ms + self.slept) };
        self.pulse.handle_input(input, now);
        self.wait = loop {
            match self.pulse.poll_output() {
                Output::Send(dispatch) => self.sent.push(dispatch),
                Output::Ended(session) => self.ended.push(session),
                Output::Wait { until, why } => break (until, why),
            }
        };
    }

    /// Lets time pass; timers fire when they should.
    fn pass(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.wait.0.0 <= end {
            self.ms = self.ms.max(self.wait.0.0);
            self.tell(Input::Timer);
        }
        self.ms = end;
    }

    fn answer(&mut self, outcome: Outcome) {
        let newest = self.sent.last().expect("something was sent");
        let (session, seq) = (newest.session, newest.seq);
        self.tell(Input::Answered { session, seq, outcome });
    }

    /// Time passes, and every beat is taken at once.
    fn pass_online(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.wait.0.0 <= end {
            let before = self.sent.len();
            let step = self.wait.0.0.saturating_sub(self.ms);
            self.pass(step);
            if self.sent.len() > before {
                self.answer(accepted(10));
            }
        }
        self.ms = end;
    }

    fn last(&self) -> &Dispatch {
        self.sent.last().expect("something was sent")
    }

    fn visible(&self) -> String {
        let spans = self.last().visible.iter();
        spans.map(|span| format!("{}-{}", span.start.0, span.end.0)).collect::<Vec<_>>().join(" ")
    }
}

fn accepted(seconds: u64) -> Outcome {
    let hidden_interval = Some(Millis::seconds(75));
    Outcome::Accepted { interval: Millis::seconds(seconds), hidden_interval, saved_seq: 0 }
}

fn every(seconds: u64) -> Options {
    Options { interval: Some(Millis::seconds(seconds)), ..Options::default() }
}

#[test]
fn a_tab_beats_on_load_and_then_at_the_promised_pace() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(99));
    tab.pass_online(60_000);
    let gaps: Vec<u64> = tab.sent.windows(2).map(|pair| pair[1].t.0 - pair[0].t.0).collect();
    assert_eq!(tab.sent[0].t, Millis(0));
    assert!((5_000..=10_000).contains(&gaps[0]), "the first gap is shorter by chance: {gaps:?}");
    assert!(gaps[1..].iter().all(|&gap| gap == 10_000) && gaps.len() >= 5, "{gaps:?}");
    assert!(tab.sent.iter().all(|beat| beat.next == Some(Millis(10_000)) && beat.means == Means::Fetch));
}

#[test]
fn pages_opened_by_one_event_do_not_beat_in_step() {
    let first_gap = |seed| {
        let mut tab = Tab::seeded(seed, every(600), None);
        tab.tell(Input::Page(PageState::Active));
        tab.answer(accepted(600));
        tab.wait.0.0
    };
    let gaps: alloc::collections::BTreeSet<u64> = (0..50).map(first_gap).collect();
    assert!(gaps.len() > 45, "{gaps:?}");
}

#[test]
fn a_lost_beat_is_noticed_long_before_the_next_one_is_due() {
    let mut tab = Tab::open(every(600));
    tab.pass(limits::ANSWER_WITHIN.0 + limits::RETRY_FIRST.0 + 1);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn input_to_a_hidden_page_is_no_activity() {
    let mut tab = Tab::open(every(600));
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.pass(40_000);
    let sent = tab.sent.len();
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), sent);
    tab.tell(Input::BeatNow);
    assert_eq!(tab.last().active, Millis::ZERO);
}

#[test]
fn a_tab_promises_nothing_before_it_knows_the_pace() {
    let mut tab = Tab::open(Options::default());
    assert_eq!(tab.last().next, None);
    tab.answer(accepted(180));
    assert!(tab.wait.0 >= Instant(90_000) && tab.wait.0 <= Instant(180_000) && tab.wait.1 == Why::Interval);
    tab.pass(180_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(180)));
}

#[test]
fn a_longer_pace_never_breaks_the_promise_already_made() {
    let mut tab = Tab::open(Options::default());
    tab.answer(accepted(10));
    tab.pass(10_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(10)));
    let promised = tab.last().t.0 + 10_000;
    tab.answer(accepted(600));
    assert_eq!(tab.wait, (Instant(promised), Why::Interval));
    tab.pass(10_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(600)));
}

#[test]
fn hiding_and_showing_is_told_at_once() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.pass(3_000);
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Hidden, Some(Millis::seconds(75))));
    assert_eq!(tab.visible(), "0-3000");
    tab.answer(accepted(10));
    assert_eq!(tab.wait.1, Why::Hidden);
    tab.pass(20_000);
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::Page(PageState::Passive));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Passive, Some(Millis::seconds(10))));
    assert_eq!(tab.visible(), "0-3000 23000-23000");
}

#[test]
fn a_paused_tab_is_silent_until_it_is_shown() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Pause), ..every(10) });
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!(tab.last().next, None, "no promise");
    tab.answer(accepted(10));
    assert_eq!(tab.wait, (Instant::NEVER, Why::Paused));
}

#[test]
fn the_server_may_say_that_hidden_tabs_pause() {
    let mut tab = Tab::open(Options::default());
    let pause = || Outcome::Accepted { interval: Millis::seconds(180), hidden_interval: None, saved_seq: 0 };
    tab.answer(pause());
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Hidden, None));
    tab.answer(pause());
    assert_eq!(tab.wait, (Instant::NEVER, Why::Paused));
}

#[test]
fn a_tab_that_leaves_when_hidden_says_closed() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Leave), ..every(10) });
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Closed, None));
}

#[test]
fn closing_sends_one_last_word_by_beacon() {
    let mut tab = Tab::open(every(10));
    tab.pass(4_000);
    tab.tell(Input::Page(PageState::Closed));
    tab.tell(Input::Page(PageState::Hidden)); // Chromium says so after `pagehide`
    tab.pass(600_000);
    assert_eq!(tab.sent.len(), 2);
    assert_eq!((tab.last().state, tab.last().means, tab.last().next), (PageState::Closed, Means::Beacon, None));
    assert_eq!(tab.visible(), "0-4000");
}

#[test]
fn a_page_back_from_the_cache_beats_at_once() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Frozen));
    assert_eq!((tab.last().state, tab.last().means), (PageState::Frozen, Means::Beacon));
    tab.ms += 100_000;
    tab.tell(Input::Timer); // a timer that fires while the page is frozen must not beat
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::Page(PageState::Active));
    assert_eq!((tab.last().state, tab.last().seq), (PageState::Active, 3));
    assert_eq!(tab.visible(), "0-0 100000-100000");
}

#[test]
fn spans_are_told_until_the_server_keeps_them() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.pass(2_000);
    tab.tell(Input::Page(PageState::Hidden)); // beat 2 tells 0-2000 whole
    let kept = |saved_seq| Outcome::Accepted { interval: Millis::seconds(10), hidden_interval: None, saved_seq };
    tab.answer(kept(1));
    tab.tell(Input::Page(PageState::Active));
    assert_eq!(tab.visible(), "0-2000 2000-2000");
    tab.answer(kept(2));
    tab.pass(9_000);
    tab.tell(Input::BeatNow);
    assert!(tab.visible().starts_with("2000-"), "{}", tab.visible());
}

#[test]
fn a_beat_without_answer_is_tried_again_with_growing_jitter() {
    let mut tab = Tab::open(every(10));
    tab.pass(3_600_000);
    let gaps: Vec<u64> = tab.sent.windows(2).map(|pair| pair[1].t.0 - pair[0].t.0).collect();
    let longest = limits::ANSWER_WITHIN.0 + limits::RETRY_LAST.0;
    assert!(gaps.iter().all(|&gap| gap <= longest + 1), "{gaps:?}");
    assert!(gaps[0] <= limits::ANSWER_WITHIN.0 + limits::RETRY_FIRST.0 + 1);
    assert!(gaps.iter().any(|&gap| gap > limits::ANSWER_WITHIN.0 + limits::RETRY_LAST.0 / 2), "{gaps:?}");
    assert!(gaps.len() > 60 && gaps.len() < 360, "{} tries in an hour", gaps.len());
    let jitter = |gap: &u64| gap % 1000;
    assert!(gaps.iter().map(jitter).collect::<alloc::collections::BTreeSet<_>>().len() > gaps.len() / 2);
    assert_eq!(tab.visible(), format!("0-{}", tab.last().t.0), "nothing that happened meanwhile is lost");
}

#[test]
fn a_server_that_says_when_is_obeyed() {
    let mut tab = Tab::open(every(10));
    tab.answer(Outcome::Retry { after: Millis::seconds(30) });
    assert!(tab.wait.0 >= Instant(30_000) && tab.wait.0 <= Instant(31_001) && tab.wait.1 == Why::Retry);
    tab.tell(Input::Online);
    assert!(tab.wait.0 <= Instant(1_000), "a network that is back makes it try soon");
}

#[test]
fn a_refusal_that_cannot_be_mended_ends_the_trying() {
    let mut tab = Tab::open(every(10));
    tab.answer(Outcome::Refused);
    assert_eq!(tab.wait, (Instant::NEVER, Why::Refused));
    tab.tell(Input::BeatNow);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn a_session_that_ended_is_followed_by_a_new_one() {
    let mut tab = Tab::open(every(10));
    tab.pass(5_000);
    let old = tab.last().session;
    tab.answer(Outcome::Ended);
    assert_eq!(tab.ended, [old]);
    let new = tab.last();
    assert_ne!(new.session, old);
    assert_eq!((new.seq, new.t), (1, Millis(0)));
    tab.tell(Input::Answered { session: old, seq: 1, outcome: Outcome::Refused });
    assert_ne!(tab.wait.1, Why::Refused, "an answer for the old session says nothing about the new one");
}

#[test]
fn the_next_page_of_a_tab_goes_on_with_the_session() {
    let mut tab = Tab::open(every(10));
    tab.pass(4_000);
    tab.tell(Input::Page(PageState::Closed));
    let saved = Saved::parse(&tab.pulse.save().to_text()).expect("readable");
    let mut next = Tab::load(every(10), Some((saved, 4_300)));
    next.tell(Input::Page(PageState::Active));
    assert_eq!(next.sent.len(), 1);
    assert_eq!((next.last().session, next.last().seq, next.last().t), (tab.last().session, 3, Millis(4_300)));
    assert_eq!(next.visible(), "0-4000 4300-4300");
}

#[test]
fn an_old_saved_session_is_not_gone_on_with() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Closed));
    let saved = tab.pulse.save();
    let next = Tab::load(every(10), Some((saved, limits::RESUME_WITHIN.0 + 1)));
    assert_eq!(next.pulse.save().seq, 0);
}

#[test]
fn a_sleep_of_the_machine_is_not_visible_time() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.ms += 3_000;
    tab.tell(Input::Activity);
    tab.slept = 3_600_000;
    tab.ms += 1_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.visible(), "0-3000 3604000-3604000");
    assert_eq!(tab.last().active, Millis(0));
}

#[test]
fn input_after_idleness_is_told_at_once_and_other_input_is_not() {
    let mut tab = Tab::open(every(600));
    tab.answer(accepted(10));
    tab.pass(40_000);
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), 2);
    tab.pass(1_000);
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::BeatNow);
    assert_eq!(tab.last().active, Millis(1_000));
}

#[test]
fn a_page_that_flickers_does_not_flood() {
    let mut tab = Tab::open(every(10));
    for _ in 0..100 {
        tab.tell(Input::Page(PageState::Hidden));
        tab.tell(Input::Page(PageState::Active));
    }
    assert_eq!(tab.sent.len() as u64, limits::BEAT_BURST);
    assert_eq!(tab.wait.1, Why::Throttled);
    tab.pass(1_000);
    assert_eq!(tab.sent.len() as u64, limits::BEAT_BURST + 1);
}

#[test]
fn a_stopped_tab_says_closed_once_and_is_silent() {
    let mut tab = Tab::open(every(10));
    tab.pass(2_000);
    tab.tell(Input::Stop);
    tab.tell(Input::Stop);
    tab.tell(Input::Page(PageState::Hidden));
    tab.tell(Input::Page(PageState::Active));
    tab.tell(Input::BeatNow);
    tab.pass(100_000);
    assert_eq!(tab.sent.len(), 2);
    assert_eq!((tab.last().state, tab.visible().as_str()), (PageState::Closed, "0-2000"));
    assert_eq!(tab.wait, (Instant::NEVER, Why::Stopped));
}

#[test]
fn a_tab_whose_answers_are_lost_keeps_its_promises_all_the_same() {
    let mut tab = Tab::open(every(10));
    tab.pass(3_600_000);
    let at_least = limits::ANSWER_WITHIN.plus(limits::RETRY_FIRST).0;
    for pair in tab.sent.windows(2) {
        let promise = pair[0].next.expect("the pace is known").0.max(at_least);
        assert!(pair[1].t.0 - pair[0].t.0 <= promise + 1, "{:?} then {:?}", pair[0], pair[1]);
    }
}

#[test]
fn a_tab_that_never_hears_the_pace_promises_how_long_it_tries() {
    let mut tab = Tab::open(Options::default());
    tab.pass(60_000);
    assert!(tab.last().next >= Some(limits::ANSWER_WITHIN.plus(limits::RETRY_FIRST)));
    let promised = tab.last().t.plus(tab.last().next.expect("a promise"));
    tab.answer(accepted(600));
    assert!(tab.wait.0 <= Instant(promised.0), "a longer pace begins with the next beat");
    tab.tell(Input::Page(PageState::Hidden));
    assert!(tab.last().next.is_some());
}

#[test]
fn a_hidden_tab_beats_with_every_full_minute() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(accepted(10));
    assert!(tab.wait.0 < Instant(60_000), "{:?}", tab.wait);
    tab.ms = 60_000;
    tab.tell(Input::Timer);
    assert_eq!((tab.sent.len(), tab.last().next), (3, Some(Millis::seconds(75))));
    tab.ms = 120_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.sent.len(), 4, "also after one that was lost");
}

#[test]
fn a_page_that_hides_when_a_beat_is_found_lost_says_so_at_once() {
    let mut tab = Tab::open(every(10));
    tab.ms = limits::ANSWER_WITHIN.0;
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.sent.len(), tab.last().state), (2, PageState::Hidden));
}

#[test]
fn a_sleep_through_which_both_clocks_go_on_is_noticed() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.ms += 3_600_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.visible(), "0-0 3600000-3600000");
}

#[test]
fn a_session_that_begins_in_a_hidden_tab_counts_from_its_first_beat() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(Outcome::Ended);
    tab.pass(3_600_000);
    tab.tell(Input::Page(PageState::Active));
    assert_eq!((tab.last().seq, tab.last().t, tab.visible().as_str()), (1, Millis(0), "0-0"));
}

#[test]
fn a_tab_that_is_open_for_more_than_a_month_begins_a_new_session() {
    let mut tab = Tab::open(every(10));
    let old = tab.last().session;
    tab.ms = limits::SESSION_AGE.0 + 1_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.ended, [old]);
    assert_eq!((tab.last().seq, tab.last().t), (1, Millis(0)));
}
