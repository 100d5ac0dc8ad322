//! `isoplug vendor`: puts what a build fetches beside the manifest, so that the folder alone gives the image again; or all
//! of it into an OCI registry, and out of there.

mod artifact;
mod folder;
pub(crate) mod own;

use std::collections::BTreeMap;
use std::path::Path;

use isoplug_engine::{Digest, Graph, Store};
use isoplug_image::image::Image;
use isoplug_image::stages::fetch::Fetch;
use isoplug_manifest::System;
use isoplug_manifest::lock::LockedPackage;

use super::plugin::mirror::copy_into_project;
use super::select::{Locking, Select};
use crate::allowed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::pick::Pick;
use crate::pinned;
use crate::prepare::{Planned, plan};
use crate::project::Project;
use crate::session::Session;
use crate::sources::{self, Form};
pub(crate) use artifact::Kept;
use folder::Vendor;

/// Put all that a build fetches into the folder `vendor` beside the manifest
///
/// That is every package of the lock, every download, every plugin, and this program. Builds look there first, so that
/// the folder gives the same image years later, without a network: `vendor/isoplug build --locked --offline`. A registry
/// takes it, too, with the manifest and its files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug vendor stick --all       # for all profiles of stick/isoplug.toml\n  \
    stick/vendor/isoplug build stick --locked --offline\n  \
    isoplug vendor stick --sources --to oci://registry.example.com/kept/stick:1\n  \
    isoplug vendor again --from oci://registry.example.com/kept/stick:1")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// The source packages of all that is in the images, too, in vendor/sources
    #[arg(long)]
    sources: bool,
    /// Publish it, with the manifest and its files, as one artifact of a registry
    #[arg(long, value_name = "REFERENCE")]
    to: Option<String>,
    /// Get what was published so into the folder, which must not be there yet
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["to", "sources"])]
    from: Option<String>,
}

const FOLDER: &str = "vendor";
const README: &str = "\
What isoplug.toml in the folder above is built from: packages, downloads, plugins, and the program itself.

    vendor/isoplug build --locked --offline

gives the same bytes again. SHA256SUMS has the checksum of each file, and isoplug.lock that of each package.
";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if let Some(from) = &args.from {
        return artifact::get(from, &args.select.folder, session);
    }
    let (project, picks) = args.select.open()?;
    let all = planned(args, &project, &picks, session)?;
    let folder = project.folder.join(FOLDER);
    let files = fill(Vendor::open(folder.clone())?, args, &project, &all, session)?;
    let lock = project.lock(session)?.unwrap_or_default();
    if !(lock.plugins.is_empty() && lock.modules.is_empty()) {
        copy_into_project(&project, session)?;
    }
    tell_elsewhere(&project, session)?;
    match &args.to {
        None => session.out(&folder.display().to_string()),
        Some(to) => {
            let own = own::files(&project, all.iter().flat_map(|it| with_targets(&it.system)))?;
            artifact::put(to, &project, &own, &files, session)?;
        }
    }
    Ok(Exit::Done)
}

/// Puts all that is wanted into the folder; returns the paths of its files.
fn fill(
    mut vendor: Vendor,
    args: &Args,
    project: &Project,
    all: &[Planned],
    session: &Session,
) -> Result<Vec<String>, Failure> {
    write_packages(&mut vendor, packages(all, session)?)?;
    write_downloads(&mut vendor, project, all, session)?;
    if args.sources {
        write_sources(&mut vendor, all, session)?;
    }
    // Another isoplug may compress differently, so this one goes with it.
    vendor.bring_program(Path::new("/proc/self/exe"), "isoplug")?;
    vendor.write("README", README)?;
    vendor.finish()
}

fn planned(
    args: &Args,
    project: &Project,
    picks: &[Pick],
    session: &Session,
) -> Result<Vec<Planned>, Failure> {
    picks.iter().map(|pick| plan(project, pick, args.locking.into(), session)).collect()
}

