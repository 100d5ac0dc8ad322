//! Lays the files of decompressed packages down in an empty tree, without dpkg and its database.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use isoplug_formats::deb::ar;
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Content, Entry, Kind, Tree, TreePath, file_name, join, lay, parent};
use tar::{Archive, EntryType, Header};

use super::Package;
use crate::{Failure, Inside};

/// Makes the tree that the packages describe and an empty database of dpkg.
pub(super) fn lay_down(inside: &Inside, packages: &[Package]) -> Result<(), Failure> {
    let mut debs = Debs { tree: merged(inside.epoch()), files: Vec::new() };
    for package in packages {
        let file = inside.packages().file(&package.file_name());
        let added = file.and_then(|file| debs.add(file));
        added.map_err(Failure::of(format!("extract {}", package.name)))?;
    }
    if debs.tree.get(b"usr/bin/dpkg").is_none() {
        let reason = "none of them has it; is a suite of the base system missing?";
        return Err(Failure::of("find usr/bin/dpkg in the Essential packages")(reason));
    }
    match lay::lay(&debs.tree, &debs, inside.root()) {
        Ok(()) | Err(lay::Error::Devices { .. }) => database(inside),
        Err(error) => Err(Failure::of("extract the Essential packages")(error)),
    }
}

/// A tree with the links by which programs outside `/usr` are found in it (file-hierarchy(7)).
/// Which `lib64` and the like there are, packages say by what they put there.
fn merged(epoch: u64) -> Tree {
    let mut tree = Tree::default();
    let time = u32::try_from(epoch).unwrap_or(u32::MAX);
    for name in MERGED {
        let target = format!("usr/{name}");
        tree.insert(target.as_bytes(), Entry::new(Kind::Directory, 0o755, time));
        tree.insert(name.as_bytes(), Entry::new(Kind::Symlink(target.into_bytes()), 0o777, time));
    }
    tree
}

const MERGED: [&str; 3] = ["bin", "lib", "sbin"];
const MERGED_IF_USED: [&[u8]; 3] = [b"lib64", b"lib32", b"libx32"];

/// Whether a name in the root folder is a link to the same name in `/usr`.
pub(super) fn is_merged(name: &[u8]) -> bool {
    MERGED.iter().any(|merged| merged.as_bytes() == name) || MERGED_IF_USED.contains(&name)
}

/// The files of packages as one tree; the packages themselves hold the contents.
struct Debs {
    tree: Tree,
    files: Vec<File>,
}

impl Debs {
    fn add(&mut self, file: File) -> io::Result<()> {
        let members = ar::members(&file).map_err(io::Error::other)?;
        let data = members.iter().find(|member| member.name == "data.tar");
        let data = data.ok_or(io::ErrorKind::InvalidData)?;
        let (number, start) = (self.files.len() as u64, data.offset);
        let mut archive =
            Archive::new(Section { file: &file, position: start, end: start + data.size });
        for entry in archive.entries()? {
            let entry = entry?;
            let content = Content {
                digest: [0; 32],
                size: entry.size(),
                pack: pack_of(number),
                offset: start + entry.raw_file_position(),
            };
            let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
            let path = entry.path_bytes().into_owned();
            self.insert(&path, entry.header(), content, link.unwrap_or_default())?;
        }
        self.files.push(file);
        Ok(())
    }

    fn insert(
        &mut self,
        path: &[u8],
        header: &Header,
        content: Content,
        link: Vec<u8>,
    ) -> io::Result<()> {
        let path = self.place(path)?;
        let kind = match header.entry_type() {
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Symlink(link),
            EntryType::Link => Kind::HardLink(self.place(&link)?),
            EntryType::Regular | EntryType::Continuous => Kind::File(content),
            EntryType::Fifo => Kind::Fifo,
            other => return Err(io::Error::other(format!("unknown kind of file {other:?}"))),
        };
        let there = self.tree.get(&path).map(|entry| &entry.kind);
        // As dpkg does: a folder does not replace a link to one, nor a second folder the first.
        let is_taken = matches!(there, Some(Kind::Directory | Kind::Symlink(_)));
        if kind == Kind::Directory && is_taken && !path.is_empty() {
            return Ok(());
        }
        self.tree.insert(path, entry(kind, header)?);
        Ok(())
    }

    /// Returns where a path of a package comes to lie, links of folders followed.
    fn place(&mut self, path: &[u8]) -> io::Result<TreePath> {
        let clean: Vec<&[u8]> = isoplug_formats::tree::parts(path).collect();
        if clean.contains(&b"..".as_slice()) {
            let path = String::from_utf8_lossy(path);
            return Err(io::Error::other(format!("its file {path} leads out of the image")));
        }
        let path = clean.join(&b'/');
        if MERGED_IF_USED.contains(&path.as_slice()) && self.tree.get(&path).is_none() {
            let target = join(b"usr", &path);
            let time = self.tree.get(b"bin").map_or(0, |entry| entry.mtime);
            self.tree.insert(target.clone(), Entry::new(Kind::Directory, 0o755, time));
            self.tree.insert(path.clone(), Entry::new(Kind::Symlink(target), 0o777, time));
        }
        let Some(folder) = parent(&path) else { return Ok(path) };
        let folder = self.tree.resolve(folder).ok_or(io::ErrorKind::InvalidData)?;
        Ok(join(&folder, file_name(&path)))
    }
}

fn entry(kind: Kind, header: &Header) -> io::Result<Entry> {
    let number = |value: u64| u32::try_from(value).map_err(io::Error::other);
    Ok(Entry {
        kind,
        mode: (header.mode()? & 0o7777) as u16,
        uid: number(header.uid()?)?,
        gid: number(header.gid()?)?,
        mtime: number(header.mtime()?)?,
        xattrs: BTreeMap::new(),
    })
}

/// Names the file of a package as if it were a pack.
fn pack_of(number: u64) -> [u8; 32] {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    id
}

impl Contents for Debs {
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let number = u64::from_le_bytes(content.pack[..8].try_into().unwrap_or_default());
        let file = usize::try_from(number).ok().and_then(|number| self.files.get(number));
        file.ok_or(io::ErrorKind::NotFound)?.read_exact_at(buffer, content.offset + offset)
    }
}

/// A part of a file, read from its beginning.
struct Section<'a> {
    file: &'a File,
    position: u64,
    end: u64,
}

impl io::Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (self.end - self.position).min(buffer.len() as u64) as usize;
        let read = self.file.read_at(&mut buffer[..length], self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// The package dpkg itself has the folders of the database.
fn database(inside: &Inside) -> Result<(), Failure> {
    inside.write("var/lib/dpkg/status", 0o644, "")?;
    inside.write("var/lib/dpkg/info/format", 0o644, "1\n")
}
