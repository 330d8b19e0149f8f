//! Which tokens are good, and what is read from them.

use jsonwebtoken::crypto;

use super::*;

#[test]
fn a_good_token_says_who_since_when_and_what_they_may() {
    let claims =
        json!({"sub": "ann", "exp": LATER, "iat": 1_789_999_000, "aud": "x", "role": "admin", "name": "Ann Lee"});
    let who = jwt().of_beat(&HeaderMap::new(), Some(&good(&claims)), NOW).unwrap();
    assert_eq!(who.user.as_str(), "ann");
    assert_eq!(who.issued_at, Some(Timestamp(1_789_999_000_000)));
    assert_eq!(who.profile.name.as_deref(), Some("Ann Lee"));
    let admin = with(&format!("Bearer {}", good(&claims)));
    assert_eq!(jwt().of_admin(&admin, NOW), Ok(()));
    for role in [json!("user"), json!({"admin": true}), Value::Null] {
        let user = with(&format!("Bearer {}", good(&json!({"sub": "ann", "exp": LATER, "role": role}))));
        assert_eq!(jwt().of_admin(&user, NOW), Err(Refusal::NotAllowed.into()));
        assert!(jwt().of_watcher(&user, NOW).is_ok_and(|who| who.is_some()));
    }
    assert_eq!(jwt().of_watcher(&HeaderMap::new(), NOW), Err(Refusal::TokenMissing.into()));
}

#[test]
fn user_and_role_lie_where_the_settings_say() {
    let settings =
        "auth = \"jwt\"\nuser_claim = \"user.id\"\nrole_claim = \"realm_access.roles\"\nadmin_role = \"chef\"";
    let claims = json!({
        "sub": "uuid", "exp": LATER, "user": {"id": "ann"}, "role": "admin", "realm_access": {"roles": ["x", "chef"]},
    });
    let identity = with_secret(settings);
    assert_eq!(user_of(&identity, &good(&claims), NOW), Ok("ann".into()));
    assert_eq!(identity.of_admin(&with(&format!("Bearer {}", good(&claims))), NOW), Ok(()));
    let plain = json!({"sub": "ann", "exp": LATER, "role": "admin"});
    assert_eq!(user_of(&identity, &good(&plain), NOW), bad());
}

#[test]
fn a_token_that_is_over_early_or_nameless_is_refused() {
    for claims in [
        json!({"sub": "ann", "exp": 1_789_999_900}),
        json!({"sub": "ann", "exp": -1}),
        json!({"sub": "ann", "exp": "1790000600"}),
        json!({"sub": "ann", "exp": LATER, "nbf": 1_790_000_100}),
        json!({"sub": "ann", "exp": LATER, "nbf": "now"}),
        json!({"sub": "ann", "exp": LATER, "iat": "now"}),
        json!({"sub": "ann"}),
        json!({"exp": LATER}),
        json!({"sub": "line\nbreak", "exp": LATER}),
        json!({"sub": "", "exp": LATER}),
        json!({"sub": 7, "exp": LATER}),
    ] {
        assert_eq!(user_of(&jwt(), &good(&claims), NOW), bad(), "{claims}");
    }
    let just_over = good(&json!({"sub": "ann", "exp": 1_789_999_990}));
    assert!(user_of(&jwt(), &just_over, NOW).is_ok(), "clocks differ a little");
    assert_eq!(user_of(&with_secret("auth = \"jwt\"\njwt_leeway_ms = 0"), &just_over, NOW), bad());
}

#[test]
fn a_token_of_another_secret_or_algorithm_is_refused() {
    let claims = json!({"sub": "ann", "exp": LATER});
    let other = token(Algorithm::HS256, &[b'x'; 32], &claims);
    let stronger = token(Algorithm::HS384, SECRET, &claims);
    let signed = good(&claims);
    let (body, _) = signed.rsplit_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", body.split_once('.').unwrap().1);
    let long = format!("{signed}{}", "A".repeat(limits::TOKEN_BYTES));
    for text in [&other, &stronger, &unsigned, &format!("{body}."), &long, "", "a.b.c", &signed[1..]] {
        assert_eq!(user_of(&jwt(), text, NOW), bad(), "{text}");
    }
}

