//! Who is believed to be who: what the settings about identity mean together.

use std::path::PathBuf;

use stillhere_engine::time::Millis;

use super::{AuthWord, Secret, SettingsError, Typed};
use crate::{
    identity::{COOKIE, ClaimPath, ClaimPaths, Key, KeySet, read_key_file},
    limits,
};

/// Who is believed to be who.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Everybody is who they say they are.
    None,
    /// Whoever has a good token.
    Jwt(Box<TokenRules>),
    /// Whoever has a good token, and visitors by the e-mail address that they say is theirs.
    Email(Box<TokenRules>),
}

/// When a token is good, and what is read from it.
#[derive(Clone, Debug)]
pub struct TokenRules {
    pub(crate) keys: Keys,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) leeway: Millis,
    pub(crate) claims: ClaimPaths,
    /// The name of the cookie in which a token may lie.
    pub(crate) cookie: Option<String>,
    /// Where the gate's form leads.
    pub(crate) content_url: String,
    pub(crate) insecure_cookies: bool,
}

/// What tokens are checked with.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    /// The secret that they are signed with too.
    Secret(Secret),
    /// One public key.
    Public { path: PathBuf, key: Key },
    /// As many as somebody else publishes, for as long as they do.
    Set { path: PathBuf, keys: KeySet },
}

impl Auth {
    /// Finds out what was meant. `secret` is the one from the environment.
    pub(super) fn parse(typed: &Typed, secret: Option<Secret>) -> Result<Self, SettingsError> {
        let is_secret = secret.is_some();
        let keys = parse_keys(typed, secret)?;
        match typed.auth.unwrap_or(AuthWord::None) {
            AuthWord::None => match first_unused(typed, is_secret) {
                None => Ok(Self::None),
                Some(unused) => Err(SettingsError::new(format!(
                    "there is {unused}, but `auth` is none and nobody would look at it: set `auth = \"jwt\"`, or leave \
                     it out"
                ))),
            },
            AuthWord::Jwt => match keys {
                None => Err(SettingsError::new(
                    "`auth` is jwt, but there is nothing to check tokens with: put their secret into \
                     STILLHERE_JWT_SECRET or name its file by `jwt_secret_file`, or name public keys by \
                     `jwt_public_key_file` or `jwks_file`",
                )),
                Some(_) if typed.content_url.is_some() || typed.insecure_cookies.is_some() => Err(SettingsError::new(
                    "`content_url` and `insecure_cookies` are for the e-mail gate: set `auth = \"email\"`, or leave \
                     them out",
                )),
                Some(keys) => Ok(Self::Jwt(Box::new(TokenRules::parse(typed, keys)?))),
            },
            AuthWord::Email => match keys {
                Some(keys @ Keys::Secret(_)) => Ok(Self::Email(Box::new(TokenRules::parse(typed, keys)?))),
                Some(_) | None => Err(SettingsError::new(
                    "`auth` is email, and the cookies of its visitors need a secret to be sealed with: put one into \
                     STILLHERE_JWT_SECRET or name its file by `jwt_secret_file`, and leave public keys out",
                )),
            },
        }
    }

    /// The word for it, and everything that goes with it, as it could have been typed.
    pub(super) fn write(&self, typed: &mut Typed) {
        typed.auth = Some(match self {
            Self::None => AuthWord::None,
            Self::Jwt(_) => AuthWord::Jwt,
            Self::Email(_) => AuthWord::Email,
        });
        match self {
            Self::None => {}
            Self::Jwt(rules) => rules.write(typed),
            Self::Email(rules) => {
                rules.write(typed);
                typed.content_url = Some(rules.content_url.clone());
                typed.insecure_cookies = Some(rules.insecure_cookies);
            }
        }
    }
}

impl TokenRules {
    fn parse(typed: &Typed, keys: Keys) -> Result<Self, SettingsError> {
        let leeway = typed.jwt_leeway_ms.map_or(limits::TOKEN_LEEWAY, Millis);
        if leeway > limits::TOKEN_LEEWAY_MOST {
            return Err(SettingsError::new(format!(
                "`jwt_leeway_ms` is over {}: clocks that far apart need to be set, not excused",
                limits::TOKEN_LEEWAY_MOST.0
            )));
        }
        let cookie = typed.token_cookie.as_deref().map(parse_cookie).transpose()?;
        if cookie.is_some() && typed.allowed_origins.as_ref().is_none_or(Vec::is_empty) {
            return Err(SettingsError::new(
                "`token_cookie` lets browsers say who asks, and they do so for every page: name the origins of your \
                 own pages by `allowed_origins`, such as https://app.example.com",
            ));
        }
        Ok(Self {
            keys,
            issuer: typed.jwt_issuer.clone(),
            audience: typed.jwt_audience.clone(),
            leeway,
            claims: parse_claims(typed)?,
            cookie,
            content_url: parse_content_url(typed.content_url.as_deref())?,
            insecure_cookies: typed.insecure_cookies.unwrap_or(false),
        })
    }

    fn write(&self, typed: &mut Typed) {
        match &self.keys {
            Keys::Secret(_) => {}
            Keys::Public { path, .. } => typed.jwt_public_key_file = Some(path.clone()),
            Keys::Set { path, .. } => typed.jwks_file = Some(path.clone()),
        }
        let claims = &self.claims;
        let path = |path: &ClaimPath| Some(path.as_str().to_owned());
        typed.jwt_issuer.clone_from(&self.issuer);
        typed.jwt_audience.clone_from(&self.audience);
        typed.jwt_leeway_ms = Some(self.leeway.0);
        typed.token_cookie.clone_from(&self.cookie);
        typed.user_claim = path(&claims.user);
        typed.role_claim = path(&claims.role);
        typed.admin_role = Some(claims.admin_role.clone());
        typed.name_claim = path(&claims.name);
        typed.email_claim = path(&claims.email);
        typed.department_claim = path(&claims.department);
        typed.specialties_claim = path(&claims.specialties);
    }
}

