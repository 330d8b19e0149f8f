//! A generator's process: orders in, what has come of them out.

use std::{
    io::{self, BufRead, Write},
    sync::{Arc, mpsc},
    thread,
};

use mio::{Events, Poll, Token, Waker};

use super::{Order, Spec, Speech, Told, talk::Talk, watch::Watchers};

/// What the poll says when an order has come.
pub(super) const WAKER: Token = Token(usize::MAX);

/// Does what it is ordered to until nobody is left who could.
pub(crate) fn run(spec: &str) {
    let failed = match serve(spec) {
        Ok(()) => return,
        Err(why) => why,
    };
    tell(&Told { failed: Some(failed), ..Told::default() });
}

fn serve(spec: &str) -> Result<(), String> {
    let spec: Spec = serde_json::from_str(spec).map_err(|why| format!("this is no spec: {why}"))?;
    let poll = Poll::new().map_err(|why| why.to_string())?;
    let waker = Waker::new(poll.registry(), WAKER).map_err(|why| why.to_string())?;
    let orders = listen(waker);
    if let Speech::Watch { by, channel, token } = &spec.speech {
        let mut watchers = Watchers::open(&spec, *by, channel, token, poll)?;
        tell(&Told::default());
        while let Ok(order) = orders.recv() {
            let Order::Leaves { times } = order else { return Err("watchers only look on".to_owned()) };
            tell(&watchers.see(times)?);
        }
        return Ok(());
    }
    let mut talk = Talk::open(spec, poll)?;
    tell(&Told::default());
    let mut events = Events::with_capacity(1_024);
    loop {
        match orders.try_recv() {
            Ok(order) => tell(&talk.work(&order)?),
            Err(mpsc::TryRecvError::Disconnected) => return Ok(()),
            Err(mpsc::TryRecvError::Empty) => _ = talk.wait_idle(&mut events)?,
        }
    }
}

/// Orders, each with a word to whoever waits on the poll.
fn listen(waker: Waker) -> mpsc::Receiver<Order> {
    let (sender, orders) = mpsc::channel();
    let waker = Arc::new(waker);
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(order) = serde_json::from_str(&line) else { break };
            if sender.send(order).is_err() {
                return;
            }
            let _gone = waker.wake();
        }
        drop(sender);
        let _gone = waker.wake();
    });
    orders
}

fn tell(told: &Told) {
    let line = serde_json::to_string(told).unwrap_or_default();
    // Whoever was to hear it may have gone.
    let _gone = writeln!(io::stdout(), "{line}");
}
