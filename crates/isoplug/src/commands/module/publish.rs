//! `isoplug module publish`: brings the profiles of a folder, and the files that they name, into a registry.

use std::fs;
use std::path::Path;

use isoplug_manifest::System;
use isoplug_registry::{Kind, Publication, Published, Reference, SecretKey};
use serde_json::json;

use crate::commands::plugin::Folder;
use crate::commands::plugin::publish::Key;
use crate::commands::select::host_arch;
use crate::commands::vendor::own;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::Lookup;
use crate::project::{LOCK, Project};
use crate::session::Session;

/// Publish the profiles of a folder in a registry, signed
///
/// The folder is one that isoplug builds by itself. Published are its manifest, what that includes, and the files that
/// its profiles name; nothing else that lies there. Of the manifest, others take the profiles.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug module publish registry.example.com/acme/base --key acme.key -C base\n\n\
    The version is `image.version`, what it is for `image.description`. A version is\n\
    never published twice. `isoplug plugin keygen` makes a key.")]
pub(crate) struct Args {
    /// The repository
    repository: String,
    #[command(flatten)]
    key: Key,
    /// Publish without a signature
    #[arg(long, conflicts_with = "file")]
    unsigned: bool,
    /// The licence of the module, as SPDX writes it
    #[arg(long, default_value = "NOASSERTION", hide_default_value = true)]
    licence: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let key = args.key.read(session)?;
    if key.is_none() && !args.unsigned {
        return Err(Failure::new(Exit::Manifest, "a module needs a signature").hint(
            "make a key with `isoplug plugin keygen FILE`, then add --key FILE; or --unsigned",
        ));
    }
    let project = Project::open(&args.folder.path)?;
    let describe = describe(&project, &args.licence)?;
    let archive = archive(&project, session)?;
    let published = put(&args.repository, &archive, &describe, key.as_ref(), session)?;
    if published.was_there {
        session.note("the same was published before");
    }
    session.out(&published.reference.to_string());
    Ok(Exit::Done)
}

fn put(
    repository: &str,
    archive: &[u8],
    describe: &str,
    key: Option<&SecretKey>,
    session: &Session,
) -> Result<Published, Failure> {
    let reference: Reference = repository.parse()?;
    let what = Publication {
        reference: &reference,
        kind: Kind::Module,
        component: archive,
        describe,
        epoch: session.source_date_epoch().unwrap_or(0),
        key,
        list: false,
    };
    let lookup = Lookup::new(None, session)?;
    Ok(isoplug_registry::publish(&lookup.registries, &what)?)
}

/// Returns what a module says of itself.
fn describe(project: &Project, licence: &str) -> Result<String, Failure> {
    let image = &project.image;
    let lacks = |option: &str, why: &str| {
        Failure::new(Exit::Manifest, format!("{} has no `{option}`, {why}", project.name()))
    };
    let version = image.version.as_deref().ok_or_else(|| {
        lacks("image.version", "which is the version to publish").hint("such as \"3.2.0\"")
    })?;
    if let Err(error) = semver::Version::parse(version) {
        let message = format!("invalid version of a module in `image.version`: \"{version}\"");
        return Err(Failure::new(Exit::Manifest, message)
            .because(&error)
            .hint("three numbers, such as \"3.2.0\""));
    }
    if image.description.trim().is_empty() {
        let lacks = lacks("image.description", "which says what the module is for");
        return Err(lacks.hint("such as \"What all images of Acme have\""));
    }
    let (id, summary) = (&image.name, &image.description);
    Ok(json!({ "id": id, "version": version, "summary": summary, "licence": licence }).to_string())
}

/// Packs the files of a module: the same bytes for the same files.
fn archive(project: &Project, session: &Session) -> Result<Vec<u8>, Failure> {
    let arch = host_arch();
    let evaluate = |profile: &String| project.evaluate(profile, arch, session);
    let systems: Vec<System> = project.profiles.iter().map(evaluate).collect::<Result<_, _>>()?;
    let files = own::files(project, systems.iter())?;
    let mut archive = tar::Builder::new(Vec::new());
    for name in files.iter().filter(|name| *name != LOCK) {
        session.note(&format!("publishing {name}"));
        add(&mut archive, &project.folder, name).map_err(|error| {
            Failure::new(Exit::Failed, format!("cannot read {name}")).because(&error)
        })?;
    }
    archive
        .into_inner()
        .map_err(|error| Failure::new(Exit::Failed, "the module cannot be packed").because(&error))
}

fn add(archive: &mut tar::Builder<Vec<u8>>, folder: &Path, name: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let path = folder.join(name);
    let is_program = fs::metadata(&path)?.permissions().mode() & 0o100 != 0;
    let bytes = fs::read(&path)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(if is_program { 0o755 } else { 0o644 });
    archive.append_data(&mut header, name, bytes.as_slice())
}
