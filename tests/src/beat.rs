//! Beats as a page would send them, for tests that need no page.

use serde_json::{Value, json};

/// A session's id made of one letter, in its only spelling.
#[must_use]
pub fn session(letter: char) -> String {
    // The 22nd letter holds only two bits.
    format!("{}A", letter.to_string().repeat(21))
}

/// The first beat of `user`'s session, in the way of a server without tokens: the token is the user.
#[must_use]
pub fn first(letter: char, user: &str) -> Value {
    json!({ "session": session(letter), "seq": 1, "t": 0, "state": "active", "token": user })
}

/// A later beat: `beat` with other fields.
#[must_use]
pub fn later(mut beat: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    for (name, value) in fields {
        beat[name] = value;
    }
    beat
}
