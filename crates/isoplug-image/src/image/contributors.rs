//! Turns options into the contributors that carry them out, in the order in which they must run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use isoplug_manifest::options::{self, NetworkingBackend, Options, PermitRootLogin, Sudo};
use isoplug_manifest::{By, System};

use super::{Error, from};
use crate::contribute::Contributor;
use crate::contribute::content::{Files, NewFile};
use crate::contribute::first_boot::FirstBoot;
use crate::contribute::kernel_modules::KernelModules;
use crate::contribute::live::{AptSource, Live};
use crate::contribute::localisation::Localisation;
use crate::contribute::network::{Backend, Interface, Network};
use crate::contribute::openssh::OpenSsh;
use crate::contribute::services::{Services, UnitFile};
use crate::contribute::sysctl::Sysctl;
use crate::contribute::users::{self, Users};
use crate::stages::settled::OwnState;
use crate::state::State;

/// Returns the contributors of a profile. Of the user's files those that others look at come first, all
/// else late, so that a change of them makes little again; they win anyway. Units, those of plugins
/// too, come before the services that enable them. A plugin that replaces a built-in contributor stands
/// where that one would.
pub(super) fn contributors(
    system: &System,
    folder: &Path,
    plugins: Vec<Arc<dyn Contributor>>,
    sources: Vec<AptSource>,
) -> Result<Vec<Arc<dyn Contributor>>, Error> {
    let options = &system.options;
    let (instead, beside): (Vec<_>, Vec<_>) =
        plugins.into_iter().partition(|plugin| plugin.replaces().is_some());
    let users = users(options);
    let own = options.files.iter().map(|file| new_file(file, folder)).collect::<Result<_, _>>()?;
    let [early, late] = Files::split(own, &users.users);
    let mut all: Vec<Arc<dyn Contributor>> = Vec::new();
    if !early.is_empty() {
        all.push(Arc::new(early));
    }
    all.push(Arc::new(localisation(options)));
    all.push(Arc::new(kernel_modules(options)));
    all.push(Arc::new(network(options)));
    all.push(Arc::new(users));
    if !options.kernel.sysctl.is_empty() {
        all.push(Arc::new(Sysctl(options.kernel.sysctl.clone())));
    }
    if options.services.openssh.enable {
        all.push(Arc::new(openssh(options)));
    }
    for files in of_parts(system, folder)? {
        all.push(Arc::new(files));
    }
    all.extend(beside);
    all.push(Arc::new(first_boot(options)));
    all.push(Arc::new(services(system)));
    all.push(Arc::new(late));
    all.push(Arc::new(Live { sources, autologin: options.services.getty.autologin_user.clone() }));
    instead.into_iter().try_for_each(|plugin| replace(&mut all, plugin))?;
    Ok(all)
}

/// Returns the paths that built-in contributors set for a profile, with who sets each.
pub fn places(system: &System) -> BTreeMap<String, String> {
    let options = &system.options;
    let mut all: Vec<Box<dyn Contributor>> = vec![
        Box::new(localisation(options)),
        Box::new(kernel_modules(options)),
        Box::new(network(options)),
        Box::new(users(options)),
        Box::new(services(system)),
        Box::new(Live {
            sources: Vec::new(),
            autologin: options.services.getty.autologin_user.clone(),
        }),
    ];
    if !options.kernel.sysctl.is_empty() {
        all.push(Box::new(Sysctl(options.kernel.sysctl.clone())));
    }
    if options.services.openssh.enable {
        all.push(Box::new(openssh(options)));
    }
    // A file that cannot be read is told when the image is made.
    for files in of_parts(system, Path::new("")).unwrap_or_default() {
        all.push(Box::new(files));
    }
    let of = |one: Box<dyn Contributor>| {
        let name = one.title();
        one.places().into_iter().map(move |path| (path, name.clone()))
    };
    // Which sources the image has is known with their keys; a file of each is named after it.
    let lists = system.sources.keys().map(|name| format!("/etc/apt/sources.list.d/{name}.sources"));
    let lists = lists.chain(["/etc/apt/sources.list".to_owned()]);
    let lists = lists.map(|path| (path, "live".to_owned()));
    all.into_iter().flat_map(of).chain(lists).collect()
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
    Err(Error::Replaces {
        plugin: plugin.by().to_string(),
        part: part.to_owned(),
        parts: names.collect(),
    })
}

