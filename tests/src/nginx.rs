//! A real nginx with the example of a proxy, before a real server.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::server::PATIENCE;

/// The example, as an operator copies it.
pub const EXAMPLE: &str = include_str!("../../server/deploy/nginx.conf");

/// The certificate and key that the tests put in.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/keys");

/// A running nginx. Dropping it kills the process.
pub struct Nginx {
    /// It runs for as long as this is held.
    _process: Child,
    address: String,
    _folder: TempDir,
}

impl Nginx {
    /// Starts it with the example, without TLS, before the server at this address.
    pub async fn before(server: &str) -> Self {
        Self::before_all(&[server.to_owned()]).await
    }

    /// The same before several servers, which share their work.
    pub async fn before_all(servers: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let servers: String =
            servers.iter().map(|server| format!("server {server} max_fails=3 fail_timeout=1s;\n")).collect();
        let example = replaced(EXAMPLE, "server 127.0.0.1:4747 max_fails=3 fail_timeout=1s;", &servers);
        let example = replaced(&example, "listen 443 ssl http2;", &format!("listen {address};"));
        // Of two servers of one name the first would answer.
        let example = replaced(&example, "listen 80;", &format!("listen {};", free_address()));
        // What becomes of one of several servers is the test's own doing.
        let level = if servers.lines().count() > 1 { "crit" } else { "warn" };
        let config = config(folder.path(), &with_certificate(&example), level);
        let mut process = nginx(folder.path(), &config);
        let mut process = process.stdout(Stdio::null()).kill_on_drop(true).spawn().expect("nginx starts");
        let listening = async {
            // It says nobody when it listens.
            while TcpStream::connect(&address).await.is_err() {
                let ended = process.try_wait().expect("it can be looked at");
                assert!(ended.is_none(), "nginx ended: {ended:?}; what it said is above");
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, listening).await.expect("nginx listens");
        Self { _process: process, address, _folder: folder }
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What `nginx -t` says to the example, TLS and all; `Err` when it does not take it.
///
/// # Errors
/// What it complains of.
pub async fn check(example: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), &with_certificate(example), "warn");
    let output = nginx(folder.path(), &config).arg("-t").output().await.expect("nginx starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The text with another part; panics when the part is not there, as the example has changed then.
fn replaced(text: &str, part: &str, other: &str) -> String {
    assert!(text.contains(part), "the example has no `{part}` any more");
    text.replace(part, other)
}

fn with_certificate(example: &str) -> String {
    let example = replaced(example, "/etc/ssl/stillhere/fullchain.pem", &format!("{KEYS}/tls.cert.pem"));
    replaced(&example, "/etc/ssl/stillhere/privkey.pem", &format!("{KEYS}/tls.pem"))
}

/// A whole configuration around the example, which writes nowhere but into the folder.
fn config(folder: &Path, example: &str, level: &str) -> PathBuf {
    let site = folder.join("stillhere.conf");
    std::fs::write(&site, example).expect("the example can be written");
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|name| format!("{name}_temp_path {};\n", folder.join(name).display())).concat();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr {level};\nevents {{}}\nhttp {{\naccess_log off;\n\
         {folders}include {1};\n}}\n",
        folder.display(),
        site.display()
    );
    let whole = folder.join("nginx.conf");
    std::fs::write(&whole, text).expect("the configuration can be written");
    whole
}

fn nginx(folder: &Path, config: &Path) -> Command {
    // Debian keeps it where not everybody looks for programs.
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(program.unwrap_or("nginx"));
    command.arg("-p").arg(folder).arg("-e").arg("stderr").arg("-c").arg(config);
    command
}

/// An address that nobody listened on a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").to_string()
}
