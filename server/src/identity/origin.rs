//! Where a request comes from, as the browser says. A page cannot change these headers, so a foreign page that makes a
//! visitor's browser send its cookies along is found out.

use axum::http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whose page made the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// One of ours, or the address bar.
    Own,
    /// Somebody else's.
    Foreign,
    /// The request does not say: it is no browser's, or an old one's.
    Unknown,
}

/// Whose page made the request: by its origin, else by what the browser makes of it, else by the page's address.
pub(super) fn source(headers: &HeaderMap, allowed: &[String]) -> Source {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let judge = |is_own| if is_own { Source::Own } else { Source::Foreign };
    let is_ours = |origin: &str| allowed.iter().any(|known| known == origin) || is_host(origin, host(headers));
    match (text(header::ORIGIN), text(SEC_FETCH_SITE), text(header::REFERER)) {
        (Some(origin), ..) if origin != "null" => judge(is_ours(origin)),
        // A page with `no-referrer` hides its origin; the browser knows it all the same.
        (_, Some(site), _) => judge(matches!(site, "same-origin" | "none")),
        (Some(_null), None, _) => Source::Foreign,
        (None, None, Some(page)) => judge(is_ours(origin_of(page))),
        (None, None, None) => Source::Unknown,
    }
}

/// Whether the request was sent to this machine by a name that only this machine has. A foreign name that leads here
/// is a page that wants its visitor's browser to read what no other machine can.
pub(super) fn is_local(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(host) = host(headers) else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let is_loopback = address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let name = name.to_ascii_lowercase();
    is_loopback
        || name == "localhost"
        || name.ends_with(".localhost")
        || allowed.iter().any(|origin| is_host(origin, Some(host)))
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether the origin's host and port are the ones that the request was sent to. The scheme is not known here: a proxy
/// may have taken TLS off.
fn is_host(origin: &str, host: Option<&str>) -> bool {
    let (Some((scheme, authority)), Some(host)) = (origin.split_once("://"), host) else { return false };
    let usual = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(usual).unwrap_or(text).to_ascii_lowercase();
    bare(authority) == bare(host)
}

/// `https://a.example/page?x` comes from `https://a.example`.
fn origin_of(page: &str) -> &str {
    let begin = page.find("://").map_or(0, |at| at + 3);
    let end = page[begin..].find(['/', '?', '#']).map_or(page.len(), |at| begin + at);
    &page[..end]
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn request(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        fields.iter().map(field).collect()
    }

    #[test]
    fn a_page_is_ours_by_origin_by_fetch_metadata_or_by_address() {
        use Source::{Foreign, Own, Unknown};
        let allowed = ["https://app.example".to_owned()];
        for (expected, fields) in [
            (Own, &[("origin", "https://app.example")][..]),
            (Own, &[("origin", "http://api.example:4747")]),
            (Own, &[("sec-fetch-site", "same-origin")]),
            (Own, &[("sec-fetch-site", "none")]),
            (Own, &[("origin", "null"), ("sec-fetch-site", "same-origin")]),
            (Own, &[("referer", "http://api.example:4747/page?x=https://evil.example")]),
            (Own, &[("referer", "https://app.example")]),
            (Foreign, &[("origin", "https://evil.example")]),
            (Foreign, &[("origin", "https://app.example.evil.example")]),
            (Foreign, &[("origin", "http://app.example")]),
            (Foreign, &[("origin", "http://api.example")]),
            (Foreign, &[("origin", "ws://api.example:4747")]),
            (Foreign, &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]),
            (Foreign, &[("origin", "null")]),
            (Foreign, &[("origin", "null"), ("referer", "https://app.example/")]),
            (Foreign, &[("origin", "")]),
            (Foreign, &[("sec-fetch-site", "same-site")]),
            (Foreign, &[("sec-fetch-site", "cross-site"), ("referer", "https://app.example/")]),
            (Foreign, &[("referer", "https://evil.example/https://app.example")]),
            (Foreign, &[("referer", "https://app.example@evil.example/")]),
            (Unknown, &[]),
        ] {
            let mut headers = request(fields);
            headers.insert(header::HOST, HeaderValue::from_static("api.example:4747"));
            assert_eq!(source(&headers, &allowed), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_usual_port_may_be_named_or_not() {
        for (origin, host) in [
            ("https://a.example", "a.example:443"),
            ("https://a.example:443", "a.example"),
            ("http://a.example", "A.example:80"),
            ("http://[::1]:4747", "[::1]:4747"),
        ] {
            assert!(is_host(origin, Some(host)), "{origin} {host}");
        }
        assert!(!is_host("https://a.example", Some("a.example:80")));
        assert!(!is_host("https://a.example", None));
    }

    #[test]
    fn this_machine_is_called_by_its_own_names_only() {
        let allowed = ["https://app.example".to_owned()];
        for host in [
            "127.0.0.1",
            "127.0.0.1:4747",
            "127.9.9.9:1",
            "[::1]:4747",
            "[::1]",
            "localhost:4747",
            "LOCALHOST",
            "app.localhost:1",
            "app.example",
        ] {
            assert!(is_local(&request(&[("host", host)]), &allowed), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4747",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "0.0.0.0:4747",
            "192.168.1.2",
            "",
            "evil.example:80:localhost",
            "app.example:1",
        ] {
            assert!(!is_local(&request(&[("host", host)]), &allowed), "{host}");
        }
        assert!(!is_local(&HeaderMap::new(), &allowed));
    }
}
