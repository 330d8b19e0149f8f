//! A real PostgreSQL server that a test starts for itself: in a folder of its own, on a socket in that folder, so that it
//! meets no other server of the machine. It is gone when the test's process is, however that ends.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

/// What the server's user logs in with. A test that finds it in a log or an error has found a leak.
pub const PASSWORD: &str = "correct-horse-8c1f";

/// The server's user, who may do everything.
const USER: &str = "stillhere";

/// Who runs the server when the test is run by root, who may not: the package's own user.
const RUNNER: &str = "postgres";

/// Stands between the test and the server: when the test says so, or is gone and cannot say anything, it ends the
/// server at once, as a crash would; in the second case it clears up.
const KEEPER: &str = r#"
folder=$1; shift
"$@" & server=$!
read order
kill -QUIT $server; wait $server
[ "$order" = crash ] || rm -rf "$folder"
"#;

/// Whether the server waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It does, as it must where facts are to outlive a crash.
    Awaited,
    /// It does not, and is faster.
    Ignored,
}

/// A running server.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    disk: Disk,
    keeper: Option<Child>,
}

impl Cluster {
    /// Makes a server and starts it.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start; the sentence says what to do.
    #[must_use]
    pub fn start(disk: Disk) -> Self {
        let programs = programs();
        // A short path: the name of a socket may have a hundred bytes.
        let folder = tempfile::Builder::new().prefix("pg-").tempdir().expect("a folder for the database").keep();
        let password = folder.join("password");
        fs::write(&password, PASSWORD).expect("the password can be written");
        if let Some((user, group)) = runner() {
            for path in [&folder, &password] {
                chown(path, Some(user), Some(group)).expect("root may give files away");
            }
        }
        let mut cluster = Self { programs, folder, disk, keeper: None };
        cluster.initialize(&password);
        cluster.launch();
        cluster
    }

    /// Makes an empty database and gives its address, with the password in it.
    ///
    /// # Panics
    /// There is one of that name.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        let mut createdb = Command::new(self.programs.join("createdb"));
        createdb.arg("-h").arg(&self.folder).args(["-U", USER, name]).env("PGPASSWORD", PASSWORD);
        finish(&mut createdb);
        format!("postgres://{USER}:{PASSWORD}@localhost/{name}?host={}", self.folder.display())
    }

    /// The process from which all of its processes come.
    ///
    /// # Panics
    /// It does not run.
    #[must_use]
    pub fn process(&self) -> u32 {
        let said = fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        said.lines().next().and_then(|line| line.trim().parse().ok()).expect("it says which process it is")
    }

    /// Ends the server as a crash would: nothing that lies only in its memory is written.
    ///
    /// # Panics
    /// It does not run.
    pub fn crash(&mut self) {
        let mut keeper = self.keeper.take().expect("it runs");
        keeper.stdin.take().expect("it listens").write_all(b"crash\n").expect("it hears");
        keeper.wait().expect("it ends");
    }

    /// Starts it again after a crash, on the same folder.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&mut self) {
        self.launch();
    }

    fn initialize(&self, password: &Path) {
        let mut initdb = as_runner(&self.programs.join("initdb"));
        initdb
            .arg("-D")
            .arg(self.data())
            .args(["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"])
            .arg("--pwfile")
            .arg(password);
        finish(&mut initdb);
    }

    fn launch(&mut self) {
        let fsync = match self.disk {
            Disk::Awaited => "fsync=on",
            Disk::Ignored => "fsync=off",
        };
        let mut keeper = as_runner(Path::new("/bin/sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.folder)
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(&self.folder)
            .args(["-c", "listen_addresses=", "-c", fsync, "-c", "shared_buffers=32MB", "-c", "max_connections=200"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut lines = BufReader::new(keeper.stderr.take().expect("it has an output")).lines();
        let mut said = String::new();
        loop {
            let line = lines.next().and_then(Result::ok);
            let line = line.unwrap_or_else(|| panic!("PostgreSQL ended before it was ready:\n{said}"));
            if line.contains("ready to accept connections") {
                break;
            }
            said.push_str(&line);
            said.push('\n');
        }
        // Whatever it says later must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        self.keeper = Some(keeper);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

/// A server in a static is never dropped; the end of its keeper's input does the same.
impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        // The keeper has done so, unless the test failed between a crash and a restart. Nobody is left to be told.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the newest server's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = debian.chain(std::env::split_paths(&path)).filter(|folder| folder.join("initdb").exists());
    let version = |folder: &PathBuf| {
        let name = folder.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        name.and_then(|name| name.parse::<u32>().ok()).unwrap_or(0)
    };
    found.max_by_key(version).expect(
        "PostgreSQL is not installed, and this test starts one: `apt-get install postgresql`, or `cargo xtask test`; \
         `cargo xtask test --fast` does without",
    )
}

/// Numbers of the user and the group that run the server; `None`: whoever runs the test.
fn runner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| finish(Command::new("id").args(arguments)).trim().parse().expect("a number");
    (id(&["-u"]) == 0).then(|| (id(&["-u", RUNNER]), id(&["-g", RUNNER])))
}

/// A program that is not run by root.
fn as_runner(program: &Path) -> Command {
    let Some((user, group)) = runner() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups").arg(program);
    command
}

fn finish(command: &mut Command) -> String {
    // A folder of root's would be a folder that the runner may not even stand in.
    let output = command.current_dir("/").stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|why| panic!("{command:?} does not start: {why}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
