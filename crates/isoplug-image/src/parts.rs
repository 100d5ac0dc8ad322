//! The built-in parts: what each subject of the manifest puts into a rootfs.
//!
//! A part takes its options as `isoplug-manifest/src/parts/` has them, and says through a
//! [`Rootfs`](crate::contribute::Rootfs) what it adds. Knows no stage.

pub mod chrony;
pub mod files;
pub mod firmware;
pub mod first_boot;
pub mod install;
pub mod kernel_modules;
pub mod live;
pub mod loader;
pub mod localisation;
pub mod network;
pub mod openssh;
pub mod pool;
pub mod scripts;
pub mod services;
pub mod sysctl;
pub mod users;
pub mod wifi;
pub mod wired;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use isoplug_manifest::options::{FirmwareSet, Options, Services as Servers};
use isoplug_manifest::{By, System};
use isoplug_packages::apt::Stanza;

pub(crate) use crate::contribute::{
    Attrs, ContributeError, Contributor, Rootfs, Trial, nearest, words,
};
use crate::facts::Facts;
use crate::params::kernel_params;
#[cfg(test)]
use crate::rootfs_of_tests;
use files::{Files, NewFile, Refused};
use firmware::Firmware;
use first_boot::FirstBoot;
use install::Installing;
use live::Live;
use loader::Loader;
use scripts::Scripts;
use services::Services;
use sysctl::Sysctl;
use users::Users;

/// Why the parts of a profile cannot do theirs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the user's cannot be put into the image.
    #[error(transparent)]
    Source(#[from] Refused),
    /// The archive of the packages on the medium has no key.
    #[error(transparent)]
    Pool(#[from] crate::pool::Error),
    /// A plugin wants the place of what is not there, or not built in.
    #[error(
        "{plugin} replaces `{part}`, and the built-in parts of this image are {}", parts.join(", ")
    )]
    Replaces {
        /// The plugin.
        plugin: String,
        /// What it was to replace.
        part: String,
        /// What it could replace.
        parts: Vec<String>,
    },
}

/// Returns who adds to the rootfs of a profile, in order. Of the user's files those that others look at come
/// first, all else late, so that a change of them makes little again; they win anyway. Units, those of plugins
/// too, come before the services that enable them. A plugin that replaces a part stands where that one would.
///
/// # Errors
///
/// When a file of the user's, which is relative to `folder`, cannot be read, or a plugin replaces what is not
/// there. `facts` are those of its templates.
pub fn parts(
    system: &System,
    folder: &Path,
    facts: &Facts,
    plugins: Vec<Arc<dyn Contributor>>,
    sources: Vec<Stanza>,
) -> Result<Vec<Arc<dyn Contributor>>, Error> {
    let [early, late, removed] = of_user(system, folder, facts)?;
    let (instead, beside): (Vec<_>, Vec<_>) =
        plugins.into_iter().partition(|plugin| plugin.replaces().is_some());
    let certificate = crate::pool::pool(system)?.map(|pool| pool.certificate);
    let [before_plugins, after_plugins, last] = built_in(system, sources, certificate);
    let of_parts = of_parts(system, folder)?.into_iter().map(|files| Arc::new(files) as _);
    let mut all = early;
    all.extend(before_plugins);
    all.extend(of_parts);
    all.extend(beside);
    all.extend(after_plugins);
    all.extend(late);
    all.extend(last);
    all.extend(removed);
    instead.into_iter().try_for_each(|plugin| replace(&mut all, plugin))?;
    Ok(all)
}

/// Contributors in three places of the order.
type Threefold = [Vec<Arc<dyn Contributor>>; 3];

/// Returns what the user gives: what comes first, what comes late, and what goes away in the end.
fn of_user(system: &System, folder: &Path, facts: &Facts) -> Result<Threefold, Error> {
    let Options { files, scripts, users, .. } = &system.options;
    let scripts = Scripts::of(scripts, files, folder)?;
    let files = files.iter().map(|file| NewFile::all(file, folder, facts));
    let files = files.collect::<Result<Vec<_>, _>>()?.concat();
    let [early, late, removed] = Files::split(files, users);
    let mut first: Vec<Arc<dyn Contributor>> = Vec::new();
    if !early.is_empty() {
        first.push(Arc::new(early));
    }
    if !scripts.is_empty() {
        first.push(Arc::new(scripts));
    }
    let removed = (!removed.is_empty()).then(|| Arc::new(removed) as _);
    Ok([first, vec![Arc::new(late)], removed.into_iter().collect()])
}

