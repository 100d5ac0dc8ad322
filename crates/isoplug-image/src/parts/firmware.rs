//! Leaves out firmware that no kernel module of the image asks for (`firmware.set = "auto"`), and says how much it was.
//!
//! Only files of packages that are in the image for the set's sake go. A kernel module names its files in `.modinfo`;
//! others it puts together while it runs, of texts that it holds as well.

mod asked;

use std::collections::{BTreeMap, BTreeSet};

use isoplug_engine::Key;
use isoplug_formats::tree::Kind;
use isoplug_manifest::By;
use rayon::prelude::*;

use super::{ContributeError, Contributor, Rootfs};
use asked::{Asked, Files};

/// What the image gets of a set of firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// The names of the set's packages.
    pub set: Vec<String>,
    /// The names of packages that somebody asks for by name: nothing of theirs goes.
    pub named: Vec<String>,
}

const FOLDER: &str = "/usr/lib/firmware";
const MODULES: &str = "/usr/lib/modules";
/// So many kernel modules are held in memory at once.
const AT_ONCE: usize = 256;

impl Contributor for Firmware {
    fn by(&self) -> By {
        By::Part("firmware")
    }

    fn version(&self) -> u32 {
        1
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { set, named } = self;
        key.value("set", set);
        key.value("named", named);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let candidates = self.candidates(rootfs)?;
        if candidates.is_empty() {
            return Ok(());
        }
        let files = all_files(rootfs);
        let kept = files.kept(&asked_for(rootfs, &files)?);
        let (mut gone, mut all) = (0, 0);
        for path in candidates {
            let full = format!("{FOLDER}/{path}");
            let Some(size) = size(rootfs, &full) else { continue };
            all += size;
            if !kept.contains(&path) {
                rootfs.remove(&full)?;
                gone += size;
            }
        }
        rootfs.tell(&told(gone, all));
        Ok(())
    }
}

fn told(gone: u64, all: u64) -> String {
    let [gone, all] = [gone, all].map(|bytes| bytes.div_ceil(1_000_000));
    format!("{gone} of {all} MB are asked for by no kernel module of the image and left out")
}

/// Returns the bytes of a file; none of a folder.
fn size(rootfs: &dyn Rootfs, path: &str) -> Option<u64> {
    match rootfs.entry(path)?.kind {
        Kind::File(content) => Some(content.size),
        Kind::Symlink(_) => Some(0),
        _ => None,
    }
}

impl Firmware {
    /// Returns the files that may go, below the folder.
    fn candidates(&self, rootfs: &dyn Rootfs) -> Result<BTreeSet<String>, ContributeError> {
        let mut candidates = BTreeSet::new();
        for name in self.set.iter().filter(|name| !self.named.contains(name)) {
            let list = rootfs.read(&format!("/var/lib/dpkg/info/{name}.list"))?.unwrap_or_default();
            let list = String::from_utf8_lossy(&list).into_owned();
            let below = |line: &str| {
                let rest = line.strip_prefix("/usr").unwrap_or(line);
                rest.strip_prefix("/lib/firmware/").map(str::to_owned)
            };
            candidates.extend(list.lines().filter_map(below));
        }
        Ok(candidates)
    }
}

/// Returns all files and links below the folder of firmware.
fn all_files(rootfs: &dyn Rootfs) -> Files {
    let (mut paths, mut links, mut folders) =
        (BTreeSet::new(), BTreeMap::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        for name in rootfs.list(&format!("{FOLDER}/{folder}")) {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match rootfs.entry(&format!("{FOLDER}/{path}")).map(|entry| entry.kind) {
                Some(Kind::Directory) => folders.push(path),
                Some(Kind::Symlink(target)) => {
                    links.insert(path.clone(), String::from_utf8_lossy(&target).into_owned());
                    paths.insert(path);
                }
                Some(_) => _ = paths.insert(path),
                None => {}
            }
        }
    }
    Files::new(paths, links)
}

/// Returns what the kernels of the image and their modules ask for.
fn asked_for(rootfs: &dyn Rootfs, files: &Files) -> Result<Asked, ContributeError> {
    let mut asked = Asked::default();
    for kernel in rootfs.list(MODULES) {
        let folder = format!("{MODULES}/{kernel}");
        let built_in = rootfs.read(&format!("{folder}/modules.builtin.modinfo"))?;
        asked.built_in(&built_in.unwrap_or_default());
        let mut modules = Vec::new();
        collect(rootfs, &folder, &mut modules);
        for paths in modules.chunks(AT_ONCE) {
            let read = paths.iter().map(|path| rootfs.read(path)).collect::<Result<Vec<_>, _>>()?;
            let found = read.into_par_iter().flatten().map(|bytes| Asked::of(&bytes, files));
            asked = found.reduce(Asked::default, Asked::and).and(asked);
        }
    }
    Ok(asked)
}

fn collect(rootfs: &dyn Rootfs, folder: &str, modules: &mut Vec<String>) {
    for name in rootfs.list(folder) {
        let path = format!("{folder}/{name}");
        match rootfs.entry(&path).map(|entry| entry.kind) {
            Some(Kind::Directory) => collect(rootfs, &path, modules),
            Some(Kind::File(_)) if name.contains(".ko") => modules.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    const FILES: [(&str, &str); 7] = [
        ("/usr/lib/firmware/acme/a.bin", "a"),
        ("/usr/lib/firmware/acme/b.bin", "b"),
        ("/usr/lib/firmware/intel-ucode/06", "of another package"),
        ("/usr/lib/firmware/own/x", "named"),
        (
            "/var/lib/dpkg/info/firmware-acme.list",
            "/.\n/usr/lib/firmware/acme\n/usr/lib/firmware/acme/a.bin\n/lib/firmware/acme/b.bin\n",
        ),
        ("/var/lib/dpkg/info/firmware-own.list", "/usr/lib/firmware/own/x\n"),
        (
            "/usr/lib/modules/6/modules.builtin.modinfo",
            "acme.firmware=acme/a.bin\0acme.license=GPL\0",
        ),
    ];

    #[test]
    fn what_no_module_asks_for_goes_and_is_told() {
        let mut rootfs = TestRootfs::with(&FILES);
        let set = ["firmware-acme", "firmware-own", "firmware-none"].map(str::to_owned).to_vec();
        rootfs.add(&Firmware { set, named: vec!["firmware-own".to_owned()] }).unwrap();
        let is_there = |path: &str| {
            let mut found = false;
            let look = |rootfs: &mut dyn Rootfs| {
                found = rootfs.entry(path).is_some();
                Ok(())
            };
            rootfs.run("test", look).unwrap();
            found
        };
        let there = FILES[..4].iter().map(|(path, _)| is_there(path)).collect::<Vec<_>>();
        assert_eq!(there, [true, false, true, true]);
        let told = "1 of 1 MB are asked for by no kernel module of the image and left out";
        assert_eq!(rootfs.told, [told]);
    }
}
