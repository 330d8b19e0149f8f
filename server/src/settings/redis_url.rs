//! Where Redis is, and the password for it.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::SettingsError;
use crate::limits;

/// Redis' own port, and its sentinels'.
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// An address such as `redis://:password@host:6379/0`. Wherever it is printed, the password is left out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RedisUrl(Box<str>);

/// What an address means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedisPlace {
    pub(crate) servers: Servers,
    pub(crate) wire: Wire,
    pub(crate) login: Option<Login>,
}

/// Which servers there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Servers {
    /// One, and one of its numbered databases.
    One { host: Host, database: i64 },
    /// Some of a cluster, which name the others.
    Cluster(Vec<Host>),
    /// Sentinels, which say who is the service's master.
    Sentinels { hosts: Vec<Host>, service: Box<str> },
}

/// Whether anybody on the way can read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    Tls,
}

/// A machine and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: Box<str>,
    pub(crate) port: u16,
}

/// What is said on arrival. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Option<Box<str>>,
    pub(crate) password: Box<str>,
}

impl RedisUrl {
    /// Takes the text as it was typed; [`parse`](Self::parse) looks at it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Says where that is, or what is wrong with it, without repeating any of it.
    pub(super) fn parse(&self) -> Result<RedisPlace, SettingsError> {
        let parts = Parts::of(&self.0).ok_or_else(not_an_address)?;
        let (way, wire) = parts.way().ok_or_else(not_an_address)?;
        let login = parts.login.map(login).transpose()?;
        let (hosts, path) = parts.rest.split_once('/').unwrap_or((parts.rest, ""));
        let port = if way == "sentinel" { SENTINEL_PORT } else { PORT };
        let hosts: Vec<_> =
            hosts.split(',').map(|host| Host::parse(host, port)).collect::<Option<_>>().ok_or_else(not_an_address)?;
        if hosts.len() > limits::REDIS_HOSTS {
            return Err(SettingsError::new(format!(
                "`redis_url` names more than {} hosts: name a few, which know the others",
                limits::REDIS_HOSTS
            )));
        }
        let servers = match (way, hosts.as_slice(), path) {
            ("", [host], _) => Servers::One { host: host.clone(), database: database(path)? },
            ("", ..) => {
                return Err(SettingsError::new(
                    "`redis_url` names several hosts: say by redis+cluster:// or redis+sentinel:// what they are",
                ));
            }
            ("cluster", _, "") => Servers::Cluster(hosts),
            ("cluster", ..) => {
                return Err(SettingsError::new(
                    "`redis_url`: a cluster has one database, so leave out what follows the hosts",
                ));
            }
            (_, _, "") => {
                return Err(SettingsError::new(
                    "`redis_url`: sentinels watch several services; write which behind the hosts, \
                     redis+sentinel://host:26379/service",
                ));
            }
            (_, _, service) => Servers::Sentinels { hosts, service: service.into() },
        };
        Ok(RedisPlace { servers, wire, login })
    }
}

fn not_an_address() -> SettingsError {
    SettingsError::new(
        "`redis_url` is no address of a Redis: write it as redis://:password@host:6379/0, \
         redis+cluster://:password@host1:6379,host2:6379 or redis+sentinel://:password@host1:26379,host2:26379/service, \
         with rediss for TLS, and everything but letters and digits in the password as %XX",
    )
}

fn database(path: &str) -> Result<i64, SettingsError> {
    let wrong = |_| SettingsError::new("`redis_url`: what follows the host is the number of a database, such as /0");
    if path.is_empty() { Ok(0) } else { path.parse::<u16>().map(i64::from).map_err(wrong) }
}

fn login(text: &str) -> Result<Login, SettingsError> {
    let Some((user, password)) = text.split_once(':') else {
        return Err(SettingsError::new(
            "`redis_url` has a name and no password before the @: write a password behind a colon, \
             redis://:password@host",
        ));
    };
    let user = (!user.is_empty()).then(|| decoded(user)).map(|user| user.ok_or_else(not_an_address)).transpose()?;
    Ok(Login { user, password: decoded(password).ok_or_else(not_an_address)? })
}

/// The text with each %XX as what it stands for; `None`: it stands for nothing.
fn decoded(text: &str) -> Option<Box<str>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok().map(Into::into)
}

impl Host {
    fn parse(text: &str, usual_port: u16) -> Option<Self> {
        // The colons of an address of IPv6 are within brackets.
        let end = text.rfind(']').map_or(0, |end| end + 1);
        let (name, port) = match text[end..].split_once(':') {
            Some((rest, port)) => (&text[..end + rest.len()], port.parse().ok()?),
            None => (text, usual_port),
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let is_name = |letter: u8| letter.is_ascii_alphanumeric() || b".-_".contains(&letter);
        let is_good = if bare == name {
            !bare.is_empty() && bare.bytes().all(is_name)
        } else {
            bare.parse::<std::net::Ipv6Addr>().is_ok()
        };
        is_good.then(|| Self { name: bare.into(), port })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.user.as_deref().unwrap_or("…"))
    }
}

