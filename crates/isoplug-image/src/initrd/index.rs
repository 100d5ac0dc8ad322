//! Makes for the chosen kernel modules the lists that depmod would make, out of those it made for all.

mod trie;

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Error;
use super::kernel_modules::{KernelModules, name_of};

/// Lists that come with the kernel, or that say nothing of single modules.
const WHOLE: [&str; 5] = [
    "modules.builtin",
    "modules.builtin.alias.bin",
    "modules.builtin.bin",
    "modules.builtin.modinfo",
    "modules.order",
];

/// Lists of which the lines of chosen modules stay, each with the index that is made of it.
const PARTIAL: [(&str, Option<&str>); 5] = [
    ("modules.alias", Some("modules.alias.bin")),
    ("modules.symbols", Some("modules.symbols.bin")),
    ("modules.softdep", None),
    ("modules.weakdep", None),
    ("modules.devname", None),
];

/// Returns the lists by name.
pub(super) fn lists(
    modules: &KernelModules,
    chosen: &BTreeSet<String>,
) -> Result<BTreeMap<&'static str, Vec<u8>>, Error> {
    let mut lists = BTreeMap::new();
    for name in WHOLE {
        if let Some(bytes) = modules.bytes(name)? {
            lists.insert(name, bytes);
        }
    }
    let dependencies = kept(&modules.text("modules.dep")?, |line| {
        line.contains(':') && chosen.contains(&first_name(line))
    });
    let order: BTreeMap<String, u32> = dependencies.lines().map(first_name).zip(0..).collect();
    lists.insert("modules.dep.bin", trie::write(by_name(&dependencies, &order)));
    lists.insert("modules.dep", dependencies.into_bytes());
    for (name, binary) in PARTIAL {
        let Some(text) = modules.bytes(name)? else { continue };
        let text = kept(&String::from_utf8_lossy(&text), |line| says_of(line, chosen));
        lists.extend(binary.map(|binary| (binary, trie::write(aliases(&text, &order)))));
        lists.insert(name, text.into_bytes());
    }
    Ok(lists)
}

/// Returns the name of the module that a line `path: paths` begins with.
fn first_name(line: &str) -> String {
    name_of(line.split(':').next().unwrap_or_default())
}

fn kept(text: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let lines = text.lines().filter(|line| line.starts_with('#') || is_kept(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Returns whether a line is about a chosen kernel module: `alias A MODULE`, `softdep MODULE ...`,
/// or `MODULE node numbers`.
fn says_of(line: &str, chosen: &BTreeSet<String>) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let name = match words[..] {
        ["alias", _, name] | ["softdep" | "weakdep", name, ..] | [name, ..] => name,
        [] => return false,
    };
    chosen.contains(&name.replace('-', "_"))
}

/// Returns the rows of an index of dependencies.
fn by_name(
    dependencies: &str,
    order: &BTreeMap<String, u32>,
) -> impl Iterator<Item = (String, String, u32)> {
    dependencies.lines().map(|line| {
        let name = first_name(line);
        (name.clone(), line.to_owned(), order[&name])
    })
}

/// Returns the rows of an index of aliases: in them, names differ not by `-` and `_`.
fn aliases(
    text: &str,
    order: &BTreeMap<String, u32>,
) -> impl Iterator<Item = (String, String, u32)> {
    text.lines().filter_map(|line| {
        let (alias, name) = line.strip_prefix("alias ")?.rsplit_once(' ')?;
        Some((underscored(alias), name.to_owned(), *order.get(name)?))
    })
}

/// Replaces `-` by `_`, but not between brackets, where it means a range.
fn underscored(alias: &str) -> String {
    let mut depth = 0;
    let replace = |char| {
        match char {
            '[' => depth += 1,
            ']' => depth -= 1,
            '-' if depth == 0 => return '_',
            _ => {}
        }
        char
    };
    alias.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_their_dash() {
        assert_eq!(underscored("net-pf-[0-9]-x"), "net_pf_[0-9]_x");
    }
}
