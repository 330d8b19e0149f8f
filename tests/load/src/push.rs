//! How long after its cause each watcher of a channel hears that somebody has left.

use crate::{
    clock::length,
    cores,
    generator::{By, Generator, Order, Spec, Speech, Told, token},
    program::{Program, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped},
};

const MOST_MS: u64 = 100;

/// Who tells the watchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Teller {
    Ours,
    /// Bytes that are there, passed on by Axum: what the kernel and the libraries alone take.
    Bare,
    /// Use case 5 by hand.
    SocketIo,
}

const TELLERS: [Teller; 3] = [Teller::Ours, Teller::Bare, Teller::SocketIo];

impl Teller {
    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "stillhere",
            Self::Bare => "bare Axum",
            Self::SocketIo => "socket.io",
        }
    }

    async fn start(self) -> Result<(Program, By), String> {
        Ok(match self {
            Self::Ours => (Program::ours(ROOMY).await?, By::Feed),
            Self::Bare => (Program::bare_feed().await?, By::Feed),
            Self::SocketIo => (Program::socket_io().await?, By::SocketIo),
        })
    }
}

/// What was found for one of them, and so many watchers.
struct Seen {
    teller: Teller,
    watchers: usize,
    told: Told,
    /// Processor time for each watcher of each change, in microseconds, of whoever tells and of whoever reads.
    told_us: f64,
    read_us: f64,
    /// Memory of one watcher at the teller, in bytes.
    memory: f64,
}

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut seen = Vec::new();
    for watchers in scale.watchers {
        for teller in TELLERS {
            progress.say(&format!("{watchers} watchers of {}", teller.name()));
            seen.push(look(teller, watchers, scale.leaves).await?);
        }
    }
    Ok(table(&seen, scale.leaves))
}

async fn look(teller: Teller, watchers: usize, times: u32) -> Result<Seen, String> {
    let (program, by) = teller.start().await?;
    let resident = || program.processes.iter().map(|process| cores::resident(*process)).sum::<u64>() as f64;
    let before = resident();
    let speech = Speech::Watch { by, channel: "lobby".to_owned(), token: token(0) };
    let spec = Spec { to: program.address()?, from: None, connections: watchers, under_way: 0, speech };
    let mut generator = Generator::start(&spec).await?;
    let reader: Vec<u32> = generator.id().into_iter().collect();
    // The first few times memory is still being asked for.
    generator.work(Order::Leaves { times: times.div_ceil(5) }).await?;
    let memory = (resident() - before) / watchers as f64;
    let used = || [cores::seconds(&program.processes), cores::seconds(&reader)];
    let begun = used();
    let told = generator.work(Order::Leaves { times }).await?;
    let ended = used();
    let (heard, wanted) = (told.answered(), watchers as u64 * u64::from(times));
    if heard != wanted {
        return Err(format!("{heard} of {wanted} times a watcher was told"));
    }
    // Each of them hears of a join and of a leave.
    let [told_us, read_us] = [0, 1].map(|who| (ended[who] - begun[who]) * 1e6 / (2 * wanted) as f64);
    Ok(Seen { teller, watchers, told, told_us, read_us, memory })
}

fn table(seen: &[Seen], leaves: u32) -> Table {
    let mut rows = Vec::new();
    for ours in seen.iter().filter(|seen| seen.teller == Teller::Ours) {
        let (watchers, p99) = (grouped(ours.watchers as f64), ours.told.latency.p99);
        rows.push(Row::alone(
            format!("p99 with {watchers} watchers"),
            length(p99),
            Some(Target::at_most(p99 as f64 / 1e6, MOST_MS as f64, "100 ms")),
        ));
        for other in seen.iter().filter(|other| other.teller != Teller::Ours && other.watchers == ours.watchers) {
            rows.push(Row {
                what: format!("beside {}, {watchers} watchers", other.teller.name()),
                ours: length(p99),
                baseline: length(other.told.latency.p99),
                ratio: Some(p99 as f64 / other.told.latency.p99.max(1) as f64),
                target: None,
            });
        }
    }
    let head = ["", "watchers", "p50", "p99", "the last", "told in", "read in", "memory each"];
    let mut details = vec![head.map(str::to_owned).to_vec()];
    details.extend(seen.iter().map(|seen| {
        let latency = &seen.told.latency;
        let lengths = [latency.p50, latency.p99, latency.longest].map(length);
        let used = [seen.told_us, seen.read_us].map(|us| format!("{us:.1} µs"));
        let names = [seen.teller.name().to_owned(), grouped(seen.watchers as f64)];
        [&names[..], &lengths, &used, &[format!("{:.1} KiB", seen.memory / 1_024.0)]].concat()
    }));
    let most = seen.iter().map(|seen| seen.watchers).max();
    let bars = seen.iter().filter(|seen| Some(seen.watchers) == most).map(|seen| Bar {
        name: format!("{}, {} watchers", seen.teller.name(), grouped(seen.watchers as f64)),
        value: seen.told.latency.p99 as f64,
        words: length(seen.told.latency.p99),
        is_ours: seen.teller == Teller::Ours,
    });
    Table {
        noun: "push",
        title: "A leave, from its cause to its watchers",
        method: format!(
            "Somebody comes to a channel and signs out, {leaves} times. The time is from just before the request is written to when \
             a watcher's event has been read, for each watcher of each leave: over server-sent events, and with socket.io over \
             WebSockets. All watchers are read by one process on the load's core. Bare Axum passes bytes on that were made \
             before; socket.io is use case 5 as it is built by hand. *Told in* and *read in* are processor time for each watcher \
             of each change, of the server and of the reader; memory is what a watcher adds to the server's process."
        ),
        rows,
        details,
        axis: "p99 from the request to the watcher",
        bars: bars.collect(),
        ..Table::default()
    }
}
