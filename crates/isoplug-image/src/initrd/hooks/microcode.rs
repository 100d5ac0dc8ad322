//! Microcode for processors, in the files that a kernel looks for before it unpacks the initrd.
//!
//! An image boots on any machine, so it has that of all processors; the build machine's does not
//! count.

use isoplug_formats::tree::{self, TreePath};

use crate::initrd::draft::{Draft, Error, unknown};

const FOLDER: &str = "kernel/x86/microcode";

/// Where Intel's lie.
const INTEL: &str = "usr/lib/firmware/intel-ucode";

/// All files, one after the other.
pub(super) fn amd(draft: &mut Draft) -> Result<(), Error> {
    let files = read("usr/lib/firmware/amd-ucode", "etc/default/amd64-microcode", draft)?;
    let bytes: Vec<u8> = files.into_iter().flat_map(|(_, bytes)| bytes).collect();
    if !bytes.is_empty() {
        draft.make(format!("{FOLDER}/AuthenticAMD.bin"), bytes);
    }
    Ok(())
}

fn one_replaces_another(all: &[Microcode]) -> bool {
    let mut pairs = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| all[at + 1..].iter().map(move |other| (one, other)));
    pairs.any(|(one, other)| one.replaces(other) || other.replaces(one))
}

/// All microcodes in the order of iucode_tool.
pub(super) fn intel(draft: &mut Draft) -> Result<(), Error> {
    let old = draft.named("usr/share/misc", |name| name.starts_with("intel-microcode"));
    if let Some(path) = old.first() {
        return Err(unknown(path, "only iucode_tool can read it"));
    }
    let files = read(INTEL, "etc/default/intel-microcode", draft)?;
    let mut all = Vec::new();
    for (path, bytes) in &files {
        let found = microcodes(bytes);
        all.extend(found.ok_or_else(|| unknown(path, "it is not microcode for Intel processors"))?);
    }
    all.sort_by_key(Microcode::place);
    all.dedup_by_key(|microcode| microcode.bytes);
    if one_replaces_another(&all) {
        return Err(unknown(INTEL, "only iucode_tool knows which is newer"));
    }
    let bytes: Vec<u8> = all.iter().flat_map(|microcode| microcode.bytes).copied().collect();
    if !bytes.is_empty() {
        draft.make(format!("{FOLDER}/GenuineIntel.bin"), bytes);
    }
    Ok(())
}

/// Returns the files of a folder by name, if the settings are what they are at first.
fn read(folder: &str, settings: &str, draft: &Draft) -> Result<Vec<(TreePath, Vec<u8>)>, Error> {
    let text = draft.read(settings)?.unwrap_or_default();
    if super::says_something(&text) {
        return Err(unknown(settings, "only its own mkinitramfs knows what to do with it"));
    }
    let file = |path: TreePath| match draft.layer.entries.get(&path).map(|entry| &entry.kind) {
        Some(tree::Kind::File(content)) => Ok((path, draft.contents.read(content)?)),
        _ => Err(unknown(path, "it is not a file with one name")),
    };
    draft.named(folder, |_| true).into_iter().map(file).collect()
}

/// One microcode (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3, 11.11.1).
struct Microcode<'a> {
    bytes: &'a [u8],
    revision: u32,
    /// The processors that it is for: their signature and a bit for each platform.
    processors: Vec<(u32, u32)>,
}

impl Microcode<'_> {
    /// By signature, then from the highest platforms to the lowest.
    fn place(&self) -> ((u32, std::cmp::Reverse<u32>), std::cmp::Reverse<u32>) {
        let (signature, platforms) = self.processors.first().copied().unwrap_or_default();
        ((signature, std::cmp::Reverse(platforms)), std::cmp::Reverse(self.revision))
    }

    /// Returns whether there is a processor that would take this one and never the other.
    fn replaces(&self, other: &Self) -> bool {
        let covers = |&(signature, platforms): &(u32, u32)| {
            let mine = self.processors.iter().filter(|mine| mine.0 == signature);
            mine.into_iter().any(|mine| platforms & !mine.1 == 0)
        };
        self.revision >= other.revision && other.processors.iter().any(covers)
    }
}

