//! A small rootfs in memory for the tests of contributors.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use isoplug_engine::{ArtifactId, Key};
use isoplug_formats::tree::pack::{Contents, PackWriter, Packs, Pending};
use isoplug_formats::tree::{Content, Entry, Kind, Tree};
use isoplug_manifest::By;

use crate::contribute::builder::{Built, OverlayBuilder};
use crate::contribute::overlay::Overlay;
use crate::contribute::{Attrs, ContributeError, Contributor, Rootfs};
use crate::parts::files::is_looked_at;

/// The epoch of all tests: 2026-01-02 03:04:05 UTC, day 20455.
pub(crate) const EPOCH: u32 = 1_767_323_045;

/// The contributors that say beforehand all that they set.
const SAYING: [&str; 7] =
    ["kernel-modules", "live", "localisation", "network", "openssh", "services", "sysctl"];

/// The one that comes after all files of the user's, and so may look at each.
const LAST: &str = "live";

/// A rootfs with its packs, to which contributors are applied one after the other.
pub(crate) struct TestRootfs {
    pub(crate) tree: Tree,
    packs: Packs,
    earlier: Vec<(By, Overlay)>,
    /// What contributors told.
    pub(crate) told: Vec<String>,
}

impl TestRootfs {
    /// Lays out text files of root's, 0644, with the folders on their way.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let pending: Vec<Pending> =
            files.iter().map(|(_, text)| pack.append(text.as_bytes()).unwrap()).collect();
        let (file, id, finished) = pack.finish().unwrap();
        let (mut tree, mut packs) = (Tree::default(), Packs::default());
        packs.add(id, file);
        for ((path, _), pending) in files.iter().zip(pending) {
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.trim_start_matches('/').as_bytes(), Entry::new(kind, 0o644, EPOCH));
        }
        Self { tree, packs, earlier: Vec::new(), told: Vec::new() }
    }

    /// Adds a symbolic link.
    pub(crate) fn link(mut self, path: &str, target: &str) -> Self {
        let kind = Kind::Symlink(target.as_bytes().to_vec());
        self.tree.insert(path.trim_start_matches('/').as_bytes(), Entry::new(kind, 0o777, EPOCH));
        self
    }

    /// Adds an empty folder.
    pub(crate) fn folder(mut self, path: &str) -> Self {
        let folder = Entry::new(Kind::Directory, 0o755, EPOCH);
        self.tree.insert(path.trim_start_matches('/').as_bytes(), folder);
        self
    }

    /// Lets a function add to it.
    pub(crate) fn run(
        &self,
        name: &'static str,
        contribute: impl FnOnce(&mut dyn Rootfs) -> Result<(), ContributeError>,
    ) -> Result<(Built, File), ContributeError> {
        self.run_by(By::Part(name), contribute)
    }

    fn run_by(
        &self,
        by: By,
        contribute: impl FnOnce(&mut dyn Rootfs) -> Result<(), ContributeError>,
    ) -> Result<(Built, File), ContributeError> {
        let (pack, log) = (tempfile::tempfile().unwrap(), |_: &str| {});
        let file = pack.try_clone().unwrap();
        let tree = self.tree.clone();
        let mut rootfs = OverlayBuilder::new(by, EPOCH, tree, &self.packs, pack, &log).unwrap();
        for (by, overlay) in &self.earlier {
            rootfs.after(by, overlay);
        }
        contribute(&mut rootfs)?;
        Ok((rootfs.finish().unwrap(), file))
    }

    /// Runs a contributor and keeps its overlay as an earlier one.
    pub(crate) fn add(&mut self, contributor: &dyn Contributor) -> Result<(), ContributeError> {
        let asked = RefCell::default();
        let (built, file) = self.run_by(contributor.by(), |rootfs| {
            contributor.contribute(&mut Asking { rootfs, asked: &asked })
        })?;
        self.told.extend(built.told.iter().cloned());
        if let Some(id) = built.pack {
            self.packs.add(id, file);
        }
        self.earlier.push((contributor.by(), built.overlay));
        if let By::Part(name) = contributor.by()
            && SAYING.contains(&name)
        {
            assert_eq!(self.unsaid(contributor), [""; 0], "{name}");
            let places = contributor.places();
            let seen = |path: &String| name == LAST || is_looked_at(path) || places.contains(path);
            let strange = |path: &String| !seen(path);
            let strange: Vec<String> = asked.take().into_iter().filter(strange).collect();
            assert_eq!(strange, [""; 0], "{name} looks at more than content/early.rs knows");
        }
        Ok(())
    }

    /// Returns the files that the last contributor set and did not say beforehand, but for the links
    /// by which systemd starts units.
    fn unsaid(&self, contributor: &dyn Contributor) -> Vec<String> {
        let places = contributor.places();
        let Some((_, overlay)) = self.earlier.last() else { return Vec::new() };
        let set = overlay.tree.entries.iter().filter(|(_, entry)| entry.kind != Kind::Directory);
        let set = set.map(|(path, entry)| (format!("/{}", String::from_utf8_lossy(path)), entry));
        let is_link = |path: &str, entry: &Entry| {
            path.starts_with("/etc/systemd/system/") && matches!(entry.kind, Kind::Symlink(_))
        };
        let unsaid = set.filter(|(path, entry)| !places.contains(path) && !is_link(path, entry));
        unsaid.map(|(path, _)| path).collect()
    }

    /// Returns the digest of what the last contributor set and removed.
    pub(crate) fn digest_of_last(&self) -> String {
        let overlay = self.earlier.last().map(|(_, overlay)| overlay.to_bytes());
        blake3::hash(&overlay.unwrap_or_default()).to_hex().to_string()
    }

    /// Returns the rootfs with all overlays applied.
    pub(crate) fn merged(&self) -> Tree {
        let mut tree = self.tree.clone();
        self.earlier.iter().for_each(|(_, overlay)| overlay.apply(&mut tree));
        tree
    }

    /// Returns the entry at a path after all contributors.
    pub(crate) fn entry(&self, path: &str) -> Entry {
        self.merged().get(path).unwrap_or_else(|| panic!("no {path}")).clone()
    }

    /// Returns a file's text after all contributors.
    pub(crate) fn text(&self, path: &str) -> String {
        let merged = self.merged();
        let place = merged.resolve(path).unwrap();
        match &merged.get(&place).unwrap_or_else(|| panic!("no {path}")).kind {
            Kind::File(content) => self.content(content),
            other => panic!("{path} is {other:?}"),
        }
    }

    /// Writes the merged rootfs to a folder of the build machine, for foreign tools.
    pub(crate) fn write_to(&self, folder: &std::path::Path) -> io::Result<()> {
        use std::os::unix::ffi::OsStrExt;
        for (path, entry) in &self.merged().entries {
            let place = folder.join(std::ffi::OsStr::from_bytes(path));
            match &entry.kind {
                Kind::Directory => std::fs::create_dir_all(place)?,
                Kind::File(content) => {
                    use std::os::unix::fs::PermissionsExt;
                    std::fs::write(&place, self.content(content))?;
                    let mode = std::fs::Permissions::from_mode(entry.mode.into());
                    std::fs::set_permissions(place, mode)?;
                }
                Kind::Symlink(target) => {
                    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), place)?;
                }
                other => panic!("{other:?} in a test"),
            }
        }
        Ok(())
    }

    fn content(&self, content: &Content) -> String {
        String::from_utf8(self.packs.read(content).unwrap()).unwrap()
    }
}

