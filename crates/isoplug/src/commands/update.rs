//! `isoplug update`: resolves anew, whatever the lock says, and shows which packages change.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_manifest::lock::LockedImage;
use isoplug_packages::locking::image_name;

use super::select::{Allowing, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::{LockUse, lock_of};
use crate::pick::Pick;
use crate::session::Session;

/// Pin the newest packages and show what changes
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug update --dry-run")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    allowing: Allowing,
    /// Show what would change and leave the lock as it is
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let use_of_lock = if args.dry_run { LockUse::RenewUnsaved } else { LockUse::Renew };
    for Pick { profile, arch } in &picks {
        let system = project.evaluate(profile, arch, session)?;
        let name = image_name(&system);
        let old = project.lock(session)?.and_then(|mut lock| lock.images.remove(&name));
        let new = lock_of(&project, &system, use_of_lock, args.allowing.into(), session)?;
        let changes = changes(old.as_ref(), new.images.get(&name));
        session.out(&if changes.is_empty() { format!("{name}: nothing changes") } else { changes });
    }
    Ok(Exit::Done)
}

/// Returns one line for each package that comes, goes or changes.
fn changes(old: Option<&LockedImage>, new: Option<&LockedImage>) -> String {
    let [old, new] = [old, new].map(versions);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let line = |name: &String| match (old.get(name), new.get(name)) {
        (Some(old), Some(new)) if old != new => Some(format!("~ {name} {old} -> {new}")),
        (None, Some(new)) => Some(format!("+ {name} {new}")),
        (Some(old), None) => Some(format!("- {name} {old}")),
        _ => None,
    };
    names.into_iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn versions(image: Option<&LockedImage>) -> BTreeMap<String, String> {
    let packages = image.into_iter().flat_map(LockedImage::packages);
    packages.map(|package| (package.name.to_string(), package.version.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::lock::LockedPackage;
    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    use super::*;

    fn image(packages: &[(&str, &str)]) -> LockedImage {
        let package = |(name, version): &(&str, &str)| LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new(version).unwrap(),
            architecture: Arch::new("amd64").unwrap(),
            source: "debian".to_owned(),
            path: ArchivePath::new("a.deb").unwrap(),
            size: 1,
            sha256: String::new(),
        };
        let group = packages.iter().map(package).collect();
        LockedImage { groups: vec![group], ..LockedImage::default() }
    }

    #[test]
    fn changes_are_one_line_each() {
        let (old, new) = (image(&[("a", "1"), ("b", "1")]), image(&[("b", "2"), ("c", "1")]));
        insta::assert_snapshot!(changes(Some(&old), Some(&new)), @r"
        - a 1
        ~ b 1 -> 2
        + c 1
        ");
        assert_eq!(changes(Some(&old), Some(&old)), "");
    }
}