/// Wires the parts, each with the options that are its own: those before plugins, those after them, and those
/// after the user's late files.
#[expect(clippy::too_many_lines, reason = "a table: who takes what")]
fn built_in(system: &System, sources: Vec<Stanza>, certificate: Option<String>) -> Threefold {
    let Options { localisation, kernel, networking, users, root, security, .. } = &system.options;
    let Options { services, packages, systemd, .. } = &system.options;
    let Servers { openssh, getty, chrony, gpm: _, docker: _ } = services;
    let (users, root, security) = (users.clone(), root.clone(), security.clone());
    let sysctl = (!kernel.sysctl.is_empty()).then(|| Arc::new(Sysctl(kernel.sysctl.clone())) as _);
    let openssh = openssh.enable.then(|| Arc::new(openssh::Part(openssh.clone())) as _);
    let mut before_plugins: Vec<Arc<dyn Contributor>> = vec![
        Arc::new(localisation::Part(localisation.clone())),
        Arc::new(kernel_modules::Part(kernel.modules.clone())),
        Arc::new(network::Part(networking.for_all())),
        Arc::new(Users { users, root, security }),
    ];
    let of_network = wired::of(networking).into_iter().chain(wifi::of(networking));
    before_plugins.extend(sysctl.into_iter().chain(of_network).chain(openssh));
    before_plugins.extend(chrony::of(chrony));
    before_plugins.extend(firmware(system));
    before_plugins.extend(loader(system));
    before_plugins.extend(installing(system));
    before_plugins.extend(pool::of(certificate, crate::pool::place(system.is_installed())));
    let needed: Vec<String> = system.needs.units.iter().map(|unit| unit.what.clone()).collect();
    let asked = live::upkeep::among(systemd.enable.iter().chain(&needed));
    let after_plugins: Vec<Arc<dyn Contributor>> = vec![
        Arc::new(FirstBoot::new(&packages.machine_state)),
        Arc::new(Services { systemd: systemd.clone(), needed }),
    ];
    let (autologin, installed) = (getty.autologin_user.clone(), system.is_installed());
    let live = Live { sources, pins: packages.pins.clone(), autologin, installed, asked };
    [before_plugins, after_plugins, vec![Arc::new(live)]]
}

/// Returns the settings of what boots an installed system, if it is one.
fn loader(system: &System) -> Option<Arc<dyn Contributor>> {
    let boot = &system.options.boot;
    let serial = loader::Serial { port: boot.serial.port, speed: boot.serial.speed };
    system.is_installed().then(|| {
        Arc::new(Loader {
            params: kernel_params(system),
            timeout: boot.timeout,
            serial: boot.serial.enable.then_some(serial),
            line: if isoplug_arch::is_pc(&system.arch) { "ttyS" } else { "ttyAMA" },
            title: system.distribution().title,
        }) as _
    })
}

/// Returns what an installation reads, if the medium installs something.
fn installing(system: &System) -> Option<Arc<dyn Contributor>> {
    (!system.targets.is_empty())
        .then(|| Installing::of(&crate::install::plan(system)).map(|one| Arc::new(one) as _))
        .flatten()
}

/// Returns what leaves out firmware, if that is wanted.
fn firmware(system: &System) -> Option<Arc<dyn Contributor>> {
    let options = &system.options.firmware;
    let asked = system.packages();
    let named = asked.iter().filter(|needed| !needed.what.optional);
    let named: BTreeSet<&str> = named.map(|needed| needed.what.bare_name()).collect();
    let owned = |name: &&str| (*name).to_owned();
    (options.set == FirmwareSet::Auto).then(|| {
        let set = system.distribution().firmware.common.iter().map(owned).collect();
        Arc::new(Firmware { set, named: named.iter().map(owned).collect() }) as _
    })
}

