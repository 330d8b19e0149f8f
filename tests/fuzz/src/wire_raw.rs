//! Any bytes as the body of a beat, on the server's own way: read as JSON, then checked field by field.

use stillhere_engine::{
    limits,
    page::PageState,
    time::Millis,
    wire::{BadBeat, Beat, ChannelName, PagePath, RawBeat, Refusal, SessionId},
};

/// Reads `body` as the server does. What is read obeys the limits.
///
/// # Panics
/// When that does not hold.
pub fn check(body: &[u8]) {
    // The server hands on no more than this.
    if body.len() > limits::BEAT_BYTES {
        return;
    }
    let raw: RawBeat = match serde_json::from_slice(body) {
        Ok(raw) => raw,
        Err(why) => return refused(&BadBeat::Json(why.to_string())),
    };
    match raw.parse() {
        Ok(beat) => obeys_the_limits(&beat),
        Err(why) => refused(&why),
    }
}

/// A refusal has a code and a sentence, and the same bytes cannot help.
fn refused(why: &BadBeat) {
    let refusal = Refusal::BadBeat(why.clone());
    assert_eq!((refusal.code(), refusal.retry()), ("beat_bad", false));
    assert!(refusal.message().ends_with('.'), "no sentence: {}", refusal.message());
}

/// The limits once more, not as the engine checks them but as everybody behind it relies on them.
pub(crate) fn obeys_the_limits(beat: &Beat) {
    assert!(beat.seq >= 1);
    assert!(beat.t <= limits::SESSION_AGE);
    assert!(beat.active <= beat.t);
    assert!(!beat.sign_out || beat.state == PageState::Closed);
    assert!(beat.ago <= limits::SESSION_AGE && (beat.ago == Millis::ZERO || beat.state == PageState::Closed));
    assert!(!beat.idle || beat.next.is_none());
    assert!(beat.next.is_none_or(|next| (limits::INTERVAL_MIN..=limits::LEASE_MAX).contains(&next)));
    assert!(beat.visible.len() <= limits::SPANS);
    assert!(beat.visible.iter().all(|span| span.start <= span.end && span.end <= beat.t));
    assert!(beat.visible.windows(2).all(|pair| pair[0].end <= pair[1].start));
    let visible: u64 = beat.visible.iter().map(|span| span.length().0).sum();
    assert!(visible <= beat.t.0, "{visible} ms visible of {} ms", beat.t.0);
    let channel = beat.channel.as_str();
    assert!((1..=limits::CHANNEL_BYTES).contains(&channel.len()) && channel.is_ascii());
    assert_eq!(ChannelName::parse(channel).as_ref(), Ok(&beat.channel));
    if let Some(page) = &beat.page {
        assert!((1..=limits::PAGE_BYTES).contains(&page.as_str().len()));
        assert!(!page.as_str().contains(char::is_control));
        assert_eq!(PagePath::parse(page.as_str()).as_ref(), Ok(page));
    }
    let id = beat.session.to_text();
    assert_eq!(SessionId::parse(&id), Ok(beat.session));
}
