//! `GET /admin/stats`: how many were here when, how long they stayed, and where.

use std::future::ready;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::Refusal,
};

use super::{App, question};
use crate::{
    csv::{self, Columns, Format},
    error::Rejection,
    history::{Bucket, Figures, Peak, Statistics},
    moment,
    store::{AutoOuts, ChannelShare, Range, Shares},
};

/// What was asked, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
    format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatisticsView<'a> {
    now_at: String,
    from_at: String,
    to_at: String,
    step_ms: Millis,
    buckets: Vec<BucketView>,
    totals: TotalsView,
    /// Those with the most time first.
    channels: Vec<ChannelView<'a>>,
    /// The others are not listed.
    channels_in_all: u64,
    /// Who was punched out most often first.
    auto_outs_by_user: Vec<AutoOutsView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketView {
    at: String,
    length_ms: Millis,
    peak_sessions: u64,
    peak_users: u64,
    average_sessions: f64,
    average_users: f64,
    begun: u64,
    ended: u64,
    ended_closed: u64,
    ended_timeout: u64,
    ended_signed_out: u64,
    ended_removed: u64,
    average_length_ms: Option<Millis>,
    auto_outs: u64,
}

/// The whole range as one bucket, and what only the whole has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TotalsView {
    #[serde(flatten)]
    whole: BucketView,
    sessions: u64,
    users: u64,
    peak_sessions_at: Option<String>,
    peak_users_at: Option<String>,
    median_length_ms: Option<Millis>,
    auto_outs_per_hour: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelView<'a> {
    channel: &'a str,
    sessions: u64,
    users: u64,
    duration_ms: Millis,
    time_share: f64,
    user_share: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AutoOutsView<'a> {
    user: &'a str,
    auto_outs: u64,
}

/// Buckets of time, the range as a whole, and how it is spread; as CSV the buckets.
pub(super) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let format = Format::asked(question.format.as_deref(), &headers).map_err(Rejection::QueryBad)?;
    let (range, step, mut counted) = question.parse(app.now()).map_err(Rejection::QueryBad)?;
    let _turn = app.history_turn().await?;
    // Who has just been told of an end finds it counted.
    app.inner.presence.settle().await?;
    let shares = app.inner.store.history(range, &mut |event| counted.take(&event)).await.map_err(|why| {
        tracing::error!(%why, "the statistics could not be read");
        Refusal::StoreDown
    })?;
    let figures = counted.finish();
    match format {
        Format::Json => Ok(Json(view(&app, range, step, &figures, &shares)).into_response()),
        Format::Csv => {
            let lines = csv::lines(BucketView::COLUMNS, figures.buckets.iter().map(BucketView::from));
            let mut piece = Some(lines.map(|lines| csv::Piece { lines, next: None::<()> }));
            let read = move |_| ready(piece.take().unwrap_or(Ok(csv::Piece { lines: Vec::new(), next: None })));
            Ok(csv::answer("statistics", BucketView::COLUMNS, app.export()?, read).await?)
        }
    }
}

impl Question {
    fn parse(self, now: Timestamp) -> Result<(Range, Millis, Statistics), String> {
        let step = question::step(self.step)?;
        let range = question::range(self.from, self.to, now, |to| to.before(moment::DAY))?;
        Ok((range, step, Statistics::new(range, step)?))
    }
}

fn view<'a>(app: &App, range: Range, step: Millis, figures: &Figures, shares: &'a Shares) -> StatisticsView<'a> {
    StatisticsView {
        now_at: moment::to_text(app.now()),
        from_at: moment::to_text(range.from()),
        to_at: moment::to_text(range.to()),
        step_ms: step,
        buckets: figures.buckets.iter().map(BucketView::from).collect(),
        totals: TotalsView::new(figures, shares),
        channels: shares.channels.iter().map(|channel| ChannelView::new(channel, shares)).collect(),
        channels_in_all: shares.channels_in_all,
        auto_outs_by_user: shares.auto_outs.iter().map(AutoOutsView::from).collect(),
    }
}

impl BucketView {
    /// Its fields in the order of a table's columns.
    const COLUMNS: Columns = &[
        "at",
        "lengthMs",
        "peakSessions",
        "peakUsers",
        "averageSessions",
        "averageUsers",
        "begun",
        "ended",
        "endedClosed",
        "endedTimeout",
        "endedSignedOut",
        "endedRemoved",
        "averageLengthMs",
        "autoOuts",
    ];
}

impl From<&Bucket> for BucketView {
    fn from(bucket: &Bucket) -> Self {
        Self {
            at: moment::to_text(bucket.start),
            length_ms: bucket.length,
            peak_sessions: bucket.peak_sessions,
            peak_users: bucket.peak_users,
            average_sessions: rounded(bucket.average_sessions()),
            average_users: rounded(bucket.average_users()),
            begun: bucket.begun,
            ended: bucket.ended.in_all(),
            ended_closed: bucket.ended.closed,
            ended_timeout: bucket.ended.timeout,
            ended_signed_out: bucket.ended.signed_out,
            ended_removed: bucket.ended.removed,
            average_length_ms: bucket.average_length(),
            auto_outs: bucket.auto_outs,
        }
    }
}

impl TotalsView {
    fn new(figures: &Figures, shares: &Shares) -> Self {
        let hours = figures.whole.length.0 as f64 / Millis::minutes(60).0 as f64;
        // Of nobody there is no peak.
        let moment_of = |peak: Peak| (peak.count > 0).then(|| moment::to_text(peak.at));
        Self {
            whole: BucketView::from(&figures.whole),
            sessions: shares.sessions,
            users: shares.users,
            peak_sessions_at: moment_of(figures.peak_sessions),
            peak_users_at: moment_of(figures.peak_users),
            median_length_ms: figures.median_length,
            auto_outs_per_hour: rounded(figures.whole.auto_outs as f64 / hours),
        }
    }
}

impl<'a> ChannelView<'a> {
    fn new(share: &'a ChannelShare, of: &Shares) -> Self {
        let part = |part: u64, whole: u64| if whole == 0 { 0.0 } else { rounded(part as f64 / whole as f64) };
        Self {
            channel: share.channel.as_str(),
            sessions: share.sessions,
            users: share.users,
            duration_ms: share.duration,
            time_share: part(share.duration.0, of.duration.0),
            user_share: part(share.users, of.users),
        }
    }
}

impl<'a> From<&'a AutoOuts> for AutoOutsView<'a> {
    fn from(auto_outs: &'a AutoOuts) -> Self {
        Self { user: auto_outs.user.as_str(), auto_outs: auto_outs.count }
    }
}

/// To three digits: more would say nothing.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
