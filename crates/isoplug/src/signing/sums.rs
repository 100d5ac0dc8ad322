//! `SHA256SUMS` of all that a rebuild gives again, and its signatures: what coreutils, gpgv and systemd read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use isoplug_engine::Digest;

use super::beside::{Image, is_of_another};
use super::{Asked, answer, put, unreadable, with};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

const SUMS: &str = "SHA256SUMS";

/// How the names of files beside an ISO end that a rebuild gives again.
const REPRODUCIBLE: [&str; 7] = [
    ".cdx.json",
    ".licences.json",
    ".lock",
    ".packages",
    ".provenance.json",
    ".sources.json",
    ".spdx.json",
];

/// Returns the folder of all images.
pub(super) fn folder(images: &[Image]) -> Result<PathBuf, Failure> {
    let folder = |image: &Image| image.iso.parent().unwrap_or(Path::new("")).to_owned();
    let first = images.first().map(folder).unwrap_or_default();
    match images.iter().find(|image| folder(image) != first) {
        Some(image) => {
            let message = format!("{} lies in another folder than the first", image.iso.display());
            let hint = "one SHA256SUMS is for one folder: sign each folder for itself";
            Err(Failure::new(Exit::Manifest, message).hint(hint))
        }
        None => Ok(first),
    }
}

/// Writes the list and its signatures; returns the files.
pub(super) fn write(
    folder: &Path,
    images: &[Image],
    asked: &Asked,
    session: &Session,
) -> Result<Vec<PathBuf>, Failure> {
    let (target, list) = (folder.join(SUMS), list(images)?);
    let is_same = fs::read_to_string(&target).is_ok_and(|old| old == list);
    let mut written = vec![put(&target, list.as_bytes())?];
    if let Some(key) = asked.signers.minisign().next() {
        let minisig = with(&target, ".minisig");
        let old = fs::read_to_string(&minisig).unwrap_or_default();
        if is_same && is_of_another(&old, key)? {
            session.note(&format!("{SUMS}.minisig is of another key and stays"));
        } else {
            let signature = key.sign(list.as_bytes(), SUMS)?;
            written.push(put(&minisig, signature.as_bytes())?);
        }
    }
    if let Some(key) = asked.openpgp {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--yes", "--local-user", key, "--detach-sign", "--output", "-"]);
        let signature = answer(&mut gpg, "gpg --detach-sign", list.as_bytes())?;
        written.push(put(&with(&target, ".gpg"), &signature)?);
    }
    Ok(written)
}

fn list(images: &[Image]) -> Result<String, Failure> {
    let mut lines = Vec::new();
    for image in images {
        lines.push((image.name.clone(), image.sha256));
        for suffix in REPRODUCIBLE {
            let file = with(&image.iso, suffix);
            if file.is_file() {
                let hashed = File::open(&file).and_then(|file| Digest::of_file(&file));
                let digest = hashed.map_err(|error| unreadable(&file, &error))?;
                lines.push((format!("{}{suffix}", image.name), digest));
            }
        }
    }
    lines.sort();
    lines.dedup();
    Ok(lines.iter().map(|(name, digest)| format!("{}  {name}\n", digest.hex())).collect())
}
