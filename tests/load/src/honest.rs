//! Honest people, whose beats say how a server bears what others do to it.

use crate::{
    generator::{Addresses, Generator, Order, Promise, Spec, Speech, Tabs, Told},
    program::Program,
    scale::Scale,
    table::{grouped, median},
};

/// Nobody is to time out meanwhile.
pub(crate) const HOUR_MS: u64 = 3_600_000;

/// Their machines, their tabs, and their connections: so many that nobody waits for somebody else's answer.
pub(crate) const MACHINES: Addresses = Addresses { net: 1, count: 16 };
pub(crate) const TABS: u32 = 2_000;
pub(crate) const LINES: usize = 500;

/// What was found for one thing that is done to the server beside them.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) quiet: Vec<f64>,
    pub(crate) loud: Vec<f64>,
    /// Part of its core that the server needs for the honest ones, and for all of it.
    pub(crate) busy: [Vec<f64>; 2],
    /// What became of those who meant no good.
    pub(crate) fate: String,
}

/// Everybody of them is there, and has said so.
///
/// # Errors
/// A sentence: somebody was not taken.
pub(crate) async fn start(program: &Program) -> Result<Generator, String> {
    let tabs = Tabs { count: TABS, first: 0, per_user: 1, promise: Promise::Ms(HOUR_MS) };
    let speech = Speech::Beats(tabs, vec![200]);
    let spec = Spec { to: program.address()?, from: Some(MACHINES), connections: LINES, under_way: LINES, speech };
    let mut generator = Generator::start(&spec).await?;
    generator.work(Order::Count { requests: TABS.into() }).await?;
    Ok(generator)
}

/// What they beat, as in quiet as under anything.
///
/// # Errors
/// A sentence: a beat was not taken.
pub(crate) async fn beats(honest: &mut Generator, scale: &Scale) -> Result<Told, String> {
    honest.work(Order::Paced { per_s: scale.honest_per_s, seconds: scale.seconds }).await
}

/// How often each status was answered.
pub(crate) fn in_words(told: &Told) -> String {
    let mut words: Vec<_> =
        told.answers.iter().map(|(status, count)| format!("{status}: {}", grouped(*count as f64))).collect();
    if told.hung_up > 0 {
        words.push(format!("hung up on: {}", grouped(told.hung_up as f64)));
    }
    words.join(", ")
}

impl Found {
    pub(crate) const fn of(name: String) -> Self {
        Self { name, quiet: Vec::new(), loud: Vec::new(), busy: [Vec::new(), Vec::new()], fate: String::new() }
    }

    pub(crate) fn ratio(&self) -> f64 {
        median(self.loud.iter().zip(&self.quiet).map(|(loud, quiet)| loud / quiet))
    }
}
