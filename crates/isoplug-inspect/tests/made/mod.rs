//! Small images that the crate's own writers make, each different in what a test asks for.
#![allow(
    dead_code,
    clippy::too_many_lines,
    reason = "each test uses a part of it; a test is a story"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use isoplug_formats::iso::{Entry as OnMedium, Hadris, Image, IsoWriter, Source};
use isoplug_formats::squashfs::{self, NoCache, NoWatch, Options, Preset};
use isoplug_formats::tree::pack::{PackWriter, Packs};
use isoplug_formats::tree::{Entry, Kind, Tree};

const EPOCH: u32 = 1_700_000_000;
const STATUS: &str = "Package: tool\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: A\n";
const MENU: &str =
    "menuentry 'Live' {\n  linux /boot/vmlinuz boot=live quiet\n  initrd /boot/initrd\n}\n";

/// What goes into an image.
pub(crate) struct Made {
    pub(crate) files: BTreeMap<&'static str, (Vec<u8>, Entry)>,
    pub(crate) links: BTreeMap<&'static str, &'static str>,
    pub(crate) medium: BTreeMap<String, Vec<u8>>,
    pub(crate) volume_id: String,
}

impl Made {
    /// A small system: a package, a file of it, one of nobody.
    pub(crate) fn new() -> Self {
        let big: Vec<u8> = (0..300_000_u32).flat_map(|at| (at / 7).to_le_bytes()).collect();
        let mut made = Self {
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            medium: BTreeMap::new(),
            volume_id: "MADE".to_owned(),
        };
        made.file("var/lib/dpkg/status", STATUS);
        made.file("var/lib/dpkg/info/tool.list", "/usr/bin/tool\n");
        made.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        made.file("etc/own", "first\nsecond\n");
        made.file("usr/bin/tool", big);
        for (path, bytes) in [
            ("boot/grub/grub.cfg", MENU.as_bytes()),
            ("boot/vmlinuz", &[7; 5000]),
            ("boot/initrd", &[8; 9000]),
            ("a.txt", b"a"),
            ("b.txt", b"b"),
            ("c.txt", b"c"),
        ] {
            made.medium.insert(path.to_owned(), bytes.to_vec());
        }
        made
    }

    pub(crate) fn file(&mut self, path: &'static str, bytes: impl AsRef<[u8]>) {
        let entry = Entry::new(Kind::Directory, 0o644, EPOCH);
        self.files.insert(path, (bytes.as_ref().to_vec(), entry));
    }

    pub(crate) fn entry(&mut self, path: &'static str) -> &mut Entry {
        &mut self.files.get_mut(path).unwrap().1
    }

    /// Writes it.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let squashfs = folder.join(format!("{name}.squashfs"));
        self.squashfs(&squashfs);
        let bytes = |bytes: &Vec<u8>| OnMedium::from(Source::Bytes(bytes.clone()));
        let mut files: BTreeMap<String, OnMedium> =
            self.medium.iter().map(|(path, content)| (path.clone(), bytes(content))).collect();
        files.insert("live/filesystem.squashfs".to_owned(), Source::File(squashfs).into());
        let (epoch, volume_id) = (EPOCH.into(), self.volume_id.clone());
        let image = Image { volume_id, epoch, identity: 1, files, bios: None, esp: None };
        let path = folder.join(format!("{name}.iso"));
        let out = File::create_new(&path).unwrap();
        Hadris.write(&out, &image, &mut |_| Ok(())).unwrap();
        path
    }

    pub(crate) fn squashfs(&self, path: &Path) {
        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let pending: Vec<_> =
            self.files.values().map(|(bytes, _)| pack.append(&bytes[..]).unwrap()).collect();
        let (file, id, finished) = pack.finish().unwrap();
        let (mut packs, mut tree) = (Packs::default(), Tree::default());
        packs.add(id, file);
        let folders =
            self.files.keys().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at]));
        for folder in [""].into_iter().chain(folders) {
            tree.insert(folder, Entry::new(Kind::Directory, 0o755, EPOCH));
        }
        for ((path, (_, entry)), content) in self.files.iter().zip(pending) {
            tree.insert(
                *path,
                Entry { kind: Kind::File(finished.content(content)), ..entry.clone() },
            );
        }
        for (path, target) in &self.links {
            tree.insert(*path, Entry::new(Kind::Symlink(target.as_bytes().to_vec()), 0o777, EPOCH));
        }
        let options = Options::preset(Preset::Fast, EPOCH, 1);
        let out = File::create(path).unwrap();
        squashfs::write(out, &tree, &packs, &options, &NoCache, &NoWatch).unwrap();
    }
}

/// Returns an archive with one file.
pub(crate) fn tar(path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, path, bytes).unwrap();
    tar.into_inner().unwrap()
}

/// Returns a .deb with this data.
pub(crate) fn deb(name: &str, data: &[u8]) -> Vec<u8> {
    let control = format!("Package: {name}\nVersion: 1\nArchitecture: amd64\n");
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar", tar("./control", control.as_bytes())),
        ("data.tar", data.to_vec()),
    ];
    let mut out = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let head =
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", bytes.len());
        out.extend(head.as_bytes());
        out.extend(&bytes);
        out.extend(vec![b'\n'; bytes.len() % 2]);
    }
    out
}