/// What tokens are to be checked with, if anything is named; there must not be two things.
fn parse_keys(typed: &Typed, secret: Option<Secret>) -> Result<Option<Keys>, SettingsError> {
    let named = [
        ("STILLHERE_JWT_SECRET", secret.is_some()),
        ("`jwt_secret_file`", typed.jwt_secret_file.is_some()),
        ("`jwt_public_key_file`", typed.jwt_public_key_file.is_some()),
        ("`jwks_file`", typed.jwks_file.is_some()),
    ];
    let mut named = named.iter().filter(|(_, is_named)| *is_named).map(|(name, _)| name);
    if let (Some(one), Some(other)) = (named.next(), named.next()) {
        return Err(SettingsError::new(format!(
            "there are {one} and {other}, and a token must not choose by which of two it is checked: leave one out"
        )));
    }
    let wrong = |name, path: &PathBuf, why: &str| SettingsError::new(format!("`{name}`: {} {why}", path.display()));
    if let Some(path) = &typed.jwt_secret_file {
        return Secret::read("jwt_secret_file", path).map(|secret| Some(Keys::Secret(secret)));
    }
    if let Some(path) = &typed.jwt_public_key_file {
        let wrong = |why: &str| wrong("jwt_public_key_file", path, why);
        let pem = read_key_file(path).map_err(|why| wrong(&why))?;
        let key = Key::from_pem(&pem).map_err(wrong)?;
        return Ok(Some(Keys::Public { path: path.clone(), key }));
    }
    if let Some(path) = &typed.jwks_file {
        let keys = KeySet::read(path).map_err(|why| wrong("jwks_file", path, &why))?;
        return Ok(Some(Keys::Set { path: path.clone(), keys }));
    }
    Ok(secret.map(Keys::Secret))
}

/// The first setting that means nothing without tokens.
fn first_unused(typed: &Typed, is_secret: bool) -> Option<&'static str> {
    let settings = [
        ("a secret for tokens", is_secret || typed.jwt_secret_file.is_some()),
        ("`jwt_public_key_file`", typed.jwt_public_key_file.is_some()),
        ("`jwks_file`", typed.jwks_file.is_some()),
        ("`jwt_issuer`", typed.jwt_issuer.is_some()),
        ("`jwt_audience`", typed.jwt_audience.is_some()),
        ("`jwt_leeway_ms`", typed.jwt_leeway_ms.is_some()),
        ("`token_cookie`", typed.token_cookie.is_some()),
        ("`user_claim`", typed.user_claim.is_some()),
        ("`role_claim`", typed.role_claim.is_some()),
        ("`admin_role`", typed.admin_role.is_some()),
        ("`name_claim`", typed.name_claim.is_some()),
        ("`email_claim`", typed.email_claim.is_some()),
        ("`department_claim`", typed.department_claim.is_some()),
        ("`specialties_claim`", typed.specialties_claim.is_some()),
        ("`content_url`", typed.content_url.is_some()),
        ("`insecure_cookies`", typed.insecure_cookies.is_some()),
    ];
    settings.iter().find(|(_, is_there)| *is_there).map(|(name, _)| *name)
}

fn parse_claims(typed: &Typed) -> Result<ClaimPaths, SettingsError> {
    let path = |name: &str, typed: &Option<String>, usual: &str| {
        ClaimPath::parse(typed.as_deref().unwrap_or(usual)).ok_or_else(|| {
            SettingsError::new(format!(
                "`{name}` must be the name of a claim, or names with dots between, of 1 to {} bytes",
                limits::CLAIM_PATH_BYTES
            ))
        })
    };
    let admin_role = typed.admin_role.clone().unwrap_or_else(|| "admin".into());
    if admin_role.is_empty() {
        return Err(SettingsError::new("`admin_role` is empty: name the role that admins have, such as admin"));
    }
    Ok(ClaimPaths {
        user: path("user_claim", &typed.user_claim, "sub")?,
        role: path("role_claim", &typed.role_claim, "role")?,
        admin_role,
        name: path("name_claim", &typed.name_claim, "name")?,
        email: path("email_claim", &typed.email_claim, "email")?,
        department: path("department_claim", &typed.department_claim, "department")?,
        specialties: path("specialties_claim", &typed.specialties_claim, "specialties")?,
    })
}

fn parse_cookie(name: &str) -> Result<String, SettingsError> {
    let letter = |letter: u8| letter.is_ascii_alphanumeric() || b"_-.".contains(&letter);
    if name.is_empty() || name.len() > limits::COOKIE_NAME_BYTES || !name.bytes().all(letter) || name == COOKIE {
        return Err(SettingsError::new(format!(
            "`token_cookie` is {name:?}: it must be 1 to {} letters, digits, _, - or dots, and not {COOKIE}, which is \
             the e-mail gate's",
            limits::COOKIE_NAME_BYTES
        )));
    }
    Ok(name.to_owned())
}

fn parse_content_url(typed: Option<&str>) -> Result<String, SettingsError> {
    let url = typed.unwrap_or("/");
    // Two slashes, or one and its mirror image, would lead to another host.
    let is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    let is_address = url.starts_with("https://") || url.starts_with("http://");
    if (is_path || is_address) && url.bytes().all(|letter| letter.is_ascii_graphic()) {
        return Ok(url.to_owned());
    }
    Err(SettingsError::new(format!(
        "`content_url` is {url:?}: make it a path such as /report.html, or an address such as https://app.example.com/, \
         with everything else than ASCII as %XX"
    )))
}
