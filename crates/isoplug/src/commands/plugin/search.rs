//! `isoplug plugin search`: looks for plugins in the indices of registries.

use isoplug_registry::{self as registry, Found, Reference, index_reference};

use super::Folder;
use super::shown::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;

/// Look for plugins whose name or summary has all of the words
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin search hardening\n  \
    isoplug plugin search --index registry.example.com/isoplug  # all of an index\n\n\
    Indices to search by default are `registries.indices` in isoplug's config.toml and those\n\
    beside the plugins of the manifest.")]
pub(crate) struct Args {
    /// The words
    words: Vec<String>,
    /// Search this part of a registry; may be given several times
    #[arg(long, value_name = "REPOSITORY")]
    index: Vec<String>,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path).ok();
    let lookup = Lookup::new(project.as_ref(), session)?;
    let references = indices(args, &lookup, project.as_ref())?;
    let indices = references.iter().map(|reference| lookup.open(reference));
    let indices = indices.collect::<Result<Vec<_>, _>>()?;
    let found = registry::search(&indices, &args.words, &lookup.policies)?;
    let row = |found: Found| {
        let Found { entry, index: _, signed_by } = found;
        let signed = signed_by.map_or("index unsigned".to_owned(), |by| format!("index by {by}"));
        [entry.reference, entry.latest.to_string(), entry.summary, signed]
    };
    session.out(&columns(&found.into_iter().map(row).collect::<Vec<_>>()));
    Ok(Exit::Done)
}

/// Returns the indices to search, each once.
fn indices(
    args: &Args,
    lookup: &Lookup,
    project: Option<&Project>,
) -> Result<Vec<Reference>, Failure> {
    let mut references = Vec::new();
    for text in named(args, lookup, project)? {
        let reference = index(&text)?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    if references.is_empty() {
        return Err(Failure::new(Exit::Manifest, "there is no index to search").hint(
            "name one with --index REGISTRY/PART, or in `registries.indices` of config.toml",
        ));
    }
    Ok(references)
}

/// Returns the indices that were named, else those of the configuration and beside the plugins.
fn named(args: &Args, lookup: &Lookup, project: Option<&Project>) -> Result<Vec<String>, Failure> {
    if !args.index.is_empty() {
        return Ok(args.index.clone());
    }
    let mut named = lookup.settings.indices().to_vec();
    for source in project.map(Project::plugins).transpose()?.unwrap_or_default().values() {
        let reference = source.registry.as_ref().and_then(|text| text.parse::<Reference>().ok());
        let beside = reference.as_ref().and_then(index_reference);
        named.extend(beside.map(|reference| reference.to_string()));
    }
    Ok(named)
}

/// Reads an index's own name, or the part of a registry that it is for.
fn index(text: &str) -> Result<Reference, registry::Error> {
    let own = text.ends_with("/isoplug-index") || text.ends_with("/isoplug-index:latest");
    let reference: Reference =
        if own { text.parse()? } else { format!("{}/x", text.trim_end_matches('/')).parse()? };
    Ok(index_reference(&reference).unwrap_or(reference))
}
