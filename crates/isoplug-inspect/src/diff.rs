//! What differs between two images: by meaning, not by bytes.
//!
//! What follows from anything else that differs, such as dates and the identity of a medium, is kept apart.

pub mod changelog;
mod content;
mod files;
mod identities;
mod medium;
mod menu;
mod order;
pub mod packages;
mod page;
mod system;
mod targets;
pub mod vulnerabilities;

use std::io;

use serde::Serialize;

use crate::Error;
use crate::image::Image;
use crate::look::menu::Entry;
use crate::look::owners::Owners;
use crate::look::sizes;

pub use files::{Change, FileChange};
pub use medium::Fact;
pub use menu::MenuChange;
pub use order::moved;
pub use packages::PackageChange;
pub use targets::TargetChange;
pub use vulnerabilities::VulnerabilityChange;

/// The version of the JSON.
pub const SCHEMA: u32 = 1;

/// One of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The name of the file.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// How two images stand to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Every byte is the same.
    Identical,
    /// Only what follows from the making differs.
    SameContent,
    /// Something differs.
    #[default]
    Different,
}

/// What an owner's files take in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeChange {
    /// The package.
    pub owner: String,
    /// Bytes before compression in the first.
    pub old: u64,
    /// Bytes before compression in the second.
    pub new: u64,
}

/// All that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The version of this form.
    pub schema: u32,
    /// `diff`.
    pub kind: &'static str,
    /// How they stand to each other.
    pub class: Class,
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// What follows from the making, in a sentence each.
    pub volatile: Vec<String>,
    /// Packages.
    pub packages: Vec<PackageChange>,
    /// Known vulnerabilities, where somebody named data; they follow from the packages.
    pub vulnerabilities: Vec<VulnerabilityChange>,
    /// Files of the root filesystem.
    pub files: Vec<FileChange>,
    /// Files of the medium.
    pub medium: Vec<FileChange>,
    /// Entries of the boot menu.
    pub menu: Vec<MenuChange>,
    /// Volume, boot loaders, kernels.
    pub boot: Vec<Fact>,
    /// Files that lie elsewhere in the order on the medium.
    pub moved: Vec<String>,
    /// Units, users, names.
    pub system: Vec<Fact>,
    /// Systems that the medium installs.
    pub targets: Vec<TargetChange>,
    /// Sizes by package.
    pub sizes: Vec<SizeChange>,
}

impl Difference {
    /// Tells whether anything differs that does not follow from the making.
    #[must_use]
    pub fn is_different(&self) -> bool {
        let Self { packages, files, medium, menu, boot, moved, system, targets, .. } = self;
        let lists = [
            packages.len(),
            files.len(),
            medium.len(),
            menu.len(),
            boot.len(),
            moved.len(),
            system.len(),
            targets.len(),
        ];
        lists.iter().any(|length| *length > 0)
    }
}

/// Compares two images.
///
/// # Errors
///
/// When one cannot be read.
pub fn compare(a: &Image, b: &Image) -> Result<Difference, Error> {
    let names = [a, b].map(|image| image.path.display().to_string()).join(" and ");
    all(a, b).map_err(Error::at(names))
}

fn all(a: &Image, b: &Image) -> io::Result<Difference> {
    let sides =
        [a, b].map(|image| Side { name: image.file_name(), bytes: image.medium.span.size() });
    let [side_a, side_b] = sides;
    let mut found =
        Difference { schema: SCHEMA, kind: "diff", a: side_a, b: side_b, ..Difference::default() };
    if content::same_bytes(&a.medium.span, &b.medium.span)? {
        found.class = Class::Identical;
        return Ok(found);
    }
    let owners = roots(a, b, &mut found)?;
    medium::compare(a, b, &mut found)?;
    found.menu = menu::compare(&menu_as_in(a, b)?, &b.menu);
    found.moved = order::moved(&a.medium, &b.medium);
    found.system = system::compare(&a.into(), &b.into());
    found.sizes = size_changes(a, b, &owners)?;
    found.class = if found.is_different() { Class::Different } else { Class::SameContent };
    Ok(found)
}

/// Returns the menu of the first as it would be on the second's medium.
fn menu_as_in(a: &Image, b: &Image) -> io::Result<Vec<Entry>> {
    let names = identities::Identities::of(&a.medium, &b.medium)?;
    let mut entries = a.menu.clone();
    for parameter in entries.iter_mut().flat_map(|entry| &mut entry.parameters) {
        *parameter = names.text(parameter);
    }
    Ok(entries)
}

/// Compares the root filesystems of all systems; returns who owns which file of the live one.
fn roots(a: &Image, b: &Image, found: &mut Difference) -> io::Result<[Owners; 2]> {
    let owners = [a, b].map(Image::owners);
    found.packages = packages::compare(&a.packages, &b.packages);
    let files = files::compare(&a.root, &b.root, &owners, &found.packages)?;
    found.files = files.changes;
    found.volatile.extend(files.time);
    found.targets = targets::compare(a, b, &found.files)?;
    Ok(owners)
}

fn size_changes(a: &Image, b: &Image, owners: &[Owners; 2]) -> io::Result<Vec<SizeChange>> {
    let (old, new) = (sizes::sizes(&a.root, &owners[0])?, sizes::sizes(&b.root, &owners[1])?);
    let all: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let bytes = |sizes: &std::collections::BTreeMap<String, sizes::Size>, owner: &str| {
        sizes.get(owner).map_or(0, |size| size.bytes)
    };
    let changes = all.into_iter().map(|owner| SizeChange {
        owner: owner.clone(),
        old: bytes(&old, owner),
        new: bytes(&new, owner),
    });
    let mut changes: Vec<SizeChange> = changes.filter(|it| it.old != it.new).collect();
    changes.sort_by_key(|it| (std::cmp::Reverse(it.old.abs_diff(it.new)), it.owner.clone()));
    Ok(changes)
}
