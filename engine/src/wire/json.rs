//! JSON for the client: a serializer for what the wire needs and nothing else.
//!
//! A page would pay 15 kB for `serde_json`. This one writes flat structs, sequences, whole numbers, booleans and strings;
//! whatever else it is given is an error, which no type of the wire can cause.

use alloc::string::String;
use core::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

/// `value` as JSON, or `None` for a type that the wire does not use.
#[must_use]
pub fn to_json<T: Serialize>(value: &T) -> Option<String> {
    let mut text = String::new();
    value.serialize(&mut Writer { text: &mut text }).ok().map(|()| text)
}

struct Writer<'a> {
    text: &'a mut String,
}

/// A type that the wire does not use. Carries nothing: a page would pay for the message.
#[derive(Debug)]
struct NotOfTheWire;

impl fmt::Display for NotOfTheWire {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl core::error::Error for NotOfTheWire {}

impl Error for NotOfTheWire {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Written = Result<(), NotOfTheWire>;

impl Writer<'_> {
    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        for &digit in &digits[at..] {
            self.text.push(char::from(digit));
        }
    }

    fn string(&mut self, string: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.text.push('"');
        for letter in string.chars() {
            match letter {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(letter);
                }
                '\0'..='\x1f' => {
                    self.text.push_str("\\u00");
                    self.text.push(char::from(HEX[letter as usize >> 4]));
                    self.text.push(char::from(HEX[letter as usize & 15]));
                }
                _ => self.text.push(letter),
            }
        }
        self.text.push('"');
    }

    /// A comma, unless this is the first of its list.
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), Some(b'[' | b'{')) {
            self.text.push(',');
        }
    }
}

macro_rules! refuse {
    ($($method:ident($($arg:ty),*);)*) => {
        $(fn $method(self, $(_: $arg),*) -> Written { Err(NotOfTheWire) })*
    };
}

impl<'a> Serializer for &'a mut Writer<'_> {
    type Ok = ();
    type Error = NotOfTheWire;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeStruct = List<'a>;
    type SerializeTupleStruct = Impossible<(), NotOfTheWire>;
    type SerializeTupleVariant = Impossible<(), NotOfTheWire>;
    type SerializeMap = Impossible<(), NotOfTheWire>;
    type SerializeStructVariant = Impossible<(), NotOfTheWire>;

    fn serialize_bool(self, is_so: bool) -> Written {
        self.text.push_str(if is_so { "true" } else { "false" });
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Written {
        self.number(number);
        Ok(())
    }

    fn serialize_str(self, string: &str) -> Written {
        self.string(string);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.string(variant);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, NotOfTheWire> {
        self.text.push('[');
        Ok(List { text: self.text, close: ']' })
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'a>, NotOfTheWire> {
        self.serialize_seq(Some(length))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'a>, NotOfTheWire> {
        self.text.push('{');
        Ok(List { text: self.text, close: '}' })
    }

    refuse! {
        serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_f32(f32); serialize_f64(f64);
        serialize_char(char); serialize_bytes(&[u8]); serialize_none(); serialize_unit();
        serialize_unit_struct(&'static str);
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
        Err(NotOfTheWire)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, NotOfTheWire> {
        Err(NotOfTheWire)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotOfTheWire> {
        Err(NotOfTheWire)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotOfTheWire> {
        Err(NotOfTheWire)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotOfTheWire> {
        Err(NotOfTheWire)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Written {
        Err(NotOfTheWire)
    }
}

/// An open `[` or `{`.
struct List<'a> {
    text: &'a mut String,
    close: char,
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        let mut writer = Writer { text: self.text };
        writer.separate();
        value.serialize(&mut writer)
    }

    fn close(self) -> Written {
        self.text.push(self.close);
        Ok(())
    }
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = NotOfTheWire;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl SerializeTuple for List<'_> {
    type Ok = ();
    type Error = NotOfTheWire;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl SerializeStruct for List<'_> {
    type Ok = ();
    type Error = NotOfTheWire;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        let mut writer = Writer { text: self.text };
        writer.separate();
        writer.string(name);
        writer.text.push(':');
        value.serialize(&mut writer)
    }

    fn end(self) -> Written {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Number, RawBeat};
    use crate::{page::PageState, time::Millis};
    use alloc::vec;

    fn beat(page: &str) -> RawBeat {
        RawBeat {
            session: "MDEyMzQ1Njc4OWFiY2RlZg".into(),
            seq: Number::from(7),
            t: Millis(184_000).into(),
            state: PageState::Hidden,
            sign_out: false,
            idle: false,
            ago_ms: Number::default(),
            next_ms: None,
            visible: vec![(Millis(0).into(), Millis(10).into()), (Millis(20).into(), Millis(184_000).into())],
            active_ms: Millis(61_000).into(),
            channel: None,
            page: Some(page.into()),
            token: None,
        }
    }

    #[test]
    fn a_beat_is_written_as_serde_json_would() {
        for page in ["/orders/17", "quote\" back\\slash \u{1} tab\t ünï 🫀", "ends in [", ""] {
            let beat = RawBeat { sign_out: page.is_empty(), ..beat(page) };
            assert_eq!(to_json(&beat), serde_json::to_string(&beat).ok().map(|text| text.replace("\\t", "\\u0009")));
        }
    }

    #[test]
    fn an_ordinary_beat_stays_below_512_bytes() {
        let text = to_json(&beat("/orders/17")).unwrap();
        assert!(text.len() < 200, "{} bytes: {text}", text.len());
    }

    #[test]
    fn what_the_wire_does_not_use_is_refused() {
        assert_eq!(to_json(&1.5), None);
        assert_eq!(to_json(&Some('a')), None);
    }
}
