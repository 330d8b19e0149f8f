//! What can go wrong with a Redis.

use std::{error::Error, fmt};

use redis::{ErrorKind, ServerErrorKind};

use crate::limits;

/// Why a call came to nothing. Where it says that it is not known whether something was done, a call may be made again: a
/// write that was done is found by its tag.
///
/// None of it holds what a server has said, which may repeat the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RedisError {
    /// Nobody answers there, or the line broke: it is not known whether anything was done.
    Unreachable(&'static str),
    /// No answer within [`REDIS_WITHIN`](limits::REDIS_WITHIN): it is not known whether anything was done.
    Slow,
    /// It has no memory left, or nobody relays. Nothing was written; what only removes still is.
    Full,
    /// It does not take writes just now: it starts, or another takes over. Nothing was written.
    Away(Box<str>),
    /// The password is wrong, or may not do what is needed.
    Denied,
    /// What lies there was written by a newer version, another program, or a node with other settings.
    Strange(Box<str>),
    /// When its memory is full it throws out what it likes.
    Forgetful(Box<str>),
    /// It refused for a reason of its own: the first word of it.
    Refused(Box<str>),
}

impl RedisError {
    /// What does not look like anything of ours.
    pub(crate) fn strange(what: &str) -> Self {
        Self::Strange(what.into())
    }
}

impl From<redis::RedisError> for RedisError {
    fn from(why: redis::RedisError) -> Self {
        let code = why.code().unwrap_or_default();
        match (why.kind(), code) {
            (ErrorKind::Io, _) if why.is_timeout() => Self::Slow,
            (ErrorKind::Io, _) if why.is_connection_refusal() => Self::Unreachable("nobody listens there"),
            (ErrorKind::Io, _) if why.is_connection_dropped() => Self::Unreachable("the line broke"),
            (ErrorKind::Io, _) => Self::Unreachable("there is no way to it"),
            (ErrorKind::ClusterConnectionNotFound, _) => Self::Unreachable("no server of the cluster is left"),
            (ErrorKind::MasterNameNotFoundBySentinel, _) => Self::Away("no master".into()),
            (ErrorKind::AuthenticationFailed, _)
            | (ErrorKind::Server(ServerErrorKind::NoPerm), _)
            | (_, "NOAUTH" | "WRONGPASS" | "NOPERM") => Self::Denied,
            (_, "OOM") => Self::Full,
            (_, "WRONGTYPE") => Self::strange("a key of another kind"),
            (_, "STRANGE") => Self::strange(why.detail().unwrap_or_default()),
            (
                ErrorKind::Server(
                    ServerErrorKind::BusyLoading
                    | ServerErrorKind::Moved
                    | ServerErrorKind::Ask
                    | ServerErrorKind::TryAgain
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ReadOnly,
                ),
                _,
            )
            | (_, "MISCONF" | "NOREPLICAS" | "BUSY") => Self::Away(code.into()),
            (ErrorKind::UnexpectedReturnType | ErrorKind::Parse, _) => Self::strange("an answer of another kind"),
            _ => Self::Refused(if code.is_empty() { why.category() } else { code }.into()),
        }
    }
}

impl From<redis::ParsingError> for RedisError {
    fn from(why: redis::ParsingError) -> Self {
        redis::RedisError::from(why).into()
    }
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "Redis cannot be reached: {why}"),
            Self::Slow => write!(f, "Redis has not answered within {} s", limits::REDIS_WITHIN.as_secs()),
            Self::Full => f.write_str("Redis is full: give it more memory (`maxmemory`)"),
            Self::Away(why) => write!(f, "Redis takes no writes just now ({why}): another try may succeed"),
            Self::Denied => f.write_str(
                "Redis does not let this user in, or not do what is needed: look at the password and at the ACL",
            ),
            Self::Strange(what) => write!(
                f,
                "in Redis lies what this version has not written ({what}): is `redis_prefix` another program's, is \
                 `redis_shards` different on another node, or was a newer version here?"
            ),
            Self::Forgetful(policy) => write!(
                f,
                "when its memory is full, Redis throws out anybody ({policy}): set `maxmemory-policy noeviction`, so that it \
                 says that it is full instead"
            ),
            Self::Refused(why) => write!(f, "Redis has refused ({why})"),
        }
    }
}

impl Error for RedisError {}
