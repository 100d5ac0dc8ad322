//! Depth 1: the bytes are those that the lists of checksums name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::image::Image;
use crate::report::check;
use crate::span::Span;

use super::Step;
use super::refusal::{Fault, Refusal};

/// Checks the image and what lies beside it, and the files of the medium with its own list.
///
/// # Errors
///
/// When something cannot be read.
pub fn steps(image: &Image, digest: &str) -> io::Result<Vec<Step>> {
    Ok(vec![beside(image, digest)?, medium(image)?])
}

/// Returns the lists beside an image: names and digests, by the list's own name.
fn lists(image: &Image) -> io::Result<Vec<(String, BTreeMap<String, String>)>> {
    let name = image.file_name();
    let own = (format!("{name}.sha256"), image.beside(".sha256")?);
    let all = ("SHA256SUMS".to_owned(), read(&image.path.with_file_name("SHA256SUMS"))?);
    let there = [own, all].into_iter().filter_map(|(list, bytes)| Some((list, bytes?)));
    Ok(there.map(|(list, bytes)| (list, parse(&String::from_utf8_lossy(&bytes)))).collect())
}

pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once([' ', '\t']));
    lines
        .map(|(digest, name)| {
            (name.trim_start_matches([' ', '*']).to_owned(), digest.to_lowercase())
        })
        .collect()
}

fn beside(image: &Image, digest: &str) -> io::Result<Step> {
    let name = image.file_name();
    let lists = lists(image)?;
    if lists.is_empty() {
        let said = format!("neither {name}.sha256 nor SHA256SUMS lies beside it; it has {digest}");
        return Ok(Step::absent("checksum", said));
    }
    let (mut faults, mut named) = (Vec::new(), BTreeSet::new());
    for (list, digests) in &lists {
        for (file, said) in digests.iter().filter(|(file, _)| file.starts_with(&name)) {
            named.insert(file);
            let found = digest_of(image, file, digest)?;
            faults.extend(fault(&name, list, file, said, found.as_deref()));
        }
    }
    if !named.contains(&name) {
        faults.push(Refusal::MissingPaper.fault(format!("no list beside it names {name}")));
    }
    Ok(Step::new("checksum", format!("{} ({} files)", &digest[..16], named.len()), faults))
}

/// Returns what is wrong with a file that a list names.
fn fault(name: &str, list: &str, file: &str, said: &str, found: Option<&str>) -> Option<Fault> {
    match found {
        Some(found) if found == said => None,
        Some(_) => {
            let (kind, role) = role(name, file);
            let text = format!("{role} was changed: {file} is not the file that {list} names");
            Some(kind.fault(text))
        }
        None => {
            Some(Refusal::MissingPaper.fault(format!("{file} is missing, and {list} names it")))
        }
    }
}

/// Returns the digest of the image or of a file beside it, if that is there.
fn digest_of(image: &Image, file: &str, digest: &str) -> io::Result<Option<String>> {
    if file == image.file_name() {
        return Ok(Some(digest.to_owned()));
    }
    let path = image.path.with_file_name(file);
    path.is_file().then(|| check::sha256(&Span::open(&path)?)).transpose()
}

/// Returns what a file beside an image is, and what it means that it was changed.
fn role(image: &str, file: &str) -> (Refusal, &'static str) {
    match file.strip_prefix(image).unwrap_or_default() {
        "" => (Refusal::TamperedImage, "the image"),
        ".lock" => (Refusal::TamperedLock, "the lock"),
        ".spdx.json" | ".cdx.json" => (Refusal::TamperedBill, "the bill of materials"),
        ".provenance.json" => (Refusal::TamperedProvenance, "the provenance"),
        ".packages" => (Refusal::TamperedPaper, "the list of packages"),
        _ => (Refusal::TamperedPaper, "a file beside it"),
    }
}

fn medium(image: &Image) -> io::Result<Step> {
    Ok(match check::verify_list(&image.medium)? {
        None => Step::absent("medium", "the medium has no list of checksums of its own"),
        Some((count, faults)) => {
            let told = |fault| Refusal::TamperedImage.fault(format!("on the medium, {fault}"));
            let faults = faults.into_iter().map(told).collect();
            Step::new("medium", format!("{count} files are as its own list says"), faults)
        }
    })
}
