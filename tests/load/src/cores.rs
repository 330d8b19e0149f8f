//! Which core runs what, and what a process has used so far: read from `/proc`, where the kernel counts it.

use std::fs;

use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

/// The core of whatever is measured. What works beside it in the same design shares it.
pub(crate) const SERVER: usize = 0;

/// The core of whoever makes the load and looks on.
pub(crate) const LOAD: usize = 1;

/// The kernel counts a process's time in hundredths of a second, on every Linux that there is.
const TICKS_PER_S: f64 = 100.0;

/// Everything that this thread starts from now on runs on this core.
///
/// # Errors
/// A sentence: there is no such core.
pub(crate) fn pin(core: usize) -> Result<(), String> {
    allow(&[core])
}

/// Everything that this thread starts from now on runs on both cores: while nobody makes load, there is one to spare.
///
/// # Errors
/// A sentence: there are no two.
pub(crate) fn pin_to_both() -> Result<(), String> {
    allow(&[SERVER, LOAD])
}

fn allow(numbers: &[usize]) -> Result<(), String> {
    let mut cores = CpuSet::new();
    let set = numbers.iter().try_for_each(|core| cores.set(*core));
    set.and_then(|()| sched_setaffinity(Pid::from_raw(0), &cores)).map_err(|why| {
        format!("core {numbers:?} cannot be had ({why}): the load and the server need one core each, so two at least")
    })
}

/// Processor time of these processes and their threads so far, in seconds.
pub(crate) fn seconds(processes: &[u32]) -> f64 {
    processes.iter().map(|process| ticks(*process)).sum::<f64>() / TICKS_PER_S
}

/// The processes that this one has started, and itself.
pub(crate) fn family(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
        fields.split_whitespace().nth(1).and_then(|field| field.parse().ok()) == Some(parent)
    };
    std::iter::once(parent).chain(all.filter(is_child)).collect()
}

fn ticks(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name may hold anything, spaces too; it ends with the last parenthesis.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let of = |place: usize| fields.split_whitespace().nth(place).and_then(|field| field.parse::<f64>().ok());
    of(11).unwrap_or(0.0) + of(12).unwrap_or(0.0)
}

/// Memory that a process really has, in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_uses_time() {
        let own = std::process::id();
        assert!(resident(own) > 100_000);
        let begun = crate::clock::now();
        while seconds(&[own]) <= 0.0 {
            assert!(begun.elapsed().as_secs() < 30, "it looks at the clock all the time");
        }
    }
}
