//! Decides whether a work folder may lie in memory: it is faster there, and gone with the sandbox.
//!
//! The result is the same on the disk, since `listing.rs` has one order of names for both, so what the machine has at the moment may decide.

use std::io;
use std::path::Path;

use isoplug_formats::tree::Tree;

use super::given::Given;
use super::job::{Job, Order};
use crate::dpkg::batch::BATCH;

/// How many times their size compressed packages take when they are unpacked: all of a desktop four times.
/// Whoever needs more gets the disk when memory is full.
const UNPACKED: u64 = 5;
/// How many times its size one takes decompressed, at most.
const DECOMPRESSED: u64 = 8;

/// Returns the size of the memory that is to take the place of the job's folder, if half of
/// what is free is enough for the job.
pub(super) fn for_work(
    order: &Order,
    parent: Option<&Tree>,
    given: &Given,
) -> io::Result<Option<u64>> {
    let most = order.memory / 2;
    let is_enough = || Ok::<_, io::Error>(needed(&order.job, parent, given)? <= most);
    Ok((!order.job.on_disk && is_enough()?).then_some(most))
}

fn needed(job: &Job, parent: Option<&Tree>, given: &Given) -> io::Result<u64> {
    let contents: u64 = parent.map_or(0, |tree| tree.contents().map(|content| content.size).sum());
    let packages = job.install.iter().flat_map(|install| &install.packages);
    let sizes = packages.map(|package| Ok(given.open(&package.deb)?.metadata()?.len()));
    Ok(contents + unpacking(&sizes.collect::<io::Result<Vec<u64>>>()?))
}

/// Returns what packages of these sizes take: all unpacked, and one batch decompressed beside them.
fn unpacking(sizes: &[u64]) -> u64 {
    let (all, largest) = (sizes.iter().sum::<u64>(), sizes.iter().max().copied().unwrap_or(0));
    UNPACKED * all + DECOMPRESSED * all.min(largest.max(BATCH))
}

/// Returns the bytes of memory that are free for this process: those of the machine, or what is
/// left of the limit of a control group around it; 0 if that cannot be told.
pub fn free() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let machine = available(&read(Path::new("/proc/meminfo")));
    let group = read(Path::new("/proc/self/cgroup"));
    let groups = Path::new("/sys/fs/cgroup").join(unified(&group).trim_start_matches('/'));
    let groups = groups.ancestors().take_while(|group| group.starts_with("/sys/fs/cgroup"));
    let number = |group: &Path, file: &str| read(&group.join(file)).trim().parse::<u64>().ok();
    let limits = groups.filter_map(|group| {
        let used = number(group, "memory.current").unwrap_or(0);
        Some(number(group, "memory.max")?.saturating_sub(used))
    });
    let old = number(Path::new("/sys/fs/cgroup/memory"), "memory.limit_in_bytes");
    limits.chain(old).fold(machine, u64::min)
}

/// Returns how much the programs of a job may take of so many free bytes: not all, and enough for dpkg; no limit if
/// it is not known what is free.
pub(super) fn for_programs(free: u64) -> Option<u64> {
    (free > 0).then(|| (free / 8 * 7).max(LEAST))
}

/// What is enough for dpkg and usual scripts, in bytes.
const LEAST: u64 = 256 << 20;

fn available(text: &str) -> u64 {
    of_machine(text, "MemAvailable")
}

/// Reads a line of proc_meminfo(5), which is in kibibytes; 0 if there is none.
pub(super) fn of_machine(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

/// Reads the path of the process's group in the unified hierarchy (cgroups(7)).
fn unified(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_needs_half_of_16_gigabytes() {
        let gnome = vec![1_100_000_000 / 1462; 1462];
        assert!((5_000_000_000..8_000_000_000).contains(&unpacking(&gnome)));
        // A kernel alone has its modules twice for a while.
        assert_eq!(unpacking(&[100 << 20]), 1300 << 20);
        assert_eq!(unpacking(&[]), 0);
    }

    #[test]
    fn programs_get_no_more_than_is_free() {
        assert_eq!(for_programs(8 << 30), Some(7 << 30));
        assert_eq!(for_programs(1 << 20), Some(LEAST));
        assert_eq!(for_programs(0), None);
    }

    #[test]
    fn the_kernel_tables_are_read() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    24683848 kB\n"), 24_683_848 << 10);
        assert_eq!(available(""), 0);
        assert_eq!(of_machine("SwapFreeX: 1 kB\nSwapFree: 2 kB\n", "SwapFree"), 2048);
        assert_eq!(unified("1:name=systemd:/x\n0::/user.slice/a\n"), "/user.slice/a");
        assert_eq!(unified(""), "/");
    }
}
