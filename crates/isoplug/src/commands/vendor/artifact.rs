//! A project with its vendor folder as one artifact of an OCI registry, and the folder again that it was made of.

use std::collections::BTreeSet;
use std::path::Path;

use isoplug_registry::{Place, Reference, get_folder, put_folder};

use super::FOLDER;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::settings::Settings;
use crate::project::Project;
use crate::session::Session;

/// Publishes the files of a project and of its vendor folder; prints the reference with its digest.
pub(super) fn put(
    to: &str,
    project: &Project,
    own: &BTreeSet<String>,
    vendored: &[String],
    session: &Session,
) -> Result<(), Failure> {
    let reference = reference(to, "publish to", session)?;
    let vendored = vendored.iter().map(|name| format!("{FOLDER}/{name}"));
    let mut files: BTreeSet<String> = own.iter().cloned().chain(vendored).collect();
    let plugins = project.folder.join(crate::plugins::lookup::VENDOR);
    files.extend(super::own::below(&plugins, &project.folder)?);
    let registries = Settings::read(session)?.registries(session)?;
    let top = if project.folder.as_os_str().is_empty() { Path::new(".") } else { &project.folder };
    let published = put_folder(&registries, &reference, top, &files)?;
    session.out(&published.to_string());
    Ok(())
}

/// Gets such a folder; prints where it is.
pub(super) fn get(from: &str, folder: &Path, session: &Session) -> Result<Exit, Failure> {
    let reference = reference(from, "get from", session)?;
    let registries = Settings::read(session)?.registries(session)?;
    let digest = get_folder(&registries, &reference, folder)?;
    session.note(&format!("it is {digest}"));
    session.out(&folder.display().to_string());
    Ok(Exit::Done)
}

fn reference(text: &str, doing: &str, session: &Session) -> Result<Reference, Failure> {
    let reference: Reference = text.parse()?;
    if let (Some(why), Place::Registry { .. }) = (session.offline(), &reference.place) {
        let message = format!("cannot {doing} {text}: {why}");
        return Err(Failure::new(Exit::Manifest, message)
            .hint("a folder takes it, too: oci-layout:/folder#NAME:TAG"));
    }
    Ok(reference)
}
