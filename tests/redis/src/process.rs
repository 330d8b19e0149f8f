//! One process of a server, and what stands between it and the test.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::log::Log;

/// Does what the test orders; when the test is gone and cannot order anything, it kills the server and clears up.
const KEEPER: &str = r#"
folder=$1; shift
cd "$folder" || exit 1
"$@" >&2 & server=$!
while read order; do
    case $order in
        pause) kill -STOP $server ;;
        resume) kill -CONT $server ;;
    esac
    echo "$order"
done
# Nobody may be left who hears that the server was killed, and to say so would end this shell.
exec >/dev/null 2>&1
kill -KILL $server; wait $server
cd / && rm -rf "$folder"
"#;

pub(crate) struct Process {
    folder: PathBuf,
    log: Log,
    keeper: Option<Keeper>,
}

struct Keeper {
    child: Child,
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the program in a folder of its own; `None`: somebody else has its port.
    pub(crate) fn start(program: &Path, words: &[String]) -> Option<Self> {
        Self::start_in(&folder(), program, words)
    }

    /// Starts the program in this folder, which goes when the program does.
    pub(crate) fn start_in(folder: &Path, program: &Path, words: &[String]) -> Option<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(folder)
            .arg(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let log = Log::of(child.stderr.take().expect("it has an output"));
        let orders = child.stdin.take().expect("it listens");
        let done = BufReader::new(child.stdout.take().expect("it answers"));
        let process = Self { folder: folder.into(), log, keeper: Some(Keeper { child, orders, done }) };
        (!process.log.was_too_late()).then_some(process)
    }

    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }

    /// Has it done by the keeper, and waits until it is.
    pub(crate) fn order(&mut self, what: &str) {
        let keeper = self.keeper.as_mut().expect("it runs");
        writeln!(keeper.orders, "{what}").expect("it hears");
        let mut answer = String::new();
        keeper.done.read_line(&mut answer).expect("it answers");
        assert_eq!(answer.trim(), what, "the keeper has gone");
    }

    pub(crate) fn kill(&mut self) {
        if let Some(Keeper { mut child, orders, .. }) = self.keeper.take() {
            drop(orders);
            let _ = child.wait();
        }
    }
}

/// A new folder.
pub(crate) fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("redis-").tempdir().expect("a folder for the server").keep()
}

/// A server in a static is never dropped; the end of its keeper's input does the same.
impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        // The keeper has done so, unless it could not even begin. Nobody is left to be told.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
