//! Programs that are measured or stand beside what is measured, each on the core of the servers.

use std::{
    env,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use stillhere_test_redis::{PASSWORD, Redis, Reply};
use stillhere_tests::{server::Server, token::SECRET};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::{interval, timeout},
};

use crate::cores;

/// Longer than anything takes to start on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the packages of the baselines are.
const BASELINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baselines");

/// Promises that outlast any measurement, and no limit for one address, from which everybody comes here.
pub(crate) const ROOMY: &str = "auth = \"jwt\"\ninterval_ms = 3600000\nhidden_interval_ms = 3600000\nhidden_hold_ms = 36000000\n\
    leave_grace_ms = 1\naddress_beats_per_s = 0\naddress_sessions_per_s = 0\naddress_requests_per_s = 0\n";

/// The environment of our own servers. What they have to say when all is well is not what somebody came for.
pub(crate) const ENVIRONMENT: [(&str, &str); 2] = [("STILLHERE_JWT_SECRET", SECRET), ("STILLHERE_LOG", "warn")];

/// Something that runs and can be talked to. It ends when this is dropped.
pub(crate) struct Program {
    address: String,
    /// The processes whose work it is.
    pub(crate) processes: Vec<u32>,
    kept: Kept,
}

/// What has to be held for it to run.
enum Kept {
    Ours(Box<Server>),
    Child { _child: Box<Child>, _folder: Option<TempDir>, redis: Option<Box<Redis>> },
    Redis(Box<Redis>),
}

impl Program {
    /// Our own server, on a new folder.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn ours(settings: &str) -> Result<Self, String> {
        Self::node(settings, &[]).await
    }

    /// Our own server, which shares its work with others as this environment says.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn node(settings: &str, more: &[(&str, &str)]) -> Result<Self, String> {
        Self::start(&[], settings, more).await
    }

    /// Our own server, on a folder that is there.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn on(folder: &Path, settings: &str) -> Result<Self, String> {
        Self::start(&["--data", &folder.display().to_string()], settings, &[]).await
    }

    async fn start(arguments: &[&str], settings: &str, more: &[(&str, &str)]) -> Result<Self, String> {
        cores::pin(cores::SERVER)?;
        let server = Server::start(arguments, settings, &[&ENVIRONMENT, more].concat()).await;
        cores::pin(cores::LOAD)?;
        let (address, processes) = (server.address().to_owned(), vec![server.id()]);
        Ok(Self { address, processes, kept: Kept::Ours(Box::new(server)) })
    }

    /// Axum with nothing in it.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn bare() -> Result<Self, String> {
        Self::child(&mut Command::new(beside("bare")?), None).await
    }

    /// Axum with nothing in it but bytes that it passes on to everybody who listens.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn bare_feed() -> Result<Self, String> {
        Self::child(Command::new(beside("bare")?).arg("feed"), None).await
    }

    /// socket.io with a room.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn socket_io() -> Result<Self, String> {
        let mut node = Command::new("node");
        node.arg(format!("{BASELINES}/socketio.js")).env("JWT_SECRET", SECRET).env("NODE_ENV", "production");
        Self::child(&mut node, None).await
    }

    /// nginx with nothing to do.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn nginx() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let address = free_address()?;
        let config = folder.path().join("nginx.conf");
        std::fs::write(&config, nginx_config(folder.path(), &address)).map_err(|why| why.to_string())?;
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
        let mut command = Command::new(program.unwrap_or("nginx"));
        command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c"]).arg(&config).stdout(Stdio::null());
        let child = spawn(&mut command)?;
        let listening = async {
            let mut tries = interval(Duration::from_millis(20));
            while TcpStream::connect(&address).await.is_err() {
                tries.tick().await;
            }
        };
        timeout(PATIENCE, listening).await.map_err(|_| "nginx does not listen; what it said is above")?;
        let processes = child.id().into_iter().collect();
        Ok(Self {
            address,
            processes,
            kept: Kept::Child { _child: Box::new(child), _folder: Some(folder), redis: None },
        })
    }

    /// Express and a Redis of its own, both on the one core.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn express() -> Result<Self, String> {
        let (redis, id) = start_redis()?;
        let mut node = Command::new("node");
        node.arg(format!("{BASELINES}/express.js"));
        node.env("REDIS_URL", redis.url()).env("JWT_SECRET", SECRET).env("NODE_ENV", "production");
        let mut program = Self::child(&mut node, Some(redis)).await?;
        program.processes.push(id);
        Ok(program)
    }

    /// Redis alone.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn redis() -> Result<Self, String> {
        let (redis, id) = start_redis()?;
        Ok(Self { address: redis.address(), processes: vec![id], kept: Kept::Redis(Box::new(redis)) })
    }

    async fn child(command: &mut Command, redis: Option<Redis>) -> Result<Self, String> {
        let mut child = spawn(command.stdout(Stdio::piped()))?;
        let output = child.stdout.take().ok_or("a program has no output")?;
        let mut lines = BufReader::new(output).lines();
        let said = timeout(PATIENCE, lines.next_line()).await.ok().and_then(Result::ok).flatten();
        let address = said.as_deref().and_then(|line| line.strip_prefix("http://")).map(str::to_owned);
        let address = address.ok_or("a baseline does not say where it listens; what it said is above")?;
        let processes = child.id().into_iter().collect();
        let redis = redis.map(Box::new);
        Ok(Self { address, processes, kept: Kept::Child { _child: Box::new(child), _folder: None, redis } })
    }

    /// Host and port.
    ///
    /// # Errors
    /// It has said something else.
    pub(crate) fn address(&self) -> Result<SocketAddr, String> {
        self.address.parse().map_err(|_| format!("{} is no address", self.address))
    }

    /// Redis, if it is that or works with it.
    pub(crate) fn redis_server(&self) -> Option<&Redis> {
        match &self.kept {
            Kept::Redis(redis) => Some(redis),
            Kept::Child { redis, .. } => redis.as_deref(),
            Kept::Ours(_) => None,
        }
    }

    /// Our own server, if it is that.
    pub(crate) fn server(&self) -> Option<&Server> {
        match &self.kept {
            Kept::Ours(server) => Some(server),
            _ => None,
        }
    }

    /// Kills our own server without a word, and starts it again where it was.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn restart(&mut self) -> Result<(), String> {
        let Kept::Ours(server) = &mut self.kept else { return Err("only our own server can begin anew".to_owned()) };
        server.kill().await;
        cores::pin(cores::SERVER)?;
        server.restart().await;
        cores::pin(cores::LOAD)?;
        self.processes = vec![server.id()];
        Ok(())
    }

    /// Has everything done that was put off: what was answered but is not on disk belongs to the work that was done.
    pub(crate) async fn settle(&self) {
        if let Some(server) = self.server() {
            let admin = stillhere_tests::token::token("operator", "admin");
            server.get_as(&admin, "/v1/admin/sessions?user=nobody").await;
        }
    }
}

