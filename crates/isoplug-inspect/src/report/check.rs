//! Whether a medium is in order: what firmware, boot loaders and live systems rely on.

mod menu;

use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::image::Image;
use crate::iso::{Entry, Medium};
use crate::span::Span;

use super::page::Section;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// What is wrong; empty if nothing is.
    pub faults: Vec<String>,
    /// What was found.
    pub found: String,
}

/// Looks at everything.
#[must_use]
pub fn run(image: &Image) -> Vec<Check> {
    vec![
        size(image),
        volume_id(image),
        names(image),
        rights(image),
        tables(image),
        bios(image),
        uefi(image),
        menu::menu(image),
        menu::parameters(image),
        modules(image),
        squashfs(image),
        checksums(image),
    ]
}

/// Returns the section that shows them.
#[must_use]
pub fn section(checks: &[Check]) -> Section {
    let rows = checks.iter().flat_map(|check| {
        let first = if check.faults.is_empty() { vec![("ok", &check.found)] } else { Vec::new() };
        let faults = check.faults.iter().map(|fault| ("fails", fault));
        let all: Vec<_> = first.into_iter().chain(faults).collect();
        all.into_iter()
            .map(|(word, text)| vec![word.to_owned(), check.what.to_owned(), text.clone()])
            .collect::<Vec<_>>()
    });
    Section::table("Checks", &[], rows.collect())
}

fn check(what: &'static str, faults: Vec<String>, found: impl Into<String>) -> Check {
    Check { what, faults, found: found.into() }
}

fn size(image: &Image) -> Check {
    let (said, there) = (image.medium.volume.bytes, image.medium.span.size());
    let beyond = image.medium.entries.iter().filter(|it| !it.folder && it.at + it.size > there);
    let mut faults: Vec<String> =
        beyond.map(|it| format!("/{} lies beyond the end of the file", it.path)).collect();
    if said > there {
        faults.insert(
            0,
            format!("the volume has {said} bytes, the file only {there}: it was cut off"),
        );
    }
    check("size", faults, format!("{there} bytes, of which the volume has {said}"))
}

fn volume_id(image: &Image) -> Check {
    let id = &image.medium.volume.id;
    let mut faults = Vec::new();
    if id.is_empty() {
        faults.push("the volume has no label, so no initrd finds it by one".to_owned());
    }
    if id.contains(|each: char| each.is_control() || each == '/') {
        faults.push(format!("the label {id:?} has characters that udev does not show"));
    }
    check("volume id", faults, id.clone())
}

fn names(image: &Image) -> Check {
    let volume = &image.medium.volume;
    let faults = if volume.rock_ridge {
        Vec::new()
    } else {
        vec!["there is no Rock Ridge: Linux sees short names or none of modes".to_owned()]
    };
    check("names", faults, if volume.joliet { "Rock Ridge and Joliet" } else { "Rock Ridge" })
}

fn rights(image: &Image) -> Check {
    let wrong = |it: &&Entry| {
        it.uid != 0
            || it.gid != 0
            || it.mode.is_some_and(|mode| mode & 0o022 != 0) && it.target.is_none()
    };
    let faults = image.medium.entries.iter().filter(wrong).take(10);
    let faults = faults.map(|it| {
        format!(
            "/{} is of {}:{} with mode {:04o}",
            it.path,
            it.uid,
            it.gid,
            it.mode.unwrap_or_default()
        )
    });
    check("owners", faults.collect(), "all of root, none that others may write to")
}

fn tables(image: &Image) -> Check {
    let (boot, size) = (&image.medium.boot, image.medium.span.size());
    let mut faults = boot.faults.clone();
    for it in
        boot.partitions.iter().filter(|it| it.kind != "ee" && it.at.saturating_add(it.bytes) > size)
    {
        faults.push(format!("a partition of the {} ends beyond the file", it.table));
    }
    let count = boot.partitions.iter().filter(|it| it.table == "gpt").count();
    let found = if boot.gpt {
        format!("GPT with {count} partitions")
    } else {
        format!("MBR with {} partitions", boot.partitions.len())
    };
    check("partitions", faults, found)
}

fn bios(image: &Image) -> Check {
    let boot = &image.medium.boot;
    let torito = boot.images.iter().any(|it| it.platform == "bios");
    let mut faults = Vec::new();
    if torito && !boot.mbr_code {
        faults.push(
            "a BIOS boots it from a CD but not from a stick: there is no code in the MBR"
                .to_owned(),
        );
    }
    let found = if torito {
        "El Torito and MBR"
    } else {
        "a BIOS does not boot it, and nothing says that it should"
    };
    check("BIOS", faults, found)
}