/// Returns the packages of all profiles, and of what they install, by their SHA-256, each with the store that has it.
fn packages(
    all: &[Planned],
    session: &Session,
) -> Result<BTreeMap<String, (LockedPackage, Store)>, Failure> {
    let mut packages = BTreeMap::new();
    for planned in all {
        let targets = planned.image.targets.iter().map(|(_, target)| target);
        for image in [&planned.image].into_iter().chain(targets) {
            fetch(image, planned, session)?;
            for package in image.locked.packages() {
                packages.insert(package.sha256.clone(), (package.clone(), planned.store.clone()));
            }
        }
    }
    Ok(packages)
}

/// Gets the packages of a system into the store.
fn fetch(image: &Image, planned: &Planned, session: &Session) -> Result<(), Failure> {
    let Image { locked, places, .. } = image;
    let (packages, group) = (locked.packages().cloned().collect(), "vendor".to_owned());
    let mut graph = Graph::new();
    let debs = graph.add(Fetch { group, packages, places: places.clone() }).debs;
    isoplug_engine::run(&graph, &[debs.id()], &planned.store, &session.run_options())
        .map_err(|error| outcome::failure(&error, &planned.system))?;
    Ok(())
}

/// Two archives may have other packages under one name: the second is named by its digest, as builds find it too.
fn write_packages(
    vendor: &mut Vendor,
    packages: BTreeMap<String, (LockedPackage, Store)>,
) -> Result<(), Failure> {
    for (package, store) in packages.into_values() {
        let wrong = || Failure::new(Exit::Internal, format!("{} has no digest", package.title()));
        let digest = Digest::from_hex(&package.sha256).map_err(|_| wrong())?;
        let name = package.path.rsplit('/').next().unwrap_or_default();
        let name = match vendor.has(name) {
            true => format!("{}.deb", package.sha256),
            false => name.to_owned(),
        };
        vendor.bring(&store.blob_path(&digest), &name, digest)?;
    }
    Ok(())
}

/// Takes what the manifest pins by its digest, as far as a profile names it.
fn write_downloads(
    vendor: &mut Vendor,
    project: &Project,
    all: &[Planned],
    session: &Session,
) -> Result<(), Failure> {
    let systems = all.iter().flat_map(|planned| with_targets(&planned.system));
    let pinned = systems.flat_map(|system| system.downloads.values());
    let wanted: Vec<&str> = pinned.map(|download| &*download.sha256).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let downloads = pinned::of_project(&project.folder, session);
    let (_, below) = pinned::VENDOR.split_once('/').unwrap_or_default();
    for digest in wanted.iter().filter_map(|hex| Digest::from_hex(hex).ok()) {
        // One that no option names was not fetched.
        if let Some(path) = downloads.kept(digest) {
            vendor.bring(&path, &format!("{below}/{}", digest.hex()), digest)?;
        }
    }
    Ok(())
}

/// Returns a system and what it installs.
fn with_targets(system: &System) -> impl Iterator<Item = &System> {
    [system].into_iter().chain(&system.targets)
}

/// Fetches the source packages of each image, and puts them there as their archives have them.
fn write_sources(vendor: &mut Vendor, all: &[Planned], session: &Session) -> Result<(), Failure> {
    for planned in all.iter().filter(|planned| !planned.system.is_installed()) {
        let list = sources::find(planned.into(), Form::Folder, session)?;
        let (files, texts) = sources::fetch(list, planned.into(), session)?;
        for (path, digest) in files {
            vendor.bring(&planned.store.blob_path(&digest), &format!("sources/{path}"), digest)?;
        }
        for (name, text) in texts {
            vendor.write(&format!("sources/{}.{name}", planned.image.name), &text)?;
        }
    }
    Ok(())
}

/// Files elsewhere are the manifest's own matter: it names them by a path that is nowhere else.
fn tell_elsewhere(project: &Project, session: &Session) -> Result<(), Failure> {
    let asked = project.reaches()?;
    if !asked.is_empty() {
        let lines = allowed::lines(&asked.iter().collect::<Vec<_>>());
        session.note(&format!("what lies elsewhere is not copied:{lines}"));
    }
    Ok(())
}
