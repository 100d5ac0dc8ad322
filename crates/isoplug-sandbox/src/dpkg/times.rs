//! Gives folders the time that they will have in the image, before scripts of packages look at it.
//!
//! The scan of a layer sets what is newer than the epoch to the epoch. A program that notes the time of a folder
//! beside what it knows of its files, as fontconfig does, would note another one: then what it made is
//! never used, and each user's first program looks through all fonts. Which folders those are, dpkg's lists of the
//! packages' files say. Knows no folder that scripts alone made.

use std::collections::BTreeSet;
use std::io::{self, Read};

use isoplug_formats::tree::{TreePath, join, parent, parts};

use super::Package;
use super::extract::is_merged;
use crate::{Failure, Inside};

/// Where dpkg lists the files of each package, as `NAME.list` or `NAME:ARCHITECTURE.list`.
const LISTS: &str = "var/lib/dpkg/info";

/// The most bytes of a list that are read; no package of Debian has a tenth of it.
const LIST: u64 = 64 << 20;

/// Sets what is newer than the epoch to the epoch: folders into which a wave's packages brought files. Before the last
/// wave is configured, those of all packages, since scripts of earlier ones wrote into them. Only below
/// `/usr`, where packages bring what others index.
pub(super) fn of_folders(inside: &Inside, wave: &[Package], is_last: bool) -> Result<(), Failure> {
    let names: BTreeSet<&str> = wave.iter().map(|package| package.name.as_str()).collect();
    let is_wanted = |name: &str| is_last || names.contains(name);
    let limited = folders(inside, is_wanted).and_then(|folders| {
        let epoch = i64::try_from(inside.epoch()).unwrap_or(i64::MAX);
        inside.tree().limit_times(&folders, epoch)
    });
    limited.map_err(Failure::of("give folders the time of the image".to_owned()))
}

/// Returns the folders of packages.
fn folders(inside: &Inside, is_wanted: impl Fn(&str) -> bool) -> io::Result<BTreeSet<TreePath>> {
    let mut folders = BTreeSet::new();
    for file in inside.tree().names(LISTS)? {
        let Some(stem) = file.to_str().and_then(|file| file.strip_suffix(".list")) else {
            continue;
        };
        if is_wanted(stem.split(':').next().unwrap_or(stem)) {
            let mut list = Vec::new();
            let opened = inside.tree().file(&format!("{LISTS}/{stem}.list"))?;
            opened.take(LIST).read_to_end(&mut list)?;
            add_folders(&list, &mut folders);
        }
    }
    Ok(folders)
}

/// Adds each folder below `/usr` in which something of the list lies. Packages may still name what lies there without
/// `usr` (file-hierarchy(7)).
fn add_folders(list: &[u8], folders: &mut BTreeSet<TreePath>) {
    let mut last: &[u8] = b"";
    for line in list.split(|byte| *byte == b'\n') {
        let Some(folder) = parent(line) else { continue };
        if folder == last {
            continue;
        }
        last = folder;
        let folder = parts(folder).collect::<Vec<_>>().join(&b'/');
        let first = parts(&folder).next().unwrap_or_default();
        if first == b"usr" {
            folders.insert(folder);
        } else if is_merged(first) {
            folders.insert(join(b"usr", &folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_list_are_those_with_something_in_them() {
        let list = b"/.\n/usr\n/usr/share\n/usr/share/a\n/usr/share/a/x\n/usr/share/a/y\n/usr/share/none\n\
            /lib\n/lib/z\n/lib/z/m\n/etc\n/etc/q\n/usr/share/\xff\n/usr/share/\xff/f\n";
        let mut folders = BTreeSet::new();
        add_folders(list, &mut folders);
        let expected: [&[u8]; 6] =
            [b"usr", b"usr/lib", b"usr/lib/z", b"usr/share", b"usr/share/a", b"usr/share/\xff"];
        assert_eq!(folders.iter().map(Vec::as_slice).collect::<Vec<_>>(), expected);
    }
}
