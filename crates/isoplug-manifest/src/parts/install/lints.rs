//! Looks at what is said of installing: what could erase the wrong disk, what nobody can install, what leads nowhere.

use std::collections::BTreeSet;

use isoplug_install_plan::{Answers, Confirm, Encryption, Fault, Holds, Secrecy};

use super::layout::{Layout, Machines, RootFormat, VolumeFormat};
use super::{Dialogue, Install, InstallTemplate, Part, units};
use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::Lint;
use crate::parts::boot::Loader;
use crate::text::Origin;

#[expect(clippy::too_many_lines, reason = "a table: what is wrong, one after the other")]
pub(super) fn look(part: &Part<'_>, lint: &mut Lint<'_>) {
    let Part { install, loader, machines, default, profile } = *part;
    if loader != Loader::None && !install.targets.is_empty() {
        let message = "a system for a disk installs no others: only a medium does";
        let help = "name the targets in the profile of a live system";
        let error = Diagnostic::error("target-installs", message).help(help);
        lint.report_at(error, &option!(install.targets));
    }
    if install.targets.is_empty() {
        return nothing_to_install(install, profile, lint);
    }
    if install.targets.len() > MOST {
        let message = format!("a medium installs at most {MOST} profiles");
        lint.report_at(Diagnostic::error("many-targets", message), &option!(install.targets));
    }
    install.layouts.iter().for_each(|(name, layout)| of_layout(name, layout, lint));
    known_layout(install, lint);
    templates(install, lint);
    let place = lint.origin(&option!(install.answers)).cloned();
    of_answers(&install.answers, install, place.as_ref(), lint);
    if install.unattended.enable {
        unattended(install, machines, lint);
    }
    if default == units::UNATTENDED {
        let message = "without anybody's choice the medium installs, and erases a disk";
        let warning = Diagnostic::warning("installs-by-itself", message);
        lint.report_at(warning, &option!(boot.menu.default));
    }
}

/// Each set of systems may have a part of its own on the medium, and one more target doubles them.
const MOST: usize = 4;

/// Tells of what waits for targets.
fn nothing_to_install(install: &Install, profile: &str, lint: &mut Lint<'_>) {
    // A shipped profile is there to be extended.
    if profile.starts_with("isoplug:") {
        return;
    }
    let error = Diagnostic::error("nothing-to-install", "there is nothing to install");
    let error = error.help("name a profile that extends `isoplug:target` in `install.targets`");
    if install.unattended.enable {
        lint.report_at(error, &option!(install.unattended.enable));
    } else if install.dialogue != Dialogue::None {
        lint.report_at(error, &option!(install.dialogue));
    }
}

/// Reports what no disk can be laid out by.
#[expect(clippy::too_many_lines, reason = "a table: what is wrong, one after the other")]
fn of_layout(name: &str, layout: &Layout, lint: &mut Lint<'_>) {
    let at = option!(install.layouts).below(name);
    let error = |message: String| Diagnostic::error("wrong-layout", message);
    if layout.encryption == Encryption::Tpm2 {
        let message = "a key in the machine's TPM needs systemd in the initrd, and initramfs-tools \
                       makes one without it";
        let error = error(message.to_owned()).help("use `passphrase`");
        lint.report_at(error, &at.clone().below("encryption"));
    }
    if !layout.root.subvolumes.is_empty() && layout.root.format != RootFormat::Btrfs {
        let message = format!("{} has no subvolumes", layout.root.format.word());
        let help = "set `root.format = \"btrfs\"`, or take `partitions`";
        lint.report_at(error(message).help(help), &at.clone().below("root"));
    }
    for mount in ["/", "/boot", "/boot/efi", "/usr", "/etc"] {
        if mounts(layout).any(|one| one.trim_end_matches('/') == mount.trim_end_matches('/')) {
            let message = format!("`{mount}` cannot have a partition of its own");
            lint.report_at(error(message), &at.clone());
        }
    }
    let mut seen = BTreeSet::new();
    for mount in mounts(layout).filter(|mount| !seen.insert(mount.trim_end_matches('/'))) {
        lint.report_at(error(format!("`{mount}` is mounted twice")), &at.clone());
    }
    if layout.root.format == RootFormat::Xfs && layout.root.least() < XFS {
        lint.report_at(error("xfs needs 300 MiB".to_owned()), &at.clone().below("root"));
    }
    let small = layout.partitions.iter().filter(|own| own.format == VolumeFormat::Xfs);
    for own in small.filter(|own| own.least() < XFS) {
        lint.report_at(error(format!("`{}`: xfs needs 300 MiB", own.mount)), &at);
    }
}

/// What mkfs.xfs asks for.
const XFS: u64 = 300 << 20;

/// Returns where something is mounted beside the root.
fn mounts(layout: &Layout) -> impl Iterator<Item = &str> {
    let home = layout.home.iter().map(|_| "/home");
    let own = layout.partitions.iter().map(|own| &*own.mount);
    own.chain(layout.root.subvolumes.iter().map(String::as_str)).chain(home)
}

