//! Lists as CSV (RFC 4180): a whole list in one answer, in the memory of one page.
//!
//! A cell holds what the same row's field holds in JSON, and the header line has the JSON names, so one description
//! serves both. Whoever opens the file in a spreadsheet runs nothing: names and pages are chosen by outsiders, and a cell
//! that a spreadsheet would take for a formula gets an apostrophe in front.

use std::{future::Future, io};

use ::csv::{Terminator, Writer, WriterBuilder};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use stillhere_engine::wire::Refusal;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::timeout,
};

use crate::{limits, store::StoreError};

/// How a list is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One page, and where the next begins.
    Json,
    /// All of it.
    Csv,
}

impl Format {
    /// What was asked for: by `format` after the question mark, which a link can say, otherwise by `Accept`.
    ///
    /// # Errors
    /// A sentence for whoever asked for a third one.
    pub(crate) fn asked(format: Option<&str>, headers: &HeaderMap) -> Result<Self, String> {
        match format {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some(_) => Err("`format` must be json or csv.".into()),
            None if weight(headers, "text/csv") > weight(headers, "application/json") => Ok(Self::Csv),
            None => Ok(Self::Json),
        }
    }
}

/// How much a type is wanted, in thousandths; not at all, unless it is named: a browser that takes anything wants JSON.
fn weight(headers: &HeaderMap, wanted: &str) -> u32 {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = ranges.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next().filter(|kind| kind.eq_ignore_ascii_case(wanted))?;
        let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let q = q.map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
        Some((q.clamp(0.0, 1.0) * 1_000.0) as u32)
    });
    ranges.max().unwrap_or(0)
}

/// The names of a row's fields in JSON, in the order of the columns.
pub(crate) type Columns = &'static [&'static str];

/// A piece of the list: its rows as lines, and where the next piece begins (`None`: that was all).
pub(crate) struct Piece<After> {
    pub(crate) lines: Vec<u8>,
    pub(crate) next: Option<After>,
}

/// The header line.
pub(crate) fn header(columns: Columns) -> Result<Vec<u8>, StoreError> {
    let mut lines = writer();
    lines.write_record(columns).map_err(unwritable)?;
    finish(lines)
}

/// Rows as lines.
///
/// # Errors
/// A row has no field of a column's name, which is a fault of ours.
pub(crate) fn lines(columns: Columns, rows: impl Iterator<Item = impl Serialize>) -> Result<Vec<u8>, StoreError> {
    let mut lines = writer();
    for row in rows {
        let row = serde_json::to_value(row).map_err(unwritable)?;
        for column in columns {
            let value = row.get(column).ok_or_else(|| unwritable(format!("a row has no `{column}`")))?;
            lines.write_field(cell(value)).map_err(unwritable)?;
        }
        lines.write_record(None::<&[u8]>).map_err(unwritable)?;
    }
    finish(lines)
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new())
}

fn finish(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, StoreError> {
    writer.into_inner().map_err(|why| unwritable(why.into_error()))
}

fn unwritable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new("be written as CSV", why)
}

/// A field's text. Nothing is an empty cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        // A number is one in a spreadsheet too, its sign included.
        other => other.to_string(),
    }
}

/// Text that no spreadsheet takes for a formula: not even after it has removed white space in front, or by the wide
/// signs that some take for the narrow ones.
fn harmless(text: &str) -> String {
    let starts_formula = |sign| matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let is_blank_first = text.starts_with(char::is_whitespace);
    if text.starts_with(starts_formula) || is_blank_first && text.trim_start().starts_with(starts_formula) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Answers with the header line and every piece, `name` being the file's. The first piece is read before anything is
/// answered, so that a store that is down is a refusal and not half a file. Whatever goes wrong later breaks the
/// connection: a file that is not whole must not look whole.
///
/// # Errors
/// The first piece could not be read.
pub(crate) async fn answer<After, Read, Reading>(
    name: &'static str,
    columns: Columns,
    place: OwnedSemaphorePermit,
    mut read: Read,
) -> Result<Response, Refusal>
where
    After: Send + 'static,
    Read: FnMut(Option<After>) -> Reading + Send + 'static,
    Reading: Future<Output = Result<Piece<After>, StoreError>> + Send,
{
    let failed = |why: StoreError| {
        tracing::error!(%why, name, "a list could not be written as CSV");
        Refusal::StoreDown
    };
    let start = header(columns).map_err(failed)?;
    let first = read(None).await.map_err(failed)?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        if let Err(why) = send(sender, start, first, read).await {
            tracing::debug!(%why, name, "a list as CSV was not taken to its end");
        }
        drop(place);
    });
    let pieces = stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Part::Lines(lines)) => Some((Ok(lines), Some(receiver))),
            Some(Part::End) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
        }
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(file) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

