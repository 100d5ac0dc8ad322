//! The order of files on the medium, which decides how fast it boots from a disc.

use std::collections::BTreeMap;

use crate::iso::Medium;

/// Returns the files that lie elsewhere among those that both have: as few as explain it.
#[must_use]
pub fn moved(a: &Medium, b: &Medium) -> Vec<String> {
    let (old, new) = (order(a), order(b));
    let places: BTreeMap<&str, usize> =
        old.iter().enumerate().map(|(at, path)| (*path, at)).collect();
    let common: Vec<(&str, usize)> =
        new.iter().filter_map(|path| Some((*path, *places.get(path)?))).collect();
    let stay = longest_rising(&common.iter().map(|(_, at)| *at).collect::<Vec<_>>());
    let moved = common.iter().enumerate().filter(|(index, _)| !stay.contains(index));
    moved.map(|(_, (path, _))| format!("/{path}")).collect()
}

/// Returns the paths of files with bytes, as these lie there.
fn order(medium: &Medium) -> Vec<&str> {
    let is_catalog = |at: u64| medium.boot.catalog_at == Some(at);
    let files = medium
        .entries
        .iter()
        .filter(|entry| !entry.folder && entry.size > 0 && !is_catalog(entry.at));
    let mut all: Vec<(u64, &str)> = files.map(|entry| (entry.at, &*entry.path)).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, path)| path).collect()
}

/// Returns the indices of a longest rising row of numbers.
fn longest_rising(numbers: &[usize]) -> std::collections::BTreeSet<usize> {
    let (mut ends, mut before) = (Vec::<usize>::new(), vec![None; numbers.len()]);
    for (index, number) in numbers.iter().enumerate() {
        let at = ends.partition_point(|end| numbers[*end] < *number);
        before[index] = at.checked_sub(1).map(|at| ends[at]);
        if at == ends.len() { ends.push(index) } else { ends[at] = index }
    }
    let mut next = ends.last().copied();
    std::iter::from_fn(|| {
        let index = next?;
        next = before[index];
        Some(index)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_as_explain_it_moved() {
        let stay = longest_rising(&[0, 5, 1, 2, 3, 4]);
        assert_eq!(stay.into_iter().collect::<Vec<_>>(), [0, 2, 3, 4, 5]);
    }
}
