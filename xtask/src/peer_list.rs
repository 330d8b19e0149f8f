//! Who is weighed beside us, and what a page has of each. A judgement, and made by people: each line says what the
//! library itself does in the page, with the service or server that it is made for.

/// Somebody's library.
pub(crate) struct Peer {
    /// What is imported from npm; nothing for what we have written ourselves.
    pub(crate) packages: &'static [&'static str],
    /// The few lines of a page that uses it, below `tests/weight/`.
    pub(crate) page: &'static str,
    /// What the page has then.
    pub(crate) has: &'static str,
}

/// What a page has of ours, however it is loaded.
pub(crate) const OURS_HAS: &str =
    "who is here, active or away, since when and how long, over reloads, sleep and outages";

/// Everybody else.
pub(crate) const PEERS: &[Peer] = &[
    Peer { packages: &[], page: "twin.js", has: "the same beats by hand; loses time to reloads, sleep and outages" },
    Peer {
        packages: &["ifvisible.js"],
        page: "peers/ifvisible.js",
        has: "hidden and idle, in the page; nobody is told",
    },
    Peer {
        packages: &["@plausible-analytics/tracker"],
        page: "peers/plausible.js",
        has: "page views and time engaged, for statistics; nothing live, nobody by name",
    },
    Peer {
        packages: &["react-idle-timer"],
        page: "peers/react-idle-timer.js",
        has: "idle and active over tabs, in the page, with React; nobody is told",
    },
    Peer {
        packages: &["phoenix"],
        page: "peers/phoenix.js",
        has: "who is connected now; no lengths, nothing of hidden or idle",
    },
    Peer {
        packages: &["socket.io-client"],
        page: "peers/socket-io.js",
        has: "a connection; presence is yours to write, on both sides",
    },
    Peer {
        packages: &["@supabase/realtime-js"],
        page: "peers/supabase.js",
        has: "who is connected now; no lengths, nothing of hidden or idle",
    },
    Peer {
        packages: &["@snowplow/browser-tracker"],
        page: "peers/snowplow.js",
        has: "time active on a page, for a warehouse; nothing live",
    },
    Peer {
        packages: &["pusher-js"],
        page: "peers/pusher.js",
        has: "who is connected now; no lengths, nothing of hidden or idle",
    },
    Peer {
        packages: &["centrifuge"],
        page: "peers/centrifuge.js",
        has: "who is connected now, and messages that resume; no lengths",
    },
    Peer {
        packages: &["ably"],
        page: "peers/ably.js",
        has: "who has entered, with data; no lengths, nothing of hidden or idle",
    },
    Peer {
        packages: &["@firebase/app", "@firebase/database"],
        page: "peers/firebase.js",
        has: "a last word that the server keeps (onDisconnect), and a database; the rest is yours to write",
    },
    Peer {
        packages: &["pubnub"],
        page: "peers/pubnub.js",
        has: "who is here now, by heartbeats; no lengths, nothing of hidden or idle",
    },
];
