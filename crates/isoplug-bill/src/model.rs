//! What an image is made of, in no format. The writers of bills get this and nothing else, so that they agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Party, SourceName};
use crate::purl;

/// What a bill is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// The image.
    pub image: Image,
    /// The program that made it.
    pub tool: Tool,
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
    /// The distribution.
    pub system: OperatingSystem,
    /// The binary packages, by name, version and architecture, each once.
    pub packages: Vec<Package>,
    /// The source packages that they were made of, by name and version.
    pub sources: Vec<Source>,
    /// Who put files into the root filesystem that are of no package, in order.
    pub contributors: Vec<Contributor>,
    /// The plugins that had a part in it.
    pub plugins: Vec<Plugin>,
}

/// The finished image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name in the manifest.
    pub name: String,
    /// Its version in the manifest; empty if it has none.
    pub version: String,
    /// Who publishes it, if somebody says so.
    pub publisher: Option<Party>,
    /// The ISO's file name.
    pub file_name: String,
    /// The SHA-256 of the ISO, 64 hexadecimal digits.
    pub sha256: String,
    /// The SHA-512 of the ISO, 128 hexadecimal digits.
    pub sha512: String,
}

/// The program that made an image. Not its executable's digest: two compilers give two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// The commit that it was made of; empty if nobody said so.
    pub commit: String,
}

impl Tool {
    /// Returns its package URL.
    #[must_use]
    pub fn purl(&self) -> String {
        let at = match &*self.commit {
            "" => self.version.clone(),
            commit => format!("{}+{commit}", self.version),
        };
        purl::generic("isoplug", &at, None)
    }
}

/// The distribution, as os-release(5) of the image tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatingSystem {
    /// `ID`: `debian`.
    pub id: String,
    /// `VERSION_ID`, else `VERSION_CODENAME`: `13`.
    pub version: String,
    /// `PRETTY_NAME`.
    pub title: String,
    /// Who makes it: `NAME` of os-release, without what follows the first space and `GNU`.
    pub maker: String,
}

impl OperatingSystem {
    /// Reads the text of an os-release file.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let field = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
            let value = values.find_map(|rest| rest.strip_prefix('=')).unwrap_or_default();
            value.trim_matches(['"', '\'']).to_owned()
        };
        let (id, version) = (field("ID"), field("VERSION_ID"));
        let version = if version.is_empty() { field("VERSION_CODENAME") } else { version };
        let name = field("NAME");
        let maker = name.split_whitespace().next().unwrap_or_default().to_owned();
        Self { id, version, title: field("PRETTY_NAME"), maker }
    }

    /// Returns who makes it, as far as it says so.
    #[must_use]
    pub fn supplier(&self) -> Option<Party> {
        (!self.maker.is_empty()).then(|| Party::organisation(&self.maker))
    }

    /// Returns what scanners call it: `debian-13`.
    #[must_use]
    pub fn distro(&self) -> String {
        match &*self.version {
            "" => self.id.clone(),
            version => format!("{}-{version}", self.id),
        }
    }
}

/// What a package is in the image for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It is installed.
    Installed,
    /// Only its boot loaders are on the medium.
    Loaders,
    /// Kernel modules were compiled from it.
    Drivers,
    /// It lies on the medium as it is.
    Offline,
}

impl Part {
    /// Returns what a bill says of it.
    #[must_use]
    pub fn comment(self) -> Option<&'static str> {
        match self {
            Self::Installed => None,
            Self::Loaders => Some("its boot loaders only"),
            Self::Drivers => Some("kernel modules compiled from it"),
            Self::Offline => Some("on the medium, not installed"),
        }
    }
}

/// A binary package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// What it is in the image for, each once.
    pub parts: Vec<Part>,
    /// Which systems of a medium have it, the live one first; none where the medium has only one.
    pub systems: Vec<String>,
    /// The archive it is from.
    pub archive: String,
    /// Its path there.
    pub path: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// Its SHA-512, 128 hexadecimal digits; empty if it is not known.
    pub sha512: String,
    /// The namespace of its package URL: that of the distribution, or the archive's name.
    pub namespace: String,
    /// What it says of itself.
    pub facts: Facts,
}

impl Package {
    /// Returns its key in the model: unique, and the same in each format.
    #[must_use]
    pub fn key(&self) -> String {
        key("Package", &self.name, &self.sha256)
    }

    /// Returns its package URL. `system` is only named for packages of that distribution: what is known of those of
    /// others, it does not know.
    #[must_use]
    pub fn purl(&self, system: &OperatingSystem) -> String {
        let distro = (self.namespace == system.id).then(|| system.distro());
        let upstream = self.facts.upstream();
        let differs = upstream.name != self.name || upstream.version != self.version;
        let upstream = differs.then(|| match upstream.version == self.version {
            true => upstream.name.clone(),
            false => format!("{}@{}", upstream.name, upstream.version),
        });
        let qualifiers =
            [("arch", Some(self.architecture.clone())), ("distro", distro), ("upstream", upstream)];
        purl::deb(&self.namespace, &self.name, &self.version, &qualifiers)
    }

