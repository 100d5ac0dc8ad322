//! Finds numbers of users and groups that nobody of the build machine has, for the sandboxes of
//! root: as far up as no service of names and no container engine gives any.

use std::fs;
use std::ops::Range;

use super::identity::{COUNT, Table};

/// Where to look first: above what directories of users map (sssd(8): up to 2000200000) and
/// below what programs take for negative.
const FREE: Range<u64> = 0x7f00_0000..0x7ffe_0000;

/// Returns the first of numbers that are nobody's, if this machine has such.
pub(super) fn first(table: &Table) -> Option<u32> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let taken = [given_away(&read(table.file)), in_use(&read(table.names))].concat();
    free(&extents(&read(&format!("/proc/self/{}", table.map))), &taken)
}

/// Returns the map that leaves the numbers as they are.
///
/// # Errors
///
/// When some of an image's are not there: how many are.
pub(super) fn same(table: &Table) -> Result<String, u64> {
    same_of(&fs::read_to_string(format!("/proc/self/{}", table.map)).unwrap_or_default())
}

fn same_of(map: &str) -> Result<String, u64> {
    let count = u64::from(COUNT);
    let parts = extents(map).into_iter().map(|part| part.start..part.end.min(count));
    let parts: Vec<Range<u64>> = parts.filter(|part| !part.is_empty()).collect();
    match parts.iter().map(|part| part.end - part.start).sum() {
        found if found < count => Err(found),
        _ => Ok({ parts.iter() }
            .map(|part| format!("{0} {0} {1}\n", part.start, part.end - part.start))
            .collect()),
    }
}

fn free(extents: &[Range<u64>], taken: &[Range<u64>]) -> Option<u32> {
    let count = u64::from(COUNT);
    let high = FREE.step_by(COUNT as usize).map(|first| first..first + count);
    // In a container with few numbers: the last ones of each part.
    let last = extents.iter().filter(|extent| extent.start >= count || extent.end >= 2 * count);
    let last = last.filter_map(|extent| Some(extent.end.checked_sub(count)?..extent.end));
    let is_there = |range: &Range<u64>| extents.iter().any(|extent| contains(extent, range));
    let is_free = |range: &Range<u64>| !taken.iter().any(|other| overlap(other, range));
    let mut found = high.chain(last).filter(|range| range.start >= count);
    found.find(|range| is_there(range) && is_free(range))?.start.try_into().ok()
}

fn contains(outer: &Range<u64>, inner: &Range<u64>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Reads which numbers this process can name, from `uid_map` (user_namespaces(7)).
fn extents(map: &str) -> Vec<Range<u64>> {
    let extent = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().ok());
        let (first, _, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(first..first.checked_add(count)?)
    };
    map.lines().filter_map(extent).collect()
}

/// Reads the ranges of subuid(5).
fn given_away(text: &str) -> Vec<Range<u64>> {
    let range = |line: &str| {
        let mut numbers = line.trim().split(':').skip(1).map(|number| number.parse::<u64>().ok());
        let (first, count) = (numbers.next()??, numbers.next()??);
        Some(first..first.checked_add(count)?)
    };
    text.lines().filter_map(range).collect()
}

/// Reads the numbers of passwd(5) and group(5).
fn in_use(text: &str) -> Vec<Range<u64>> {
    let number = |line: &str| line.split(':').nth(2)?.parse::<u64>().ok();
    text.lines().filter_map(number).map(|number| number..number + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(map: &str, subordinate: &str, users: &str) -> Option<u32> {
        free(&extents(map), &[given_away(subordinate), in_use(users)].concat())
    }

    #[test]
    fn numbers_are_nobodys() {
        let all = "         0          0 4294967295\n";
        assert_eq!(found(all, "", "root:x:0:0::/root:/bin/sh"), Some(0x7f00_0000));
        assert_eq!(found(all, "ann:2130706432:65536\n", ""), Some(0x7f01_0000));
        assert_eq!(found(all, "", "eve:x:2130706500:1::/:/bin/sh"), Some(0x7f01_0000));
        // Containers: with many numbers, with none to spare, and that of an ordinary user.
        assert_eq!(found("0 1000000 200000\n", "", ""), Some(200_000 - 65536));
        assert_eq!(found("0 1000000 65536\n", "", ""), None);
        assert_eq!(found("0 1000 1\n1 100000 65536\n", "", ""), None);
        assert_eq!(found("", "", ""), None);
    }

    #[test]
    fn numbers_that_stay_are_whole() {
        assert_eq!(same_of("0 1000000 65536\n").as_deref(), Ok("0 0 65536\n"));
        let rootless = "0 1000 1\n1 100000 65536\n";
        assert_eq!(same_of(rootless).as_deref(), Ok("0 0 1\n1 1 65535\n"));
        // As `unshare --map-root-user` leaves them.
        assert_eq!(same_of("         0          0          1\n"), Err(1));
        assert_eq!(same_of("0 0 1000\n2000 2000 65536\n"), Err(64536));
        assert_eq!(same_of(""), Err(0));
    }
}
