//! Cookies that came with a request.

use axum::http::{HeaderMap, header};

/// The value of the first cookie of this name. A browser sends the one with the closest path first.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut cookies = fields.flat_map(|field| field.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xtoken=1;token=a.b=; token=second"));
        headers.append(header::COOKIE, HeaderValue::from_static(" other = 2; quoted=\"3\""));
        assert_eq!(find(&headers, "token"), Some("a.b="));
        assert_eq!(find(&headers, "quoted"), Some("3"));
        assert_eq!(find(&headers, "oken"), None);
        assert_eq!(find(&HeaderMap::new(), "token"), None);
    }
}