/// Returns the paths that parts set for a profile, with who sets each.
#[must_use]
pub fn places(system: &System) -> BTreeMap<String, String> {
    let of = |one: Arc<dyn Contributor>| {
        let name = one.title();
        one.places().into_iter().map(move |path| (path, name.clone()))
    };
    // Which sources the image has is known with their keys; a file of each is named after it.
    let lists = system.sources.keys().map(|name| format!("/etc/apt/sources.list.d/{name}.sources"));
    let lists = lists.chain(["/etc/apt/sources.list".to_owned()]);
    let lists = lists.map(|path| (path, "live".to_owned()));
    // A file that cannot be read is told when the image is made.
    let files = of_parts(system, Path::new("")).unwrap_or_default();
    let files = files.into_iter().map(|files| Arc::new(files) as _);
    let has_pool = !system.options.packages.offline.is_empty();
    built_in(system, Vec::new(), has_pool.then(String::new))
        .into_iter()
        .flatten()
        .chain(files)
        .flat_map(of)
        .chain(lists)
        .collect()
}

/// Returns the files that parts of the manifest need, those of each part together.
fn of_parts(system: &System, folder: &Path) -> Result<Vec<Files>, Refused> {
    let mut files: BTreeMap<&By, Vec<NewFile>> = BTreeMap::new();
    for needed in &system.needs.files {
        let all = NewFile::all(&needed.what, folder, &Facts::default())?;
        files.entry(&needed.by).or_default().extend(all);
    }
    Ok(files.into_iter().map(|(by, files)| Files::of_part(by.clone(), files)).collect())
}

/// Puts a plugin in the place of the built-in contributor that it replaces.
fn replace(all: &mut [Arc<dyn Contributor>], plugin: Arc<dyn Contributor>) -> Result<(), Error> {
    let part = plugin.replaces().unwrap_or_default();
    let is_replaced = |one: &&mut Arc<dyn Contributor>| match one.by() {
        By::Part(name) => name == part,
        By::User | By::Plugin(_) => false,
    };
    if let Some(place) = all.iter_mut().find(is_replaced) {
        *place = plugin;
        return Ok(());
    }
    let names = all.iter().filter_map(|one| match one.by() {
        By::Part(name) => Some(name.to_owned()),
        By::User | By::Plugin(_) => None,
    });
    let (plugin, part) = (plugin.by().to_string(), part.to_owned());
    Err(Error::Replaces { plugin, part, parts: names.collect() })
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::plugin::NoPlugins;
    use isoplug_manifest::{Input, evaluate};

    use super::*;
    use crate::rootfs_of_tests::TestRootfs;

    fn system(lines: &str) -> System {
        let text = &format!("image.name = \"t\"\n[profiles.p]\n{lines}\n");
        let (load, vars) = (&mut |_: &str| Err("no file".to_owned()), &Default::default());
        let (name, profile, plugins) = ("isoplug.toml", "p", &mut NoPlugins);
        evaluate(Input { name, text, profile, arch: "amd64", vars, load, plugins }).unwrap()
    }

    /// A login shell, what every home is to hold, and a unit: all of the user's own making.
    const OWN: &str = r##"
networking.backend = "none"
systemd.enable = ["hi"]
users.me = { shell = "/usr/local/bin/mysh" }
files = [
    { target = "/usr/local/bin/mysh", text = "#!/bin/sh\n", mode = "0755" },
    { target = "/etc/skel/.profile", text = "# mine\n" },
    { target = "/etc/systemd/system/hi.service", text = "[Install]\nWantedBy=multi-user.target\n" },
    { target = "/home/me/.config/x", text = "", user = "me" },
]
"##;

    #[test]
    fn own_files_are_there_for_others() {
        let system = system(OWN);
        let mut rootfs = TestRootfs::with(&[
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
            ("/etc/shadow", "root:*:20000:0:99999:7:::\n"),
            ("/usr/lib/systemd/system/multi-user.target", ""),
            ("/usr/share/X11/xkb/symbols/us", ""),
        ]);
        let none = (Vec::new(), Vec::new());
        let facts = Facts::default();
        for contributor in parts(&system, Path::new(""), &facts, none.0, none.1).unwrap() {
            rootfs.add(&*contributor).unwrap();
        }
        assert!(rootfs.text("/etc/passwd").contains("/home/me:/usr/local/bin/mysh"));
        assert_eq!(rootfs.text("/home/me/.profile"), "# mine\n");
        assert_eq!(rootfs.entry("/home/me/.config").uid, 1000);
        rootfs.entry("/etc/systemd/system/multi-user.target.wants/hi.service");
    }
}