/// A program of this crate, which lies where this one does.
///
/// # Errors
/// A sentence: it was not built.
pub(crate) fn beside(name: &str) -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|why| why.to_string())?;
    let path = own.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} was not built; `cargo xtask bench` does", path.display())) }
}

/// A script of the baselines, run by Node to its end: what it said.
///
/// # Errors
/// A sentence.
pub(crate) async fn node(words: &[&str]) -> Result<String, String> {
    let mut command = Command::new("node");
    command.current_dir(BASELINES).args(words);
    output(&mut command).await
}

/// Runs a program on the servers' core to its end: what it said.
///
/// # Errors
/// A sentence.
pub(crate) async fn output(command: &mut Command) -> Result<String, String> {
    let child = spawn(command.stdout(Stdio::piped()))?;
    let output = child.wait_with_output().await.map_err(|why| why.to_string())?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}; what it said is above", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A Redis on the servers' core, and its process.
///
/// # Errors
/// A sentence.
pub(crate) fn start_redis() -> Result<(Redis, u32), String> {
    cores::pin(cores::SERVER)?;
    let redis = Redis::start();
    cores::pin(cores::LOAD)?;
    let Reply::Text(info) = redis.tell(&["INFO", "server"]) else { return Err("Redis does not know itself".into()) };
    let id = info.lines().find_map(|line| line.strip_prefix("process_id:")).and_then(|id| id.trim().parse().ok());
    Ok((redis, id.ok_or("Redis does not say which process it is")?))
}

/// The password of every Redis here.
pub(crate) fn redis_password() -> String {
    PASSWORD.to_owned()
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    cores::pin(cores::SERVER)?;
    let child = command.kill_on_drop(true).stdin(Stdio::null()).spawn();
    cores::pin(cores::LOAD)?;
    child.map_err(|why| format!("{:?} does not start: {why}", command.as_std().get_program()))
}

fn nginx_config(folder: &Path, address: &str) -> String {
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|name| format!("{name}_temp_path {};\n", folder.join(name).display())).concat();
    format!(
        "daemon off;\nmaster_process off;\npid {}/pid;\nerror_log stderr warn;\nevents {{ worker_connections 1024; }}\n\
         http {{\naccess_log off;\n{folders}keepalive_timeout 3600;\nkeepalive_requests 1000000000;\n\
         server {{ listen {address}; location / {{ return 204; }} }}\n}}\n",
        folder.display(),
    )
}

/// An address that nobody listened on a moment ago.
fn free_address() -> Result<String, String> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    address.map(|address| address.to_string()).map_err(|why| why.to_string())
}
