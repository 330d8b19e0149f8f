//! The crash runs in small: a few seeds with every check. `cargo xtask crash` plays many.

use stillhere_crash::run::{Kind, play};

async fn nothing_is_lost(seeds: std::ops::Range<u64>, kind: Kind) {
    for seed in seeds {
        if let Err(failure) = play(seed, kind).await {
            panic!("{failure}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_had_acknowledged_is_there_when_the_next_one_starts() {
    nothing_is_lost(1..5, Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_had_acknowledged_is_in_postgres_when_the_next_one_starts() {
    nothing_is_lost(1..2, Kind::Postgres).await;
}