fn localisation(options: &Options) -> Localisation {
    let options::Localisation { locale, keymap, timezone } = options.localisation.clone();
    Localisation { locale, timezone, keymap }
}

fn kernel_modules(options: &Options) -> KernelModules {
    let options::KernelModules { load, blacklist } = options.kernel.modules.clone();
    KernelModules { load, blacklist }
}

fn network(options: &Options) -> Network {
    Network {
        hostname: options.networking.hostname.clone(),
        backend: match options.networking.backend {
            NetworkingBackend::None => Backend::None,
            NetworkingBackend::Networkd => Backend::Networkd,
            NetworkingBackend::Networkmanager => Backend::NetworkManager,
        },
        dhcp: options.networking.dhcp,
        interfaces: options.networking.interfaces.iter().map(interface).collect(),
        nameservers: options.networking.nameservers.clone(),
    }
}

fn interface((name, options): (&String, &options::Interface)) -> Interface {
    let options::Interface { dhcp, addresses, gateways } = options.clone();
    Interface { name: name.clone(), dhcp, addresses, gateways }
}

fn users(options: &Options) -> Users {
    let options::Root { hashed_password, locked, authorized_keys } = options.root.clone();
    Users {
        groups: Vec::new(),
        users: options.users.iter().map(|(name, options)| user(name, options)).collect(),
        root: users::Root { hashed_password, locked, authorized_keys },
        sudo_without_password: !options.security.sudo.wheel_needs_password,
    }
}

fn user(name: &str, options: &options::User) -> users::User {
    users::User {
        uid: options.uid,
        groups: options.groups.clone(),
        description: options.description.clone(),
        home: options.home.clone(),
        shell: Some(options.shell.clone()).filter(|_| !options.system),
        hashed_password: options.hashed_password.clone(),
        authorized_keys: options.authorized_keys.clone(),
        sudo: match options.sudo {
            Sudo::None => users::Sudo::None,
            Sudo::Password => users::Sudo::Password,
            Sudo::Nopasswd => users::Sudo::WithoutPassword,
        },
        system: options.system,
        ..users::User::named(name)
    }
}

fn openssh(options: &Options) -> OpenSsh {
    let openssh = &options.services.openssh;
    let root = match openssh.settings.permit_root_login {
        PermitRootLogin::Yes => "yes",
        PermitRootLogin::ProhibitPassword => "prohibit-password",
        PermitRootLogin::ForcedCommandsOnly => "forced-commands-only",
        PermitRootLogin::No => "no",
    };
    let passwords = if openssh.settings.password_authentication { "yes" } else { "no" };
    let settings = [("PermitRootLogin", root), ("PasswordAuthentication", passwords)];
    OpenSsh {
        ports: openssh.ports.clone(),
        settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    }
}

/// Returns what the user says of state of the machine.
pub(super) fn machine_state(options: &Options) -> Vec<OwnState> {
    let own = |own: &options::MachineState| {
        let options::MachineState { path, keep, make, before } = own.clone();
        OwnState { path, keep, make, before }
    };
    options.packages.machine_state.iter().map(own).collect()
}

fn first_boot(options: &Options) -> FirstBoot {
    let made = machine_state(options).into_iter().filter(|own| own.make.is_some());
    let state = |(index, own): (usize, OwnState)| State {
        name: format!("own-{}", index + 1),
        what: own.path.clone(),
        package: String::new(),
        paths: vec![own.path],
        needs: String::new(),
        make: own.make,
        made: String::new(),
        before: own.before,
    };
    FirstBoot { own: made.enumerate().map(state).collect() }
}

