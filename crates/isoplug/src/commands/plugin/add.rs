//! `isoplug plugin add`: takes a plugin into a manifest, after showing what it asks for.

use std::path::{Path, PathBuf};

use isoplug_manifest::plugin::{PluginSource, Requests};
use isoplug_registry::{Place, Reference};
use semver::VersionReq;

use super::Folder;
use super::grant::{Approval, about};
use crate::alone::Alone;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::Lookup;
use crate::plugins::{find, pin};
use crate::project::Project;
use crate::session::Session;

/// Take a plugin into the manifest, after showing what it asks for
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin add registry.example.com/isoplug/hardening --version ^1.2\n  \
    isoplug plugin add registry.example.com/isoplug/hardening:1.2.0 --grant-all\n  \
    isoplug plugin add ./my-plugin/my-plugin.wasm    # while writing it")]
pub(crate) struct Args {
    /// Its repository in a registry, or the file of its component
    plugin: String,
    /// Its name in the manifest [default: the last part of the repository or file name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The versions to take [default: those compatible with the newest]
    #[arg(long, value_name = "REQUIREMENT")]
    version: Option<String>,
    #[command(flatten)]
    approval: Approval,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let is_file = args.plugin.ends_with(".wasm") || Path::new(&args.plugin).is_file();
    if is_file { add_file(args, &project, session) } else { add_release(args, &project, session) }
}

fn add_file(args: &Args, project: &Project, session: &Session) -> Result<Exit, Failure> {
    let name = name(args, project)?;
    let runtime = crate::plugins::runtime(session)?;
    let found = find::file(&args.plugin, &runtime)?;
    session.note(about(&found.description, "nobody: a file").trim_end());
    let (version, requests) = (found.description.version.to_string(), &found.description.requests);
    args.approval.of(&name, &version, requests, session)?;
    let path = beside_manifest(Path::new(&args.plugin), project)?;
    let source = PluginSource { path: Some(path), ..PluginSource::default() };
    let alone = project.alone(session)?;
    write(&name, &source, requests, project, &alone)?;
    session.out(&format!("{name} {version}"));
    Ok(Exit::Done)
}

fn add_release(args: &Args, project: &Project, session: &Session) -> Result<Exit, Failure> {
    let name = name(args, project)?;
    let reference: Reference = args.plugin.parse()?;
    let lookup = Lookup::new(Some(project), session)?;
    let any = requirement(args.version.as_deref().unwrap_or("*"))?;
    let mut offer = lookup.offer(&reference, &any, None, true)?;
    let version = offer.resolved.version.to_string();
    session.note(about(&offer.description, &offer.verdict.to_string()).trim_end());
    let requests = offer.description.requests.clone();
    args.approval.of(&name, &version, &requests, session)?;
    let required = required(args, &reference, &version);
    offer.requirement = requirement(&required)?;
    offer.reference = Reference { tag: None, digest: None, ..reference };
    let registry = Some(offer.reference.to_string());
    let source = PluginSource { registry, version: Some(required), ..PluginSource::default() };
    let pin = offer.pin(&name)?;
    let alone = project.alone(session)?;
    write(&name, &source, &requests, project, &alone)?;
    pin::save(&pin, project, &alone, session)?;
    session.out(&format!("{name} {version}"));
    Ok(Exit::Done)
}

/// Returns the versions to write into the manifest: what was asked for, or what goes with the one that was found.
fn required(args: &Args, reference: &Reference, version: &str) -> String {
    match (&args.version, &reference.tag, reference.digest) {
        (Some(required), _, _) => required.clone(),
        (None, None, None) => format!("^{version}"),
        _ => format!("={version}"),
    }
}

/// Writes into the manifest where a plugin is from and what it may do.
fn write(
    name: &str,
    source: &PluginSource,
    requests: &Requests,
    project: &Project,
    alone: &Alone,
) -> Result<(), Failure> {
    project.edit(alone, |manifest| {
        manifest.set_plugin(name, source)?;
        manifest.set_grants(name, &requests.granted())
    })
}

pub(super) fn requirement(text: &str) -> Result<VersionReq, Failure> {
    VersionReq::parse(text).map_err(|error| {
        Failure::new(Exit::Manifest, format!("invalid version requirement \"{text}\""))
            .because(&error)
            .hint("such as `^1.2`, `~1.2.3` or `=1.2.3`")
    })
}

/// Returns the name that was chosen, or that of the repository or file.
fn name(args: &Args, project: &Project) -> Result<String, Failure> {
    let name = args.name.clone().unwrap_or_else(|| short_name(&args.plugin));
    if project.plugins()?.contains_key(&name) {
        let message = format!("{} has a plugin `{name}` already", project.name());
        return Err(Failure::new(Exit::Manifest, message)
            .hint("`isoplug plugin update`, or another name with --name"));
    }
    Ok(name)
}

fn short_name(plugin: &str) -> String {
    let place = plugin.parse::<Reference>().ok().and_then(|reference| match reference.place {
        Place::Registry { repository, .. } => Some(repository),
        Place::Layout { name, .. } => name,
    });
    let path = place.unwrap_or_else(|| plugin.trim_end_matches(".wasm").to_owned());
    let last = path.rsplit('/').next().unwrap_or_default();
    last.strip_prefix("isoplug-").unwrap_or(last).to_owned()
}

/// Returns the path as the manifest writes it: relative to its folder where that is possible.
fn beside_manifest(path: &Path, project: &Project) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Manifest, format!("cannot find {}", path.display())).because(&error)
    };
    let folder = match project.folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => project.folder.clone(),
    };
    let (folder, file) =
        (folder.canonicalize().map_err(failed)?, path.canonicalize().map_err(failed)?);
    let inside = file.strip_prefix(&folder).map(Path::to_path_buf);
    Ok(inside.unwrap_or(file).display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_repositories_and_files() {
        let table = [
            ("ghcr.io/acme/isoplug-hardening:1.2.0", "hardening"),
            ("http://127.0.0.1:5000/isoplug/hello", "hello"),
            ("oci-layout:/media/usb#ghcr.io/acme/motd", "motd"),
            ("./plugins/hello-rust.wasm", "hello-rust"),
        ];
        for (plugin, name) in table {
            assert_eq!(short_name(plugin), name);
        }
    }
}
