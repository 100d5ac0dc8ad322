//! Puts the initrd of a live system together from a layer, as the layer's own mkinitramfs would.
//!
//! It is done in two steps. [`select`] picks what mkinitramfs and the hooks of packages would look
//! at; [`finish`] chooses among the kernel modules and firmware of that and writes the archives.
//! So packages that have nothing to do with the initrd do not change what the second step sees.
//!
//! What only the layer's own scripts can do is an error here ([`Error::Unknown`]): whoever calls
//! runs them then.

mod archives;
mod classes;
mod draft;
mod fonts;
mod hooks;
mod index;
pub mod inputs;
mod kernel_modules;
mod known;
mod libraries;
mod programs;
mod scripts;
pub mod selection;

use std::collections::BTreeMap;

use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{self, Entry, Kind, Tree, TreePath};
use isoplug_manifest::options::InitrdModules;

pub use archives::Archives;
use classes::Classes;
pub use classes::Request;
pub use draft::Error;
use draft::{Draft, unknown};
pub use programs::Programs;
pub use selection::Selection;
use serde::Serialize;

/// What an initrd is for.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// The version of the kernel.
    pub kernel: &'a str,
    /// The architecture, in Debian's words.
    pub arch: &'a str,
    /// Kernel modules to carry beside those that the layer asks for.
    pub modules: &'a InitrdModules,
    /// Drivers that only some images need.
    pub drivers: Drivers,
    /// Whether the root file system is on a disk, which is checked before it is mounted.
    pub on_disk: bool,
    /// Whether the root file system is checked with dm-verity as it is read.
    pub verity: bool,
    /// Runs what only programs of the layer know.
    pub programs: &'a dyn Programs,
}

/// Drivers that are of no use before the root filesystem is found, but to some images. What is
/// left out, udev loads once the running system has it and its firmware.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Drivers {
    /// Those of network cards.
    pub network: bool,
    /// Those of graphics cards; without a value, for plymouth alone.
    pub graphics: Option<bool>,
}

/// What was picked.
pub struct Selected {
    /// What the initrd is made of; its contents lie in the packs of the layer.
    pub selection: Selection,
    /// Files of the initrd that no package brought: their modes and bytes.
    pub made: BTreeMap<TreePath, (u16, Vec<u8>)>,
}

/// What mount sets dm-verity up with. It loads it by its name (util-linux, libmount/src/hook_veritydev.c), and live-boot's
/// hook, which brings the kernel module, leaves it out.
pub(crate) const VERITY_LIBRARY: &str = "libcryptsetup.so.12";
/// The class of network cards.
const NETWORK: &str = "net";
const FUNCTIONS: &str = "usr/share/initramfs-tools/hook-functions";

/// Picks what the initrd is made of.
///
/// # Errors
///
/// When the layer has something that only its own mkinitramfs understands, or cannot be read.
pub fn select(layer: &Tree, contents: &dyn Contents, purpose: Purpose) -> Result<Selected, Error> {
    let arch = isoplug_arch::find(purpose.arch)
        .ok_or_else(|| unknown(purpose.arch, "an unknown architecture"))?;
    let mut draft = Draft::new(layer, contents, arch.triplet);
    check_kernel(&draft, purpose.kernel)?;
    let hooks = known::known(&draft)?;
    let classes = classes::read(&draft.text(FUNCTIONS)?)?;
    draft.requests.extend(usual(&classes, purpose.drivers));
    fill(&mut draft, &hooks, purpose)?;
    let selection = Selection {
        kernel: purpose.kernel.to_owned(),
        requests: classes.flat(&draft.requests),
        hidden: classes.hidden,
        layer: modules_and_firmware(&draft, purpose.kernel),
        files: draft.tree,
    };
    let made = draft.made.into_iter().map(|(path, made)| (path, (made.mode, made.bytes)));
    Ok(Selected { selection, made: made.collect() })
}

/// Returns a tree that has these programs of a layer, with their libraries, and what they read.
///
/// # Errors
///
/// When the layer has no such program, or one that cannot be run in so small a tree.
pub(crate) fn small(
    layer: &Tree,
    contents: &dyn Contents,
    arch: &str,
    (programs, reads): (&[&str], &[&str]),
) -> Result<Tree, Error> {
    let arch = isoplug_arch::find(arch).ok_or_else(|| unknown(arch, "an unknown architecture"))?;
    let draft = Draft::new(layer, contents, arch.triplet);
    let mut small = with_programs(programs, &draft)?;
    for path in programs {
        let loaded = libraries::by_name(path.as_bytes(), &draft)?;
        small.programs(loaded.into_iter().collect())?;
    }
    for path in reads {
        small.copy_all(path, path);
    }
    Ok(small.tree)
}