/// The address without the password.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parts) = Parts::of(&self.0) else { return f.write_str("(not an address)") };
        // What stands there without a colon may be a password, too.
        match parts.login.and_then(|login| login.split_once(':')) {
            Some((user, _)) if !user.is_empty() => write!(f, "{}://{user}@{}", parts.scheme, parts.rest),
            _ => write!(f, "{}://{}", parts.scheme, parts.rest),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

impl Serialize for RedisUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What an address consists of.
struct Parts<'a> {
    scheme: &'a str,
    login: Option<&'a str>,
    /// Hosts and path.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, after) = url.split_once("://")?;
        // The last one: whoever forgot to write an @ or a / in a password as %XX must not see its end printed.
        let (login, rest) = after.rsplit_once('@').map_or((None, after), |(login, rest)| (Some(login), rest));
        let is_plain = |text: &str| text.bytes().all(|letter| letter.is_ascii_graphic() && !b"/?#@".contains(&letter));
        let parts = Self { scheme, login, rest };
        (parts.way().is_some() && is_plain(login.unwrap_or("")) && !rest.contains(['?', '#'])).then_some(parts)
    }

    /// What the scheme says: which servers there are, and how they are spoken to.
    fn way(&self) -> Option<(&'a str, Wire)> {
        let (protocol, way) = self.scheme.split_once('+').unwrap_or((self.scheme, ""));
        let wire = match protocol {
            "redis" => Wire::Plain,
            "rediss" => Wire::Tls,
            _ => return None,
        };
        let is_known = matches!((self.scheme.contains('+'), way), (false, _) | (true, "cluster" | "sentinel"));
        is_known.then_some((way, wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> RedisPlace {
        RedisUrl::new(url).parse().unwrap()
    }

    fn host(name: &str, port: u16) -> Host {
        Host { name: name.into(), port }
    }

    #[test]
    fn an_address_says_which_servers_there_are() {
        assert_eq!(place("redis://db").servers, Servers::One { host: host("db", 6379), database: 0 });
        assert_eq!(place(" redis://[::1]:7/3\n").servers, Servers::One { host: host("::1", 7), database: 3 });
        assert_eq!(place("redis://[fe80::1]").servers, Servers::One { host: host("fe80::1", 6379), database: 0 });
        let two = |port| vec![host("a.example", 7000), host("b", port)];
        assert_eq!(place("redis+cluster://a.example:7000,b").servers, Servers::Cluster(two(6379)));
        let sentinels = Servers::Sentinels { hosts: two(26379), service: "mymaster".into() };
        assert_eq!(place("redis+sentinel://a.example:7000,b/mymaster").servers, sentinels);
    }

    #[test]
    fn an_address_says_who_comes_and_whether_anybody_may_read_along() {
        assert_eq!(place("redis://db").login, None);
        assert_eq!(place("redis://db").wire, Wire::Plain);
        for scheme in ["rediss", "rediss+cluster", "rediss+sentinel"] {
            let path = if scheme.ends_with("sentinel") { "/service" } else { "" };
            assert_eq!(place(&format!("{scheme}://db{path}")).wire, Wire::Tls);
        }
        let login = place("redis://:p%40ss%25@db").login.unwrap();
        assert_eq!((login.user, &*login.password), (None, "p@ss%"));
        let login = place("redis+cluster://ann:x:y@db").login.unwrap();
        assert_eq!((login.user.as_deref(), &*login.password), (Some("ann"), "x:y"));
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_a_sentence_that_repeats_none_of_it() {
        for (url, why) in [
            ("hunter2", "is no address"),
            ("postgres://hunter2@db", "is no address"),
            ("redis+http://:hunter2@db", "is no address"),
            ("redis+://:hunter2@db", "is no address"),
            ("redis://:hunter2@", "is no address"),
            ("redis://:hunter2@db:port", "is no address"),
            ("redis://:hunter2@[db]", "is no address"),
            ("redis://:hun/ter2@db", "as %XX"),
            ("redis://:hunter2%4@db", "as %XX"),
            ("redis://:hunter2@db?timeout=1", "is no address"),
            ("redis://hunter2@db", "behind a colon"),
            ("redis://:hunter2@db/users", "number of a database"),
            ("redis://:hunter2@a,b", "what they are"),
            ("redis+cluster://:hunter2@a,b/1", "one database"),
            ("redis+sentinel://:hunter2@a,b", "several services"),
            ("redis+cluster://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16"),
        ] {
            let said = RedisUrl::new(url).parse().unwrap_err().to_string();
            assert!(said.contains(why) && !said.contains("hunter2"), "{url}: {said}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        for (url, shown) in [
            ("redis://:hunter2@db:6379/0", "redis://db:6379/0"),
            ("rediss+cluster://ann:hunter2@a,b", "rediss+cluster://ann@a,b"),
            ("redis://hunter2@db", "redis://db"),
            ("redis://:hun@hunter2@db", "(not an address)"),
            ("redis:hunter2@db", "(not an address)"),
            ("redis://:a#hunter2@db", "(not an address)"),
        ] {
            let url = RedisUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("RedisUrl({shown})"));
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
            assert!(!format!("{:?}", url.parse()).contains("hunter2"));
        }
    }
}
