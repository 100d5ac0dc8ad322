//! Makes the model of the bills of materials of what the lock, the root filesystem and the plugins say.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_bill::facts::{Facts, Party};
use isoplug_bill::model::{Bill, Image, Package, Part, Plugin, Source, Tool};
use isoplug_manifest::distribution;
use isoplug_manifest::lock::LockedPackage;
use serde_json::Value as Json;

use super::about::About;
use super::inventory::Inventory;
use crate::plugins::UsedPlugin;

/// A system of a medium: its name, and its packages.
pub type System = (String, Vec<LockedPackage>);

/// What the live system of a medium is called.
pub const LIVE: &str = "live";

/// What a bill is about.
pub struct Subject<'a> {
    /// What is known of the image from its manifest and its lock.
    pub about: &'a About,
    /// The ISO's file name.
    pub file_name: &'a str,
    /// The SHA-256 and the SHA-512 of the ISO, in hexadecimal digits.
    pub digests: (String, String),
    /// The packages that are installed, those of which only boot loaders were taken, those that drivers were compiled
    /// from, those that lie on the medium as they are.
    pub packages: [&'a [LockedPackage]; 4],
    /// The systems of a medium that installs some, the live one first, with their packages; else none.
    pub systems: &'a [System],
    /// What packages say of themselves.
    pub inventory: &'a Inventory,
    /// The plugins that had a part in it.
    pub plugins: &'a [UsedPlugin],
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
}

/// Returns the model.
#[must_use]
pub fn bill(subject: &Subject) -> Bill {
    let Subject { about, file_name, digests, packages, systems, inventory, plugins, epoch } =
        subject;
    let packages = binaries(*packages, systems, inventory);
    let (version, commit) = about.tool.clone();
    Bill {
        image: image(about, file_name, digests),
        tool: Tool { version, commit },
        epoch: *epoch,
        system: inventory.system.clone(),
        sources: sources(&packages),
        packages,
        contributors: inventory.contributors.clone(),
        plugins: plugins.iter().map(plugin).collect(),
    }
}

fn image(about: &About, file_name: &str, digests: &(String, String)) -> Image {
    Image {
        name: about.name.clone(),
        version: about.version.clone(),
        publisher: about.publisher.as_deref().and_then(publisher),
        file_name: file_name.to_owned(),
        sha256: digests.0.clone(),
        sha512: digests.1.clone(),
    }
}

/// Whoever publishes an image is taken for an organisation: a person that does so stands for one.
fn publisher(text: &str) -> Option<Party> {
    Party::read(text).map(|party| Party { is_person: false, ..party })
}

/// Returns the binary packages of the four lists, each once.
#[must_use]
pub fn binaries(
    lists: [&[LockedPackage]; 4],
    systems: &[System],
    inventory: &Inventory,
) -> Vec<Package> {
    let mut all: BTreeMap<(String, String), Package> = BTreeMap::new();
    let parts = [Part::Installed, Part::Loaders, Part::Drivers, Part::Offline];
    for (part, list) in parts.into_iter().zip(lists) {
        for locked in list {
            let key = (format!("{} {}", locked.name, locked.architecture), locked.sha256.clone());
            let package =
                all.entry(key).or_insert_with(|| package(locked, part, systems, inventory));
            if !package.parts.contains(&part) {
                package.parts.push(part);
            }
            if part == Part::Installed {
                package.systems = having(locked, systems).map(str::to_owned).collect();
            }
        }
    }
    let mut packages: Vec<Package> = all.into_values().collect();
    packages.sort();
    packages
}

/// Returns the names of the systems that have a package.
fn having<'a>(locked: &'a LockedPackage, systems: &'a [System]) -> impl Iterator<Item = &'a str> {
    systems.iter().filter(|(_, packages)| packages.contains(locked)).map(|(name, _)| &**name)
}

/// Returns what an installed package says of itself: that of the live system, else of one that has it.
fn of_installed<'a>(
    locked: &LockedPackage,
    systems: &[System],
    inventory: &'a Inventory,
) -> Option<&'a Facts> {
    let key = format!("{} {}", locked.name, locked.architecture);
    let mut of = having(locked, systems).peekable();
    if of.peek().is_none_or(|name| *name == LIVE) {
        return inventory.installed.get(&key);
    }
    of.find_map(|name| inventory.targets.get(name)?.get(&key))
}

