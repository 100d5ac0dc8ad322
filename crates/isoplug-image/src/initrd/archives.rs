//! Writes the entries of an initrd as cpio archives.
//!
//! What the kernel wants before it unpacks anything comes first, then what is compressed already;
//! both are stored as they are. The rest follows in an archive that the caller compresses. Sorted by
//! path, so the same entries give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use isoplug_formats::cpio::Writer;
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{self, Content, Entry, Kind, Tree, TreePath};

use super::draft::Made;

/// All entries of an initrd.
pub struct Archives {
    pub(super) tree: Tree,
    pub(super) made: BTreeMap<TreePath, Made>,
}

impl Archives {
    /// Writes the microcode for processors at the very beginning of an initrd; nothing if there is
    /// none.
    ///
    /// # Errors
    ///
    /// When a content cannot be read, or the archive not be written.
    pub fn write_early(
        &self,
        out: impl Write,
        contents: &dyn Contents,
        epoch: u32,
    ) -> io::Result<()> {
        let mut early: Vec<&[u8]> = self.leaves().filter(|path| is_early(path)).collect();
        if early.is_empty() {
            return Ok(());
        }
        let filler = self.filler(&early);
        early.extend(filler.as_deref());
        self.write(out, contents, epoch, early)
    }

    /// Returns the path of a folder by whose length the microcode of Intel comes to lie where such
    /// a processor can take it from: at a multiple of 16 bytes.
    fn filler(&self, early: &[&[u8]]) -> Option<Vec<u8>> {
        let files = self.files();
        let size_of = |path: &&[u8]| files.get(path).map_or(0, |file| file.1.size as usize);
        let paths = with_folders(early.to_vec());
        let before = paths.iter().filter(|path| **path < INTEL);
        let before = before.map(|path| entry_size(path.len().max(1), size_of(path)));
        let at = before.sum::<usize>() + entry_size(INTEL.len(), 0);
        let missing = [0, 4, 8, 12]
            .into_iter()
            .find(|more| (at + entry_size(FILLER.len() + more, 0)).is_multiple_of(16));
        let is_wanted = paths.contains(INTEL) && !at.is_multiple_of(16);
        missing.filter(|_| is_wanted).map(|more| [FILLER, &vec![b'-'; more]].concat())
    }

    /// Writes the files that are compressed already, with the folders that they are in; nothing
    /// if there are none.
    ///
    /// # Errors
    ///
    /// When a content cannot be read, or the archive not be written.
    pub fn write_stored(
        &self,
        out: impl Write,
        contents: &dyn Contents,
        epoch: u32,
    ) -> io::Result<()> {
        let stored: Vec<&[u8]> = self.leaves().filter(|path| is_stored(path)).collect();
        match stored.is_empty() {
            true => Ok(()),
            false => self.write(out, contents, epoch, stored),
        }
    }

    /// Writes all other entries.
    ///
    /// # Errors
    ///
    /// When a content cannot be read, or the archive not be written.
    pub fn write_rest(
        &self,
        out: impl Write,
        contents: &dyn Contents,
        epoch: u32,
    ) -> io::Result<()> {
        self.write(
            out,
            contents,
            epoch,
            self.leaves().filter(|path| !is_stored(path) && !is_early(path)).collect(),
        )
    }

    fn write(
        &self,
        out: impl Write,
        contents: &dyn Contents,
        epoch: u32,
        leaves: Vec<&[u8]>,
    ) -> io::Result<()> {
        let files = self.files();
        let mut writer = Writer::new(out, epoch);
        for path in with_folders(leaves) {
            let shown = if path.is_empty() { b"." } else { path };
            match (self.made.get(path), self.tree.entries.get(path)) {
                (Some(Made { mode, bytes }), _) => writer.file(shown, *mode, bytes)?,
                (None, None) => writer.folder(shown, 0o755)?,
                (None, Some(Entry { kind, mode, .. })) => match kind {
                    Kind::Directory => writer.folder(shown, *mode)?,
                    Kind::Symlink(target) => writer.symlink(shown, target)?,
                    Kind::File(_) | Kind::HardLink(_) => {
                        let Some((names, content)) = files.get(path) else { continue };
                        writer.hard_links(names, *mode, &contents.read(content)?)?;
                    }
                    _ => return Err(io::Error::other("an initrd of this kind has no devices")),
                },
            }
        }
        writer.finish().map(drop)
    }

    /// Returns the paths of all entries but folders with something in them.
    fn leaves(&self) -> impl Iterator<Item = &[u8]> {
        let paths: BTreeSet<&[u8]> =
            self.tree.entries.keys().chain(self.made.keys()).map(|path| &path[..]).collect();
        let folders: BTreeSet<&[u8]> = paths.iter().filter_map(|path| tree::parent(path)).collect();
        paths.into_iter().filter(move |path| !folders.contains(path))
    }

    /// Returns the files with all their names by the name that comes last: only then are the
    /// folders of all names there.
    fn files(&self) -> BTreeMap<&[u8], (Vec<&[u8]>, &Content)> {
        let mut names: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
        for (path, entry) in &self.tree.entries {
            match &entry.kind {
                Kind::File(_) => names.entry(path).or_default().push(path),
                Kind::HardLink(first) => names.entry(first).or_default().push(path),
                _ => {}
            }
        }
        let files = names.into_iter().filter_map(|(first, names)| {
            match &self.tree.entries.get(first)?.kind {
                Kind::File(content) => Some((*names.last()?, (names, content))),
                _ => None,
            }
        });
        files.collect()
    }
}

