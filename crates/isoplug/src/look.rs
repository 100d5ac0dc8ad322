//! What the commands that look into finished images share.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

use clap::ValueEnum;
use isoplug_inspect::image::Image;
use isoplug_inspect::look::packages::Package;
use isoplug_inspect::report::page::Page;
use isoplug_inspect::target;
use isoplug_manifest::lock::{Lock, LockedImage, LockedPackage};

use crate::exit::Exit;
use crate::failure::Failure;

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal
    Text,
    /// For machines
    Json,
    /// For release notes
    Markdown,
}

impl Format {
    /// Returns a page for people.
    pub(crate) fn page(self, page: &Page) -> String {
        if self == Self::Markdown { page.markdown() } else { page.text() }
    }
}

/// Opens an image.
pub(crate) fn open(path: &Path) -> Result<Image, Failure> {
    Image::open(path).map_err(|error| {
        let failure = Failure::new(Exit::Manifest, error.to_string());
        failure.because(&error.source).hint("name the file of an ISO image, such as out/stick.iso")
    })
}

/// Returns JSON for people to read, too.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}

/// One side of a comparison.
pub(crate) enum Side {
    /// An image.
    Image(Box<Image>),
    /// The packages of a lock: how people call it, the name of the image there, what is pinned.
    Lock(String, String, Vec<LockedPackage>),
}

impl Side {
    /// Opens an image, a lock, or the lock of a project.
    pub(crate) fn open(path: &Path, profile: Option<&str>) -> Result<Self, Failure> {
        let lock = if path.is_dir() { path.join("isoplug.lock") } else { path.to_owned() };
        if path.is_dir() || lock.extension().is_some_and(|end| end == "lock") {
            return locked(&lock, profile);
        }
        open(path).map(Box::new).map(Self::Image)
    }

    /// Returns what it is called.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Image(image) => image.file_name(),
            Self::Lock(shown, ..) => shown.clone(),
        }
    }

    /// Returns its packages.
    pub(crate) fn packages(&self) -> Vec<Package> {
        match self {
            Self::Image(image) => image.packages.clone(),
            Self::Lock(.., packages) => packages.iter().map(package).collect(),
        }
    }

    /// Returns what its lock pins for it, the packages of boot loaders among them.
    pub(crate) fn locked_with_loaders(&self) -> Vec<LockedPackage> {
        match self {
            Self::Lock(..) => self.locked(),
            Self::Image(image) => {
                let lock = beside(image);
                let of_loaders = lock.iter().flat_map(|lock| best(lock, &image.packages));
                let of_loaders = of_loaders.flat_map(|it| it.boot.clone());
                let targets = lock.iter().flat_map(|lock| {
                    image.targets.iter().flat_map(|target| of_packages(lock, &target.packages))
                });
                self.locked().into_iter().chain(targets).chain(of_loaders).collect()
            }
        }
    }

    /// Returns what its lock pins; that of an image lies beside it.
    pub(crate) fn locked(&self) -> Vec<LockedPackage> {
        match self {
            Self::Lock(.., packages) => packages.clone(),
            Self::Image(image) => {
                beside(image).map(|lock| of_packages(&lock, &image.packages)).unwrap_or_default()
            }
        }
    }
}

fn package(locked: &LockedPackage) -> Package {
    let LockedPackage { name, version, architecture, .. } = locked;
    let (name, version) = (name.as_str().to_owned(), version.as_str().to_owned());
    Package {
        source: name.clone(),
        name,
        version,
        architecture: architecture.as_str().to_owned(),
        ..Package::default()
    }
}

/// Reads the lock beside an image, if there is one that can be read.
pub(crate) fn beside(image: &Image) -> Option<Lock> {
    let text = image.beside(".lock").ok().flatten()?;
    Lock::parse(&String::from_utf8(text).ok()?).ok()
}

/// Returns what of the lock beside an image is in it without being installed: boot loaders, what drivers were compiled
/// from, packages that lie on the medium.
pub(crate) fn not_installed(image: &Image) -> BTreeSet<LockedPackage> {
    let (lock, systems) = (beside(image), target::systems(image));
    let all = lock.iter().flat_map(|lock| systems.iter().filter_map(|it| best(lock, it.packages)));
    let more = all.flat_map(|it| it.boot.iter().chain(&it.drivers).chain(&it.offline));
    let is_installed = |locked: &LockedPackage| {
        let (name, version) = (locked.name.as_str(), locked.version.as_str());
        let mut all = systems.iter().flat_map(|system| system.packages);
        all.any(|it| it.name == name && it.version == version)
    };
    more.filter(|locked| !is_installed(locked)).cloned().collect()
}

/// Returns the packages of the lock's image that fits best to what is installed.
pub(crate) fn of_packages(lock: &Lock, installed: &[Package]) -> Vec<LockedPackage> {
    best(lock, installed).map(|locked| locked.groups.concat()).unwrap_or_default()
}

fn best<'a>(lock: &'a Lock, installed: &[Package]) -> Option<&'a LockedImage> {
    let is_there = |locked: &LockedPackage| {
        let (name, version) = (locked.name.as_str(), locked.version.as_str());
        installed.iter().any(|it| it.name == name && it.version == version)
    };
    // Of two that have all of it, the smaller.
    let fit = |locked: &&LockedImage| {
        let all = locked.groups.iter().flatten();
        (all.clone().filter(|it| is_there(it)).count(), Reverse(all.count()))
    };
    lock.images.values().max_by_key(fit)
}

fn locked(path: &Path, profile: Option<&str>) -> Result<Side, Failure> {
    let shown = path.display();
    let failed = || Failure::new(Exit::Manifest, format!("cannot read {shown}"));
    let text = std::fs::read_to_string(path)
        .map_err(|error| failed().because(&error).hint("make it with `isoplug lock`"))?;
    let lock = Lock::parse(&text).map_err(|error| failed().because(&error))?;
    let is_of = |name: &str, profile: &str| {
        name == profile || name.rsplit_once('.').is_some_and(|(it, _)| it == profile)
    };
    let fits = |name: &&String| profile.is_none_or(|profile| is_of(name, profile));
    let names: Vec<&String> = lock.images.keys().filter(fits).collect();
    let [name] = names[..] else {
        let all = lock.images.keys().cloned().collect::<Vec<_>>().join(", ");
        let message = format!("{shown} pins {} images that could be meant", names.len());
        let hint = format!("choose one with --profile: {all}");
        return Err(Failure::new(Exit::Manifest, message).hint(hint));
    };
    let shown = format!("{shown} ({name})");
    Ok(Side::Lock(shown, name.clone(), lock.images[name].groups.concat()))
}
