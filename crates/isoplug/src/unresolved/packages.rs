//! Draws packages that cannot be had on the lines that ask for them.

use isoplug_manifest::distribution;
use isoplug_manifest::package::name_in;
use isoplug_manifest::{Diagnostic, Diagnostics, Origin, Pocket, System};
use isoplug_packages::resolve::UnknownPackage;
use isoplug_packages::solver::Unsatisfiable;

use crate::failure::Failure;

/// Returns the failure for packages that no source has.
pub(super) fn unknown(packages: &[UnknownPackage], system: &System) -> Failure {
    let mut list: Vec<Diagnostic> =
        packages.iter().map(|package| unknown_one(package, system)).collect();
    list.sort_by_key(|mistake| mistake.labels.first().map(|label| label.origin.span.start));
    Failure::manifest(Diagnostics { list, texts: system.texts.clone() })
}

/// Returns the failure for pins that fit nothing, each on its place.
pub(super) fn unmet(places: &[usize], system: &System) -> Failure {
    let pins = &system.options.packages.pins;
    let one = |place: &usize| {
        let pin = pins.get(*place)?;
        let from = pin.from.as_ref().map(|from| format!(" from `{from}`"));
        let version = pin.version.as_ref().map(|version| format!(" in version {version}"));
        let (from, version) = (from.unwrap_or_default(), version.unwrap_or_default());
        let message = format!("no source has {}{version}{from}", pin.packages.join(" or "));
        let diagnostic = Diagnostic::error("unmet-pin", message).help(
            "take the pin out, or look for what it should fit with `isoplug lock` without it",
        );
        Some(match system.origin_at("packages.pins", *place) {
            Some(origin) => diagnostic.at(origin, "nothing fits this pin"),
            None => diagnostic,
        })
    };
    let list = places.iter().filter_map(one).collect();
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
    let mut packages = system.packages().into_iter();
    let asked = packages.find(|package| package.what.bare_name() == name).and_then(|package| {
        let by_name = system.origin_of(&package.because, &package.what.name);
        match by_name.or_else(|| system.origin_of(&package.because, name)) {
            Some(origin) => Some((origin, "asked for here".to_owned())),
            None => Some((system.origin(&package.because)?, format!("needs `{name}`"))),
        }
    });
    let offline = &system.options.packages.offline;
    let wish = offline.iter().find(|wish| name_in(wish) == name);
    let offline = wish.and_then(|wish| system.origin_of("packages.offline", wish));
    let offline = offline.map(|origin| (origin, "asked for on the medium".to_owned()));
    let refused = system.origin_of("packages.remove", name);
    asked
        .into_iter()
        .chain(offline)
        .chain(refused.map(|origin| (origin, "refused here".to_owned())))
        .collect()
}

/// Returns the diagnostic of a package that no source has, on the line that asks for it.
fn unknown_one(package: &UnknownPackage, system: &System) -> Diagnostic {
    let option = asking(package, system);
    let listed = system.origin_of(&option, &package.wish);
    let listed = listed.or_else(|| system.origin_of(&option, &package.name));
    let is_kernel = option == "kernel.version";
    let message = match listed.is_some() || is_kernel {
        true => package.text(),
        false => format!("{}, which `{option}` needs", package.text()),
    };
    let mut diagnostic = Diagnostic::error("unknown-package", message);
    if let Some(origin) = listed.or_else(|| system.origin(&option)) {
        diagnostic = diagnostic.at(origin, "asked for here");
    }
    diagnostic.help(help(package, system))
}

fn help(package: &UnknownPackage, system: &System) -> String {
    if package.lacks_suite() {
        return suite_help(package, system);
    }
    if package.refused {
        return "`packages.pins` and `priority` of the sources have the priorities".to_owned();
    }
    if let Some((component, suite)) = package.elsewhere.first() {
        return format!("{suite} has it in `{component}`: add that to `components` of the source");
    }
    if let [architecture, ..] = &package.architectures[..] {
        let table = format!("[profiles.{}.when.arch.{architecture}]", system.profile);
        return format!("no package of that name is for {}; ask for it in {table}", system.arch);
    }
    match (&package.offered[..], &package.nearest[..]) {
        ([], []) => format!("no component of {} has it", suites(system)),
        ([], names) => format!("did you mean `{}`?", names.join("` or `")),
        (offered, _) => format!("there is {}", offered.join(", ")),
    }
}

/// Says how a suite is added: as a pocket of the source that it belongs to, or as a source.
fn suite_help(package: &UnknownPackage, system: &System) -> String {
    let suite = package.suite.as_deref().unwrap_or_default();
    let pockets = ["updates", "security", "backports"];
    let pocket = system.sources.iter().find_map(|(name, source)| {
        let pocket = suite.strip_prefix(&source.suite)?.strip_prefix('-')?;
        let is_debian = distribution::of(name, source).is_some();
        (is_debian && pockets.contains(&pocket)).then_some((name, pocket, source))
    });
    let Some((name, pocket, source)) = pocket else {
        let suites = package.suites.join(", ");
        return format!(
            "the suites are {suites}; add a table [sources.NAME] with `suite = \"{suite}\"`"
        );
    };
    let kept = source.pockets.iter().map(|pocket| match pocket {
        Pocket::Updates => pockets[0],
        Pocket::Security => pockets[1],
        Pocket::Backports => pockets[2],
    });
    let list: Vec<String> = kept.chain([pocket]).map(|name| format!("\"{name}\"")).collect();
    format!("add it to [sources.{name}]: `pockets = [{}]`", list.join(", "))
}

/// Returns the suites of all sources, as a person lists them.
fn suites(system: &System) -> String {
    let mut suites: Vec<&str> =
        system.sources.values().map(|source| source.suite.as_str()).collect();
    suites.dedup();
    suites.join(" and ")
}

/// How the packages begin that the options of booting ask for.
const OF_BOOT: [(&str, &str); 5] = [
    ("grub-pc", "boot.bios"),
    ("grub-rescue", "boot.bios"),
    ("grub-efi", "boot.uefi"),
    ("shim", "boot.secure-boot"),
    ("memtest86+", "boot.menu.memtest"),
];

/// Returns the option that asks for a package.
fn asking(package: &UnknownPackage, system: &System) -> String {
    let (name, kernel) = (package.name.as_str(), &system.options.kernel);
    let packages = system.packages();
    let exactly = packages.iter().find(|needed| needed.what.name == package.wish);
    if exactly.is_none()
        && kernel.version.is_some()
        && kernel.package(system.distribution(), &system.arch) == name
    {
        return "kernel.version".to_owned();
    }
    let by_name = || packages.iter().find(|needed| needed.what.bare_name() == name);
    if let Some(needed) = exactly.or_else(by_name) {
        return needed.because.clone();
    }
    if let Some(option) = of_beside(package, system) {
        return option.to_owned();
    }
    let option = OF_BOOT.iter().find(|(prefix, _)| name.starts_with(prefix));
    option.map_or("packages.install", |(_, option)| option).to_owned()
}

/// Returns the option that asks for a package that is not installed: one of drivers, or on the medium.
fn of_beside(package: &UnknownPackage, system: &System) -> Option<&'static str> {
    let drivers = &system.options.drivers;
    if system.options.packages.offline.contains(&package.wish) {
        return Some("packages.offline");
    }
    if drivers.packages.contains(&package.wish) {
        return Some("drivers.packages");
    }
    let wishes = drivers.wishes(system.distribution());
    wishes.contains(&package.wish).then_some("drivers.nvidia")
}
