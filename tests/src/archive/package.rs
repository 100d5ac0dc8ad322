//! A package of a test archive: a real .deb, made of given control fields, scripts and files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use anyhow::Result;
use isoplug_formats::deb::ar;

/// What goes into a .deb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The control fields.
    pub fields: BTreeMap<String, String>,
    /// Other control files by name: scripts, `conffiles`, `triggers`.
    pub control: BTreeMap<String, String>,
    /// Regular files by their path without a leading slash.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Symbolic links by their path, with their targets.
    pub links: BTreeMap<String, String>,
    /// Regular files whose paths are taken as they are, even if no packer would write them.
    pub raw: BTreeMap<String, Vec<u8>>,
    /// The archive of its files as it is, in place of all those.
    pub data: Option<Vec<u8>>,
}

impl Package {
    /// Makes a package for all architectures with nothing in it.
    pub fn new(name: &str, version: &str) -> Self {
        let fields = [
            ("Package", name),
            ("Version", version),
            ("Architecture", "all"),
            ("Maintainer", "Test <test@example.org>"),
            ("Priority", "optional"),
            ("Description", "a package for tests"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            fields: BTreeMap::from(fields),
            control: BTreeMap::new(),
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            raw: BTreeMap::new(),
            data: None,
        }
    }

    /// Sets a control field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a maintainer script, or another control file.
    pub fn script(mut self, name: &str, text: &str) -> Self {
        self.control.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Adds a file.
    pub fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.insert(path.to_owned(), bytes.to_vec());
        self
    }

    /// Adds a file with a path that no packer would write, of at most 100 bytes.
    pub fn raw_file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.raw.insert(path.to_owned(), bytes.to_vec());
        self
    }

    /// Takes this archive of files as it is.
    pub fn data(mut self, tar: Vec<u8>) -> Self {
        self.data = Some(tar);
        self
    }

    /// Adds a symbolic link.
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.links.insert(path.to_owned(), target.to_owned());
        self
    }

    /// Returns the name of its file, as archives write it.
    pub fn file_name(&self) -> String {
        let field = |name: &str| self.fields.get(name).cloned().unwrap_or_default();
        let version = field("Version");
        let version = version.split_once(':').map_or(version.as_str(), |(_, version)| version);
        format!("{}_{version}_{}.deb", field("Package"), field("Architecture"))
    }

    /// Returns the bytes of the .deb.
    pub fn to_deb(&self) -> Result<Vec<u8>> {
        let mut out = Cursor::new(Vec::new());
        let mut archive = ar::Writer::new(&mut out)?;
        archive.member("debian-binary", b"2.0\n")?;
        archive.member("control.tar.xz", &xz(&self.control_tar()?)?)?;
        archive.member("data.tar.xz", &xz(&self.data_tar()?)?)?;
        archive.finish()?;
        Ok(out.into_inner())
    }

    /// Returns its stanza of a `Packages` index.
    pub fn stanza(&self, path: &str, size: usize, sha256: &str) -> String {
        format!("{}Filename: {path}\nSize: {size}\nSHA256: {sha256}\n", self.control_text())
    }

    fn control_text(&self) -> String {
        let first = ["Package", "Version", "Architecture"];
        let line = |(name, value): (&String, &String)| format!("{name}: {value}\n");
        let head = first.iter().filter_map(|name| self.fields.get_key_value(*name));
        let rest = self.fields.iter().filter(|(name, _)| !first.contains(&name.as_str()));
        head.chain(rest).map(line).collect()
    }

    fn control_tar(&self) -> Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        add_folder(&mut tar, "./")?;
        add_file(&mut tar, "./control", self.control_text().as_bytes(), 0o644)?;
        for (name, text) in &self.control {
            let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
            add_file(&mut tar, &format!("./{name}"), text.as_bytes(), mode)?;
        }
        Ok(tar.into_inner()?)
    }

    fn data_tar(&self) -> Result<Vec<u8>> {
        if let Some(tar) = &self.data {
            return Ok(tar.clone());
        }
        let mut tar = tar::Builder::new(Vec::new());
        add_folder(&mut tar, "./")?;
        for folder in self.folders() {
            add_folder(&mut tar, &format!("./{folder}/"))?;
        }
        for (path, bytes) in &self.files {
            let mode = if bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
            add_file(&mut tar, &format!("./{path}"), bytes, mode)?;
        }
        for (path, target) in &self.links {
            let mut header = header(tar::EntryType::Symlink, 0, 0o777);
            tar.append_link(&mut header, format!("./{path}"), target)?;
        }
        for (path, bytes) in &self.raw {
            add_raw(&mut tar, path, bytes)?;
        }
        Ok(tar.into_inner()?)
    }

    fn folders(&self) -> Vec<String> {
        let mut folders = std::collections::BTreeSet::new();
        for path in self.files.keys().chain(self.links.keys()) {
            let ends = path.match_indices('/').map(|(end, _)| path[..end].to_owned());
            folders.extend(ends);
        }
        folders.into_iter().collect()
    }
}

/// Compresses as Debian's archive does.
pub(super) fn xz(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
    out.write_all(bytes)?;
    Ok(out.finish()?)
}

fn add_folder(tar: &mut tar::Builder<Vec<u8>>, path: &str) -> Result<()> {
    let mut header = header(tar::EntryType::Directory, 0, 0o755);
    Ok(tar.append_data(&mut header, path, &[][..])?)
}

fn add_file(tar: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
    let mut header = header(tar::EntryType::Regular, bytes.len() as u64, mode);
    Ok(tar.append_data(&mut header, path, bytes)?)
}

fn header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(1_700_000_000);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Adds a file under a name as it is, which the library would refuse.
fn add_raw(tar: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) -> Result<()> {
    let mut header = header(tar::EntryType::Regular, bytes.len() as u64, 0o644);
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    Ok(tar.append(&header, bytes)?)
}