    /// Returns the component of the archive that it is of: `pool/COMPONENT/…`, in the archive of security updates
    /// `pool/updates/COMPONENT/…`; none where an archive has no components.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("pool/")?;
        let (component, below) = rest.strip_prefix("updates/").unwrap_or(rest).split_once('/')?;
        below.contains('/').then_some(component)
    }

    /// Returns the last part of its path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A source package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its name and version.
    pub name: SourceName,
    /// The namespace of its package URL.
    pub namespace: String,
    /// Who answers for it: whoever does for what was made of it, else the distribution.
    pub supplier: Option<Party>,
}

impl Source {
    /// Returns its key in the model.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.key()
    }

    /// Returns its package URL. It has no `distro`: scanners that read source packages take it for a codename.
    #[must_use]
    pub fn purl(&self) -> String {
        let qualifiers = [("arch", Some("source".to_owned()))];
        purl::deb(&self.namespace, &self.name.name, &self.name.version, &qualifiers)
    }
}

/// On whose behalf the user's own files are there.
const OF_MANIFEST: &str = "the manifest";

/// Who put files into the root filesystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// What it calls itself.
    pub title: String,
    /// On whose behalf: `the manifest`, `plugin NAME`, or the name of a part.
    pub by: String,
    /// How many files it put there.
    pub files: u64,
    /// The package verification code of those (SPDX 2.3, clause 7.9), 40 hexadecimal digits.
    pub verification_code: String,
}

impl Contributor {
    /// Returns its key in the model.
    #[must_use]
    pub fn key(&self, index: usize) -> String {
        format!("Files-{index}-{}", plain(&self.title))
    }

    /// Returns its package URL: checkers of minimum elements want one of each element.
    #[must_use]
    pub fn purl(&self) -> String {
        purl::generic(&self.title, &format!("sha1:{}", self.verification_code), None)
    }

    /// Returns what a bill says of it.
    #[must_use]
    pub fn comment(&self) -> String {
        let files =
            if self.files == 1 { "1 file".to_owned() } else { format!("{} files", self.files) };
        format!("{files} that {} put into the root filesystem", self.by)
    }
}

/// A plugin; no part of the image, but what it was allowed to do says what it may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name in the manifest.
    pub name: String,
    /// What it calls itself.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its component, 64 hexadecimal digits.
    pub sha256: String,
    /// Its repository, without `oci://`; empty for a file of the build machine.
    pub repository: String,
    /// Who signed it; empty if nobody did.
    pub publisher: String,
    /// What it may see and contribute, as JSON.
    pub grants: String,
}

impl Plugin {
    /// Returns its key in the model.
    #[must_use]
    pub fn key(&self) -> String {
        key("Plugin", &self.name, &self.sha256)
    }

    /// Returns its package URL, if it is of a registry.
    #[must_use]
    pub fn purl(&self) -> Option<String> {
        let Self { version, sha256, repository, .. } = self;
        (!repository.is_empty()).then(|| purl::oci(repository, version, sha256))
    }

    /// Returns who signed it.
    #[must_use]
    pub fn supplier(&self) -> Option<Party> {
        (!self.publisher.is_empty()).then(|| Party::organisation(&self.publisher))
    }

    /// Returns what a bill says of it.
    #[must_use]
    pub fn comment(&self) -> String {
        let signed = if self.publisher.is_empty() { "nobody" } else { &self.publisher };
        format!("isoplug plugin {}, signed by {signed}, granted {}", self.id, self.grants)
    }
}

impl Bill {
    /// Returns for each installed package those that it needs, by their keys.
    #[must_use]
    pub fn needs(&self) -> Vec<(String, Vec<String>)> {
        let installed = || self.packages.iter().filter(|one| one.parts.contains(&Part::Installed));
        let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        installed().for_each(|one| by_name.entry(&one.name).or_default().push(one));
        let keys = |package: &Package| {
            let found = package.facts.needs.iter().filter_map(|name| by_name.get(&**name));
            let found = found.flatten().filter(|found| found.name != package.name);
            let mut keys: Vec<String> = found.map(|found| found.key()).collect();
            keys.sort();
            keys.dedup();
            keys
        };
        installed().map(|package| (package.key(), keys(package))).collect()
    }

    /// Returns who supplies what a contributor put there: the publisher for files of the manifest, a plugin's signer for
    /// those of a plugin, isoplug for those of its own parts.
    #[must_use]
    pub fn supplier_of(&self, contributor: &Contributor) -> Option<Party> {
        if contributor.by == OF_MANIFEST {
            return self.image.publisher.clone();
        }
        let Some(name) = contributor.by.strip_prefix("plugin ") else {
            return Some(Party::organisation("isoplug"));
        };
        self.plugins.iter().find(|plugin| plugin.name == name).and_then(Plugin::supplier)
    }

    /// Returns each package by its key with the key of a source that it was made of, and how that is told.
    #[must_use]
    pub fn made_of(&self) -> Vec<(String, String, &'static str)> {
        let mut all = Vec::new();
        for package in &self.packages {
            for (source, field) in package.facts.sources() {
                all.push((package.key(), source.key(), field));
            }
        }
        all
    }
}

/// Returns an id of letters, digits, dots and hyphens only.
pub(crate) fn key(kind: &str, name: &str, digest: &str) -> String {
    format!("{kind}-{}-{}", plain(name), digest.get(..16).unwrap_or(digest))
}

fn plain(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '-' };
    text.chars().map(plain).collect()
}
