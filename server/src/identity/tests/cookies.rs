//! What a browser sends unasked counts only for pages of ours.

use super::*;

const TOKEN_COOKIE: &str = "auth = \"jwt\"\ntoken_cookie = \"token\"\nallowed_origins = [\"https://app.example\"]";

fn visit_cookie(identity: &Identity, email: &str, at: Timestamp) -> String {
    let gate = identity.gate().unwrap();
    let visit = Visit::begin(gate.new_session(), normalise_email(email).unwrap(), at);
    let cookie = gate.cookie(&visit, at).unwrap();
    cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn a_token_in_a_cookie_counts_for_our_pages_only() {
    let identity = with_secret(TOKEN_COOKIE);
    let cookie = format!("a=b; token={}", ann());
    let who = |source: (&'static str, &str)| {
        identity.of_beat(&headers(&[("cookie", &cookie), ("host", "api.example"), source]), None, NOW)
    };
    for own in [("origin", "https://app.example"), ("origin", "https://api.example"), ("sec-fetch-site", "same-origin")]
    {
        assert_eq!(who(own).unwrap().user.as_str(), "ann", "{own:?}");
    }
    for foreign in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("x", "y")]
    {
        assert_eq!(who(foreign), Err(Rejection::OriginBad), "{foreign:?}");
    }
}

#[test]
fn what_a_page_adds_itself_goes_over_a_cookie_and_needs_no_origin() {
    let identity = with_secret(TOKEN_COOKIE);
    let cookie = format!("token={}", good(&json!({"sub": "bob", "exp": LATER})));
    let foreign = headers(&[("cookie", &cookie), ("origin", "https://evil.example")]);
    assert_eq!(identity.of_beat(&foreign, Some(&ann()), NOW).unwrap().user.as_str(), "ann");
}

#[test]
fn a_cookie_is_looked_at_only_where_the_settings_name_it() {
    let identity = jwt();
    let cookie = headers(&[("cookie", &format!("token={}", ann())), ("sec-fetch-site", "same-origin")]);
    assert_eq!(identity.of_beat(&cookie, None, NOW), Err(Refusal::TokenMissing.into()));
    assert!(identity.gate().is_none());
}

#[test]
fn a_bad_token_in_a_cookie_is_a_bad_token() {
    let identity = with_secret(TOKEN_COOKIE);
    let fields = headers(&[("cookie", "token=a.b.c"), ("sec-fetch-site", "same-origin")]);
    assert_eq!(identity.of_beat(&fields, None, NOW), Err(Refusal::TokenBad.into()));
}

#[test]
fn a_visitor_may_beat_and_see_nobody() {
    let identity = with_secret("auth = \"email\"");
    let cookie = visit_cookie(&identity, "Ann@Example.com", NOW);
    let ours = headers(&[("cookie", &cookie), ("sec-fetch-site", "same-origin")]);
    let who = identity.of_beat(&ours, None, NOW).unwrap();
    assert_eq!((who.user.as_str(), who.issued_at), ("ann@example.com", Some(NOW)));
    assert_eq!(identity.of_watcher(&ours, NOW), Err(Refusal::NotAllowed.into()));
    assert_eq!(identity.of_admin(&ours, NOW), Err(Refusal::NotAllowed.into()));
    let after = NOW.after(limits::VISIT);
    assert_eq!(identity.of_beat(&ours, None, after), Err(Refusal::TokenBad.into()));
}

#[test]
fn a_visit_counts_for_our_pages_only() {
    let identity = with_secret("auth = \"email\"");
    let cookie = visit_cookie(&identity, "ann@example.com", NOW);
    for source in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x", "y")] {
        let foreign = headers(&[("cookie", &cookie), source]);
        assert_eq!(identity.of_visitor(&foreign, NOW), Err(Rejection::OriginBad), "{source:?}");
        assert_eq!(identity.of_beat(&foreign, None, NOW), Err(Rejection::OriginBad), "{source:?}");
    }
}

#[test]
fn a_visits_cookie_is_no_token_and_a_token_no_visit() {
    let identity =
        with_secret("auth = \"email\"\ntoken_cookie = \"token\"\nallowed_origins = [\"https://app.example\"]");
    let cookie = visit_cookie(&identity, "ann@example.com", NOW);
    let value = cookie.split_once('=').unwrap().1;
    assert_eq!(user_of(&identity, value, NOW), bad());
    for text in [format!("token={value}"), format!("stillhere_session={}", ann())] {
        let fields = headers(&[("cookie", &text), ("sec-fetch-site", "same-origin")]);
        assert_eq!(identity.of_beat(&fields, None, NOW), Err(Refusal::TokenBad.into()), "{text}");
    }
    assert_eq!(user_of(&identity, &ann(), NOW), Ok("ann".into()), "tokens are good beside the gate");
}
