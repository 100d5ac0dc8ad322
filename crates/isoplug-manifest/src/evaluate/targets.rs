//! Looks at what a medium installs: each of its targets is a system of its own, evaluated like any other.

use isoplug_install_plan::Encryption;

use crate::check::did_you_mean;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::option::option;
use crate::parts::install::package;
use crate::system::System;

/// Returns the names of the profiles that a medium installs; `known` are those of the manifest.
///
/// # Errors
///
/// When one is none of them, is named twice, or is the medium's own.
pub fn targets(system: &System, known: &[String]) -> Result<Vec<String>, Diagnostics> {
    let names = &system.options.install.targets;
    let wrong = |(index, name): (usize, &String)| {
        let error = |message| Diagnostic::error("unknown-target", message);
        let diagnostic = if *name == system.profile {
            error(format!("profile `{name}` cannot install itself"))
        } else if names[..index].contains(name) {
            error(format!("profile `{name}` is named twice"))
        } else if known.contains(name) {
            return None;
        } else {
            unknown(error(format!("there is no profile `{name}`")), name, known)
        };
        Some(placed(diagnostic, index, system))
    };
    let list: Vec<Diagnostic> = names.iter().enumerate().filter_map(wrong).collect();
    drawn(list, system).map(|()| names.clone())
}

fn unknown(diagnostic: Diagnostic, name: &str, known: &[String]) -> Diagnostic {
    let diagnostic = did_you_mean(diagnostic, name, known.iter());
    match diagnostic.help {
        None => diagnostic.help(format!("profiles of this manifest: {}", known.join(", "))),
        Some(_) => diagnostic,
    }
}

/// Gives a medium the systems that it installs.
///
/// # Errors
///
/// When one of them cannot be installed.
pub fn with_targets(mut system: System, targets: Vec<System>) -> Result<System, Diagnostics> {
    let wrong = |(index, target): (usize, &System)| {
        let diagnostic = wrong_target(target).or_else(|| lacks(target, &system))?;
        Some(placed(diagnostic, index, &system))
    };
    let list: Vec<Diagnostic> = targets.iter().enumerate().filter_map(wrong).collect();
    drawn(list, &system)?;
    system.targets = targets;
    Ok(system)
}

/// What makes an initrd that finds the root file system of an installed system.
const INITRD: &str = "initramfs-tools";

/// Says why a system cannot be installed.
#[expect(clippy::too_many_lines, reason = "a table: what is wrong, one after the other")]
fn wrong_target(target: &System) -> Option<Diagnostic> {
    let name = &target.profile;
    let error = |message, help| Some(Diagnostic::error("wrong-target", message).help(help));
    let removes = |package: &str| target.options.packages.remove.iter().any(|one| one == package);
    if !target.is_installed() {
        let help = format!("let `{name}` extend `isoplug:target`, or set `boot.loader` in it");
        return error(format!("nothing would boot `{name}` from a disk"), help);
    }
    if !target.options.install.targets.is_empty() {
        let help = "the medium that installs both names both";
        return error(format!("`{name}` installs others itself"), help.to_owned());
    }
    let kernel = target.options.kernel.package(target.distribution(), &target.arch);
    if removes(&kernel) {
        let help = format!("take it out of `packages.remove` of `{name}`");
        return error(format!("`{name}` has no kernel: it removes {kernel}"), help);
    }
    let asked = target.packages();
    if !asked.iter().any(|needed| needed.what.bare_name() == INITRD) {
        let help = format!("add it to `packages.install` of `{name}`");
        return error(format!("`{name}` has no initrd: it does not ask for {INITRD}"), help);
    }
    None
}

/// What opens an encrypted root before it is mounted.
const CRYPTSETUP: &str = "cryptsetup-initramfs";

/// Says what a system lacks for the disks that its medium lays out.
fn lacks(target: &System, medium: &System) -> Option<Diagnostic> {
    let name = &target.profile;
    let asked = target.packages();
    let has = |package: &str| asked.iter().any(|needed| needed.what.bare_name() == package);
    for (layout, asked) in medium.options.install.offered_layouts() {
        let of_formats = asked.formats().filter_map(package);
        let crypt = (asked.encryption != Encryption::None).then_some(CRYPTSETUP);
        if let Some(package) = of_formats.chain(crypt).find(|package| !has(package)) {
            let message = format!(
                "`{name}` cannot be on the layout `{layout}`: it does not ask for {package}"
            );
            let help = format!("add \"{package}\" to `packages.install` of `{name}`");
            return Some(Diagnostic::error("wrong-target", message).help(help));
        }
    }
    None
}

fn placed(diagnostic: Diagnostic, index: usize, system: &System) -> Diagnostic {
    match system.origin_at(&option!(install.targets).to_string(), index) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    }
}

fn drawn(list: Vec<Diagnostic>, system: &System) -> Result<(), Diagnostics> {
    match list.is_empty() {
        true => Ok(()),
        false => Err(Diagnostics { list, texts: system.texts.clone() }),
    }
}
