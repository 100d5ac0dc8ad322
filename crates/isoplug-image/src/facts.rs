//! What is known of an image once its packages are chosen, for the templates of its files.
//!
//! Knows no stage; which kernel an image boots only its packages tell, once they are installed.

use std::collections::BTreeMap;

use isoplug_formats::apt::version;
use isoplug_manifest::System;
use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::template::Fact;

use crate::contribute::nearest::{Nearest, nearest};

/// What is known of an image.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    name: String,
    version: Option<String>,
    title: String,
    profile: String,
    arch: String,
    date: String,
    packages: BTreeMap<String, String>,
}

/// A fact that an image does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// It has no version.
    #[error("the image has no version: set `image.version`")]
    Version,
    /// A package is not installed.
    #[error("the image has no package `{name}`{nearest}")]
    Package {
        /// Its name.
        name: String,
        /// What it may have meant.
        nearest: Nearest,
    },
}

impl Facts {
    /// Takes what is known of a profile with its locked packages. `epoch` is the time of all its files.
    #[must_use]
    pub fn of(system: &System, locked: &LockedImage, epoch: u64) -> Self {
        let packages = locked.groups.iter().flatten().map(|package| {
            let is_own = [&*system.arch, "all"].contains(&&*package.architecture);
            let name = match is_own {
                true => package.name.to_string(),
                false => format!("{}:{}", package.name, package.architecture),
            };
            (name, package.version.to_string())
        });
        Self {
            name: system.image.name.clone(),
            version: system.image.version.clone(),
            title: system.image.title(),
            profile: system.profile.clone(),
            arch: system.arch.clone(),
            date: day(epoch),
            packages: packages.collect(),
        }
    }

    /// Returns what a fact is; nothing if it is not known yet.
    ///
    /// # Errors
    ///
    /// When the image does not have it.
    pub fn get(&self, fact: &Fact) -> Result<Option<String>, Missing> {
        Ok(Some(match fact {
            Fact::Name => self.name.clone(),
            Fact::Version => self.version.clone().ok_or(Missing::Version)?,
            Fact::Title => self.title.clone(),
            Fact::Profile => self.profile.clone(),
            Fact::Arch => self.arch.clone(),
            Fact::Date => self.date.clone(),
            Fact::Kernel => return Ok(None),
            Fact::PackageCount => self.packages.len().to_string(),
            Fact::PackageList => {
                let lines = self.packages.iter().map(|(name, version)| format!("{name} {version}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            Fact::Package(name) => self.packages.get(name).cloned().ok_or_else(|| {
                let nearest = nearest(name, self.packages.keys().map(String::as_str));
                Missing::Package { name: name.clone(), nearest }
            })?,
        }))
    }
}

/// Returns the version of the kernel that an image boots, by the names of the files in its /boot: the newest, as Debian orders
/// versions.
pub(crate) fn newest_kernel<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let versions = names.into_iter().filter_map(|name| name.strip_prefix("vmlinuz-"));
    versions.max_by(|a, b| version::compare(a, b))
}

/// Returns the day of a time in seconds since 1970, in UTC.
fn day(epoch: u64) -> String {
    let time = i64::try_from(epoch).ok().and_then(|epoch| jiff::Timestamp::from_second(epoch).ok());
    time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_image_does_not_have_is_told() {
        let packages = [("htop", "3.4"), ("vim-tiny", "9.1")];
        let packages = packages.map(|(name, version)| (name.to_owned(), version.to_owned()));
        let facts = Facts { packages: packages.into(), date: day(86_400), ..Facts::default() };
        let get = |fact| facts.get(&fact).map_err(|missing| missing.to_string());
        assert_eq!(get(Fact::Package("htop".to_owned())), Ok(Some("3.4".to_owned())));
        assert_eq!(get(Fact::PackageList), Ok(Some("htop 3.4\nvim-tiny 9.1".to_owned())));
        assert_eq!(get(Fact::PackageCount), Ok(Some("2".to_owned())));
        assert_eq!(get(Fact::Date), Ok(Some("1970-01-02".to_owned())));
        assert_eq!(get(Fact::Kernel), Ok(None));
        insta::assert_snapshot!(get(Fact::Package("hotp".to_owned())).unwrap_err(), @"the image has no package `hotp`; did you mean `htop`?");
        insta::assert_snapshot!(get(Fact::Version).unwrap_err(), @"the image has no version: set `image.version`");
    }
}
