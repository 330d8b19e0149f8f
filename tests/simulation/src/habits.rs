//! What browsers do with pages nobody looks at, in numbers and words. The world plays it; `cargo xtask browser-facts`
//! measures it in a real Chromium and writes `CHROMIUM.md`.

use crate::agenda::{MINUTE, Ms, SECOND};

/// A hidden page's timers fire together, so far apart.
pub const HIDDEN_STEP: Ms = SECOND;

/// After so long hidden, a page's timers are held back further.
pub const INTENSIVE_AFTER: Ms = 5 * MINUTE;

/// And then fire together, so far apart.
pub const INTENSIVE_STEP: Ms = MINUTE;

/// No page is frozen before it has been hidden for so long.
pub const FREEZE_AFTER: Ms = 5 * MINUTE;

/// What a page is told when its tab is closed, or when it gives way to another and is not kept. Some browsers leave the
/// second out, which is an echo: the client listens to the first.
pub const ON_CLOSE: &[&str] = &["pagehide", "visibilitychange hidden"];

/// What a page is told when it gives way to another and is kept. The client listens to the first only.
pub const ON_CACHE: &[&str] = &["pagehide into the cache", "visibilitychange hidden", "freeze"];

/// And when it comes back. The client listens to the last only.
pub const ON_RETURN: &[&str] = &["resume", "visibilitychange visible", "pageshow from the cache"];

/// What a hidden page is told when it is frozen.
pub const ON_FREEZE: &[&str] = &["freeze"];

/// And when it is thawed.
pub const ON_THAW: &[&str] = &["resume"];

/// What a page is told when its process is killed.
pub const ON_KILL: &[&str] = &[];

/// When a timer fires that is due at `due`: never early, and as late as the browser lets it in a page that has been
/// hidden since `hidden_since`. `phase` is the page's own: where in each step its timers fire.
///
/// Harsher than Chromium, which holds only those timers back further that were set by other timers. Ours are set by
/// answers at most times, but not when an answer is lost.
#[must_use]
pub const fn fires_at(due: Ms, hidden_since: Option<Ms>, phase: Ms) -> Ms {
    match hidden_since {
        Some(since) if due >= since + INTENSIVE_AFTER => align(due, INTENSIVE_STEP, phase),
        Some(_) => align(due, HIDDEN_STEP, phase),
        None => due,
    }
}

/// The next moment that lies `phase` after a whole `step`.
const fn align(at: Ms, step: Ms, phase: Ms) -> Ms {
    let phase = phase % step;
    (at + step - 1 - phase) / step * step + phase
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttled_timers_fire_once_a_minute_and_never_early() {
        assert_eq!(align(0, MINUTE, 0), 0);
        assert_eq!(align(1, MINUTE, 0), MINUTE);
        assert_eq!(align(75_000, MINUTE, 5_000), 125_000);
        for at in 60_000..200_000 {
            let fires = align(at, MINUTE, 17_000);
            assert!(fires >= at && fires < at + MINUTE && fires % MINUTE == 17_000);
        }
    }

    #[test]
    fn a_timer_is_as_late_as_its_page_has_long_been_hidden() {
        assert_eq!(fires_at(1_234, None, 100), 1_234);
        assert_eq!(fires_at(1_234, Some(0), 100), 2_100);
        let late = fires_at(INTENSIVE_AFTER, Some(0), 100);
        assert!(late % INTENSIVE_STEP == 100 && (INTENSIVE_AFTER..INTENSIVE_AFTER + INTENSIVE_STEP).contains(&late));
    }
}
