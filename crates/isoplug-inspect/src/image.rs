//! All that is read of one image.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::fat::Fat;
use crate::iso::Medium;
use crate::look::menu::{self, Entry};
use crate::look::owners::Owners;
use crate::look::packages::{self, Package};
use crate::look::units::{self, Unit};
use crate::look::users::{self, User};
use crate::look::{initrd, kernel};
use crate::root::Root;
use crate::span::Span;
use crate::squashfs::Squashfs;
use crate::target::{self, Target};
use crate::{Error, bad};

/// A kernel or an initrd on the medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Its path on the medium.
    pub path: String,
    /// `kernel` or `initrd`.
    pub role: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// The version of a kernel, what an initrd's archives are compressed with.
    pub what: String,
}

/// A file of the EFI System Partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EspFile {
    /// Its path.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What os-release and hostname say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct System {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`.
    pub version: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub name: String,
    /// The name of the machine.
    pub hostname: String,
    /// The target that systemd starts.
    pub target: String,
}

/// An image, read as far as it could be.
#[derive(Debug)]
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// The medium.
    pub medium: Medium,
    /// The EFI System Partition.
    pub esp: Option<(Fat, Vec<EspFile>)>,
    /// The entries of its menus.
    pub menu: Vec<Entry>,
    /// Kernels and initrds.
    pub loaded: Vec<Loaded>,
    /// The root filesystem.
    pub root: Root,
    /// What the system says of itself.
    pub system: System,
    /// Its packages.
    pub packages: Vec<Package>,
    /// The systems that it installs.
    pub targets: Vec<Target>,
    /// Its users.
    pub users: Vec<User>,
    /// Its units.
    pub units: Vec<Unit>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

