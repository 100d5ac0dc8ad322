//! The texts of licences that go with an image: the copyright file of each package, and the common licences that these name.
//!
//! Knows no lock and no store: packages that are not installed, such as boot loaders, are given with their .debs.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::debs::{self, Copyright};
use crate::image::Image;
use crate::root::Root;
use crate::squashfs::Kind;
use crate::target;

/// Where Debian has licences that many packages name.
const COMMON: &str = "usr/share/common-licenses";

/// A package that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its source package.
    pub source: String,
    /// Its .deb, if that is to be had.
    pub deb: Option<PathBuf>,
}

/// What goes with an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Copyright files by name and version of the package; none if it has none.
    pub packages: BTreeMap<(String, String), Option<Vec<u8>>>,
    /// The common licences that a copyright file names.
    pub common: BTreeMap<String, Vec<u8>>,
    /// Name and version of packages whose .deb is not to be had.
    pub missing: Vec<String>,
}

/// Collects the texts of all systems of an image and of packages that are not installed.
///
/// # Errors
///
/// When something cannot be read.
pub fn texts(image: &Image, more: &[Beside]) -> io::Result<Texts> {
    let mut found = Texts::default();
    let systems = target::systems(image);
    for system in &systems {
        for package in system.packages {
            let which = (package.name.clone(), package.version.clone());
            let text = of_root(system.root, &package.name)?;
            let known = found.packages.entry(which).or_default();
            *known = known.take().or(text);
        }
    }
    let roots: Vec<&Root> = systems.iter().map(|system| system.root).collect();
    for one in more {
        found.add(one, more, &roots)?;
    }
    for root in roots {
        found.add_common(root)?;
    }
    Ok(found)
}

fn of_root(root: &Root, name: &str) -> io::Result<Option<Vec<u8>>> {
    let node = root.follow(&format!("usr/share/doc/{name}/copyright"));
    let file = node.filter(|node| matches!(node.kind, Kind::File(_)));
    file.map(|node| root.read(node)).transpose()
}

impl Texts {
    /// Adds a package that is not installed. Its documentation may be that of another one.
    fn add(&mut self, one: &Beside, more: &[Beside], roots: &[&Root]) -> io::Result<()> {
        let Some(deb) = &one.deb else {
            self.missing.push(format!("{} {}", one.name, one.version));
            return Ok(());
        };
        let text = match debs::copyright(deb, &one.name)? {
            Copyright::Text(text) => Some(text),
            Copyright::Nothing => None,
            Copyright::Of(other) => match of_other(&other, more, roots)? {
                Some(text) => Some(text),
                None => of_source(one, more)?,
            },
        };
        self.packages.entry((one.name.clone(), one.version.clone())).or_insert(text);
        Ok(())
    }

    fn add_common(&mut self, root: &Root) -> io::Result<()> {
        for node in root.inside(COMMON) {
            let name = node.path.rsplit('/').next().unwrap_or_default();
            let word = format!("common-licenses/{name}");
            let mut texts = self.packages.values().flatten();
            let file = root.follow(&node.path).filter(|node| matches!(node.kind, Kind::File(_)));
            if let Some(file) = file.filter(|_| texts.any(|text| names(text, word.as_bytes()))) {
                self.common.insert(name.to_owned(), root.read(file)?);
            }
        }
        Ok(())
    }
}

/// Tells whether a text has a word, not only the beginning of a longer one: `GPL` is another licence than `GPL-2`.
fn names(text: &[u8], word: &[u8]) -> bool {
    let goes_on = |at: usize| match (text.get(at), text.get(at + 1)) {
        (Some(byte), _) if byte.is_ascii_alphanumeric() || *byte == b'-' => true,
        // A full stop ends a sentence, or stands in a number.
        (Some(b'.'), Some(next)) => next.is_ascii_digit(),
        _ => false,
    };
    let mut found = text.windows(word.len()).enumerate().filter(|(_, window)| *window == word);
    found.any(|(at, _)| !goes_on(at + word.len()))
}

/// Returns the copyright file of a package that another one names in its place.
fn of_other(other: &str, more: &[Beside], roots: &[&Root]) -> io::Result<Option<Vec<u8>>> {
    for root in roots {
        if let Some(text) = of_root(root, other)? {
            return Ok(Some(text));
        }
    }
    let deb = more.iter().find(|one| one.name == other).and_then(|one| one.deb.as_ref());
    let found = deb.map(|deb| debs::copyright(deb, other)).transpose()?;
    Ok(match found {
        Some(Copyright::Text(text)) => Some(text),
        _ => None,
    })
}

/// Returns the copyright file of a package of the same source, if the one that has it for all of them is not there.
fn of_source(one: &Beside, more: &[Beside]) -> io::Result<Option<Vec<u8>>> {
    let is_kin = |it: &&Beside| it.source == one.source && it.version == one.version;
    for kin in more.iter().filter(is_kin) {
        let found = kin.deb.as_ref().map(|deb| debs::copyright(deb, &kin.name)).transpose()?;
        if let Some(Copyright::Text(text)) = found {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_not_the_beginning_of_another() {
        let word = b"common-licenses/GPL";
        let has = |text: &str| names(text.as_bytes(), word);
        assert!(has("see /usr/share/common-licenses/GPL.") && has("common-licenses/GPL\n"));
        assert!(has("common-licenses/GPL-2 and common-licenses/GPL"));
        assert!(!has("common-licenses/GPL-2") && !has("common-licenses/LGPL"));
        let word = b"common-licenses/MPL-1";
        assert!(!names(b"common-licenses/MPL-1.1", word));
    }
}
