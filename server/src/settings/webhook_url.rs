//! The address of a webhook, which may be a secret.

use std::fmt;

use axum::http::{Uri, uri::Scheme};
use serde::{Deserialize, Serialize, Serializer};

/// What stands in place of everything behind the host where an address is shown.
const HIDDEN: &str = "/***";

/// An address such as `https://hooks.example/services/…`. Whoever knows the whole of Slack's may write there, so wherever it
/// is printed, only its beginning is.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(Box<str>);

impl WebhookUrl {
    /// Takes the text as it was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Whether it is only what was printed of one.
    pub(super) fn is_hidden(&self) -> bool {
        self.0.ends_with(HIDDEN)
    }

    /// Where it leads. The error says what is wrong, and repeats none of it.
    pub(super) fn parse(&self, way: Way) -> Result<Uri, &'static str> {
        let wrong = "is no address; write it as https://app.example.com/hooks/presence";
        let uri: Uri = self.0.parse().map_err(|_| wrong)?;
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(wrong)?;
        let is_own = is_loopback(authority.host());
        if authority.as_str().contains('@') {
            return Err("holds a name before the host; letters are signed instead, so leave it out");
        }
        if self.0.contains('#') {
            return Err("has a part after #, which no server sees: leave it out");
        }
        match way {
            Way::Secure if *scheme == Scheme::HTTP && !is_own => Err(
                "is http, and anybody on the way could read and change letters: use https, or say `insecure = true`",
            ),
            Way::Insecure if *scheme == Scheme::HTTPS || is_own => {
                Err("needs no `insecure = true`: leave that out, so that it allows nothing by mistake")
            }
            _ if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(uri),
            _ => Err(wrong),
        }
    }
}

/// Whether letters may travel for everybody to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// They may not.
    Secure,
    /// They may, over plain HTTP to another machine.
    Insecure,
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        let Some((scheme, rest)) = start else { return f.write_str("(not an address)") };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // What stands before an @ could be a password.
        let host = host.rsplit('@').next().unwrap_or_default();
        write!(f, "{scheme}://{host}{HIDDEN}")
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