/// What goes to the one who downloads.
enum Part {
    Lines(Vec<u8>),
    /// All is said; without it something has gone wrong.
    End,
}

/// Reads on as fast as the other side takes it, and no faster.
async fn send<After, Read, Reading>(
    to: mpsc::Sender<Part>,
    start: Vec<u8>,
    first: Piece<After>,
    mut read: Read,
) -> Result<(), StoreError>
where
    Read: FnMut(Option<After>) -> Reading,
    Reading: Future<Output = Result<Piece<After>, StoreError>>,
{
    // Whoever takes nothing for so long has gone without a word, and others wait for the place.
    let hand_over = async |part| match timeout(limits::EXPORT_PATIENCE, to.send(part)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(StoreError::new("be written as CSV", "nobody takes it any more")),
    };
    hand_over(Part::Lines(start)).await?;
    let mut piece = first;
    loop {
        hand_over(Part::Lines(piece.lines)).await?;
        match piece.next {
            Some(after) => piece = read(Some(after)).await?,
            None => return hand_over(Part::End).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::to_bytes;
    use tokio::sync::Semaphore;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        user_name: &'static str,
        shift_ms: i64,
        page: Option<&'static str>,
    }

    const COLUMNS: Columns = &["userName", "shiftMs", "page"];

    fn row(user_name: &'static str) -> Row {
        Row { user_name, shift_ms: -5, page: None }
    }

    fn text(bytes: Result<Vec<u8>, StoreError>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn a_cell_holds_what_json_holds_and_quotes_what_would_break_the_line() {
        assert_eq!(text(header(COLUMNS)), "userName,shiftMs,page\r\n");
        let rows = [row("zoë"), row("a,b"), row("say \"hi\"\r\nthere")];
        let told = text(lines(COLUMNS, rows.into_iter()));
        assert_eq!(told, "zoë,-5,\r\n\"a,b\",-5,\r\n\"say \"\"hi\"\"\r\nthere\",-5,\r\n");
    }

    #[test]
    fn no_cell_that_an_outsider_has_chosen_is_a_formula() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"] {
            let told = text(lines(COLUMNS, [row(name)].into_iter()));
            assert!(told.trim_start_matches('"').starts_with('\''), "{told:?}");
        }
        assert_eq!(text(lines(COLUMNS, [row("ann-1@example.com")].into_iter())), "ann-1@example.com,-5,\r\n");
    }

    #[test]
    fn a_column_that_no_row_has_is_an_error_and_not_an_empty_cell() {
        let why = lines(&["user"], [row("ann")].into_iter()).unwrap_err().to_string();
        assert!(why.contains("a row has no `user`"), "{why}");
    }

    #[test]
    fn csv_is_for_who_asks_for_it_and_json_for_everybody_else() {
        let asked = |format, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            Format::asked(format, &headers)
        };
        for accept in
            ["text/csv", "TEXT/CSV; header=present", "application/json;q=0.5, text/csv;q=0.8", "text/csv, */*"]
        {
            assert_eq!(asked(None, accept), Ok(Format::Csv), "{accept}");
        }
        for accept in ["", "*/*", "text/html, */*;q=0.8", "text/csv;q=0", "application/json, text/csv", "text/csv;q=x"]
        {
            assert_eq!(asked(None, accept), Ok(Format::Json), "{accept}");
        }
        assert_eq!(asked(Some("json"), "text/csv"), Ok(Format::Json));
        assert_eq!(asked(Some("csv"), "application/json"), Ok(Format::Csv));
        assert!(asked(Some("xml"), "").is_err());
    }

    async fn download(fail_at: usize) -> (Arc<Semaphore>, Result<String, axum::Error>) {
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().unwrap();
        let answered = answer("rows", COLUMNS, place, move |after: Option<usize>| async move {
            let at = after.unwrap_or(0);
            if at == fail_at {
                return Err(StoreError::new("read", "it is gone"));
            }
            Ok(Piece { lines: lines(COLUMNS, [row("ann")].into_iter())?, next: (at < 2).then_some(at + 1) })
        });
        let body = to_bytes(answered.await.unwrap().into_body(), usize::MAX).await;
        (places, body.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
    }

    #[tokio::test]
    async fn every_piece_is_there_once_and_the_place_is_free_again() {
        let (places, told) = download(9).await;
        assert_eq!(told.unwrap(), "userName,shiftMs,page\r\nann,-5,\r\nann,-5,\r\nann,-5,\r\n");
        let _free = places.acquire().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_whole_does_not_look_whole() {
        assert!(download(2).await.1.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_loses_the_place() {
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().unwrap();
        let endless = |_: Option<()>| async { Ok(Piece { lines: vec![b'x'], next: Some(()) }) };
        let _response = answer("rows", COLUMNS, place, endless).await.unwrap();
        let _free = places.acquire().await.unwrap();
    }
}
