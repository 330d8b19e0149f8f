//! The line to Redis, whichever of its forms: one for all calls, and dialled anew when it is broken.

use std::io;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, ServerErrorKind, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    io::tcp::TcpSettings,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};
use tokio::{sync::Mutex, time::timeout};

use super::{RedisError, scripts::Lua};
use crate::{
    limits,
    settings::{Host, RedisPlace, Servers, Wire},
};

pub(super) struct Line {
    dial: Dial,
    /// The line there is, and the how-manieth.
    open: Mutex<(u64, Option<Open>)>,
}

enum Dial {
    One(Client),
    // It remembers which sentinel has answered.
    Sentinels(Mutex<SentinelClient>),
    Cluster(ClusterClient),
}

#[derive(Clone)]
enum Open {
    One(MultiplexedConnection),
    /// It finds each key's server, and dials them anew by itself.
    Cluster(ClusterConnection),
}

impl Line {
    /// Knows where to dial, and has not done so yet.
    pub(super) fn new(place: &RedisPlace) -> Result<Self, RedisError> {
        Ok(Self { dial: Dial::new(place)?, open: Mutex::default() })
    }

    /// Sends a command and waits for its answer, for two seconds at most. Nothing is sent again, except by a cluster's
    /// line when a server has hung up: so whatever is sent must do no harm when it comes twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let value = self.send(command).await.map_err(RedisError::from)?;
        Ok(T::from_redis_value(value)?)
    }

    /// Runs a script. A Redis that has not heard of it, as it was restarted or has just taken over, is told all of it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Lua,
        keys: &[&str],
        arguments: &[Vec<u8>],
    ) -> Result<T, RedisError> {
        let value = match self.send(&script.by_name(keys, arguments)).await {
            Err(why) if why.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.send(&script.in_full(keys, arguments)).await
            }
            answer => answer,
        };
        Ok(T::from_redis_value(value?)?)
    }

    async fn send(&self, command: &Cmd) -> Result<Value, redis::RedisError> {
        let mut number = None;
        let sending = async {
            let (open, mut line) = self.line().await?;
            number = Some(open);
            line.send(command).await
        };
        let answer = timeout(limits::REDIS_WITHIN, sending).await;
        let answer = answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        if let (Err(why), Some(number)) = (&answer, number)
            && self.is_useless(why)
        {
            self.hang_up(number).await;
        }
        answer
    }

    async fn line(&self) -> Result<(u64, Open), redis::RedisError> {
        let (number, open) = &mut *self.open.lock().await;
        if let Some(open) = open {
            return Ok((*number, open.clone()));
        }
        let line = self.dial.dial().await?;
        *number += 1;
        *open = Some(line.clone());
        Ok((*number, line))
    }

    /// Whether another line may serve where this one has not: it may be dead without a word, or a sentinel may name another
    /// server by now. A cluster's line looks after itself.
    fn is_useless(&self, why: &redis::RedisError) -> bool {
        let kind = why.kind();
        let is_elsewhere = matches!(kind, ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown));
        !matches!(self.dial, Dial::Cluster(_))
            && (kind == ErrorKind::Io || why.is_unrecoverable_error() || is_elsewhere)
    }

    /// Forgets this line, if no other has taken its place meanwhile.
    async fn hang_up(&self, number: u64) {
        let (now, open) = &mut *self.open.lock().await;
        if *now == number {
            *open = None;
        }
    }
}

impl Open {
    async fn send(&mut self, command: &Cmd) -> Result<Value, redis::RedisError> {
        match self {
            Self::One(line) => line.req_packed_command(command).await,
            Self::Cluster(line) => line.req_packed_command(command).await,
        }
        .and_then(Value::extract_error)
    }
}

impl Dial {
    fn new(place: &RedisPlace) -> Result<Self, redis::RedisError> {
        let mut login = RedisConnectionInfo::default();
        if let Some(typed) = &place.login {
            login = login.set_password(&*typed.password);
            if let Some(user) = &typed.user {
                login = login.set_username(&**user);
            }
        }
        let known = |host: &Host, login: &RedisConnectionInfo| {
            let info = address(host, place.wire).into_connection_info()?;
            Ok::<_, redis::RedisError>(info.set_redis_settings(login.clone()).set_tcp_settings(tcp()))
        };
        Ok(match &place.servers {
            Servers::One { host, database } => Self::One(Client::open(known(host, &login.set_db(*database))?)?),
            Servers::Cluster(hosts) => {
                let hosts = hosts.iter().map(|host| known(host, &login)).collect::<Result<Vec<_>, _>>()?;
                let builder = ClusterClient::builder(hosts).tcp_settings(tcp()).retries(limits::REDIS_RETRIES);
                let builder =
                    builder.connection_timeout(limits::REDIS_WITHIN / 2).response_timeout(limits::REDIS_WITHIN);
                Self::Cluster(builder.build()?)
            }
            Servers::Sentinels { hosts, service } => {
                let hosts = hosts.iter().map(|host| known(host, &RedisConnectionInfo::default()));
                let tls = (place.wire == Wire::Tls).then_some(TlsMode::Secure);
                let mut node =
                    SentinelNodeConnectionInfo::default().set_redis_connection_info(login).set_tcp_settings(tcp());
                if let Some(tls) = tls {
                    node = node.set_tls_mode(tls);
                }
                let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
                let sentinels = SentinelClient::build(hosts, &**service, Some(node), SentinelServerType::Master)?;
                Self::Sentinels(Mutex::new(sentinels))
            }
        })
    }

    async fn dial(&self) -> Result<Open, redis::RedisError> {
        // Whoever asks keeps the time.
        let patient = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        Ok(match self {
            Self::One(client) => Open::One(client.get_multiplexed_async_connection_with_config(&patient).await?),
            Self::Sentinels(client) => Open::One(client.lock().await.get_async_connection_with_config(&patient).await?),
            Self::Cluster(client) => Open::Cluster(client.get_async_connection().await?),
        })
    }
}

fn address(host: &Host, wire: Wire) -> ConnectionAddr {
    match wire {
        Wire::Plain => ConnectionAddr::Tcp(host.name.to_string(), host.port),
        Wire::Tls => {
            ConnectionAddr::TcpTls { host: host.name.to_string(), port: host.port, insecure: false, tls_params: None }
        }
    }
}

/// Commands are small, and nothing is gained by waiting for more.
fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    // A cluster's line would not know for minutes that a machine is gone.
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(limits::REDIS_WITHIN);
    settings
}
