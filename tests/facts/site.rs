//! A small site whose pages tell everything that happens to them.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// What a page tells. `at` is in milliseconds by the machine's clock, and finer than any two of them lie apart.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) page: String,
    pub(crate) what: String,
    pub(crate) at: f64,
}

/// Longer than any wait that is measured here; reaching it means that the awaited event never came.
pub(crate) const PATIENCE: Duration = Duration::from_secs(9 * 60);

/// Two requests of one page may overtake each other by this.
const OVERTAKING: Duration = Duration::from_millis(500);

pub(crate) struct Site {
    address: String,
    arriving: mpsc::UnboundedReceiver<Note>,
    notes: Vec<Note>,
}

impl Site {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it has one"));
        let (notes, arriving) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, notes.clone()));
            }
        });
        Self { address, arriving, notes: Vec::new() }
    }

    pub(crate) fn page(&self, name: &str) -> String {
        format!("{}/?{name}", self.address)
    }

    /// Waits until the page has told this once more than `since` notes ago; gives the note.
    pub(crate) async fn until(&mut self, page: &str, what: &str, since: usize) -> Note {
        let is_it = |note: &Note| note.page == page && note.what == what;
        self.until_all(PATIENCE, |notes| notes.iter().skip(since).find(|note| is_it(note)).cloned())
            .await
            .unwrap_or_else(|| panic!("{page} never told: {what}"))
    }

    /// Waits until `look` finds in all notes what it looks for, so long as there is patience.
    pub(crate) async fn until_all<T>(
        &mut self,
        patience: Duration,
        mut look: impl FnMut(&[Note]) -> Option<T>,
    ) -> Option<T> {
        let waiting = async {
            loop {
                if let Some(found) = look(&self.notes) {
                    return found;
                }
                self.notes.push(self.arriving.recv().await.expect("the site outlives its pages"));
            }
        };
        timeout(patience, waiting).await.ok()
    }

    /// How many notes there are.
    pub(crate) fn len(&self) -> usize {
        self.notes.len()
    }

    /// What the page has told since, in its own order, once what is under way has arrived.
    pub(crate) async fn told(&mut self, page: &str, since: usize) -> Vec<Note> {
        self.until_all(OVERTAKING, |_| None::<()>).await;
        let mut told: Vec<Note> = self.notes.iter().skip(since).filter(|note| note.page == page).cloned().collect();
        told.sort_by(|earlier, later| earlier.at.total_cmp(&later.at));
        told
    }
}

/// Tells what happens to it.
const PAGE: &str = r#"<!doctype html><title>facts</title><script>
const page = location.search.slice(1);
const note = (what) => navigator.sendBeacon("/note", JSON.stringify({
  page, what, at: performance.timeOrigin + performance.now() }));
addEventListener("pageshow", (event) => note(event.persisted ? "pageshow from the cache" : "pageshow"));
addEventListener("pagehide", (event) => note(event.persisted ? "pagehide into the cache" : "pagehide"));
document.addEventListener("visibilitychange", () => note("visibilitychange " + document.visibilityState));
for (const kind of ["freeze", "resume"]) document.addEventListener(kind, () => note(kind));
</script>"#;

async fn serve(stream: TcpStream, notes: mpsc::UnboundedSender<Note>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).await.ok()?;
    let is_note = line.starts_with("POST");
    while line.trim() != "" {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let page = if is_note { "" } else { PAGE };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    let said: Value = serde_json::from_slice(&body).ok()?;
    let word = |field: &str| said[field].as_str().unwrap_or_default().replace("%20", " ");
    notes.send(Note { page: word("page"), what: word("what"), at: said["at"].as_f64()? }).ok()
}
