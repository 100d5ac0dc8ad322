//! `isoplug plugin info` and `options`: what a plugin says of itself.

use std::path::Path;

use isoplug_manifest::plugin::PluginSource;
use isoplug_plugin::{Description, World};
use isoplug_registry::Reference;

use super::Folder;
use super::add::requirement;
use super::grant::about;
use super::shown::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::find::{self, InRegistry};
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;

/// Show what a plugin is, what it asks for and which options it has
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin info hardening    # one of the manifest's\n  \
    isoplug plugin info registry.example.com/isoplug/hardening\n  \
    isoplug plugin info ./my-plugin.wasm")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    which: Which,
}

/// Show the options of a plugin: name, type, default and meaning
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin options hardening")]
pub(crate) struct OptionsArgs {
    #[command(flatten)]
    which: Which,
}

/// Which plugin to look at.
#[derive(Debug, clap::Args)]
struct Which {
    /// A plugin of the manifest, a file, or a repository in a registry
    plugin: String,
    #[command(flatten)]
    folder: Folder,
}

/// A plugin and who vouches for it.
struct Seen {
    description: Description,
    publisher: String,
    world: Option<World>,
}

pub(crate) fn info(args: &InfoArgs, session: &Session) -> Result<Exit, Failure> {
    let Seen { description, publisher, world } = see(&args.which, session)?;
    let mut text = about(&description, &publisher);
    text += &match world {
        Some(World::Contributor) => "  it adds to the image\n".to_owned(),
        Some(World::Check) => "  it checks the finished image\n".to_owned(),
        Some(World::Stage) => format!("  it plans {}\n", description.stages.join(", ")),
        None => String::new(),
    };
    if !description.architectures.is_empty() {
        text += &format!("  for images of {} alone\n", description.architectures.join(" and "));
    }
    let requests = description.requests.lines();
    if !requests.is_empty() {
        text += "  asks for:\n";
        text.extend(requests.iter().map(|line| format!("    {line}\n")));
    }
    session.out(&text);
    Ok(Exit::Done)
}

pub(crate) fn options(args: &OptionsArgs, session: &Session) -> Result<Exit, Failure> {
    let Seen { description, .. } = see(&args.which, session)?;
    let rows = isoplug_kit::options(&description).into_iter().map(|row| {
        let isoplug_kit::OptionRow { name, kind, default, description, is_required } = row;
        let default = if is_required { "(must be set)".to_owned() } else { default };
        [name, kind, default, description]
    });
    session.out(&columns(&rows.collect::<Vec<_>>()));
    Ok(Exit::Done)
}

/// Finds a plugin of the manifest, of a file or of a registry, in this order.
fn see(which: &Which, session: &Session) -> Result<Seen, Failure> {
    let project = Project::open(&which.folder.path).ok();
    let sources = project.as_ref().map(Project::plugins).transpose()?.unwrap_or_default();
    if let (Some(project), Some(source)) = (&project, sources.get(&which.plugin)) {
        return of_manifest(&which.plugin, source, project, session);
    }
    let path = Path::new(&which.plugin);
    if path.is_file() || which.plugin.ends_with(".wasm") {
        return file(path, session);
    }
    let reference: Reference = which.plugin.parse()?;
    let lookup = Lookup::new(project.as_ref(), session)?;
    let offer = lookup.offer(&reference, &requirement("*")?, None, true)?;
    let publisher = offer.verdict.to_string();
    Ok(Seen { description: offer.description, publisher, world: None })
}

fn of_manifest(
    name: &str,
    source: &PluginSource,
    project: &Project,
    session: &Session,
) -> Result<Seen, Failure> {
    let lock = project.lock(session)?.unwrap_or_default();
    let Some(wanted) = InRegistry::plugin(source)? else {
        let path = source.path.as_deref().unwrap_or_default();
        return file(&project.folder.join(path), session);
    };
    let pin = wanted.pin(lock.plugins.get(name))?;
    let (component, description) = Lookup::new(Some(project), session)?.pinned(&pin)?;
    Ok(Seen { description, publisher: pin.publisher, world: Some(component.world) })
}

fn file(path: &Path, session: &Session) -> Result<Seen, Failure> {
    let runtime = crate::plugins::runtime(session)?;
    let found = find::file(&path.display().to_string(), &runtime)?;
    let world = Some(found.component.world);
    Ok(Seen { description: found.description, publisher: "nobody: a file".to_owned(), world })
}
