//! Several servers, each with a part of the keys.

use crate::{PASSWORD, Redis, Reply, port::BUS};

/// Parts into which Redis divides keys.
const SLOTS: u16 = 16_384;

/// A cluster whose masters answer for all keys.
pub struct Cluster {
    masters: Vec<Redis>,
    replicas: Vec<Redis>,
}

impl Cluster {
    /// Starts as many masters, and waits until each knows that every key has one.
    ///
    /// # Panics
    /// Redis is not installed, or they do not find together.
    #[must_use]
    pub fn start(masters: u16) -> Self {
        let masters: Vec<_> = (0..masters).map(|_| node()).collect();
        let share = SLOTS.div_ceil(u16::try_from(masters.len()).expect("few"));
        for (number, node) in (0_u16..).zip(&masters) {
            let first = number * share;
            let last = (first + share).min(SLOTS) - 1;
            node.tell(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            // Otherwise they would first have to find out who is newest.
            node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        let cluster = Self { masters, replicas: Vec::new() };
        cluster.masters.iter().skip(1).for_each(|node| cluster.introduce(node));
        cluster.masters.iter().for_each(|node| node.log().wait_for("Cluster state changed: ok"));
        cluster
    }

    /// Gives each master somebody who takes over when it dies, and waits until they know what it knows.
    ///
    /// # Panics
    /// They do not find together.
    #[must_use]
    pub fn with_replicas(mut self) -> Self {
        for master in &self.masters {
            let replica = node();
            self.introduce(&replica);
            replica.log().wait_for("Cluster state changed: ok");
            let name = master.tell(&["CLUSTER", "MYID"]);
            replica.tell(&["CLUSTER", "REPLICATE", name.text()]);
            replica.log().wait_for("MASTER <-> REPLICA sync: Finished with success");
            self.replicas.push(replica);
        }
        self
    }

    /// The address by which it is found, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        let places: Vec<_> = self.masters.iter().map(Redis::address).collect();
        format!("redis+cluster://:{PASSWORD}@{}", places.join(","))
    }

    /// The masters, each for itself.
    pub fn masters(&mut self) -> &mut [Redis] {
        &mut self.masters
    }

    /// Kills a master and waits until its replica has taken over.
    ///
    /// # Panics
    /// There are no replicas, or nobody takes over.
    pub fn fail_over(&mut self, master: usize) {
        self.masters[master].kill();
        self.replicas[master].log().wait_for("Failover election won");
    }

    /// Waits until the replicas know what their masters know.
    ///
    /// # Panics
    /// They do not get to know it.
    pub fn wait_for_replicas(&self) {
        self.masters.iter().for_each(Redis::wait_for_replica);
    }

    /// Sends one command to whoever has its key.
    ///
    /// # Panics
    /// It is refused.
    #[expect(clippy::must_use_candidate, reason = "most commands are sent for what they do")]
    pub fn tell(&self, words: &[&str]) -> Reply {
        let replies = self.masters.iter().map(|node| node.ask(words));
        let is_here = |reply: &Reply| !matches!(reply, Reply::Refused(why) if why.starts_with("MOVED"));
        match replies.into_iter().find(is_here) {
            Some(Reply::Refused(why)) => panic!("{words:?}: {why}"),
            reply => reply.expect("somebody has the key"),
        }
    }

    fn introduce(&self, node: &Redis) {
        let first = self.masters[0].port();
        node.tell(&["CLUSTER", "MEET", "127.0.0.1", &first.to_string(), &(first + BUS).to_string()]);
    }
}

fn node() -> Redis {
    Redis::start_with(&[
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "2000",
        "--masterauth",
        PASSWORD,
        "--repl-diskless-sync-delay",
        "0",
    ])
}
