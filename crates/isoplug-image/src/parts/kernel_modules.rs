//! Says which kernel modules the running system loads at boot, which it must not load, and with which options.

use std::collections::BTreeSet;

use isoplug_engine::Key;
use isoplug_formats::tree::Kind;
use isoplug_manifest::By;
use isoplug_manifest::options::KernelModules;

use super::nearest::nearest;
use super::{Attrs, ContributeError, Contributor, Rootfs};

const LOAD: &str = "/etc/modules-load.d/isoplug.conf";
const BLACKLIST: &str = "/etc/modprobe.d/isoplug-blacklist.conf";
/// Of two values of one option the kernel takes the later one, and modprobe.d(5) is read by name: behind what packages
/// have, as systemd's `systemd.conf`.
const OPTIONS: &str = "/etc/modprobe.d/zz-isoplug-options.conf";

/// Loads kernel modules at boot, keeps some from being loaded, and gives them options.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(pub KernelModules);

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("kernel-modules")
    }

    fn version(&self) -> u32 {
        2
    }

    fn places(&self) -> Vec<String> {
        let lists = [(LOAD, &self.0.load), (BLACKLIST, &self.0.blacklist)];
        let used = lists.into_iter().filter(|(_, modules)| !modules.is_empty());
        let options = Some(OPTIONS).filter(|_| !self.0.options.is_empty());
        used.map(|(path, _)| path).chain(options).map(str::to_owned).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("kernel-modules", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        check(&self.0.load, rootfs)?;
        write(rootfs, LOAD, "", &self.0.load)?;
        write(rootfs, BLACKLIST, "blacklist ", &self.0.blacklist)?;
        let options = self.0.options.iter().map(|(name, options)| format!("{name} {options}"));
        write(rootfs, OPTIONS, "options ", &options.collect::<Vec<_>>())
    }
}

/// Refuses to load what no kernel of the image has. Without a kernel there is nothing to ask.
fn check(load: &[String], rootfs: &dyn Rootfs) -> Result<(), ContributeError> {
    if load.is_empty() {
        return Ok(());
    }
    let known = modules(rootfs)?;
    let unknown = |name: &&String| !known.is_empty() && !known.contains(&plain(name));
    match load.iter().find(unknown) {
        None => Ok(()),
        Some(name) => Err(ContributeError::Unknown {
            kind: "kernel module",
            name: name.clone(),
            nearest: nearest(&plain(name), known.iter().map(String::as_str)),
        }),
    }
}

fn write(
    rootfs: &mut dyn Rootfs,
    path: &str,
    verb: &str,
    modules: &[String],
) -> Result<(), ContributeError> {
    if modules.is_empty() {
        return Ok(());
    }
    let lines: String = modules.iter().map(|module| format!("{verb}{module}\n")).collect();
    rootfs.file(path, lines.as_bytes(), Attrs::mode(0o644))
}

/// Returns the names of all kernel modules of the image, built in or not.
fn modules(rootfs: &dyn Rootfs) -> Result<BTreeSet<String>, ContributeError> {
    let mut names = BTreeSet::new();
    for kernel in rootfs.list("/usr/lib/modules") {
        let folder = format!("/usr/lib/modules/{kernel}");
        collect(rootfs, &folder, &mut names);
        let built_in = rootfs.read(&format!("{folder}/modules.builtin"))?.unwrap_or_default();
        let built_in = String::from_utf8_lossy(&built_in).into_owned();
        names.extend(built_in.lines().filter_map(module_name));
    }
    Ok(names)
}

fn collect(rootfs: &dyn Rootfs, folder: &str, names: &mut BTreeSet<String>) {
    for name in rootfs.list(folder) {
        let path = format!("{folder}/{name}");
        match rootfs.entry(&path).map(|entry| entry.kind) {
            Some(Kind::Directory) => collect(rootfs, &path, names),
            _ => names.extend(module_name(&name)),
        }
    }
}

/// Returns the name of the kernel module in a file: `snd_pcm` for `kernel/sound/snd-pcm.ko.xz`.
fn module_name(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let (name, rest) = file.split_once(".ko")?;
    ["", ".xz", ".zst", ".gz"].contains(&rest).then(|| plain(name))
}

/// Returns a name as the kernel has it, in which `-` and `_` are the same.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn rootfs() -> TestRootfs {
        TestRootfs::with(&[
            ("/usr/lib/modules/6.12/kernel/fs/overlay-fs.ko.xz", ""),
            ("/usr/lib/modules/6.12/modules.builtin", "kernel/fs/ext4/ext4.ko\n"),
        ])
    }

    #[test]
    fn kernel_modules_are_listed_in_their_order() {
        let mut rootfs = rootfs();
        let load = vec!["overlay_fs".to_owned(), "ext4".to_owned()];
        let blacklist = vec!["nouveau".to_owned()];
        let options = BTreeMap::from([("nvidia-drm".to_owned(), "modeset=1".to_owned())]);
        rootfs.add(&Part(KernelModules { load, blacklist, options })).unwrap();
        assert_eq!(rootfs.text("/etc/modules-load.d/isoplug.conf"), "overlay_fs\next4\n");
        assert_eq!(rootfs.text("/etc/modprobe.d/isoplug-blacklist.conf"), "blacklist nouveau\n");
        assert_eq!(
            rootfs.text("/etc/modprobe.d/zz-isoplug-options.conf"),
            "options nvidia-drm modeset=1\n"
        );
    }

    #[test]
    fn a_kernel_module_that_is_not_there_is_named() {
        let load = vec!["overlayfs".to_owned()];
        let error =
            rootfs().add(&Part(KernelModules { load, ..KernelModules::default() })).unwrap_err();
        insta::assert_snapshot!(error, @"the image has no kernel module `overlayfs`; did you mean `overlay_fs`?");
    }
}
