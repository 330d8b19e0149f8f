//! JSON for the client: a serializer for what a tab writes and nothing else.
//!
//! A page would pay 15 kB for `serde_json`. This one writes flat structs, sequences, whole numbers, booleans and texts
//! that need no escapes. A tab writes nothing else, so to be given something else is our bug, and a panic.

use alloc::string::String;
use core::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

// Strings, like all that is appended here: `String::push` would bring a second way for a text to grow.
const QUOTE: &str = "\"";
const COMMA: &str = ",";
const COLON: &str = ":";

/// `value` as JSON.
///
/// # Panics
/// When it is of a type that no beat has.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    let mut text = String::new();
    let Ok(()) = value.serialize(Writer { text: &mut text });
    text
}

/// Appends a number in decimal.
pub(crate) fn push_number(text: &mut String, number: u64) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    push_letter(text, "0123456789", (number % 10) as usize);
}

/// Appends one of these letters of ASCII.
pub(crate) fn push_letter(text: &mut String, letters: &str, at: usize) {
    text.push_str(letters.get(at..=at).unwrap_or_default());
}

struct Writer<'a> {
    text: &'a mut String,
}

/// Writing to memory does not fail. The compiler is to know it: each question whether it has would weigh.
#[derive(Debug)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for Never {}

impl Error for Never {
    fn custom<T: fmt::Display>(_: T) -> Self {
        not_of_the_wire()
    }
}

type Written = Result<(), Never>;

fn not_of_the_wire() -> ! {
    panic!("no beat has a value of this type")
}

impl<'a> Writer<'a> {
    fn quoted(self, text: &str) -> Written {
        debug_assert!(!text.contains(|letter: char| letter < ' ' || matches!(letter, '"' | '\\')));
        self.text.push_str(QUOTE);
        self.text.push_str(text);
        self.text.push_str(QUOTE);
        Ok(())
    }

    fn open(self, open: &str, close: &'static str) -> Result<List<'a>, Never> {
        self.text.push_str(open);
        Ok(List { text: self.text, close })
    }
}

macro_rules! refuse {
    ($($method:ident($($arg:ty),*) -> $what:ty;)*) => {
        $(fn $method(self, $(_: $arg),*) -> Result<$what, Never> { not_of_the_wire() })*
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeStruct = List<'a>;
    type SerializeTupleStruct = Impossible<(), Never>;
    type SerializeTupleVariant = Impossible<(), Never>;
    type SerializeMap = Impossible<(), Never>;
    type SerializeStructVariant = Impossible<(), Never>;

    fn serialize_bool(self, is_so: bool) -> Written {
        self.text.push_str(if is_so { "true" } else { "false" });
        Ok(())
    }

    fn serialize_u32(self, number: u32) -> Written {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Written {
        push_number(self.text, number);
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Written {
        self.quoted(text)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.quoted(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, Never> {
        self.open("[", "]")
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, Never> {
        self.open("[", "]")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'a>, Never> {
        self.open("{", "}")
    }

    refuse! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Written {
        not_of_the_wire()
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Written {
        not_of_the_wire()
    }
}

/// An open `[` or `{`.
struct List<'a> {
    text: &'a mut String,
    close: &'static str,
}

impl List<'_> {
    /// A place for the next value, after a comma unless it is the first.
    fn next(&mut self) -> Writer<'_> {
        if !matches!(self.text.as_bytes().last(), Some(b'[' | b'{')) {
            self.text.push_str(COMMA);
        }
        Writer { text: self.text }
    }

    fn close(self) -> Written {
        self.text.push_str(self.close);
        Ok(())
    }
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(self.next())
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl SerializeTuple for List<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(self.next())
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl SerializeStruct for List<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        let Ok(()) = self.next().quoted(name);
        self.text.push_str(COLON);
        value.serialize(Writer { text: self.text })
    }

    fn end(self) -> Written {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{
        page::PageState,
        pulse::{Dispatch, Means},
        spans::Span,
        time::Millis,
        wire::{RawBeat, SessionId},
    };

    fn dispatch() -> Dispatch {
        let span = |start, end| Span { start: Millis(start), end: Millis(end) };
        Dispatch {
            session: SessionId(*b"0123456789abcdef"),
            seq: 7,
            t: Millis(184_000),
            state: PageState::Hidden,
            sign_out: false,
            idle: false,
            next: None,
            visible: vec![span(0, 10), span(20, 184_000)],
            active: Millis(61_000),
            means: Means::Fetch,
        }
    }

    #[test]
    fn a_beat_is_written_as_serde_json_would() {
        let last_word = Dispatch { sign_out: true, next: Some(Millis(75_000)), visible: vec![], ..dispatch() };
        for dispatch in [dispatch(), last_word] {
            assert_eq!(to_json(&dispatch), serde_json::to_string(&dispatch).unwrap());
        }
    }

    #[test]
    fn what_a_tab_writes_is_what_the_server_reads() {
        let text = to_json(&Dispatch { next: Some(Millis(75_000)), ..dispatch() });
        let beat = serde_json::from_str::<RawBeat>(&text).unwrap().parse().unwrap();
        assert_eq!((beat.session, beat.seq, beat.t), (dispatch().session, 7, Millis(184_000)));
        assert_eq!((beat.state, beat.sign_out, beat.next), (PageState::Hidden, false, Some(Millis(75_000))));
        assert_eq!((beat.visible, beat.active), (dispatch().visible, Millis(61_000)));
    }

    #[test]
    fn an_ordinary_beat_stays_below_512_bytes() {
        let text = to_json(&dispatch());
        assert!(text.len() < 200, "{} bytes: {text}", text.len());
    }

    #[test]
    #[should_panic(expected = "no beat has a value of this type")]
    fn what_no_beat_has_is_our_bug() {
        to_json(&1.5);
    }
}
