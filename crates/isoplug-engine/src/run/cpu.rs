//! Measures a stage: wall time and CPU time.
//!
//! What this process computes is shared evenly among the stages that run at that moment; what the
//! programs of a stage take, the stage says itself ([`crate::Context::spent`]).

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::Instant;

use crate::context::guard;

/// What /proc counts in on every Linux: USER_HZ is 100 in its interface.
const MS_PER_TICK: u64 = 10;

/// Shares the CPU time of the process among its stages.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    /// CPU time of the process that is shared out already, in milliseconds.
    counted: u64,
    /// The shares of the running stages, in milliseconds.
    running: BTreeMap<u64, f64>,
    began: u64,
}

/// A stage that is being measured.
pub(super) struct Reading<'a> {
    meter: &'a Meter,
    number: u64,
    start: Instant,
}

impl Meter {
    pub(super) fn begin(&self) -> Reading<'_> {
        let mut ledger = guard(&self.0);
        ledger.share_out(cpu_ms());
        ledger.began += 1;
        let number = ledger.began;
        ledger.running.insert(number, 0.0);
        Reading { meter: self, number, start: Instant::now() }
    }
}

impl Reading<'_> {
    /// Returns wall and CPU time in milliseconds, that of programs left out.
    pub(super) fn end(self) -> (u64, Option<u64>) {
        let now = cpu_ms();
        let mut ledger = guard(&self.meter.0);
        ledger.share_out(now);
        let share = ledger.running.remove(&self.number).unwrap_or_default();
        (self.start.elapsed().as_millis() as u64, now.map(|_| share.round() as u64))
    }
}

impl Ledger {
    fn share_out(&mut self, now: Option<u64>) {
        let Some(now) = now else { return };
        let spent = now.saturating_sub(self.counted) as f64 / self.running.len().max(1) as f64;
        self.counted = now;
        self.running.values_mut().for_each(|share| *share += spent);
    }
}

/// CPU time of this process: fields 14 and 15 of proc_pid_stat(5).
fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold spaces.
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks: Option<u64> =
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks? * MS_PER_TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_run_together_share_what_is_computed_meanwhile() {
        let mut ledger = Ledger { counted: 100, ..Ledger::default() };
        ledger.running.insert(1, 0.0);
        ledger.share_out(Some(150));
        ledger.running.insert(2, 0.0);
        ledger.share_out(Some(250));
        ledger.running.remove(&1);
        ledger.share_out(Some(251));
        assert_eq!(ledger.running, BTreeMap::from([(2, 51.0)]));
        ledger.share_out(None);
        assert_eq!(ledger.counted, 251);
    }
}
