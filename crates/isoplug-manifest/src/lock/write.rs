//! Writes a lock as TOML text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use toml::Value;

use super::{Lock, LockedImage, LockedPackage, LockedPlugin, LockedRelease, LockedSource};

const HEADER: &str = "\
# Made by isoplug: what exactly goes into the images. Keep it under version control, do not edit.
";

/// Returns the text of a lock.
pub(super) fn lock(lock: &Lock) -> String {
    let mut text = HEADER.to_owned();
    // Writing to a String cannot fail.
    let _ = write_lock(&mut text, lock);
    text
}

fn write_lock(text: &mut String, lock: &Lock) -> fmt::Result {
    let names = Names::of(lock);
    writeln!(text, "version = {}", lock.version)?;
    for (name, source) in &lock.sources {
        writeln!(text, "\n[sources.{}]", quoted(name))?;
        write_source(text, source)?;
    }
    for (name, image) in &lock.images {
        writeln!(text, "\n[images.{}]", quoted(name))?;
        write_image(text, image, &names)?;
    }
    lock.plugins.values().try_for_each(|plugin| write_plugin(text, "plugin", plugin))?;
    lock.modules.values().try_for_each(|module| write_plugin(text, "module", module))?;
    writeln!(text, "\n[packages]")?;
    for (name, package) in names.packages(lock) {
        writeln!(text, "{} = {}", quoted(&name), pinned(package))?;
    }
    Ok(())
}

fn write_source(text: &mut String, source: &LockedSource) -> fmt::Result {
    writeln!(text, "releases = [")?;
    for release in &source.releases {
        writeln!(text, "  {},", line(release))?;
    }
    writeln!(text, "]")
}

fn write_image(text: &mut String, image: &LockedImage, names: &Names) -> fmt::Result {
    let LockedImage { request, epoch, groups, boot, drivers, offline } = image;
    writeln!(text, "request = {}\nepoch = {epoch}\ngroups = [", quoted(request))?;
    for group in groups {
        writeln!(text, "  [")?;
        for package in group {
            writeln!(text, "    {},", quoted(&names.name(package)))?;
        }
        writeln!(text, "  ],")?;
    }
    writeln!(text, "]")?;
    write_list(text, "boot", boot, names)?;
    for (key, list) in [("drivers", drivers), ("offline", offline)] {
        if !list.is_empty() {
            write_list(text, key, list, names)?;
        }
    }
    Ok(())
}

fn write_list(text: &mut String, key: &str, list: &[LockedPackage], names: &Names) -> fmt::Result {
    writeln!(text, "{key} = [")?;
    for package in list {
        writeln!(text, "  {},", quoted(&names.name(package)))?;
    }
    writeln!(text, "]")
}

fn write_plugin(text: &mut String, kind: &str, plugin: &LockedPlugin) -> fmt::Result {
    writeln!(text, "\n[[{kind}]]")?;
    let before = [
        ("name", &plugin.name),
        ("source", &plugin.source),
        ("requirement", &plugin.requirement),
        ("version", &plugin.version),
        ("component", &plugin.component),
        ("manifest", &plugin.manifest),
    ];
    let after = [
        ("api", &plugin.api),
        ("describe", &plugin.describe),
        ("grants", &plugin.grants),
        ("publisher", &plugin.publisher),
    ];
    let line = |(key, value): (&str, &String)| format!("{key} = {}\n", quoted(value));
    text.extend(before.map(line));
    writeln!(text, "size = {}", plugin.size)?;
    text.extend(after.map(line));
    Ok(())
}

fn line(release: &LockedRelease) -> String {
    let LockedRelease { suite, archive, sha256, date, release_suite, release_codename, signers } =
        release;
    let named = [("release-suite", release_suite), ("release-codename", release_codename)];
    let named = named.into_iter().filter(|(_, name)| !name.is_empty());
    let named: String = named.map(|(key, name)| format!(", {key} = {}", quoted(name))).collect();
    let signers: Vec<String> = signers.iter().map(|signer| quoted(signer)).collect();
    format!(
        "{{ suite = {}, archive = {}, sha256 = {}, date = {date}{named}, signers = [{}] }}",
        quoted(suite),
        quoted(archive),
        quoted(sha256),
        signers.join(", ")
    )
}

fn pinned(package: &LockedPackage) -> String {
    let LockedPackage { source, path, size, sha256, .. } = package;
    let [source, path, sha256] = [source, &**path, sha256].map(quoted);
    format!("{{ source = {source}, path = {path}, size = {size}, sha256 = {sha256} }}")
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// How packages are called inside the lock: `name version architecture`, and where two share
/// that, source and digest behind it.
struct Names {
    shared: BTreeSet<String>,
}

impl Names {
    fn of(lock: &Lock) -> Self {
        let mut seen: BTreeMap<String, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for package in lock.packages() {
            let which = (package.source.as_str(), package.sha256.as_str());
            seen.entry(short(package)).or_default().insert(which);
        }
        let shared = seen.into_iter().filter(|(_, which)| which.len() > 1);
        Self { shared: shared.map(|(name, _)| name).collect() }
    }

    fn name(&self, package: &LockedPackage) -> String {
        let short = short(package);
        if self.shared.contains(&short) {
            return format!("{short} {} {}", package.source, package.sha256);
        }
        short
    }

    fn packages<'l>(&self, lock: &'l Lock) -> BTreeMap<String, &'l LockedPackage> {
        lock.packages().map(|package| (self.name(package), package)).collect()
    }
}

fn short(package: &LockedPackage) -> String {
    format!("{} {} {}", package.name, package.version, package.architecture)
}
