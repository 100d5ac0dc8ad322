//! Adds to what changes in an image what the changelogs of the new packages say, as far as the packages are in the store.

use std::path::PathBuf;

use isoplug_engine::{Digest, Graph, Store};
use isoplug_image::stages::fetch::Fetch;
use isoplug_inspect::debs::changelog;
use isoplug_manifest::System;
use isoplug_manifest::lock::{LockedImage, LockedPackage};

use crate::changes::Changes;
use crate::failure::Failure;
use crate::locking::sources;
use crate::outcome;
use crate::prepare::places;
use crate::project::Project;
use crate::session::Session;

/// Adds changelogs; `fetch` names the project and the system whose packages are fetched first.
///
/// # Errors
///
/// When a package cannot be fetched.
pub(crate) fn add(
    changes: &mut Changes,
    locked: &LockedImage,
    fetch: Option<(&Project, &System)>,
    session: &Session,
) -> Result<(), Failure> {
    let is_new = |package: &&LockedPackage| changes.updates(&package.name, &package.version);
    let new: Vec<LockedPackage> = locked.packages().filter(is_new).cloned().collect();
    if let Some((project, system)) = fetch.filter(|_| !new.is_empty()) {
        session.keep_gc_away()?;
        fetched(new.clone(), project, system, session)?;
    }
    let Some(store) = session.store_that_is_there() else { return Ok(()) };
    for package in &new {
        let deb = deb(package, &store);
        if let Some(text) = deb.and_then(|path| changelog(&path).ok().flatten()) {
            changes.tell(&package.name, &text);
        }
    }
    Ok(())
}

fn deb(package: &LockedPackage, store: &Store) -> Option<PathBuf> {
    let digest = Digest::from_hex(&package.sha256).ok().filter(|digest| store.has(digest))?;
    Some(store.blob_path(&digest))
}

/// Gets packages into the store.
fn fetched(
    packages: Vec<LockedPackage>,
    project: &Project,
    system: &System,
    session: &Session,
) -> Result<(), Failure> {
    let lock = project.lock(session)?.unwrap_or_default();
    let places = places(project, &sources(system, session)?, &lock, session);
    let mut graph = Graph::new();
    let debs = graph.add(Fetch { group: "changelogs".to_owned(), packages, places }).debs;
    isoplug_engine::run(&graph, &[debs.id()], &session.store()?, &session.run_options())
        .map_err(|error| outcome::failure(&error, system))?;
    Ok(())
}