/// Begins a small tree that has these programs of the layer.
fn with_programs<'a>(paths: &[&str], draft: &Draft<'a>) -> Result<Draft<'a>, Error> {
    let mut small = Draft::new(draft.layer, draft.contents, draft.triplet);
    links_into_usr(&mut small)?;
    for path in paths {
        if !draft.is_file(path) {
            return Err(unknown(path, "there is no such file"));
        }
        small.program(path)?;
    }
    Ok(small)
}

/// Does what mkinitramfs does in its order.
fn fill(draft: &mut Draft, hooks: &known::Hooks, purpose: Purpose) -> Result<(), Error> {
    lay_out(draft, purpose)?;
    ask_as_configured(draft, purpose)?;
    scripts::copy(draft);
    hooks::run(hooks, purpose, draft)?;
    scripts::order(draft)
}

/// Returns the classes of kernel modules that every initrd has; those of network cards only where they are of use.
fn usual(classes: &Classes, drivers: Drivers) -> Vec<Request> {
    let is_of_use = |class: &&String| drivers.network || *class != NETWORK;
    classes.usual.iter().filter(is_of_use).cloned().map(Request::Class).collect()
}

fn check_kernel(draft: &Draft, kernel: &str) -> Result<(), Error> {
    let lists = ["modules.dep", "modules.builtin"];
    let mut paths = lists.map(|list| format!("usr/lib/modules/{kernel}/{list}")).into_iter();
    match paths.find(|path| !draft.is_file(path)) {
        Some(path) => Err(unknown(path, "there is no such file")),
        None => Ok(()),
    }
}

/// Adds the links by which programs and libraries beside `usr` are found in it.
fn links_into_usr(draft: &mut Draft) -> Result<(), Error> {
    for folder in ["bin", "sbin"].map(str::to_owned).into_iter().chain(library_folders(draft)) {
        let real = format!("usr/{folder}");
        if draft.layer.resolve(&folder).as_deref() != Some(real.as_bytes()) {
            return Err(unknown(folder, "it is not a link into /usr"));
        }
        draft.folder(&real);
        let link = Entry::new(Kind::Symlink(real.into_bytes()), 0o777, 0);
        draft.tree.insert(folder, link);
    }
    Ok(())
}

/// Does what mkinitramfs itself does.
fn lay_out(draft: &mut Draft, purpose: Purpose) -> Result<(), Error> {
    links_into_usr(draft)?;
    for folder in ["conf/conf.d", "etc/modprobe.d", "run", "scripts", "usr/lib/modprobe.d"] {
        draft.folder(folder);
    }
    // Without it, the initrd looks for swap to wake up from.
    draft.make("conf/conf.d/isoplug", "RESUME=none\n");
    draft.make("conf/arch.conf", format!("DPKG_ARCH={}\n", purpose.arch));
    draft.copy("etc/initramfs-tools/initramfs.conf", "conf/initramfs.conf");
    draft.make("etc/fstab", "");
    draft.symlink("etc/mtab", "/proc/mounts");
    for name in ["modprobe", "rmmod"] {
        draft.program(format!("usr/sbin/{name}"))?;
    }
    for folder in ["etc/modprobe.d", "usr/lib/modprobe.d"] {
        for path in draft.named(folder, |name| name.ends_with(".conf")) {
            draft.copy(&path, &path);
        }
    }
    draft.copy_all("etc/ld.so.conf", "etc/ld.so.conf");
    draft.copy_all("etc/ld.so.conf.d", "etc/ld.so.conf.d");
    Ok(())
}

/// Returns the folders for libraries beside `usr` that are links into it.
fn library_folders(draft: &Draft) -> Vec<String> {
    let is_one = |name: &str| name.starts_with("lib");
    let paths = draft.named("", is_one).into_iter();
    paths.map(|path| String::from_utf8_lossy(&path).into_owned()).collect()
}

