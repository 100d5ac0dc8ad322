//! `isoplug vendor`: puts what a build fetches beside the manifest, so that the folder alone gives the image again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use isoplug_engine::{Digest, Graph, Store};
use isoplug_image::image::Image;
use isoplug_image::stages::fetch::Fetch;
use isoplug_manifest::lock::LockedPackage;

use super::plugin::mirror::copy_into_project;
use super::select::{Locking, Select};
use crate::allowed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::pick::Pick;
use crate::place;
use crate::prepare::{Planned, plan};
use crate::project::Project;
use crate::session::Session;

/// Put all that a build fetches into the folder `vendor` beside the manifest
///
/// That is every package of the lock, every plugin, and this program. Builds look there first, so that the folder gives
/// the same image years later, without a network: `vendor/isoplug build --locked --offline`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug vendor stick --all       # for all profiles of stick/isoplug.toml\n  \
    stick/vendor/isoplug build stick --locked --offline")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
}

const FOLDER: &str = "vendor";
const README: &str = "\
What isoplug.toml in the folder above is built from: packages, plugins, and the program itself.

    vendor/isoplug build --locked --offline

gives the same bytes again. SHA256SUMS has the checksum of each file, and isoplug.lock that of each package.
";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let packages = packages(args, &project, &picks, session)?;
    let folder = project.folder.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let mut sums = write_packages(&folder, packages.into_values())?;
    sums.push(write_program(&folder)?);
    sums.push(write_text(&folder, "README", README)?);
    sums.sort();
    let line = |(name, digest): &(String, Digest)| format!("{}  {name}\n", digest.hex());
    write_text(&folder, "SHA256SUMS", &sums.iter().map(line).collect::<String>())?;
    if project.lock(session)?.is_some_and(|lock| !lock.plugins.is_empty()) {
        copy_into_project(&project, session)?;
    }
    tell_elsewhere(&project, session)?;
    session.out(&folder.display().to_string());
    Ok(Exit::Done)
}

/// Returns the packages of all profiles by their SHA-256, each with the store that has it.
fn packages(
    args: &Args,
    project: &Project,
    picks: &[Pick],
    session: &Session,
) -> Result<BTreeMap<String, (LockedPackage, Store)>, Failure> {
    let mut packages = BTreeMap::new();
    for pick in picks {
        let planned = plan(project, pick, args.locking.into(), session)?;
        let store = fetched(&planned, session)?;
        for package in planned.image.locked.packages() {
            packages.insert(package.sha256.clone(), (package.clone(), store.clone()));
        }
    }
    Ok(packages)
}

/// Gets the packages of an image into the store, which is returned.
fn fetched(planned: &Planned, session: &Session) -> Result<Store, Failure> {
    let Planned { system, image, store } = planned;
    let Image { locked, places, .. } = image;
    let (packages, group) = (locked.packages().cloned().collect(), "vendor".to_owned());
    let mut graph = Graph::new();
    let debs = graph.add(Fetch { group, packages, places: places.clone() }).debs;
    isoplug_engine::run(&graph, &[debs.id()], store, &session.run_options())
        .map_err(|error| outcome::failure(&error, system))?;
    Ok(store.clone())
}

/// Two archives may have other packages under one name: the second is named by its digest, as builds find it too.
fn write_packages(
    folder: &Path,
    packages: impl Iterator<Item = (LockedPackage, Store)>,
) -> Result<Vec<(String, Digest)>, Failure> {
    let mut written: BTreeMap<String, Digest> = BTreeMap::new();
    for (package, store) in packages {
        let wrong = || Failure::new(Exit::Internal, format!("{} has no digest", package.title()));
        let digest = Digest::from_hex(&package.sha256).map_err(|_| wrong())?;
        let name = package.path.rsplit('/').next().unwrap_or_default().to_owned();
        let name = match written.get(&name) {
            Some(_) => format!("{}.deb", package.sha256),
            None => name,
        };
        let target = folder.join(&name);
        let brought = place::bring(&store.blob_path(&digest), &target);
        brought
            .and_then(|new| place::take_place(new, &target))
            .map_err(|error| failed(&target, &error))?;
        written.insert(name, digest);
    }
    Ok(written.into_iter().collect())
}

/// Another isoplug may compress differently, so this one goes with it.
fn write_program(folder: &Path) -> Result<(String, Digest), Failure> {
    let target = folder.join("isoplug");
    let copied = place::bring(Path::new("/proc/self/exe"), &target)
        .and_then(|new| {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&new, mode)?;
            place::take_place(new, &target)
        })
        .and_then(|()| Digest::of_file(&File::open(&target)?));
    copied.map(|digest| ("isoplug".to_owned(), digest)).map_err(|error| failed(&target, &error))
}

fn write_text(folder: &Path, name: &str, text: &str) -> Result<(String, Digest), Failure> {
    let target = folder.join(name);
    let written = place::write(&target, text);
    let digest = Digest::of(text.as_bytes());
    written.map(|()| (name.to_owned(), digest)).map_err(|error| failed(&target, &error))
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

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(error)
}