fn known_layout(install: &Install, lint: &mut Lint<'_>) {
    let Some(name) = &install.layout else { return };
    if let Some(error) = unknown_layout(name, install) {
        lint.report_at(error, &option!(install.layout));
    }
}

fn unknown_layout(name: &str, install: &Install) -> Option<Diagnostic> {
    let known: Vec<String> = install.offered_layouts().into_iter().map(|(name, _)| name).collect();
    unknown("layout", name, &known)
}

/// Reports a name that is none of those that there are.
fn unknown(what: &str, name: &str, known: &[String]) -> Option<Diagnostic> {
    if known.iter().any(|one| one == name) {
        return None;
    }
    let error = Diagnostic::error("unknown-name", format!("there is no {what} `{name}`"));
    let error = did_you_mean(error, name, known.iter());
    Some(match &error.help {
        None => error.help(format!("known: {}", known.join(", "))),
        Some(_) => error,
    })
}

fn templates(install: &Install, lint: &mut Lint<'_>) {
    let places: Vec<Origin> =
        lint.items(&option!(install.templates)).into_iter().cloned().collect();
    for (index, template) in install.templates.iter().enumerate() {
        let InstallTemplate { name, target, answers, .. } = template;
        let place = places.get(index);
        if install.templates[..index].iter().any(|other| other.name == *name) {
            let message = format!("there are two templates `{name}`");
            report(Diagnostic::error("taken-name", message), place, lint);
        }
        if target.is_some() && answers.target.is_some() {
            let message =
                format!("`{name}` says twice what it installs: in `target` and in `answers`");
            report(Diagnostic::error("two-answers", message), place, lint);
        }
        let wrong = target.as_ref().and_then(|name| unknown("target", name, &install.targets));
        wrong.into_iter().for_each(|error| report(error, place, lint));
        of_answers(answers, install, place, lint);
    }
}

fn report(diagnostic: Diagnostic, place: Option<&Origin>, lint: &mut Lint<'_>) {
    lint.report(match place {
        Some(place) => diagnostic.at(place, ""),
        None => diagnostic,
    });
}

/// Reports what is wrong with answers, by itself or with what there is to choose from.
fn of_answers(answers: &Answers, install: &Install, place: Option<&Origin>, lint: &mut Lint<'_>) {
    for Fault { at, what } in answers.faults("answers", Secrecy::Public) {
        let error = Diagnostic::error("wrong-answer", format!("`{at}`: {what}"));
        report(error, place, lint);
    }
    let templates: Vec<String> = install.templates.iter().map(|one| one.name.clone()).collect();
    let named = [
        answers.target.as_ref().and_then(|name| unknown("target", name, &install.targets)),
        answers.layout.as_ref().and_then(|name| unknown_layout(name, install)),
        answers.template.as_ref().and_then(|name| unknown("template", name, &templates)),
    ];
    named.into_iter().flatten().for_each(|error| report(error, place, lint));
    if answers.encryption == Some(Encryption::Tpm2) {
        let message = "`answers.encryption`: a key in the TPM needs systemd in the initrd";
        report(Diagnostic::error("wrong-answer", message).help("use `passphrase`"), place, lint);
    }
}

/// Reports what could erase a disk that nobody meant, or one on which nothing fits.
#[expect(clippy::too_many_lines, reason = "a table: what is wrong, one after the other")]
fn unattended(install: &Install, machines: Machines, lint: &mut Lint<'_>) {
    let rule = &install.unattended;
    let at = option!(install.unattended.disk);
    for Fault { at: field, what } in rule.disk.faults("disk") {
        let error = Diagnostic::error("wrong-disk", format!("`unattended.{field}`: {what}"));
        let place = lint.origin(&at).or_else(|| lint.origin(&option!(install.unattended.enable)));
        let place = place.cloned();
        report(error, place.as_ref(), lint);
    }
    if rule.disk.holds == Some(Holds::Anything) && rule.confirm() == Confirm::None {
        let message = "a disk that holds anything would be erased without a word";
        let error =
            Diagnostic::error("wrong-disk", message).help("use `confirm = \"countdown:30\"`");
        lint.report_at(error, &option!(install.unattended.confirm));
    }
    let layouts = install.offered_layouts();
    let Some((name, layout)) = layouts.first() else { return };
    let least = layout.partitioning(machines, layout.encryption != Encryption::None).min_size;
    if let Some(size) = rule.disk.min_size.filter(|size| size.0 < least) {
        let message = format!(
            "the layout `{name}` needs {}, and `min-size` takes disks of {size}",
            isoplug_install_plan::Size(least)
        );
        let error = Diagnostic::error("small-disk", message);
        lint.report_at(error.help("raise `min-size`, or lower what the layout asks for"), &at);
    }
    if layout.encryption == Encryption::Passphrase {
        let message =
            format!("the layout `{name}` asks for a passphrase, and nobody is there to type it");
        let help = "the installer takes it from an `answers.toml` on a volume called ISO-ANSWERS";
        let warning = Diagnostic::warning("asked-for-passphrase", message).help(help);
        lint.report_at(warning, &option!(install.unattended.enable));
    }
}
