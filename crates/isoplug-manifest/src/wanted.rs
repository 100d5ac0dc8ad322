//! Which packages the options ask for, each with the option that does.

use crate::options::{NetworkingBackend, Options, Sudo};

/// A package that the image must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The package's name, with `:architecture` if one was given.
    pub name: String,
    /// The path of the option that asks for it, such as `services.openssh.enable`.
    pub because: String,
}

/// Returns the packages that the options ask for: those of `packages.install` in its order, then
/// those that follow from other options. The first to ask for a package counts.
pub(crate) fn wanted(options: &Options, arch: &str) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let listed = [
        ("packages.install", &options.packages.install),
        ("firmware.packages", &options.firmware.packages),
    ];
    let listed = listed.into_iter().flat_map(|(because, names)| {
        names.iter().map(move |name| (name.clone(), because.to_owned()))
    });
    let kernel = [(options.kernel.package(arch), "kernel.flavour".to_owned())];
    for (name, because) in listed.chain(kernel).chain(implied(options, arch)) {
        if !wanted.iter().any(|wanted| wanted.name == name) {
            wanted.push(Wanted { name, because });
        }
    }
    wanted
}

fn implied(options: &Options, arch: &str) -> Vec<(String, String)> {
    let sudo = options.users.iter().find(|(_, user)| user.sudo != Sudo::None);
    let admin =
        options.users.iter().find(|(_, user)| user.groups.iter().any(|name| name == "sudo"));
    let mut found: Vec<(&str, String)> = Vec::new();
    if options.services.openssh.enable {
        found.push(("openssh-server", "services.openssh.enable".to_owned()));
    }
    if let Some((name, _)) = sudo {
        found.push(("sudo", format!("users.{name}.sudo")));
    }
    if let Some((name, _)) = admin {
        found.push(("sudo", format!("users.{name}.groups")));
    }
    match options.networking.backend {
        NetworkingBackend::None => {}
        NetworkingBackend::Networkd => {
            found.push(("systemd-resolved", "networking.backend".to_owned()));
        }
        NetworkingBackend::Networkmanager => {
            found.push(("network-manager", "networking.backend".to_owned()));
        }
    }
    if !["C", "C.UTF-8", "POSIX"].contains(&options.localisation.locale.as_str()) {
        found.push(("locales", "localisation.locale".to_owned()));
    }
    if options.localisation.keymap != "us" {
        found.push(("console-setup", "localisation.keymap".to_owned()));
    }
    if options.microcode && arch == "amd64" {
        found.push(("intel-microcode", "microcode".to_owned()));
        found.push(("amd64-microcode", "microcode".to_owned()));
    }
    found.into_iter().map(|(name, because)| (name.to_owned(), because)).collect()
}