fn uefi(image: &Image) -> Check {
    let torito = image.medium.boot.images.iter().any(|it| it.platform == "uefi");
    let is_loader = |path: &&str| {
        let path = path.to_lowercase();
        path.starts_with("efi/boot/boot") && path.ends_with(".efi")
    };
    let esp = image.esp.as_ref().map(|(_, files)| files);
    let loaders: Vec<&str> =
        esp.into_iter().flatten().map(|it| &*it.path).filter(is_loader).collect();
    let fault = match esp {
        Some(_) if loaders.is_empty() => Some("the EFI System Partition has no EFI/BOOT/BOOT*.EFI"),
        Some(_) if !torito => {
            Some("El Torito does not name the EFI System Partition: no boot from a CD")
        }
        None if torito => Some("El Torito names an image for UEFI that is not a FAT volume"),
        _ => None,
    };
    let faults = fault.into_iter().map(str::to_owned).collect();
    let none = "UEFI does not boot it, and nothing says that it should";
    check("UEFI", faults, if loaders.is_empty() { none.to_owned() } else { loaders.join(", ") })
}

fn modules(image: &Image) -> Check {
    let kernels = image.loaded.iter().filter(|it| it.role == "kernel" && !it.what.is_empty());
    let without = kernels.clone().filter(|it| {
        let folder = format!("usr/lib/modules/{}", it.what);
        !image.root.is_empty()
            && image.root.follow(&folder).or_else(|| image.root.follow(&folder[4..])).is_none()
    });
    let faults = without.map(|it| {
        format!("the root filesystem has no kernel modules for /{}, which is {}", it.path, it.what)
    });
    let faults: Vec<String> = faults.collect();
    let versions: Vec<&str> = kernels.map(|it| &*it.what).collect();
    check("kernel modules", faults, versions.join(", "))
}

fn squashfs(image: &Image) -> Check {
    let short = image.root.layers.iter().filter(|(_, layer)| layer.used > layer.size());
    let mut faults: Vec<String> =
        short.map(|(path, _)| format!("/{path} is shorter than it says")).collect();
    faults.extend(image.unread.iter().cloned());
    check(
        "root filesystem",
        faults,
        format!("{} squashfs, {} names", image.root.layers.len(), image.root.nodes().count()),
    )
}

fn checksums(image: &Image) -> Check {
    match verify_list(&image.medium) {
        Ok(Some((count, faults))) => {
            check("checksums", faults, format!("{count} files are as the medium's list says"))
        }
        Ok(None) => check("checksums", Vec::new(), "the medium has no list of SHA-256"),
        Err(error) => check("checksums", vec![error.to_string()], ""),
    }
}

/// Names of lists of checksums, as live-boot and casper know them.
const LISTS: [&str; 2] = ["sha256sum.txt", "SHA256SUMS"];

fn list(medium: &Medium) -> Option<&Entry> {
    LISTS.iter().find_map(|name| medium.find(name))
}

/// Compares the files of a medium with its own list, if it has one; returns how many it names and what is wrong.
///
/// # Errors
///
/// When the medium cannot be read.
pub fn verify_list(medium: &Medium) -> io::Result<Option<(usize, Vec<String>)>> {
    let Some(text) = list(medium).and_then(|entry| medium.text(&entry.path)) else {
        return Ok(None);
    };
    let (mut count, mut faults) = (0, Vec::new());
    for (digest, path) in text.lines().filter_map(|line| line.split_once([' ', '\t'])) {
        let path = path.trim_start_matches([' ', '*']).trim_start_matches("./");
        count += 1;
        match medium.find(path) {
            None => faults.push(format!("/{path} is missing")),
            Some(entry) if sha256(&medium.part(entry))? != digest => {
                faults.push(format!("/{path} was changed"))
            }
            Some(_) => {}
        }
    }
    Ok(Some((count, faults)))
}

/// Returns the SHA-256 in hexadecimal digits.
///
/// # Errors
///
/// When it cannot be read.
pub fn sha256(span: &Span) -> io::Result<String> {
    let (mut hasher, mut at) = (Sha256::new(), 0);
    while at < span.size() {
        let bytes = span.read_some(at, 1 << 20)?;
        hasher.update(&bytes);
        at += bytes.len() as u64;
    }
    Ok(hex(&hasher.finalize()))
}
