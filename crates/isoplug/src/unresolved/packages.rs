//! Draws packages that cannot be had on the lines that ask for them.

use isoplug_image::sources::resolve::UnknownPackage;
use isoplug_image::sources::solver::Unsatisfiable;
use isoplug_manifest::{Diagnostic, Diagnostics, Origin, System};

use crate::failure::Failure;

/// Returns the failure for packages that no source has.
pub(super) fn unknown(packages: &[UnknownPackage], system: &System) -> Failure {
    let mut list: Vec<Diagnostic> =
        packages.iter().map(|package| unknown_one(package, system)).collect();
    list.sort_by_key(|mistake| mistake.labels.first().map(|label| label.origin.span.start));
    Failure::manifest(Diagnostics { list, texts: system.texts.clone() })
}

/// Returns the failure for packages that exclude each other, with the solver's reasons below.
pub(super) fn unsatisfiable(conflict: &Unsatisfiable, system: &System) -> Failure {
    let profile = &system.profile;
    let message = format!("the packages of {profile} cannot be installed together");
    let mut diagnostic = Diagnostic::error("unsatisfiable", message);
    let mut drawn: Vec<&Origin> = Vec::new();
    for name in &conflict.names {
        for (origin, text) in places(name, system) {
            if !drawn.contains(&origin) {
                diagnostic = diagnostic.at(origin, text);
                drawn.push(origin);
            }
        }
    }
    let list = vec![diagnostic];
    let failure = Failure::manifest(Diagnostics { list, texts: system.texts.clone() });
    Failure { causes: vec![format!("not all of this can hold\n{}", conflict.reason)], ..failure }
}

/// Returns where a name is asked for and where it is refused, with what to say there.
fn places<'s>(name: &str, system: &'s System) -> Vec<(&'s Origin, String)> {
    let wanted = system.wanted().into_iter().find(|wanted| plain(&wanted.name) == name);
    let asked = wanted.and_then(|wanted| {
        let by_name = system.origin_of(&wanted.because, &wanted.name);
        match by_name.or_else(|| system.origin_of(&wanted.because, name)) {
            Some(origin) => Some((origin, "asked for here".to_owned())),
            None => Some((system.origin(&wanted.because)?, format!("needs `{name}`"))),
        }
    });
    let refused = system.origin_of("packages.remove", name);
    asked.into_iter().chain(refused.map(|origin| (origin, "refused here".to_owned()))).collect()
}

/// Returns the name of a package without version, suite and architecture.
fn plain(wish: &str) -> &str {
    wish.split(['=', '/', ':']).next().unwrap_or(wish)
}

/// Returns the diagnostic of a package that no source has, on the line that asks for it.
fn unknown_one(package: &UnknownPackage, system: &System) -> Diagnostic {
    let wish = &package.wish;
    let option = asking(wish, system);
    let listed = system.origin_of(&option, wish);
    let message = match listed {
        Some(_) => format!("no source has the package `{wish}`"),
        None => format!("no source has the package `{wish}`, which `{option}` needs"),
    };
    let mut diagnostic = Diagnostic::error("unknown-package", message);
    if let Some(origin) = listed.or_else(|| system.origin(&option)) {
        diagnostic = diagnostic.at(origin, "asked for here");
    }
    if let Some((component, suite)) = package.elsewhere.first() {
        let help =
            format!("{suite} has it in `{component}`: add that to `components` of the source");
        return diagnostic.help(help);
    }
    match (&package.offered[..], &package.nearest[..]) {
        ([], []) => diagnostic.help(format!("no component of {} has it", suites(system))),
        ([], names) => diagnostic.help(format!("did you mean `{}`?", names.join("` or `"))),
        (offered, _) => diagnostic.help(format!("there is {}", offered.join(", "))),
    }
}

/// Returns the suites of all sources, as a person lists them.
fn suites(system: &System) -> String {
    let mut suites: Vec<&str> =
        system.sources.values().map(|source| source.suite.as_str()).collect();
    suites.dedup();
    suites.join(" and ")
}

/// Returns the option that asks for a package.
fn asking(wish: &str, system: &System) -> String {
    let name = plain(wish);
    if let Some(wanted) = system.wanted().into_iter().find(|wanted| plain(&wanted.name) == name) {
        return wanted.because;
    }
    let of_boot = [
        ("grub-pc", "boot.bios"),
        ("grub-rescue", "boot.bios"),
        ("grub-efi", "boot.uefi"),
        ("shim", "boot.secure-boot"),
        ("memtest86+", "boot.menu.memtest"),
        ("firmware-", "firmware.set"),
    ];
    let option = of_boot.iter().find(|(prefix, _)| name.starts_with(prefix));
    option.map_or("packages.install", |(_, option)| option).to_owned()
}
