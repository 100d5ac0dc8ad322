//! Turns options into the contributors that carry them out, in the order in which they must run.

use std::path::Path;
use std::sync::Arc;

use isoplug_manifest::System;
use isoplug_manifest::options::{self, NetworkingBackend, Options, PermitRootLogin, Sudo};

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
use crate::plugins;
use crate::stages::settled::OwnState;
use crate::state::State;

/// Returns the contributors of a profile. Users come before the files that they own, units, those of
/// plugins too, before the services that enable them; what plugins and a live system need gives
/// way to the user's own files. A plugin that replaces a built-in contributor stands where that
/// one would.
pub(super) fn contributors(
    system: &System,
    folder: &Path,
    plugins: Vec<Arc<dyn Contributor>>,
    sources: Vec<AptSource>,
) -> Result<Vec<Arc<dyn Contributor>>, Error> {
    let options = &system.options;
    let (instead, beside): (Vec<_>, Vec<_>) =
        plugins.into_iter().partition(|plugin| plugin.replaces().is_some());
    let mut all: Vec<Arc<dyn Contributor>> = vec![
        Arc::new(localisation(options)),
        Arc::new(kernel_modules(options)),
        Arc::new(network(options)),
        Arc::new(users(options)),
    ];
    if !options.kernel.sysctl.is_empty() {
        all.push(Arc::new(Sysctl(options.kernel.sysctl.clone())));
    }
    if options.services.openssh.enable {
        all.push(Arc::new(openssh(options)));
    }
    all.extend(beside);
    all.push(Arc::new(first_boot(options)));
    all.push(Arc::new(services(options)));
    all.push(Arc::new(files(options, folder)?));
    all.push(Arc::new(Live { sources, autologin: options.services.getty.autologin_user.clone() }));
    instead.into_iter().try_for_each(|plugin| replace(&mut all, plugin))?;
    Ok(all)
}

/// Puts a plugin in the place of the built-in contributor that it replaces.
fn replace(all: &mut [Arc<dyn Contributor>], plugin: Arc<dyn Contributor>) -> Result<(), Error> {
    let part = plugin.replaces().unwrap_or_default();
    let built_in = |one: &&mut Arc<dyn Contributor>| !one.name().starts_with(plugins::TITLE);
    if let Some(place) = all.iter_mut().filter(built_in).find(|one| one.name() == part) {
        *place = plugin;
        return Ok(());
    }
    let names = all.iter().map(|one| one.name().to_owned());
    Err(Error::Replaces {
        plugin: plugin.name().to_owned(),
        part: part.to_owned(),
        parts: names.filter(|name| !name.starts_with(plugins::TITLE)).collect(),
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

fn services(options: &Options) -> Services {
    let systemd = &options.systemd;
    let unit = |(name, unit): (&String, &options::Unit)| UnitFile {
        name: name.clone(),
        text: unit.text.clone(),
    };
    Services {
        units: systemd.units.iter().map(unit).collect(),
        drop_ins: Vec::new(),
        enable: enabled(options),
        disable: systemd.disable.clone(),
        mask: systemd.mask.clone(),
        default_target: systemd.default_target.clone(),
    }
}

/// Returns the units to enable: those listed, then those of services that are on.
fn enabled(options: &Options) -> Vec<String> {
    let listed = &options.systemd.enable;
    let services = options.services.plain_units().into_iter().map(str::to_owned);
    listed.iter().cloned().chain(services.filter(|unit| !listed.contains(unit))).collect()
}

fn files(options: &Options, folder: &Path) -> Result<Files, Error> {
    let file = |file: &options::File| {
        Ok(NewFile {
            target: file.target.clone(),
            from: from(&file.target, file.text.as_deref(), file.source.as_deref(), folder)?,
            mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
            user: file.user.clone(),
            group: file.group.clone(),
        })
    };
    Ok(Files { files: options.files.iter().map(file).collect::<Result<_, _>>()? })
}