/// A rootfs that remembers what it was asked for.
struct Asking<'a> {
    rootfs: &'a mut dyn Rootfs,
    asked: &'a RefCell<BTreeSet<String>>,
}

impl Asking<'_> {
    fn note(&self, path: &str) {
        self.asked.borrow_mut().insert(path.to_owned());
    }
}

impl Rootfs for Asking<'_> {
    fn epoch(&self) -> u32 {
        self.rootfs.epoch()
    }
    fn entry(&self, path: &str) -> Option<Entry> {
        self.note(path);
        self.rootfs.entry(path)
    }
    fn stat(&self, path: &str) -> Option<Entry> {
        self.note(path);
        self.rootfs.stat(path)
    }
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ContributeError> {
        self.note(path);
        self.rootfs.read(path)
    }
    fn list(&self, path: &str) -> Vec<String> {
        self.note(path);
        self.rootfs.list(path)
    }
    fn set_by(&self, path: &str) -> Option<By> {
        self.note(path);
        self.rootfs.set_by(path)
    }
    fn file(&mut self, path: &str, bytes: &[u8], attrs: Attrs) -> Result<(), ContributeError> {
        self.rootfs.file(path, bytes, attrs)
    }
    fn file_from(
        &mut self,
        path: &str,
        content: &mut dyn io::Read,
        attrs: Attrs,
    ) -> Result<(), ContributeError> {
        self.rootfs.file_from(path, content, attrs)
    }
    fn directory(&mut self, path: &str, attrs: Attrs) -> Result<(), ContributeError> {
        self.rootfs.directory(path, attrs)
    }
    fn symlink(&mut self, path: &str, target: &str) -> Result<(), ContributeError> {
        self.rootfs.symlink(path, target)
    }
    fn remove(&mut self, path: &str) -> Result<(), ContributeError> {
        self.rootfs.remove(path)
    }
    fn log(&self, line: &str) {
        self.rootfs.log(line);
    }
    fn tell(&mut self, line: &str) {
        self.rootfs.tell(line);
    }
}

/// What a key was shown.
#[derive(Default)]
pub(crate) struct Shown {
    /// What it was shown as it is.
    pub(crate) values: String,
    /// What it was shown as a secret.
    pub(crate) secrets: Vec<String>,
}

impl Key for Shown {
    fn artifact_raw(&mut self, _: &str, _: ArtifactId) {}

    fn value_raw(&mut self, label: &str, value: Result<serde_json::Value, serde_json::Error>) {
        self.values += &format!("{label}: {}\n", value.unwrap());
    }

    fn secret_raw(&mut self, _: &str, secret: &[u8]) {
        self.secrets.push(String::from_utf8(secret.to_vec()).unwrap());
    }
}
