//! Labels: how long ago something was, in the words that a list shows.

use core::fmt;

use crate::time::Millis;

/// So long ago, in words: `just now`, `5m ago`, `1h ago`, `3d ago`.
///
/// Whole units, rounded down, so that nobody is said to have been away for longer than they were. It is reckoned on the
/// server's clock, from which both the moment and the present come: a page whose clock is wrong shows the right label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ago(pub Millis);

const MINUTE: Millis = Millis::minutes(1);
const HOUR: Millis = Millis::minutes(60);
const DAY: Millis = Millis::minutes(24 * 60);

impl Ago {
    /// How long until the words are others: when a page has to write them anew.
    #[must_use]
    pub const fn changes_in(self) -> Millis {
        let unit = self.unit();
        Millis(unit.0 - self.0.0 % unit.0)
    }

    const fn unit(self) -> Millis {
        if self.0.0 < HOUR.0 {
            MINUTE
        } else if self.0.0 < DAY.0 {
            HOUR
        } else {
            DAY
        }
    }
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit();
        let letter = match unit {
            MINUTE => 'm',
            HOUR => 'h',
            _ => 'd',
        };
        match self.0.0 / unit.0 {
            0 => f.write_str("just now"),
            count => write!(f, "{count}{letter} ago"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_label_names_whole_units_and_never_one_too_many() {
        let label = |ms| Ago(Millis(ms)).to_string();
        assert_eq!([label(0), label(59_999)], ["just now", "just now"]);
        assert_eq!([label(60_000), label(299_999), label(300_000)], ["1m ago", "4m ago", "5m ago"]);
        assert_eq!([label(3_599_999), label(3_600_000), label(7_199_999)], ["59m ago", "1h ago", "1h ago"]);
        assert_eq!([label(86_399_999), label(86_400_000), label(3 * 86_400_000)], ["23h ago", "1d ago", "3d ago"]);
    }

    #[test]
    fn a_label_says_how_long_it_stays_true() {
        for ms in [0, 1, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 200_000_000] {
            let (now, change) = (Ago(Millis(ms)), Ago(Millis(ms)).changes_in().0);
            assert_eq!(Ago(Millis(ms + change - 1)).to_string(), now.to_string(), "{ms}");
            assert_ne!(Ago(Millis(ms + change)).to_string(), now.to_string(), "{ms}");
        }
    }
}