fn package(
    locked: &LockedPackage,
    part: Part,
    systems: &[System],
    inventory: &Inventory,
) -> Package {
    let LockedPackage { name, version, architecture, source, path, size: _, sha256 } = locked;
    let facts = match part {
        Part::Installed => of_installed(locked, systems, inventory),
        Part::Loaders | Part::Drivers | Part::Offline => inventory.beside.get(sha256),
    };
    Package {
        name: name.to_string(),
        version: version.to_string(),
        architecture: architecture.to_string(),
        parts: vec![part],
        systems: Vec::new(),
        archive: source.clone(),
        path: path.to_string(),
        sha256: sha256.clone(),
        sha512: inventory.sha512.get(sha256).cloned().unwrap_or_default(),
        namespace: namespace(source),
        facts: facts.cloned().unwrap_or_default(),
    }
}

/// Packages of a distribution's own archives share one namespace (purl-spec, "deb").
fn namespace(archive: &str) -> String {
    distribution::archive(archive).map_or(archive, |(whose, _)| whose.name).to_owned()
}

/// A source package is supplied by whoever answers for what was built of it; one that was only built into something
/// else by the distribution whose archive has it.
fn sources(packages: &[Package]) -> Vec<Source> {
    let mut all: BTreeMap<_, Source> = BTreeMap::new();
    for package in packages {
        for (name, field) in package.facts.sources() {
            let own = package.facts.maintainer.clone().filter(|_| field == "Source");
            let key = (name.clone(), package.namespace.clone());
            let source = all.entry(key).or_insert_with(|| Source {
                name: name.clone(),
                namespace: package.namespace.clone(),
                supplier: None,
            });
            source.supplier = source.supplier.take().or(own);
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|(name, _), _| seen.insert(name.clone()));
    all.into_values().map(with_supplier).collect()
}

fn with_supplier(source: Source) -> Source {
    let title = distribution::ALL.into_iter().find(|one| one.name == source.namespace);
    let supplier = title.map_or(&*source.namespace, |distribution| distribution.title);
    let supplier = source.supplier.or_else(|| Some(Party::organisation(supplier)));
    Source { supplier, ..source }
}

fn plugin(plugin: &UsedPlugin) -> Plugin {
    let UsedPlugin { name, id, version, sha256, source, publisher, grants } = plugin.clone();
    let repository = source.strip_prefix("oci://").unwrap_or_default().to_owned();
    let grants: Json = grants;
    Plugin { name, id, version, sha256, repository, publisher, grants: grants.to_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    use super::*;

    fn locked(name: &str, version: &str) -> LockedPackage {
        LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new(version).unwrap(),
            architecture: Arch::new("all").unwrap(),
            source: "debian".to_owned(),
            path: ArchivePath::new(&format!("pool/main/{name}_{version}.deb")).unwrap(),
            size: 1,
            sha256: format!("{name}-{version}"),
        }
    }

    fn facts(name: &str, version: &str) -> BTreeMap<String, Facts> {
        let control = format!("Package: {name}\nVersion: {version}\nSource: of-{name}\n");
        [(format!("{name} all"), Facts::read(&control))].into()
    }

    /// A package that only a target has, and one of which it has another version, say themselves what they are.
    #[test]
    fn what_only_a_target_has_is_told_by_the_target() {
        let (old, new, web) = (locked("lib", "1"), locked("lib", "2"), locked("web", "3"));
        let of_each = [vec![old.clone()], vec![new.clone(), web.clone()]];
        let systems: Vec<_> =
            ["live", "server"].map(str::to_owned).into_iter().zip(of_each).collect();
        let of_server = [facts("lib", "2"), facts("web", "3")].into_iter().flatten().collect();
        let inventory = Inventory {
            installed: facts("lib", "1"),
            targets: [("server".to_owned(), of_server)].into(),
            ..Inventory::default()
        };
        let all = binaries([&[old, new, web], &[], &[], &[]], &systems, &inventory);
        let told = all.iter().map(|one| {
            let systems = one.systems.join(" ");
            format!("{} {} {systems} {}", one.name, one.version, one.facts.source.version)
        });
        let told: Vec<_> = told.collect();
        assert_eq!(told, ["lib 1 live 1", "lib 2 server 2", "web 3 server 3"]);
    }
}
