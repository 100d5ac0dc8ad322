//! What the .debs of an image say of its files: contents, changelogs, copyright files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use isoplug_formats::deb::Deb;
use isoplug_formats::tar::bounded;
use sha2::{Digest, Sha256};

use crate::bad;
use crate::bytes::hex;

/// The largest changelog or copyright file that is read.
const LARGEST: u64 = 16 << 20;

/// What a package puts at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shipped {
    /// A folder.
    Folder,
    /// A file, by its SHA-256.
    File(String),
    /// A symbolic link and its target.
    Link(String),
}

/// What packages put where; several may share a folder.
pub type Contents = BTreeMap<String, Shipped>;

/// Adds what a package puts where, to paths as `place` turns them.
///
/// # Errors
///
/// When it is damaged or cannot be read.
pub fn add_contents(
    deb: &Path,
    place: &dyn Fn(&str) -> String,
    all: &mut Contents,
) -> io::Result<()> {
    let deb = Deb::open(File::open(deb)?).map_err(io::Error::other)?.known();
    let data = deb.data().map_err(io::Error::other)?;
    for entry in tar::Archive::new(bounded(data)).entries()? {
        let mut entry = entry?;
        let path = place(&plain(&entry.path_bytes()));
        let kind = entry.header().entry_type();
        let link = entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned());
        let shipped = match link {
            _ if kind.is_dir() => Shipped::Folder,
            Some(target) if kind.is_symlink() => Shipped::Link(target),
            // Its content stands under its first name, which came before.
            Some(target) if kind.is_hard_link() => {
                let first = all.get(&place(&plain(target.as_bytes()))).cloned();
                first.ok_or_else(|| bad(format!("/{path} is another name of nothing")))?
            }
            _ => Shipped::File(digest(&mut entry)?),
        };
        all.insert(path, shipped);
    }
    Ok(())
}

fn plain(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    path.trim_start_matches("./").trim_matches('/').to_owned()
}

fn digest(reader: &mut dyn Read) -> io::Result<String> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Returns the Debian changelog of a package, if it ships one itself.
///
/// # Errors
///
/// When it is damaged or cannot be read.
pub fn changelog(deb: &Path) -> io::Result<Option<String>> {
    let deb = Deb::open(File::open(deb)?).map_err(io::Error::other)?.known();
    let data = deb.data().map_err(io::Error::other)?;
    let mut best: Option<(u8, String)> = None;
    for entry in tar::Archive::new(bounded(data)).entries()? {
        let entry = entry?;
        let path = plain(&entry.path_bytes());
        let Some(rank) = rank(&path).filter(|_| entry.header().entry_type().is_file()) else {
            continue;
        };
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            let mut text = Vec::new();
            if path.ends_with(".gz") {
                flate2::read::MultiGzDecoder::new(entry).take(LARGEST).read_to_end(&mut text)?;
            } else {
                entry.take(LARGEST).read_to_end(&mut text)?;
            }
            best = Some((rank, String::from_utf8_lossy(&text).into_owned()));
        }
    }
    Ok(best.map(|(_, text)| text))
}

/// What a package says of its licences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copyright {
    /// Its copyright file.
    Text(Vec<u8>),
    /// Its documentation is that of this package.
    Of(String),
    /// Nothing.
    Nothing,
}

/// Returns the copyright file of a package, or which package has it.
///
/// # Errors
///
/// When it is damaged or cannot be read.
pub fn copyright(deb: &Path, name: &str) -> io::Result<Copyright> {
    let deb = Deb::open(File::open(deb)?).map_err(io::Error::other)?.known();
    let data = deb.data().map_err(io::Error::other)?;
    let folder = format!("usr/share/doc/{name}");
    for entry in tar::Archive::new(bounded(data)).entries()? {
        let entry = entry?;
        let (path, kind) = (plain(&entry.path_bytes()), entry.header().entry_type());
        let is_text = path == format!("{folder}/copyright");
        let link = entry.link_name_bytes().filter(|_| kind.is_symlink());
        let of = link.map(|target| other(&String::from_utf8_lossy(&target)));
        match of {
            Some(other) if path == folder || is_text => return Ok(Copyright::Of(other)),
            None if kind.is_file() && is_text => {
                let mut text = Vec::new();
                entry.take(LARGEST).read_to_end(&mut text)?;
                return Ok(Copyright::Text(text));
            }
            _ => {}
        }
    }
    Ok(Copyright::Nothing)
}

/// Returns the package that a link leads to: `other`, or `../other/copyright`.
fn other(target: &str) -> String {
    let folder = target.trim_end_matches("/copyright").trim_end_matches('/');
    folder.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Returns how surely a path is the changelog of Debian: the one of the author has the same name in native packages.
fn rank(path: &str) -> Option<u8> {
    let name = path.strip_prefix("usr/share/doc/")?.split_once('/')?.1;
    match name.trim_end_matches(".gz") {
        "changelog.Debian" => Some(0),
        "changelog" => Some(1),
        _ => None,
    }
}
