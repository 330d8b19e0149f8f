//! What a web developer may set, read with care.

use js_sys::TypeError;
use stillhere_engine::{
    limits,
    pulse::{self, WhenHidden},
    time::Millis,
    wire::ChannelName,
};
use wasm_bindgen::prelude::*;

use crate::{keyed::get, page, token::Token};

/// The options of `start`, checked.
pub(crate) struct Options {
    /// Where beats go.
    pub(crate) url: String,
    /// Where the session lies between two pages. Each server has its own.
    pub(crate) storage_key: String,
    pub(crate) token: Token,
    pub(crate) channel: Option<String>,
    pub(crate) page: Option<String>,
    /// Whether `fetch` sends cookies to another origin too.
    pub(crate) credentials: JsValue,
    pub(crate) pulse: pulse::Options,
}

/// A setting that cannot be; says what it must be.
pub(crate) type Wrong = &'static str;

const BAD_CHANNEL: Wrong = "`channel` must be 1 to 96 letters, digits or any of . _ : - / @";
const BAD_PAGE: Wrong = "`page` must be a string such as location.pathname";

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// A `TypeError` that says what to change.
    pub(crate) fn read(options: &JsValue) -> Result<Self, JsValue> {
        Self::parse(options).map_err(|wrong| TypeError::new(wrong).into())
    }

    fn parse(options: &JsValue) -> Result<Self, Wrong> {
        let endpoint = match given(get(options, "endpoint")) {
            Some(endpoint) => endpoint.as_string().ok_or("`endpoint` must be a URL or path such as \"/v1\"")?,
            None => "/v1".into(),
        };
        let mut parsed = Self {
            url: [endpoint.trim_end_matches('/'), "/beat"].concat(),
            storage_key: ["stillhere ", &endpoint].concat(),
            token: Token::read(get(options, "token"))
                .ok_or("`token` must be a string, or a function that returns one or a promise of one")?,
            channel: None,
            page: None,
            credentials: get(options, "credentials"),
            pulse: pulse::Options {
                interval: interval(get(options, "intervalMs"))?,
                when_hidden: when_hidden(get(options, "whenHidden"))?,
            },
        };
        if let Some(name) = given(get(options, "channel")) {
            parsed.set_channel(&name)?;
        }
        let page = given(get(options, "page")).unwrap_or_else(page::path);
        parsed.set_page(&page)?;
        Ok(parsed)
    }

    /// Changes the channel; true if it is another.
    pub(crate) fn set_channel(&mut self, name: &JsValue) -> Result<bool, Wrong> {
        let name = name.as_string().filter(|name| ChannelName::parse(name).is_ok()).ok_or(BAD_CHANNEL)?;
        Ok(self.channel.replace(name.clone()) != Some(name))
    }

    /// Changes the page; true if it is another.
    pub(crate) fn set_page(&mut self, path: &JsValue) -> Result<bool, Wrong> {
        let path = Some(tellable(&path.as_string().ok_or(BAD_PAGE)?)).filter(|path| !path.is_empty());
        let is_other = path != self.page;
        self.page = path;
        Ok(is_other)
    }
}

fn given(option: JsValue) -> Option<JsValue> {
    if option.is_undefined() || option.is_null() { None } else { Some(option) }
}

fn interval(option: JsValue) -> Result<Option<Millis>, Wrong> {
    let Some(option) = given(option) else { return Ok(None) };
    let millis = Millis(option.as_f64().unwrap_or(0.0) as u64);
    if (limits::INTERVAL_MIN..=limits::LEASE_MAX).contains(&millis) {
        Ok(Some(millis))
    } else {
        Err("`intervalMs` must be a number from 500 to 86400000")
    }
}

fn when_hidden(option: JsValue) -> Result<Option<WhenHidden>, Wrong> {
    let Some(option) = given(option) else { return Ok(None) };
    match option.as_string().as_deref() {
        Some("pause") => Ok(Some(WhenHidden::Pause)),
        Some("beat") => Ok(Some(WhenHidden::Beat)),
        Some("leave") => Ok(Some(WhenHidden::Leave)),
        _ => Err("`whenHidden` must be \"pause\", \"beat\" or \"leave\""),
    }
}

/// As much of a path as the server takes: without control characters, cut where a character ends.
fn tellable(path: &str) -> String {
    let mut told = String::new();
    for letter in path.chars().filter(|letter| !letter.is_control()) {
        if told.len() + letter.len_utf8() > limits::PAGE_BYTES {
            break;
        }
        told.push(letter);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillhere_engine::wire::PagePath;

    #[test]
    fn any_path_becomes_one_that_the_server_takes() {
        for path in ["/a\nb", &"/ü".repeat(300), &"/🫀".repeat(300), "/orders/17?tab=1"] {
            assert!(PagePath::parse(&tellable(path)).is_ok(), "{path}");
        }
        assert_eq!(tellable("/a\nb"), "/ab");
        assert_eq!(tellable(&"/🫀".repeat(300)).len(), 255);
    }
}
