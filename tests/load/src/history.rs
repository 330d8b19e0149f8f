//! How long questions about a long past take, and by which way the store answers each.

use stillhere_tests::{server::Server, token::token};

use crate::{
    clock::{length, nanos_since, now},
    cores, crowd,
    past::{self, DAYS, PEOPLE},
    plans,
    program::{ENVIRONMENT, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, grouped, median},
};

/// A question and what it is about.
struct Question {
    what: &'static str,
    path: String,
    /// How long each answer took.
    took: Vec<f64>,
    bytes: usize,
    /// What was answered instead.
    refused: Option<String>,
}

impl Question {
    fn new(what: &'static str, path: impl Into<String>) -> Self {
        Self { what, path: path.into(), took: Vec::new(), bytes: 0, refused: None }
    }
}

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
    past::fill(folder.path(), scale.past, progress).await?;
    let path = folder.path().display().to_string();
    let admin = token("operator", "admin");
    let mut questions = questions();
    cores::pin(cores::SERVER)?;
    let mut server = Server::start(&["--data", &path], ROOMY, &ENVIRONMENT).await;
    cores::pin(cores::LOAD)?;
    for round in 1..=scale.rounds {
        for question in &mut questions {
            progress.say(&format!("round {round} of {}: {}", scale.rounds, question.what));
            ask(&server, &admin, question).await?;
        }
    }
    server.kill().await;
    progress.say("how the store goes about it");
    let asked: Vec<_> = questions.iter().map(|question| (question.what, question.path.as_str())).collect();
    let appendix = plans::of(folder.path(), &asked, &admin).await?;
    Ok(table(&questions, scale, appendix))
}

fn questions() -> Vec<Question> {
    let text = |days_ago: u64| {
        let ms = crowd::now().0 - days_ago * 24 * 3_600 * 1_000;
        let at = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        at.unwrap_or_default().to_string()
    };
    let day = format!("from={}&to={}", text(31), text(30));
    let month = format!("from={}&to={}", text(60), text(30));
    let all = format!("from={}&to={}", text(DAYS - 1), text(0));
    vec![
        Question::new("one person's newest sessions", "/v1/admin/sessions?user=user-0000042"),
        Question::new("a channel's sessions of one day", format!("/v1/admin/sessions?channel=room-7&{day}")),
        Question::new("a page's sessions of one day", format!("/v1/admin/sessions?page=/orders/7&{day}")),
        Question::new("everybody's sessions of one day", format!("/v1/admin/sessions?{day}")),
        Question::new("everybody's newest sessions, with totals of all", "/v1/admin/sessions"),
        Question::new("statistics of a day by hours", format!("/v1/admin/stats?{day}&step=1h")),
        Question::new("statistics of a month by days", format!("/v1/admin/stats?{month}&step=1d")),
        Question::new("one person's time by days", format!("/v1/admin/users/user-0000042/history?{all}&by=day")),
        Question::new("all channels, now, today and ever", "/v1/channels"),
        Question::new("who is here or was a moment ago", "/v1/users"),
    ]
}

async fn ask(server: &Server, admin: &str, question: &mut Question) -> Result<(), String> {
    let bearer = format!("Bearer {admin}");
    let begun = now();
    let answer = server.send(reqwest::Method::GET, &question.path, None, &[("authorization", &bearer)]).await;
    question.took.push(nanos_since(begun) as f64);
    question.bytes = answer.body.to_string().len();
    match answer.status {
        200 => Ok(()),
        // It may take longer than anybody waits; that is a figure too.
        503 => {
            question.refused = Some(format!("{} {}", answer.status, answer.code()));
            Ok(())
        }
        _ => Err(format!("{} was answered {}: {}", question.path, answer.status, answer.body)),
    }
}

fn table(questions: &[Question], scale: &Scale, appendix: String) -> Table {
    let middle = |question: &Question| median(question.took.iter().copied());
    let rows = questions.iter().map(|question| {
        let took = length(middle(question) as u64);
        let ours = match &question.refused {
            None => took,
            Some(refused) => format!("**refused** ({refused}) after {took}"),
        };
        Row { baseline: format!("{} kB", question.bytes / 1_000), ..Row::alone(question.what, ours, None) }
    });
    let bars = questions.iter().map(|question| Bar {
        name: question.what.split(',').next().unwrap_or_default().to_owned(),
        value: middle(question),
        words: length(middle(question) as u64),
        is_ours: true,
    });
    Table {
        noun: "history",
        title: "Questions about the past",
        method: format!(
            "{} sessions that are over, evenly over {DAYS} days, of {} people in a hundred channels and on a thousand pages, each \
             with one span, in SQLite. Each question is asked of a real server over HTTP {} times, in turn; the middle one counts. \
             Beside it, how long the answer is.",
            grouped(f64::from(scale.past)),
            grouped(f64::from(PEOPLE)),
            scale.rounds
        ),
        rows: rows.collect(),
        appendix,
        axis: "time until the whole answer is there",
        bars: bars.collect(),
        ..Table::default()
    }
}