/// Asks for the kernel modules that the layer's configuration and the manifest name. Those to load
/// are written down, for the initrd to load them in their order.
fn ask_as_configured(draft: &mut Draft, purpose: Purpose) -> Result<(), Error> {
    let configured = draft.read("etc/initramfs-tools/modules")?.unwrap_or_default();
    let configured = String::from_utf8_lossy(&configured).into_owned();
    let InitrdModules { load, available } = purpose.modules;
    let lines = configured.lines().chain(load.iter().map(String::as_str));
    let mut text = String::new();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut words = line.trim().splitn(2, char::is_whitespace);
        let name = words.next().filter(|name| !name.is_empty());
        let Some(name) = name else { continue };
        text += &format!("{name} {}\n", words.next().unwrap_or_default().trim());
        draft.ask(&[name]);
    }
    if !text.is_empty() {
        draft.make("conf/modules", text);
    }
    draft.requests.extend(available.iter().map(Request::name));
    Ok(())
}

/// Returns the part of the layer that kernel modules and firmware are chosen from.
fn modules_and_firmware(draft: &Draft, kernel: &str) -> Tree {
    let mut part = Tree::default();
    let modules = draft.below(format!("usr/lib/modules/{kernel}"));
    let modules = modules.into_iter().filter(|path| is_module_or_list(path));
    for path in modules.chain(draft.below("usr/lib/firmware")) {
        let Some(entry) = draft.layer.entries.get(&path) else { continue };
        if entry.kind != Kind::Directory {
            part.insert(path, Entry::new(entry.kind.clone(), entry.mode, 0));
        }
    }
    part
}

fn is_module_or_list(path: &[u8]) -> bool {
    let name = tree::file_name(path);
    let endings = [&b".ko"[..], b".ko.xz", b".ko.zst", b".ko.gz"];
    name.starts_with(b"modules.") || endings.iter().any(|ending| name.ends_with(ending))
}

/// Chooses the kernel modules and the firmware and returns all entries of the initrd.
///
/// # Errors
///
/// When the lists of the kernel, or a kernel module, cannot be read.
pub fn finish(selection: &Selection, contents: &dyn Contents) -> Result<Archives, Error> {
    let Selection { kernel, requests, hidden, layer, files } = selection;
    let folder = format!("usr/lib/modules/{kernel}");
    let settings = settings(files, contents)?;
    let modules = kernel_modules::KernelModules::read(layer, &folder, contents, &settings)?;
    let mut chosen = modules.choose(requests)?;
    modules.add_hidden(hidden, &mut chosen);
    let mut draft = Draft { tree: files.clone(), ..Draft::new(layer, contents, "") };
    for name in &chosen {
        let path = format!("{folder}/{}", modules.paths[name]);
        draft.copy(&path, &path);
    }
    for path in kernel_modules::firmware(&modules, &chosen)? {
        draft.copy(&path, &path);
    }
    for (name, bytes) in index::lists(&modules, &chosen)? {
        draft.make(format!("{folder}/{name}"), bytes);
    }
    Ok(Archives { tree: draft.tree, made: draft.made })
}

/// Returns those of the manifest's kernel modules that the kernel does not have, built in or not.
///
/// # Errors
///
/// When the lists of the kernel cannot be read.
pub fn missing(
    selection: &Selection,
    contents: &dyn Contents,
    modules: &InitrdModules,
) -> Result<Vec<String>, Error> {
    let InitrdModules { load, available } = modules;
    if load.is_empty() && available.is_empty() {
        return Ok(Vec::new());
    }
    let folder = format!("usr/lib/modules/{}", selection.kernel);
    let settings = settings(&selection.files, contents)?;
    let of_kernel =
        kernel_modules::KernelModules::read(&selection.layer, &folder, contents, &settings)?;
    let name = |line: &String| line.split_whitespace().next().map(str::to_owned);
    let asked = load.iter().chain(available).filter_map(name);
    Ok(asked.filter(|name| !of_kernel.has(name)).collect())
}

/// Returns the texts of modprobe.d(5) that the initrd has.
fn settings(files: &Tree, contents: &dyn Contents) -> Result<Vec<String>, Error> {
    let is_setting = |path: &[u8]| {
        let folder = tree::parent(path).unwrap_or_default();
        path.ends_with(b".conf") && folder.ends_with(b"/modprobe.d")
    };
    let contents_of = files.entries.iter().filter(|(path, _)| is_setting(path));
    let contents_of = contents_of.filter_map(|(_, entry)| match &entry.kind {
        Kind::File(content) => Some(content),
        _ => None,
    });
    let text = |content| Ok(String::from_utf8_lossy(&contents.read(content)?).into_owned());
    contents_of.map(text).collect()
}

#[cfg(test)]
mod tests;