/// Adds the folders that paths are in, up to the root. A kernel makes entries in no other folders
/// than those that it was shown.
fn with_folders(leaves: Vec<&[u8]>) -> BTreeSet<&[u8]> {
    let mut paths = BTreeSet::new();
    for leaf in leaves {
        let mut part = Some(leaf);
        while let Some(path) = part {
            if !paths.insert(path) {
                break;
            }
            part = tree::parent(path);
        }
    }
    paths
}

const INTEL: &[u8] = b"kernel/x86/microcode/GenuineIntel.bin";
const FILLER: &[u8] = b"kernel/x86/microcode/.filler";

/// The size of an entry in bytes by the length of its path: a header of 110 bytes, the path with a NUL and the
/// content, each filled up to whole words.
fn entry_size(path: usize, content: usize) -> usize {
    (110 + path + 1).next_multiple_of(4) + content.next_multiple_of(4)
}

/// The kernel looks for microcode itself (its Documentation/arch/x86/microcode.rst).
fn is_early(path: &[u8]) -> bool {
    path.starts_with(b"kernel/")
}

fn is_stored(path: &[u8]) -> bool {
    path.ends_with(b".xz") || path.ends_with(b".zst")
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_formats::cpio;
    use isoplug_formats::tree::pack::{PackWriter, Packs};

    fn archives(packs: &mut Packs) -> Archives {
        let mut pack = PackWriter::new(Vec::new());
        let [program, module] =
            [&b"program"[..], b"module"].map(|bytes| pack.append(bytes).unwrap());
        let (bytes, id, finished) = pack.finish().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        packs.add(id, file);
        let mut tree = Tree::default();
        let mut add = |path: &str, kind| tree.insert(path.as_bytes(), Entry::new(kind, 0o755, 0));
        add("usr/bin/[", Kind::File(finished.content(program)));
        add("usr/bin/busybox", Kind::HardLink(b"usr/bin/[".to_vec()));
        add("usr/sbin/init", Kind::HardLink(b"usr/bin/[".to_vec()));
        add("usr/lib/a/b.ko.xz", Kind::File(finished.content(module)));
        add("run", Kind::Directory);
        add("etc", Kind::Directory);
        add("bin", Kind::Symlink(b"usr/bin".to_vec()));
        let made = Made { mode: 0o644, bytes: b"text".to_vec() };
        Archives { tree, made: [(b"etc/fstab".to_vec(), made)].into() }
    }

    fn paths(archive: &[u8]) -> Vec<String> {
        let entries = cpio::list(archive).unwrap().into_iter();
        entries.map(|entry| String::from_utf8(entry.path).unwrap()).collect()
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let mut packs = Packs::default();
        let archives = archives(&mut packs);
        let (mut stored, mut rest) = (Vec::new(), Vec::new());
        archives.write_stored(&mut stored, &packs, 7).unwrap();
        archives.write_rest(&mut rest, &packs, 7).unwrap();
        assert_eq!(paths(&stored), [".", "usr", "usr/lib", "usr/lib/a", "usr/lib/a/b.ko.xz"]);
        let expected = [
            ".",
            "bin",
            "etc",
            "etc/fstab",
            "run",
            "usr",
            "usr/bin",
            "usr/sbin",
            "usr/bin/[",
            "usr/bin/busybox",
            "usr/sbin/init",
        ];
        assert_eq!(paths(&rest), expected);
    }

    /// Returns archives of a program and the microcode of two makers, of AMD's these bytes.
    fn with_microcode(amd: &[u8]) -> (Archives, Packs) {
        let mut pack = PackWriter::new(Vec::new());
        let [amd, intel] = [amd, b"MICROCODE"].map(|bytes| pack.append(bytes).unwrap());
        let (bytes, id, finished) = pack.finish().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut packs = Packs::default();
        packs.add(id, file);
        let mut tree = Tree::default();
        let mut add = |path: &str, pending| {
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.as_bytes(), Entry::new(kind, 0o644, 0));
        };
        add("init", amd);
        add("kernel/x86/microcode/AuthenticAMD.bin", amd);
        add("kernel/x86/microcode/GenuineIntel.bin", intel);
        (Archives { tree, made: BTreeMap::new() }, packs)
    }

    #[test]
    fn microcode_comes_first_and_lies_where_it_must() {
        for size in 0..20 {
            let (archives, packs) = with_microcode(&vec![1; size]);
            let (mut early, mut rest) = (Vec::new(), Vec::new());
            archives.write_early(&mut early, &packs, 7).unwrap();
            archives.write_rest(&mut rest, &packs, 7).unwrap();
            let at = early.windows(9).position(|part| part == b"MICROCODE").unwrap();
            assert!(at.is_multiple_of(16), "{size}");
            assert!(paths(&early).contains(&"kernel/x86/microcode/GenuineIntel.bin".to_owned()));
            assert_eq!(paths(&rest), [".", "init"]);
        }
    }
}
