//! Measures a stage: wall time, and CPU time when no other stage ran meanwhile.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What /proc counts in on every Linux: USER_HZ is 100 in its interface.
const MS_PER_TICK: u64 = 10;

/// Counts the stages that began and ended.
#[derive(Debug, Default)]
pub(super) struct Meter {
    began: AtomicU64,
    ended: AtomicU64,
}

/// A stage that is being measured.
pub(super) struct Reading<'a> {
    meter: &'a Meter,
    began_before: u64,
    alone: bool,
    start: Instant,
    cpu_ms: Option<u64>,
}

impl Meter {
    pub(super) fn begin(&self) -> Reading<'_> {
        let began_before = self.began.fetch_add(1, Ordering::SeqCst);
        let alone = self.ended.load(Ordering::SeqCst) == began_before;
        Reading { meter: self, began_before, alone, start: Instant::now(), cpu_ms: cpu_ms() }
    }
}

impl Reading<'_> {
    /// Returns wall and CPU time in milliseconds.
    pub(super) fn end(self) -> (u64, Option<u64>) {
        let alone = self.alone && self.meter.began.load(Ordering::SeqCst) == self.began_before + 1;
        self.meter.ended.fetch_add(1, Ordering::SeqCst);
        let cpu_ms = || Some(cpu_ms()?.saturating_sub(self.cpu_ms?));
        (self.start.elapsed().as_millis() as u64, alone.then(cpu_ms).flatten())
    }
}

/// CPU time of this process and of its children that ended: fields 14 to 17 of proc_pid_stat(5).
fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold spaces.
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks: Option<u64> =
        after_name.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks? * MS_PER_TICK)
}
