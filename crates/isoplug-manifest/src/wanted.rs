//! Which packages the options ask for, each with the option that does.

use crate::names;
use crate::options::{self, NetworkingBackend, Options, Sudo};
use crate::path::join;

/// A package that the image must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The package's name, with architecture, version and suite as they were given.
    pub name: String,
    /// The path of the option that asks for it, such as `services.openssh.enable`.
    pub because: String,
    /// Whether the image can do without it where no source has it.
    pub optional: bool,
}

impl Wanted {
    /// Returns the package's name alone, without architecture, version and suite.
    #[must_use]
    pub fn package(&self) -> &str {
        package_name(&self.name)
    }
}

/// Returns the name in what asks for a package: `name:architecture`, `name=version`, `name/suite`.
#[must_use]
pub fn package_name(wish: &str) -> &str {
    wish.split([':', '=', '/']).next().unwrap_or(wish)
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
            wanted.push(Wanted { name, because, optional: false });
        }
    }
    wanted.extend(legacy_zone(options));
    wanted
}

/// Older Debians have all time zones in `tzdata` itself.
fn legacy_zone(options: &Options) -> Option<Wanted> {
    names::is_legacy_zone(&options.localisation.timezone).then(|| Wanted {
        name: "tzdata-legacy".to_owned(),
        because: "localisation.timezone".to_owned(),
        optional: true,
    })
}

fn implied(options: &Options, arch: &str) -> Vec<(String, String)> {
    let options::Localisation { locale, keymap, timezone } = &options.localisation;
    let backend = options.networking.backend;
    let microcode = options.microcode && arch == "amd64";
    let rules = [
        (options.services.openssh.enable, "openssh-server", "services.openssh.enable"),
        (options.services.chrony.enable, "chrony", "services.chrony.enable"),
        (options.services.gpm.enable, "gpm", "services.gpm.enable"),
        (backend == NetworkingBackend::Networkd, "systemd-resolved", "networking.backend"),
        (backend == NetworkingBackend::Networkmanager, "network-manager", "networking.backend"),
        (!["C", "C.UTF-8", "POSIX"].contains(&&**locale), "locales", "localisation.locale"),
        (keymap != "us", "console-setup", "localisation.keymap"),
        (!["UTC", "Etc/UTC"].contains(&&**timezone), "tzdata", "localisation.timezone"),
        (microcode, "intel-microcode", "microcode"),
        (microcode, "amd64-microcode", "microcode"),
    ];
    let holding = rules.into_iter().filter(|(holds, _, _)| *holds);
    let named = holding.map(|(_, name, because)| (name.to_owned(), because.to_owned()));
    named.chain(sudo(options)).collect()
}

/// The group `sudo` means nothing without the package.
fn sudo(options: &Options) -> Option<(String, String)> {
    let because = options.users.iter().find_map(|(name, user)| {
        let group = user.groups.iter().any(|group| group == "sudo");
        let path = if user.sudo != Sudo::None { "sudo" } else { "groups" };
        (group || user.sudo != Sudo::None).then(|| join(&["users", name, path]))
    });
    let rule = "security.sudo.wheel-needs-password";
    let rule = (!options.security.sudo.wheel_needs_password).then(|| rule.to_owned());
    because.or(rule).map(|because| ("sudo".to_owned(), because))
}
