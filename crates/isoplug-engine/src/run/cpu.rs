//! Measures a stage: wall time and CPU time.
//!
//! What this process computes is shared evenly among the stages that run at that moment and do not
//! wait for programs of theirs; what those take, the stage says ([`crate::Context::spent`]).

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::context::guard;

/// What /proc counts in on every Linux: USER_HZ is 100 in its interface.
const MS_PER_TICK: u64 = 10;

/// Shares the CPU time of the process among its stages.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    /// CPU time of the process that is shared out already, in milliseconds.
    counted: u64,
    running: BTreeMap<u64, Share>,
    began: u64,
}

/// What a running stage took, in milliseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Share {
    cpu: f64,
    waits: bool,
}

/// A stage that is being measured.
pub(crate) struct Reading<'a> {
    meter: &'a Meter,
    number: u64,
    start: Instant,
}

impl Meter {
    pub(crate) fn begin(&self) -> Reading<'_> {
        let mut ledger = guard(&self.0);
        ledger.share_out(cpu_ms());
        ledger.began += 1;
        let number = ledger.began;
        ledger.running.insert(number, Share::default());
        Reading { meter: self, number, start: Instant::now() }
    }
}

impl Reading<'_> {
    /// Says whether the stage waits for programs from now on.
    pub(crate) fn waits(&self, waits: bool) {
        self.change(|share| share.waits = waits);
    }

    /// Adds what programs took.
    pub(crate) fn add(&self, cpu: Duration) {
        self.change(|share| share.cpu += cpu.as_secs_f64() * 1000.0);
    }

    /// Returns wall and CPU time in milliseconds; the latter only where there is `/proc`.
    pub(crate) fn end(&self) -> (u64, Option<u64>) {
        let now = cpu_ms();
        let mut ledger = guard(&self.meter.0);
        ledger.share_out(now);
        let share = ledger.running.remove(&self.number).unwrap_or_default();
        (self.start.elapsed().as_millis() as u64, now.map(|_| share.cpu.round() as u64))
    }

    fn change(&self, change: impl FnOnce(&mut Share)) {
        let mut ledger = guard(&self.meter.0);
        ledger.share_out(cpu_ms());
        if let Some(share) = ledger.running.get_mut(&self.number) {
            change(share);
        }
    }
}

impl Ledger {
    fn share_out(&mut self, now: Option<u64>) {
        let Some(now) = now else { return };
        let working = || self.running.values().filter(|share| !share.waits);
        let spent = now.saturating_sub(self.counted) as f64 / working().count().max(1) as f64;
        self.counted = now;
        let working = self.running.values_mut().filter(|share| !share.waits);
        working.for_each(|share| share.cpu += spent);
    }
}

fn cpu_ms() -> Option<u64> {
    Some(cpu_time("self", false)?.as_millis() as u64)
}

/// Returns the CPU time of a process, and of its children that ended if they count; fields 14 to 17
/// of proc_pid_stat(5). `process` is its number or `self`.
pub fn cpu_time(process: &str, with_children: bool) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold spaces.
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields = if with_children { 4 } else { 2 };
    let fields = after_name.split_whitespace().skip(11).take(fields);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().ok()).sum::<Option<_>>()?;
    Some(Duration::from_millis(ticks * MS_PER_TICK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_run_together_share_what_is_computed_meanwhile() {
        let mut ledger = Ledger { counted: 100, ..Ledger::default() };
        ledger.running.insert(1, Share::default());
        ledger.share_out(Some(150));
        ledger.running.insert(2, Share::default());
        ledger.share_out(Some(250));
        ledger.running.insert(3, Share { cpu: 0.0, waits: true });
        ledger.running.remove(&1);
        ledger.share_out(Some(251));
        ledger.share_out(None);
        assert_eq!(ledger.running.values().map(|share| share.cpu).collect::<Vec<_>>(), [51.0, 0.0]);
        assert_eq!(ledger.counted, 251);
    }
}