#[test]
fn a_token_that_wants_more_than_is_understood_is_refused() {
    let header = Header { crit: Some(vec!["b64".into()]), ..Header::default() };
    let claims = json!({"sub": "ann", "exp": LATER});
    let text = encode(&header, &claims, &EncodingKey::from_secret(SECRET)).unwrap();
    let message = text.rsplit_once('.').unwrap();
    let key = EncodingKey::from_secret(SECRET);
    assert_eq!(crypto::sign(message.0.as_bytes(), &key, Algorithm::HS256).unwrap(), message.1, "the signature is good");
    assert_eq!(user_of(&jwt(), &text, NOW), bad());
}

#[test]
fn issuer_and_audience_are_checked_where_they_are_named() {
    let identity = with_secret("auth = \"jwt\"\njwt_issuer = \"https://id.example\"\njwt_audience = \"stillhere\"");
    let claims = |iss: Value, aud: Value| good(&json!({"sub": "ann", "exp": LATER, "iss": iss, "aud": aud}));
    let right = json!("https://id.example");
    for aud in [json!("stillhere"), json!(["other", "stillhere"])] {
        assert_eq!(user_of(&identity, &claims(right.clone(), aud), NOW), Ok("ann".into()));
    }
    for (iss, aud) in [
        (right.clone(), json!("other")),
        (right.clone(), json!([])),
        (right.clone(), Value::Null),
        (json!("https://evil.example"), json!("stillhere")),
        (json!("https://id.example/"), json!("stillhere")),
        (Value::Null, json!("stillhere")),
    ] {
        assert_eq!(user_of(&identity, &claims(iss.clone(), aud.clone()), NOW), bad(), "{iss} {aud}");
    }
    assert_eq!(user_of(&identity, &ann(), NOW), bad());
}

#[test]
fn a_token_is_verified_once_for_many_beats_and_not_good_after_its_end() {
    let identity = jwt();
    let Belief::Tokens { tokens, .. } = &identity.belief else { panic!("it looks at tokens") };
    assert_eq!(user_of(&identity, &ann(), NOW), Ok("ann".into()));
    // From here on the answer comes from what is known: nobody looks whether this is so.
    tokens.plant(&ann(), "bob");
    let end = Timestamp(LATER * 1_000).after(limits::TOKEN_LEEWAY);
    for now in [NOW, NOW.after(Millis::seconds(60)), Timestamp(end.0 - 1)] {
        assert_eq!(user_of(&identity, &ann(), now), Ok("bob".into()));
    }
    for now in [end, end.after(Millis::seconds(60))] {
        assert_eq!(user_of(&identity, &ann(), now), bad());
    }
}

#[test]
fn a_bad_token_is_never_remembered_as_good() {
    let identity = jwt();
    let early = good(&json!({"sub": "ann", "exp": LATER, "nbf": 1_790_000_100}));
    assert_eq!(user_of(&identity, &early, NOW), bad());
    assert_eq!(user_of(&identity, &early, Timestamp(1_790_000_100_000)), Ok("ann".into()), "nor a good one as bad");
}

#[test]
fn what_is_issued_is_taken_with_all_that_it_says() {
    let settings = "auth = \"jwt\"\njwt_issuer = \"me\"\njwt_audience = \"you\"\nuser_claim = \"user.id\"\nrole_claim = \
                    \"realm_access.roles\"\nadmin_role = \"chef\"";
    let secret = || Some(Secret::parse(SECRET).unwrap());
    let settings = Settings::parse(Typed::from_toml(settings).unwrap(), secret()).unwrap();
    let path = |text| ClaimPath::parse(text).unwrap();
    let wish = Wish {
        user: UserId::parse("ann").unwrap(),
        role: Some("chef".into()),
        life: Millis::minutes(60),
        claims: vec![(path("name"), json!("Ann")), (path("specialties"), json!(["sleep", "grief"]))],
    };
    let issued = issue(&settings, &wish, NOW).unwrap();
    let identity = Identity::new(&settings);
    let who = identity.of_beat(&HeaderMap::new(), Some(&issued), NOW).unwrap();
    assert_eq!((who.user.as_str(), who.issued_at), ("ann", Some(NOW)));
    assert_eq!((who.profile.name.as_deref(), who.profile.specialties.len()), (Some("Ann"), 2));
    assert_eq!(identity.of_admin(&with(&format!("Bearer {issued}")), NOW), Ok(()));
    assert_eq!(user_of(&identity, &issued, NOW.after(Millis::minutes(61))), bad());
    let open = Settings::parse(Typed::default(), None).unwrap();
    assert!(issue(&open, &wish, NOW).unwrap_err().to_string().contains("`auth` is none"));
}
