//! What a web developer may set, read with care.

use stillhere_engine::{
    limits,
    pulse::{self, WhenHidden},
    time::Millis,
    wire::ChannelName,
};
use wasm_bindgen::JsValue;

use crate::{keyed::given, page, token::Token};

/// The options of `start`, checked.
pub(crate) struct Options {
    /// Where beats go.
    pub(crate) url: String,
    pub(crate) token: Token,
    pub(crate) channel: Option<String>,
    pub(crate) page: Option<String>,
    /// Whether `fetch` sends cookies to another origin too.
    pub(crate) credentials: Option<JsValue>,
    pub(crate) pulse: pulse::Options,
}

/// A setting that cannot be; says what it must be.
pub(crate) type Wrong = &'static str;

impl Options {
    /// Reads and checks them.
    pub(crate) fn read(options: &JsValue) -> Result<Self, Wrong> {
        let mut url = match given(options, "endpoint") {
            Some(endpoint) => endpoint.as_string().ok_or("`endpoint` must be a URL or path such as \"/v1\"")?,
            None => "/v1".into(),
        };
        if url.ends_with('/') {
            url.pop();
        }
        url.push_str("/beat");
        let token = match given(options, "token") {
            Some(token) => {
                Token::read(&token).ok_or("`token` must be a string, or a function that returns one or a promise")?
            }
            None => Token::default(),
        };
        let mut read = Self {
            url,
            token,
            channel: None,
            page: None,
            credentials: given(options, "credentials"),
            pulse: pulse::Options { interval: interval(options)?, when_hidden: when_hidden(options)? },
        };
        if let Some(name) = given(options, "channel") {
            read.set_channel(&name)?;
        }
        read.set_page(&given(options, "page").unwrap_or_else(page::path))?;
        Ok(read)
    }

    /// Changes the channel; true if it is another.
    pub(crate) fn set_channel(&mut self, name: &JsValue) -> Result<bool, Wrong> {
        let name = name
            .as_string()
            .filter(|name| ChannelName::parse(name).is_ok())
            .ok_or("`channel` must be 1 to 96 letters, digits or any of . _ : - / @")?;
        Ok(replace(&mut self.channel, name))
    }

    /// Changes the page; true if it is another.
    pub(crate) fn set_page(&mut self, path: &JsValue) -> Result<bool, Wrong> {
        let path = path
            .as_string()
            .filter(|path| !path.is_empty() && !path.chars().any(char::is_control))
            .ok_or("`page` must be a path without control characters")?;
        Ok(replace(&mut self.page, cut(path)))
    }
}

fn replace(place: &mut Option<String>, text: String) -> bool {
    let is_other = place.as_ref() != Some(&text);
    *place = Some(text);
    is_other
}

fn interval(options: &JsValue) -> Result<Option<Millis>, Wrong> {
    let Some(option) = given(options, "intervalMs") else { return Ok(None) };
    let millis = Millis(option.as_f64().unwrap_or(0.0) as u64);
    if (limits::INTERVAL_MIN..=limits::LEASE_MAX).contains(&millis) {
        Ok(Some(millis))
    } else {
        Err("`intervalMs` must be a number from 500 to 86400000")
    }
}

fn when_hidden(options: &JsValue) -> Result<Option<WhenHidden>, Wrong> {
    let Some(option) = given(options, "whenHidden") else { return Ok(None) };
    match option.as_string().as_deref() {
        Some("pause") => Ok(Some(WhenHidden::Pause)),
        Some("beat") => Ok(Some(WhenHidden::Beat)),
        Some("leave") => Ok(Some(WhenHidden::Leave)),
        _ => Err("`whenHidden` must be \"pause\", \"beat\" or \"leave\""),
    }
}

/// As much of a path as the server takes, to where a character ends.
fn cut(mut path: String) -> String {
    let mut end = limits::PAGE_BYTES.min(path.len());
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    path.truncate(end);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_cut_where_a_character_ends() {
        assert_eq!(cut("/orders/17?tab=1".into()), "/orders/17?tab=1");
        assert_eq!(cut("🫀/".repeat(300)).len(), 255);
        assert_eq!(cut("ü".repeat(300)).len(), 256);
    }
}