impl Image {
    /// Reads an image.
    ///
    /// # Errors
    ///
    /// When it is not an ISO 9660 image or cannot be read. What lies on it and cannot be read is told in
    /// [`Image::unread`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let medium = Span::open(path).and_then(Medium::open).map_err(Error::at(shown))?;
        let mut image = Self::of(path, medium);
        let esp = esp(&image.medium);
        image.esp = noted(&mut image.unread, "the EFI System Partition", esp).flatten();
        image.menu = menu(&image.medium, image.esp.as_ref());
        image.loaded = loaded(&image.medium, &image.menu, &mut image.unread);
        let root = root(&image.medium, &image.menu);
        let root = noted(&mut image.unread, "the root filesystem", root);
        if root.as_ref().is_some_and(Root::is_empty) {
            image.unread.push("the root filesystem: there is no squashfs on the medium".to_owned());
        }
        image.look_into(root.unwrap_or_default());
        Ok(image)
    }

    /// An image of which only the medium is known.
    fn of(path: &Path, medium: Medium) -> Self {
        Self {
            path: path.to_owned(),
            medium,
            esp: None,
            menu: Vec::new(),
            loaded: Vec::new(),
            root: Root::default(),
            system: System::default(),
            packages: Vec::new(),
            targets: Vec::new(),
            users: Vec::new(),
            units: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Adds the root filesystem and what is read from it.
    fn look_into(&mut self, root: Root) {
        let targets = target::read(&self.medium, &root);
        let targets = noted(&mut self.unread, "a system that it installs", targets);
        self.targets = targets.unwrap_or_default();
        (self.system, self.packages) = (system(&root), packages::read(&root));
        (self.users, self.units) = (users::read(&root), units::read(&root));
        self.root = root;
    }

    /// Reads dpkg's lists.
    #[must_use]
    pub fn owners(&self) -> Owners {
        Owners::read(&self.root)
    }

    /// Returns the name of the image's file.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the content of a file beside the image, whose name is the image's and an ending.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn beside(&self, ending: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.path.with_file_name(self.file_name() + ending)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }
}

fn noted<T>(unread: &mut Vec<String>, what: &str, read: io::Result<T>) -> Option<T> {
    read.map_err(|error| unread.push(format!("{what}: {error}"))).ok()
}

fn esp(medium: &Medium) -> io::Result<Option<(Fat, Vec<EspFile>)>> {
    let Some(span) = medium.boot.esp(&medium.span) else { return Ok(None) };
    let fat = Fat::open(span)?;
    let files =
        fat.files()?.into_iter().map(|it| EspFile { path: it.path, bytes: it.size }).collect();
    Ok(Some((fat, files)))
}

fn menu(medium: &Medium, esp: Option<&(Fat, Vec<EspFile>)>) -> Vec<Entry> {
    let files = medium.entries.iter().filter(|entry| !entry.folder && menu::is_menu(&entry.path));
    let texts = files.filter_map(|entry| Some((entry.path.clone(), medium.text(&entry.path)?)));
    let mut found: Vec<Entry> = texts.flat_map(|(path, text)| menu::parse(&path, &text)).collect();
    let Some((fat, _)) = esp else { return found };
    for file in fat.files().unwrap_or_default().iter().filter(|file| menu::is_menu(&file.path)) {
        let bytes = fat.read(file).unwrap_or_default();
        let entries = menu::parse(&file.path, &String::from_utf8_lossy(&bytes)).into_iter();
        found.extend(entries.map(|entry| Entry { file: format!("ESP:{}", entry.file), ..entry }));
    }
    found
}

fn loaded(medium: &Medium, menu: &[Entry], unread: &mut Vec<String>) -> Vec<Loaded> {
    let kernels = menu.iter().map(|entry| ("kernel", &entry.kernel));
    let initrds = menu.iter().flat_map(|entry| entry.initrds.iter().map(|path| ("initrd", path)));
    let mut found = Vec::<Loaded>::new();
    for (role, path) in kernels.chain(initrds) {
        let Some(entry) = medium.find(path).filter(|entry| !entry.folder) else { continue };
        if found.iter().all(|known| known.path != entry.path) {
            let span = medium.part(entry);
            let what = match role {
                "kernel" => kernel::version(&span).map(Option::unwrap_or_default),
                _ => initrd::parts(&span).map(|parts| parts.join(" + ")),
            };
            let what = noted(unread, path, what).unwrap_or_default();
            found.push(Loaded { path: entry.path.clone(), role, bytes: entry.size, what });
        }
    }
    found
}

/// Finds the squashfs that the system runs from.
fn root(medium: &Medium, menu: &[Entry]) -> io::Result<Root> {
    let paths = layers(medium, menu);
    let mut layers = Vec::new();
    for path in paths {
        let entry =
            medium.find(&path).ok_or_else(|| bad(format!("/{path} is not on the medium")))?;
        let opened = Squashfs::open(medium.part(entry));
        layers.push((path.clone(), opened.map_err(|error| bad(format!("/{path}: {error}")))?));
    }
    Root::new(layers)
}

/// Returns the paths of the squashfs, the lowest first.
fn layers(medium: &Medium, menu: &[Entry]) -> Vec<String> {
    let is_squashfs =
        |path: &str| [".squashfs", ".sfs", "/squashfs.img"].iter().any(|end| path.ends_with(end));
    let files = medium.entries.iter().filter(|entry| !entry.folder);
    let all: Vec<&str> =
        files.clone().map(|entry| &*entry.path).filter(|path| is_squashfs(path)).collect();
    let module = files.clone().find(|entry| entry.path.ends_with(".module"));
    if let Some(module) = module {
        let folder = module.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = medium.text(&module.path).unwrap_or_default();
        return text.split_whitespace().map(|name| format!("{folder}/{name}")).collect();
    }
    if let Some(layers) = layers_of_casper(&all, menu) {
        return layers;
    }
    let first = all.first().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let in_folder = |path: &&&str| path.rsplit_once('/').map_or("", |(folder, _)| folder) == first;
    // live-boot lays the first by name over the others.
    all.iter().filter(in_folder).rev().map(|path| (*path).to_owned()).collect()
}

/// Ubuntu's names say of which layers a layer is the top: `a.b.squashfs` lies over `a.squashfs`.
fn layers_of_casper(all: &[&str], menu: &[Entry]) -> Option<Vec<String>> {
    let folder = "casper/";
    let parameters = || menu.iter().flat_map(|entry| &entry.parameters);
    let named = parameters().find_map(|word| word.strip_prefix("layerfs-path=")).map(str::to_owned);
    let live = || {
        let live =
            all.iter().filter(|path| path.starts_with(folder) && path.ends_with(".live.squashfs"));
        live.max_by_key(|path| path.matches('.').count()).and_then(|path| path.strip_prefix(folder))
    };
    let top = named.or_else(|| live().map(str::to_owned))?;
    let stem = top.strip_suffix(".squashfs")?;
    let ends = stem.match_indices('.').map(|(at, _)| at).chain([stem.len()]);
    let layers = ends.map(|end| format!("{folder}{}.squashfs", &stem[..end]));
    Some(layers.filter(|path| all.contains(&&**path)).collect())
}

/// Reads what a system says of itself.
pub(crate) fn system(root: &Root) -> System {
    let text = root.text("etc/os-release").unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
    };
    System {
        id: value("ID"),
        version: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
        name: value("PRETTY_NAME"),
        hostname: root.text("etc/hostname").unwrap_or_default().trim().to_owned(),
        target: units::default_target(root).unwrap_or_default(),
    }
}