fn services(system: &System) -> Services {
    let systemd = &system.options.systemd;
    let unit = |(name, unit): (&String, &options::Unit)| UnitFile {
        name: name.clone(),
        text: unit.text.clone(),
    };
    Services {
        units: systemd.units.iter().map(unit).collect(),
        drop_ins: Vec::new(),
        enable: enabled(system),
        disable: systemd.disable.clone(),
        mask: systemd.mask.clone(),
        default_target: systemd.default_target.clone(),
    }
}

/// Returns the units to enable: those listed, then those that parts need.
fn enabled(system: &System) -> Vec<String> {
    let listed = &system.options.systemd.enable;
    let needed = system.needs.units.iter().map(|unit| unit.what.clone());
    listed.iter().cloned().chain(needed.filter(|unit| !listed.contains(unit))).collect()
}

/// Returns the files that parts need, those of each part together.
fn of_parts(system: &System, folder: &Path) -> Result<Vec<Files>, Error> {
    let mut files: BTreeMap<&By, Vec<NewFile>> = BTreeMap::new();
    for needed in &system.needs.files {
        files.entry(&needed.by).or_default().push(new_file(&needed.what, folder)?);
    }
    Ok(files.into_iter().map(|(by, files)| Files::of_part(by.clone(), files)).collect())
}

fn new_file(file: &options::File, folder: &Path) -> Result<NewFile, Error> {
    Ok(NewFile {
        target: file.target.clone(),
        from: from(&file.target, file.text.as_deref(), file.source.as_deref(), folder)?,
        mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
        user: file.user.clone(),
        group: file.group.clone(),
    })
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::plugin::NoPlugins;
    use isoplug_manifest::{Input, evaluate};

    use super::*;
    use crate::contribute::rootfs_of_tests::Rootfs;

    fn system(lines: &str) -> System {
        let text = format!("image.name = \"t\"\n[profiles.p]\n{lines}\n");
        let mut load = |_: &str| Err("no file".to_owned());
        let (name, profile, plugins) = ("isoplug.toml", "p", &mut NoPlugins);
        evaluate(Input { name, text: &text, profile, arch: "amd64", load: &mut load, plugins })
            .unwrap()
    }

    /// A login shell, what every home is to hold, and a unit: all of the user's own making.
    #[test]
    fn own_files_are_there_for_others() {
        let system = system(
            "networking.backend = \"none\"\nsystemd.enable = [\"hi\"]\n\
             users.me = { shell = \"/usr/local/bin/mysh\" }\nfiles = [\n\
             { target = \"/usr/local/bin/mysh\", text = \"#!/bin/sh\\n\", mode = \"0755\" },\n\
             { target = \"/etc/skel/.profile\", text = \"# mine\\n\" },\n\
             { target = \"/etc/systemd/system/hi.service\", \
             text = \"[Install]\\nWantedBy=multi-user.target\\n\" },\n\
             { target = \"/home/me/.config/x\", text = \"\", user = \"me\" },\n]",
        );
        let mut rootfs = Rootfs::with(&[
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
            ("/etc/shadow", "root:*:20000:0:99999:7:::\n"),
            ("/usr/lib/systemd/system/multi-user.target", ""),
            ("/usr/share/X11/xkb/symbols/us", ""),
        ]);
        for contributor in contributors(&system, Path::new(""), Vec::new(), Vec::new()).unwrap() {
            rootfs.add(&*contributor).unwrap();
        }
        assert!(rootfs.text("/etc/passwd").contains("/home/me:/usr/local/bin/mysh"));
        assert_eq!(rootfs.text("/home/me/.profile"), "# mine\n");
        assert_eq!(rootfs.entry("/home/me/.config").uid, 1000);
        rootfs.entry("/etc/systemd/system/multi-user.target.wants/hi.service");
    }
}
