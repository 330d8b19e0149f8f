//! Moments as text: ISO 8601 in UTC with milliseconds, `2026-11-21T14:06:38.123Z`.

use jiff::tz::Offset;
use serde::{Serialize, Serializer};
use stillhere_engine::time::{Millis, Timestamp};

/// The moment as text. One that no calendar knows comes out as the calendar's last.
pub(crate) fn to_text(at: Timestamp) -> String {
    Written::new(at).as_str().to_owned()
}

/// A moment that becomes text when it is written, without a piece of memory of its own: a long list has hundreds of
/// thousands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written([u8; TEMPLATE.len()]);

const TEMPLATE: [u8; 24] = *b"0000-00-00T00:00:00.000Z";

impl Written {
    pub(crate) fn new(at: Timestamp) -> Self {
        let known = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let moment = Offset::UTC.to_datetime(known.unwrap_or(jiff::Timestamp::MAX));
        let mut text = TEMPLATE;
        let mut digits = |from: usize, count: usize, number: i32| {
            let mut rest = number.unsigned_abs();
            for place in (from..from + count).rev() {
                text[place] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        };
        digits(0, 4, moment.year().into());
        digits(5, 2, moment.month().into());
        digits(8, 2, moment.day().into());
        digits(11, 2, moment.hour().into());
        digits(14, 2, moment.minute().into());
        digits(17, 2, moment.second().into());
        digits(20, 3, moment.millisecond().into());
        Self(text)
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// A day of UTC, which knows no other length.
pub(crate) const DAY: Millis = Millis::minutes(24 * 60);

/// When the day of the moment began, in UTC.
pub(crate) const fn day_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0 % DAY.0)
}

/// Reads a moment with any offset from UTC; `None` for anything else, and for what lies before 1970.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

/// Reads a moment as headers of HTTP write it (RFC 9110, 5.6.7).
pub(crate) fn parse_http(text: &str) -> Option<Timestamp> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_being_written_and_read() {
        assert_eq!(to_text(Timestamp(1_795_270_000_003)), "2026-11-21T14:06:40.003Z");
        assert_eq!(parse("2026-11-21T14:06:40.003Z"), Some(Timestamp(1_795_270_000_003)));
        assert_eq!(parse("2026-11-21T15:06:40.003+01:00"), Some(Timestamp(1_795_270_000_003)));
        assert_eq!(to_text(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_text(Timestamp(951_868_799_999)), "2000-02-29T23:59:59.999Z");
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(to_text(day_of(Timestamp(1_795_270_000_003))), "2026-11-21T00:00:00.000Z");
        assert_eq!(day_of(day_of(Timestamp(1_795_270_000_003))), day_of(Timestamp(1_795_270_000_003)));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "yesterday", "2026-11-21", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(to_text(Timestamp::NEVER).starts_with("9999-"));
    }
}
