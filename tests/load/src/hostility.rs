//! What honest people's beats take while others mean no good, beside what they take when all is quiet.

use crate::{
    clock::length,
    cores,
    generator::{Addresses, Flood, Generator, Order, Spec, Speech, Told},
    held::Held,
    honest::{self, Found, LINES, TABS, beats, in_words},
    program::Program,
    progress::Progress,
    scale::Scale,
    stampede,
    table::{Bar, Row, Table, Target, grouped, median},
};

/// A server as it is, with the limits that it has when nobody says anything.
const SETTINGS: &str = "auth = \"jwt\"\ninterval_ms = 3600000\nhidden_hold_ms = 36000000\n";

/// The machines of whoever means no good.
const EVIL: Addresses = Addresses { net: 66, count: 100 };

/// How much slower than in quiet an honest beat may be.
const MOST: f64 = 3.0;

/// What is done to the server.
#[derive(Clone, Copy, PartialEq)]
enum Attack {
    /// So many a second, and what they may be answered.
    Flood(Flood, f64, &'static [u16]),
    Silent,
    Slow,
}

const ATTACKS: [Attack; 6] = [
    Attack::Flood(Flood::Forged, 2_000.0, &[401, 429]),
    Attack::Flood(Flood::Begins, 2_000.0, &[200, 429, 503]),
    Attack::Flood(Flood::Huge, 1_000.0, &[413, 429]),
    Attack::Flood(Flood::Tiny, 5_000.0, &[400, 429]),
    Attack::Silent,
    Attack::Slow,
];

impl Attack {
    fn name(self, scale: &Scale) -> String {
        let held = grouped(scale.held_open as f64);
        match self {
            Self::Flood(flood, per_s, _) => {
                let what = match flood {
                    Flood::Forged => "forged tokens",
                    Flood::Begins => "new sessions",
                    Flood::Huge => "bodies of 64 KiB",
                    Flood::Tiny => "bodies of one byte",
                };
                format!("{what}, {} a second", grouped(per_s * scale.flood))
            }
            Self::Silent => format!("silent connections, {held}"),
            Self::Slow => format!("connections with a letter a second, {held}"),
        }
    }
}

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut program = Program::ours(SETTINGS).await?;
    let mut honest = honest::start(&program).await?;
    let mut found: Vec<Found> = ATTACKS.iter().map(|attack| Found::of(attack.name(scale))).collect();
    for round in 1..=scale.rounds {
        for (attack, found) in ATTACKS.iter().zip(&mut found) {
            progress.say(&format!("round {round} of {}: {}", scale.rounds, found.name));
            let used = || cores::seconds(&program.processes);
            let before = used();
            let told = beats(&mut honest, scale).await?;
            found.quiet.push(told.latency.p99 as f64);
            found.busy[0].push((used() - before) / told.seconds);
            let before = used();
            let (told, fate) = under(*attack, &program, &mut honest, scale).await?;
            found.busy[1].push((used() - before) / told.seconds);
            found.loud.push(told.latency.p99 as f64);
            found.fate = fate;
        }
    }
    found.extend(stampede::measure(&mut program, &mut honest, scale, progress).await?);
    Ok(table(&found, scale))
}

/// The honest beats while it goes on, and what became of it.
async fn under(
    attack: Attack,
    program: &Program,
    honest: &mut Generator,
    scale: &Scale,
) -> Result<(Told, String), String> {
    let to = program.address()?;
    match attack {
        Attack::Flood(flood, per_s, may_be) => {
            let lines = usize::from(EVIL.count);
            let speech = Speech::Flood(flood);
            let spec = Spec { to, from: Some(EVIL), connections: lines, under_way: lines, speech };
            let mut evil = Generator::start(&spec).await?;
            evil.begin(Order::UpTo { per_s: per_s * scale.flood, seconds: scale.seconds }).await?;
            let told = beats(honest, scale).await?;
            let evil = evil.hear().await?;
            let said = in_words(&evil);
            if evil.answers.keys().all(|status| may_be.contains(status)) {
                Ok((told, said))
            } else {
                Err(format!("{flood:?} was answered {said}, and may be {may_be:?}"))
            }
        }
        Attack::Silent => {
            let held = Held::open(to, scale.held_open)?;
            let told = beats(honest, scale).await?;
            Ok((told, format!("{} of {} were hung up on", held.hung_up(), scale.held_open)))
        }
        Attack::Slow => {
            let mut held = Held::open(to, scale.held_open)?;
            let told = tokio::select! {
                told = beats(honest, scale) => told?,
                over = held.drip() => return Err(over.err().unwrap_or_default()),
            };
            Ok((told, format!("{} of {} were hung up on", held.hung_up(), scale.held_open)))
        }
    }
}

fn table(found: &[Found], scale: &Scale) -> Table {
    let of = |values: &[f64]| length(median(values.iter().copied()) as u64);
    let rows = found.iter().map(|found| Row {
        what: format!("p99 under {}", found.name),
        ours: of(&found.loud),
        baseline: format!("in quiet {}", of(&found.quiet)),
        ratio: Some(found.ratio()),
        target: Some(Target::at_most(found.ratio(), MOST, &format!("{MOST} ×"))),
    });
    let head = ["", "core in quiet", "core under it", "what became of them"];
    let mut details = vec![head.map(str::to_owned).to_vec()];
    details.extend(found.iter().map(|found| {
        let [quiet, loud] = found.busy.each_ref().map(|parts| match parts[..] {
            [] => String::new(),
            _ => format!("{:.0} %", median(parts.iter().copied()) * 100.0),
        });
        vec![found.name.clone(), quiet, loud, found.fate.clone()]
    }));
    let bars = found.iter().map(|found| Bar {
        name: found.name.split(',').next().unwrap_or_default().to_owned(),
        value: found.ratio(),
        words: format!("{:.2} ×", found.ratio()),
        is_ours: true,
    });
    Table {
        noun: "hostility",
        title: "Honest beats while others mean no good",
        method: format!(
            "{TABS} honest tabs on {} machines beat {} times a second in all, on {LINES} connections; the time is from when a \
             beat was due to its answer. Before each attack they are measured in quiet, {} s each, in {} rounds. Attacks come \
             from {} other machines (addresses) to a server with its default limits, whose only core the honest ones need \
             too; *core* is how much of it the server used. After the restart each tab comes when its own pulse says so, after an outage of five seconds.",
            honest::MACHINES.count,
            scale.honest_per_s,
            scale.seconds,
            scale.rounds,
            EVIL.count
        ),
        rows: rows.collect(),
        details,
        axis: "p99 of an honest beat, as a multiple of that in quiet",
        bars: bars.collect(),
        ..Table::default()
    }
}
