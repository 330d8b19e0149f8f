//! What a token says about somebody besides who they are, and where in the token that lies.

use serde_json::{Map, Value};

use super::Role;
use crate::limits;

/// A token's claims.
pub(crate) type Claims = Map<String, Value>;

/// Where a claim lies: its name, or the names on the way to it with dots between, as `realm_access.roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPath(String);

impl ClaimPath {
    /// Takes any text that can be a path; `None` for what cannot.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= limits::CLAIM_PATH_BYTES && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn find<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        find(claims, &self.0)
    }

    /// Puts a value there. What is no object on the way is replaced by one.
    pub(crate) fn put(&self, claims: &mut Claims, value: Value) {
        put(claims, &self.0, value);
    }

    /// The claim as a list of words: a single string is a list of one.
    fn words<'a>(&self, claims: &'a Claims) -> Vec<&'a str> {
        match self.find(claims) {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn word<'a>(&self, claims: &'a Claims) -> Option<&'a str> {
        self.words(claims).into_iter().next()
    }
}

/// A name may hold dots itself, as `https://example.com/roles` does, so each dot is one between names or within one.
fn find<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        path.match_indices('.').find_map(|(dot, _)| find(claims.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
    })
}

fn put(claims: &mut Claims, path: &str, value: Value) {
    // An address is one name, dots and all.
    let Some((name, rest)) = path.split_once('.').filter(|_| !path.contains("://")) else {
        claims.insert(path.to_owned(), value);
        return;
    };
    let inner = claims.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Where everything lies that is read from a token, and which role is the admin's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPaths {
    pub(crate) user: ClaimPath,
    pub(crate) role: ClaimPath,
    pub(crate) admin_role: String,
    pub(crate) name: ClaimPath,
    pub(crate) email: ClaimPath,
    pub(crate) department: ClaimPath,
    pub(crate) specialties: ClaimPath,
}

impl ClaimPaths {
    /// What somebody may see. Another idea of a role makes nobody an admin, and is no error.
    pub(super) fn role_of(&self, claims: &Claims) -> Role {
        if self.role.words(claims).contains(&self.admin_role.as_str()) { Role::Admin } else { Role::User }
    }

    /// What lists of people show of somebody.
    pub(crate) fn profile_of(&self, claims: &Claims) -> Profile {
        let shown = |path: &ClaimPath| path.word(claims).and_then(show);
        let roles = self.role.words(claims);
        let admin = roles.iter().find(|role| **role == self.admin_role);
        Profile {
            name: shown(&self.name),
            email: shown(&self.email),
            role: admin.or(roles.first()).and_then(|role| show(role)),
            department: shown(&self.department),
            specialties: self
                .specialties
                .words(claims)
                .into_iter()
                .filter_map(show)
                .take(limits::SPECIALTIES)
                .collect(),
        }
    }
}

/// What lists of people show of somebody. From the token alone, and never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: Option<Box<str>>,
    pub(crate) email: Option<Box<str>>,
    /// The admin's, or the first.
    pub(crate) role: Option<Box<str>>,
    pub(crate) department: Option<Box<str>>,
    pub(crate) specialties: Box<[Box<str>]>,
}

/// The text without control characters, cut to where a letter ends; `None` when nothing is left.
fn show(text: &str) -> Option<Box<str>> {
    let mut shown: String = text.chars().take(limits::PROFILE_BYTES).filter(|letter| !letter.is_control()).collect();
    let end = (0..=limits::PROFILE_BYTES.min(shown.len())).rev().find(|&end| shown.is_char_boundary(end));
    shown.truncate(end.unwrap_or(0));
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths() -> ClaimPaths {
        let path = |text| ClaimPath::parse(text).unwrap();
        ClaimPaths {
            user: path("sub"),
            role: path("role"),
            admin_role: "admin".into(),
            name: path("name"),
            email: path("email"),
            department: path("department"),
            specialties: path("specialties"),
        }
    }

    fn claims(value: Value) -> Claims {
        let Value::Object(claims) = value else { panic!("claims are an object") };
        claims
    }

    #[test]
    fn a_path_leads_through_objects_and_through_names_with_dots() {
        let claims = claims(json!({
            "role": "a", "realm_access": {"roles": ["b"]}, "https://x.example/role": "c",
            "https://y.example": {"role": "d"}, "flat.name": "e",
        }));
        for (path, expected) in [
            ("role", json!("a")),
            ("realm_access.roles", json!(["b"])),
            ("https://x.example/role", json!("c")),
            ("https://y.example.role", json!("d")),
            ("flat.name", json!("e")),
        ] {
            assert_eq!(ClaimPath::parse(path).unwrap().find(&claims), Some(&expected), "{path}");
        }
        for path in ["roles", "realm_access.role", "role.a", ".", "realm_access."] {
            assert_eq!(ClaimPath::parse(path).unwrap().find(&claims), None, "{path}");
        }
        assert_eq!(ClaimPath::parse(""), None);
        assert_eq!(ClaimPath::parse(&"x".repeat(257)), None);
    }

    #[test]
    fn what_was_put_somewhere_is_found_there() {
        let mut claims = claims(json!({"role": "x"}));
        for path in ["sub", "realm_access.roles", "role.inner", "https://x.example/role"] {
            let path = ClaimPath::parse(path).unwrap();
            path.put(&mut claims, json!("here"));
            assert_eq!(path.find(&claims), Some(&json!("here")), "{path:?}");
        }
        assert!(claims.contains_key("https://x.example/role"));
    }

    #[test]
    fn an_admin_is_who_has_the_admin_role_alone_or_among_others() {
        let role = |role: Value| paths().role_of(&claims(json!({"role": role})));
        for admin in [json!("admin"), json!(["user", "admin"])] {
            assert_eq!(role(admin.clone()), Role::Admin, "{admin}");
        }
        for user in
            [json!("Admin"), json!("administrator"), json!(["user"]), json!([["admin"]]), json!({"admin": true})]
        {
            assert_eq!(role(user.clone()), Role::User, "{user}");
        }
        let other = ClaimPaths { admin_role: "chef".into(), ..paths() };
        assert_eq!(other.role_of(&claims(json!({"role": "chef"}))), Role::Admin);
        assert_eq!(other.role_of(&claims(json!({"role": "admin"}))), Role::User);
    }

    #[test]
    fn a_profile_is_bounded_whatever_the_token_says() {
        let profile = paths().profile_of(&claims(json!({
            "name": "Zoë\u{7} Ann\n", "email": 7, "role": ["nurse", "admin"], "department": "ä".repeat(500),
            "specialties": vec!["sleep"; 99],
        })));
        assert_eq!(profile.name.as_deref(), Some("Zoë Ann"));
        assert_eq!(profile.email, None);
        assert_eq!(profile.role.as_deref(), Some("admin"));
        assert_eq!(profile.department.as_deref(), Some("ä".repeat(64).as_str()));
        assert_eq!(profile.specialties.len(), limits::SPECIALTIES);
        assert_eq!(paths().profile_of(&Claims::new()), Profile::default());
        let one = paths().profile_of(&claims(json!({"specialties": "sleep", "name": " \u{0} "})));
        assert_eq!((one.specialties.len(), one.name), (1, None));
    }
}