const HEADER: usize = 48;

/// Splits a file into its microcodes.
fn microcodes(mut bytes: &[u8]) -> Option<Vec<Microcode<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (data, total) = match (word(bytes, 28)?, word(bytes, 32)?) {
            (0, _) => (2000, 2048),
            (data, total) => (usize::try_from(data).ok()?, usize::try_from(total).ok()?),
        };
        let (one, rest) = bytes.split_at_checked(total)?;
        let sum = one.chunks(4).try_fold(0, |sum: u32, word| {
            Some(sum.wrapping_add(u32::from_le_bytes(word.try_into().ok()?)))
        });
        if word(one, 0)? != 1 || sum? != 0 || total == 0 {
            return None;
        }
        let mut processors = vec![(word(one, 12)?, word(one, 24)?)];
        let more = one.get(HEADER.checked_add(data)?..)?;
        processors.extend(if more.is_empty() { Vec::new() } else { others(more)? });
        found.push(Microcode { bytes: one, revision: word(one, 4)?, processors });
        bytes = rest;
    }
    Some(found)
}

/// Reads the table of other processors: their number, eight words on five of them, and for each its
/// signature, platforms and a checksum.
fn others(table: &[u8]) -> Option<Vec<(u32, u32)>> {
    let count = usize::try_from(word(table, 0)?).ok()?;
    let rows = table.get(20..)?.chunks_exact(12);
    let rows: Vec<_> = rows.take(count).map(|row| Some((word(row, 0)?, word(row, 4)?))).collect();
    if rows.len() == count { rows.into_iter().collect() } else { None }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A microcode of eight bytes of data for these processors.
    fn microcode(revision: u32, processors: &[(u32, u32)]) -> Vec<u8> {
        let (signature, platforms) = processors[0];
        let others: Vec<u32> = processors[1..].iter().flat_map(|&(s, p)| [s, p, 0]).collect();
        let table =
            if others.is_empty() { Vec::new() } else { vec![others.len() as u32 / 3, 0, 0, 0, 0] };
        let total = HEADER + 8 + 4 * (table.len() + others.len());
        let mut words =
            vec![1, revision, 0, signature, 0, 1, platforms, 8, total as u32, 0, 0, 0, 0, 0];
        words.extend(table.into_iter().chain(others));
        words[4] = words.iter().fold(0u32, |sum, &word| sum.wrapping_sub(word));
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn processors_are_read() {
        let bytes =
            [microcode(7, &[(0x6f2, 2)]), microcode(8, &[(0x906a3, 4), (0x906a4, 1)])].concat();
        let found = microcodes(&bytes).unwrap();
        assert_eq!(found[0].processors, [(0x6f2, 2)]);
        assert_eq!(found[1].processors, [(0x906a3, 4), (0x906a4, 1)]);
        assert_eq!([found[0].bytes, found[1].bytes].concat(), bytes);
        for at in [0, 3, 48, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(microcodes(&damaged).is_none(), "{at}");
        }
        assert!((1..bytes.len()).filter(|&end| microcodes(&bytes[..end]).is_some()).eq([56]));
    }

    #[test]
    fn a_newer_one_for_the_same_processors_is_told() {
        let replaces = |one: (u32, &[(u32, u32)]), other: (u32, &[(u32, u32)])| {
            let (one, other) = (microcode(one.0, one.1), microcode(other.0, other.1));
            microcodes(&one).unwrap()[0].replaces(&microcodes(&other).unwrap()[0])
        };
        assert!(replaces((8, &[(0xf48, 0x5f)]), (7, &[(0xf48, 2)])));
        assert!(replaces((8, &[(0x1, 1), (0xf48, 2)]), (8, &[(0xf48, 2)])));
        assert!(!replaces((7, &[(0xf48, 0x5f)]), (14, &[(0xf48, 2)])));
        assert!(!replaces((8, &[(0xf48, 2)]), (7, &[(0xf48, 0x5f)])));
        assert!(!replaces((8, &[(0xf48, 2)]), (7, &[(0xf4a, 2)])));
    }
}
