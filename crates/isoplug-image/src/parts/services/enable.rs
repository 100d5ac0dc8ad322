//! Makes and removes the links by which systemd starts units, as `systemctl --root` does.
//!
//! The rules are those of systemd's `src/shared/install.c`.

use std::collections::BTreeSet;

use isoplug_formats::tree::Kind;

use super::super::{ContributeError, Rootfs};
use super::find::{CONFIGURED, Found, find, full_name};
use super::unit::{Install, Name, expand};

/// Enables a unit and those that its `Also=` names.
pub(super) fn enable(rootfs: &mut dyn Rootfs, asked: &str) -> Result<(), ContributeError> {
    let mut done = BTreeSet::new();
    let mut waiting = vec![asked.to_owned()];
    while let Some(asked) = waiting.pop() {
        let unit = find(rootfs, &asked)?;
        if done.insert(unit.name.clone()) {
            let subject = || format!("unit `{}`", unit.name);
            let install = install_of(rootfs, &unit)?
                .ok_or_else(|| ContributeError::refused(subject(), "it is masked"))?;
            if install.is_empty() && done.len() == 1 {
                rootfs.tell(&format!(
                    "unit `{asked}` has no [Install] section, so nothing starts it"
                ));
            }
            link(rootfs, &unit, &install)?;
            waiting.extend(install.also.iter().filter_map(|also| expand(also, &unit.name)));
        }
    }
    Ok(())
}

/// Removes every link that starts a unit, and those of the units that its `Also=` names.
pub(super) fn disable(rootfs: &mut dyn Rootfs, asked: &str) -> Result<(), ContributeError> {
    let unit = find(rootfs, asked)?;
    let mut names = BTreeSet::from([unit.name.clone()]);
    names.extend(install_of(rootfs, &unit)?.into_iter().flat_map(|install| install.also));
    for folder in folders_of_links(rootfs) {
        for name in rootfs.list(&folder) {
            let path = format!("{folder}/{name}");
            if starts(rootfs, &path, &name, &names) {
                rootfs.remove(&path)?;
            }
        }
    }
    Ok(())
}

/// Keeps a unit from being started by anything.
pub(super) fn mask(rootfs: &mut dyn Rootfs, asked: &str) -> Result<(), ContributeError> {
    let unit = find(rootfs, asked)?;
    let path = format!("{CONFIGURED}/{}", unit.name);
    let is_file = |rootfs: &dyn Rootfs| matches!(rootfs.entry(&path), Some(e) if !is_link(&e.kind));
    if is_file(rootfs) {
        let reason = format!("it cannot be masked, since {path} is its own file");
        return Err(ContributeError::refused(format!("unit `{asked}`"), reason));
    }
    rootfs.symlink(&path, "/dev/null")
}

/// Makes a target the one that the system boots into.
pub(super) fn set_default(rootfs: &mut dyn Rootfs, asked: &str) -> Result<(), ContributeError> {
    let asked =
        if asked.ends_with(".target") { asked.to_owned() } else { format!("{asked}.target") };
    let target = find(rootfs, &asked)?;
    rootfs.symlink(&format!("{CONFIGURED}/default.target"), &target.path)
}

/// Returns how a unit is installed; nothing if it is masked.
fn install_of(rootfs: &dyn Rootfs, unit: &Found) -> Result<Option<Install>, ContributeError> {
    let text = rootfs.read(&unit.path)?;
    Ok(text.map(|text| Install::parse(&String::from_utf8_lossy(&text))))
}

/// Tells whether a template would be started by a unit that names no instance of it.
fn starts_no_instance(name: &str, by: &str) -> bool {
    Name::parse(name).is_some_and(|name| name.is_template())
        && Name::parse(by).is_none_or(|by| by.instance.is_none())
}

/// Makes the links by which a unit has other names too.
fn link_aliases(
    rootfs: &mut dyn Rootfs,
    (unit, name): (&Found, &str),
    install: &Install,
    subject: &str,
) -> Result<(), ContributeError> {
    for alias in &install.alias {
        let alias = alias_name(alias, name, subject)?;
        if alias != unit.name {
            rootfs.symlink(&format!("{CONFIGURED}/{alias}"), &unit.path)?;
        }
    }
    Ok(())
}

/// Makes the links that a unit's `[Install]` asks for.
fn link(rootfs: &mut dyn Rootfs, unit: &Found, install: &Install) -> Result<(), ContributeError> {
    let subject = format!("unit `{}`", unit.name);
    let name = instance_of(unit, install);
    link_aliases(rootfs, (unit, &name), install, &subject)?;
    let Install { wanted_by, required_by, upheld_by, .. } = install;
    for (kind, units) in [("wants", wanted_by), ("requires", required_by), ("upholds", upheld_by)] {
        for by in units {
            let by = expanded(by, &name, &subject)?;
            if starts_no_instance(&name, &by) {
                let reason = "it is a template; name an instance, as in `getty@tty2.service`";
                return Err(ContributeError::refused(subject, reason));
            }
            let link = format!("{CONFIGURED}/{}.{kind}/{name}", full_name(&by));
            rootfs.symlink(&link, &unit.path)?;
        }
    }
    Ok(())
}

/// Returns the name to link: a template's default instance, else the unit's own.
fn instance_of(unit: &Found, install: &Install) -> String {
    match (Name::parse(&unit.name), &install.default_instance) {
        (Some(name), Some(instance)) if name.is_template() => name.with_instance(instance),
        _ => unit.name.clone(),
    }
}

/// Returns the other name of a unit; one of a template's becomes one of its instance.
fn alias_name(alias: &str, name: &str, subject: &str) -> Result<String, ContributeError> {
    let alias = expanded(alias, name, subject)?;
    let instance = Name::parse(name).and_then(|name| name.instance).filter(|i| !i.is_empty());
    Ok(match (Name::parse(&alias), instance) {
        (Some(parsed), Some(instance)) if parsed.is_template() => parsed.with_instance(instance),
        _ => alias,
    })
}

fn expanded(text: &str, unit: &str, subject: &str) -> Result<String, ContributeError> {
    expand(text, unit).ok_or_else(|| {
        let reason = format!("`{text}` in its [Install] is not known before the system runs");
        ContributeError::refused(subject, reason)
    })
}

/// Returns the folders in which links start units.
fn folders_of_links(rootfs: &dyn Rootfs) -> Vec<String> {
    let links =
        |name: &String| [".wants", ".requires", ".upholds"].iter().any(|end| name.ends_with(end));
    let below = rootfs.list(CONFIGURED).into_iter().filter(links);
    let below = below.map(|name| format!("{CONFIGURED}/{name}"));
    std::iter::once(CONFIGURED.to_owned()).chain(below).collect()
}

/// Tells whether a link starts one of the named units, or is another name of one.
fn starts(rootfs: &dyn Rootfs, path: &str, link: &str, units: &BTreeSet<String>) -> bool {
    let Some(Kind::Symlink(target)) = rootfs.entry(path).map(|entry| entry.kind) else {
        return false;
    };
    let target = String::from_utf8_lossy(&target).into_owned();
    let target = target.rsplit('/').next().unwrap_or_default();
    if target == "null" {
        return false;
    }
    // Disabling a template disables its instances; disabling an instance, that one alone.
    let template = Name::parse(link).map(|name| name.file());
    [Some(link), template.as_deref()].into_iter().flatten().any(|name| units.contains(name))
        || (units.contains(target) && !target.contains("@."))
}

fn is_link(kind: &Kind) -> bool {
    matches!(kind, Kind::Symlink(_))
}
