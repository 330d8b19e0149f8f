//! Every route: its place, who may ask, what goes in and what comes out. The router is made of these too, so that no
//! route is without its description and no description without its route.

use axum::routing::MethodFilter;

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As the router reads it, below the base path or not.
    pub(crate) path: &'static str,
    pub(super) what: &'static str,
    pub(super) who: Who,
    /// What may follow the question mark.
    pub(super) query: &'static [&'static str],
    /// The schema of its body.
    pub(super) body: Option<&'static str>,
    /// What it answers when all is well.
    pub(super) answers: &'static [(u16, Content)],
    /// The codes of its refusals, besides those that follow from `who`.
    pub(super) codes: &'static [&'static str],
}

/// The methods that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Anybody,
    /// Whoever is known, visitors too.
    Known,
    /// Whoever may see who is here.
    Watcher,
    /// Whoever is known, or says so in the first message.
    Socket,
    Admin,
    /// An admin or the cron job.
    Sweeper,
    /// Whoever may see the figures.
    Operator,
}

/// What an answer holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Nothing,
    /// JSON of this schema.
    Json(&'static str),
    /// A page as JSON of this schema, or the whole list as CSV.
    JsonOrCsv(&'static str),
    /// Something else, of this type.
    Text(&'static str),
}

use Content::{Json, JsonOrCsv, Nothing, Text};
use Method::{Delete, Get, Post};

const PLAIN: Route =
    Route { method: Get, path: "", what: "", who: Who::Anybody, query: &[], body: None, answers: &[], codes: &[] };

pub(crate) const BEAT: Route = Route {
    method: Post,
    path: "/beat",
    what: "Still here. With the e-mail gate's cookie the body may be empty.",
    who: Who::Known,
    body: Some("Beat"),
    answers: &[(200, Json("Accepted"))],
    codes: &[
        "beat_bad",
        "beat_empty",
        "body_too_long",
        "body_lost",
        "type_wrong",
        "channel_unknown",
        "session_of_another",
        "session_ended",
        "too_many_sessions",
        "not_allowed",
        "store_down",
        "busy",
    ],
    ..PLAIN
};
pub(crate) const CHANNELS: Route = Route {
    path: "/channels",
    what: "How many users are in each channel now, were today, and have ever been.",
    who: Who::Watcher,
    answers: &[(200, Json("Channels"))],
    codes: &["store_down", "busy"],
    ..PLAIN
};
pub(crate) const CHANNEL: Route = Route {
    path: "/channels/{name}",
    what: "Who is in a channel.",
    who: Who::Watcher,
    answers: &[(200, Json("Channel"))],
    codes: &["channel_unknown", "busy"],
    ..PLAIN
};
pub(crate) const FEED: Route = Route {
    path: "/feed",
    what: "Server-sent events: `snapshot`, then `join`, `update`, `leave`, `punch`, or `counts`. Goes on after \
           `Last-Event-ID`, also over a restart. It ends with its token.",
    who: Who::Watcher,
    query: &["channel", "user", "users", "counts"],
    answers: &[(200, Text("text/event-stream"))],
    codes: &["query_bad", "channel_unknown", "too_many_watchers", "busy"],
    ..PLAIN
};
pub(crate) const SOCKET: Route = Route {
    path: "/socket",
    what: "A WebSocket: beats up, each answered by `ack` or `error`; down the messages of the feed. It closes \
           with 4000 + the status that the same refusal has over HTTP, or with 1012 when the server stops.",
    who: Who::Socket,
    answers: &[(101, Json("SocketMessage"))],
    codes: &["upgrade_missing", "too_many_sockets", "silent"],
    ..PLAIN
};
pub(crate) const PUNCH: Route = Route {
    method: Post,
    path: "/punches",
    what: "In or out by the punch clock; on disk when it is answered.",
    who: Who::Known,
    body: Some("PunchWish"),
    answers: &[(200, Json("Punch"))],
    codes: &[
        "body_bad",
        "body_too_long",
        "body_lost",
        "type_wrong",
        "no_session",
        "punched_already",
        "punches_off",
        "store_down",
        "busy",
    ],
    ..PLAIN
};
pub(crate) const PUNCHES: Route = Route {
    path: "/punches",
    what: "The append-only log of punches, one's own, or everybody's for an admin: a page as JSON, or all of it as CSV.",
    who: Who::Watcher,
    query: &["user", "kind", "from", "to", "limit", "after", "format"],
    answers: &[(200, JsonOrCsv("Punches"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const GATE: Route = Route {
    method: Post,
    path: "/sessions",
    what: "The e-mail gate: a session and its cookie. A form is led on to the content.",
    body: Some("VisitWish"),
    answers: &[(201, Json("Visit")), (303, Nothing)],
    codes: &[
        "gate_off",
        "email_bad",
        "origin_bad",
        "body_too_long",
        "body_lost",
        "type_wrong",
        "host_bad",
        "late",
        "throttled",
        "too_many_sessions",
        "store_down",
        "busy",
    ],
    ..PLAIN
};
pub(crate) const SIGN_OUT: Route = Route {
    method: Delete,
    path: "/sessions/{id}",
    what: "One's own session is over at once.",
    who: Who::Known,
    answers: &[(204, Nothing)],
    codes: &["beat_bad", "session_of_another", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const USERS: Route = Route {
    path: "/users",
    what: "Who can be reached: everybody who is here, and who has left and is still remembered by the status ladder.",
    who: Who::Watcher,
    query: &["channel", "status", "limit", "after"],
    answers: &[(200, Json("Users"))],
    codes: &["query_bad", "channel_unknown", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const PEOPLE: Route = Route {
    path: "/admin/users",
    what: "The same list with what only an admin sees of people: e-mail, role, department.",
    who: Who::Admin,
    answers: &[(200, Json("People"))],
    ..USERS
};
pub(crate) const USER: Route = Route {
    path: "/users/{user}",
    what: "One person: status, label, channels.",
    who: Who::Watcher,
    answers: &[(200, Json("User"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const EXPLAIN: Route = Route {
    path: "/users/{user}/explain",
    what: "One person, which rules fired and what comes next: for oneself and admins.",
    who: Who::Watcher,
    answers: &[(200, Json("Explained"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const SESSIONS: Route = Route {
    path: "/admin/sessions",
    what: "Sessions with their lengths, newest first: a page and the totals of all as JSON, or all as CSV.",
    who: Who::Admin,
    query: &["user", "channel", "page", "from", "to", "open", "limit", "after", "format"],
    answers: &[(200, JsonOrCsv("Sessions"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const STATISTICS: Route = Route {
    path: "/admin/stats",
    what: "How many were here when, how long they stayed and where, in buckets of time: as JSON, or the buckets as CSV.",
    who: Who::Admin,
    query: &["from", "to", "step", "format"],
    answers: &[(200, JsonOrCsv("Statistics"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const HISTORY: Route = Route {
    path: "/admin/users/{user}/history",
    what: "How long one person was here, over all of their tabs: for admins and for oneself.",
    who: Who::Watcher,
    query: &["from", "to", "by"],
    answers: &[(200, Json("UserHistory"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const SESSION: Route = Route {
    path: "/admin/sessions/{id}",
    what: "One session: which pages it was on, and when it was visible.",
    who: Who::Admin,
    answers: &[(200, Json("SessionCourse"))],
    codes: &["query_bad", "not_found", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const REMOVE: Route = Route {
    method: Delete,
    path: "/admin/users/{user}",
    what: "Ends a person's sessions and removes what is kept of them; on disk when it is answered. Their punches stay, of nobody.",
    who: Who::Admin,
    answers: &[(200, Json("Removed"))],
    codes: &["query_bad", "store_down", "busy"],
    ..PLAIN
};
pub(crate) const SWEEP: Route = Route {
    path: "/admin/sweep",
    what: "Looks at all leases now, and says which sessions it has ended; for a cron job.",
    who: Who::Sweeper,
    answers: &[(200, Json("Swept"))],
    codes: &["store_down", "busy"],
    ..PLAIN
};
pub(crate) const SWEEP_BY_POST: Route = Route { method: Post, ..SWEEP };
pub(crate) const WEBHOOKS: Route = Route {
    path: "/admin/webhooks",
    what: "Each webhook: what waits for it, and how it has gone lately.",
    who: Who::Admin,
    answers: &[(200, Json("Webhooks"))],
    codes: &["store_down"],
    ..PLAIN
};
pub(crate) const DEAD_LETTERS: Route = Route {
    path: "/admin/webhooks/{name}/dead",
    what: "Letters that could not be delivered and are not tried any more, newest first.",
    who: Who::Admin,
    query: &["limit", "after"],
    answers: &[(200, Json("DeadLetters"))],
    codes: &["query_bad", "not_found", "store_down"],
    ..PLAIN
};
pub(crate) const RETRY_LETTERS: Route = Route {
    method: Post,
    path: "/admin/webhooks/{name}/retry",
    what: "Dead letters wait again, and all that wait are due now.",
    who: Who::Admin,
    answers: &[(200, Json("Retried"))],
    codes: &["not_found", "store_down"],
    ..PLAIN
};
pub(crate) const TRY_WEBHOOK: Route = Route {
    method: Post,
    path: "/admin/webhooks/{name}/test",
    what: "Sends a letter about nothing, now and once, and says what became of it.",
    who: Who::Admin,
    answers: &[(200, Json("Tried"))],
    codes: &["not_found", "busy"],
    ..PLAIN
};
pub(crate) const ALIVE: Route =
    Route { path: "/healthz", what: "Whether the process is alive.", answers: &[(200, Json("Alive"))], ..PLAIN };
pub(crate) const READY: Route = Route {
    path: "/readyz",
    what: "Whether it can do its work, and otherwise which part is not well.",
    answers: &[(200, Json("Ready")), (503, Json("Ready"))],
    ..PLAIN
};
pub(crate) const METRICS: Route = Route {
    path: "/metrics",
    what: "Figures for Prometheus.",
    who: Who::Operator,
    answers: &[(200, Text("text/plain"))],
    ..PLAIN
};
pub(crate) const OPENAPI: Route =
    Route { path: "/openapi.json", what: "This document.", answers: &[(200, Text("application/json"))], ..PLAIN };
pub(crate) const CLIENT: Route = Route {
    path: "/client/{*file}",
    what: "The browser's side.",
    answers: &[(200, Text("text/javascript")), (304, Nothing)],
    codes: &["not_found", "client_unbuilt"],
    ..PLAIN
};
pub(crate) const INDEX: Route =
    Route { path: "/", what: "The demo.", answers: &[(200, Text("text/html")), (304, Nothing)], ..PLAIN };
