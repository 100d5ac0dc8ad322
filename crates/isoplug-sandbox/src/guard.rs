//! Ends programs that together take more memory or have more processes than they may, and says so. Runs in
//! process 1, beside them, on every machine: where the kernel counts too ([`super::group`]), that is exact.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::statvfs;

use super::job::Over;
use super::room::{SHOWN, WORK};
use super::{Limits, memory};

/// How often it looks whether many processes were begun.
const TICK: Duration = Duration::from_millis(25);
/// After how many of these it looks at all there is, whatever was begun.
const EVERY: u32 = 10;
/// Which part of the processes that may be is many for one tick.
const STORM: u32 = 32;
/// How often it ends what was begun meanwhile.
const AGAIN: Duration = Duration::from_millis(20);
/// What is left of a machine's memory at least: one part of so many, and so many bytes.
const LEFT: (u64, u64) = (50, 64 << 20);

/// See the module.
pub(super) struct Guard<'a> {
    pub(super) limits: &'a Limits,
    /// Whether the job's folder lies in memory.
    pub(super) in_memory: bool,
}

impl Guard<'_> {
    /// Looks until the other end of the channel is gone. Returns why it ended the programs, if it did.
    pub(super) fn watch(&self, until: &Receiver<()>) -> Option<Over> {
        let (mut ticks, mut last) = (0, begun());
        while until.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            ticks += 1;
            let now = begun();
            let is_storm = now.abs_diff(last) > self.limits.processes / STORM;
            last = now;
            let look = is_storm || ticks % EVERY == 0;
            let Some(over) = look.then(|| self.look()).flatten() else { continue };
            loop {
                // There may be nothing left.
                _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
                if until.recv_timeout(AGAIN) != Err(RecvTimeoutError::Timeout) {
                    return Some(over);
                }
            }
        }
        None
    }

    /// Says why a program failed, by what it left: who is refused another process often gives up at once.
    pub(super) fn left(&self) -> Option<Over> {
        let too_many = programs().0 >= self.limits.processes / 2;
        too_many.then_some(Over::Processes(self.limits.processes)).or_else(|| self.look())
    }

    /// Says what is too much now.
    fn look(&self) -> Option<Over> {
        let (processes, taken) = programs();
        if processes >= self.limits.processes {
            return Some(Over::Processes(self.limits.processes));
        }
        let limit = self.limits.memory.filter(|limit| taken + self.files() > *limit);
        limit.map(Over::Memory).or_else(|| machine_is_full().then_some(Over::Machine))
    }

    /// Returns the bytes of files in memory.
    fn files(&self) -> u64 {
        let shown = ["run", "tmp", "dev/shm"].map(|name| Path::new(SHOWN).join(name));
        let work = self.in_memory.then(|| Path::new(WORK).to_owned());
        shown.into_iter().chain(work).map(|folder| used(&folder)).sum()
    }
}

/// Nothing is used of what is not mounted yet.
fn used(folder: &Path) -> u64 {
    let used = |found: rustix::fs::StatVfs| (found.f_blocks - found.f_bfree) * found.f_frsize;
    statvfs(folder).map_or(0, used)
}

/// Returns the number of the process that was begun last, from proc_loadavg(5); it counts within the sandbox.
fn begun() -> u32 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Returns how many processes there are beside this one, and the bytes of memory that are theirs alone.
#[expect(clippy::disallowed_methods, reason = "in which order does not matter")]
fn programs() -> (u32, u64) {
    let (mut count, mut pages) = (0, 0);
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.parse::<u32>().ok());
        if process.is_some_and(|process| process > 1) {
            count += 1;
            pages += own_pages(&fs::read_to_string(entry.path().join("statm")).unwrap_or_default());
        }
    }
    (count, pages * rustix::param::page_size() as u64)
}

/// Reads proc_pid_statm(5): what is in memory, without what is shared.
fn own_pages(statm: &str) -> u64 {
    let mut numbers = statm.split(' ').skip(1).map_while(|number| number.parse::<u64>().ok());
    numbers.next().unwrap_or(0).saturating_sub(numbers.next().unwrap_or(0))
}

/// Memory that no process and no file here has, as that of pipes and of mappings without a file.
fn machine_is_full() -> bool {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    is_full(&text)
}

fn is_full(text: &str) -> bool {
    let [all, free, swap] =
        ["MemTotal", "MemAvailable", "SwapFree"].map(|name| memory::of_machine(text, name));
    all > 0 && free + swap < (all / LEFT.0).max(LEFT.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tables_are_read() {
        assert_eq!(own_pages("2000 500 120 1 0 90 0\n"), 380);
        assert_eq!(own_pages(""), 0);
        let full = |free: u32, swap: u32| {
            is_full(&format!(
                "MemTotal: 8000000 kB\nMemAvailable: {free} kB\nSwapFree: {swap} kB\n"
            ))
        };
        assert!(full(100_000, 0) && !full(200_000, 0) && !full(100_000, 100_000));
        // A machine that does not say.
        assert!(!is_full(""));
    }
}
