//! A project with its vendor folder as one artifact of an OCI registry, and the folder again that it was made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use isoplug_registry::{Place, Reference, get_folder, put_folder};
use tempfile::TempDir;

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
    fetch(from, folder, session)?;
    session.out(&folder.display().to_string());
    Ok(Exit::Done)
}

fn fetch(from: &str, folder: &Path, session: &Session) -> Result<(), Failure> {
    let reference = reference(from, "get from", session)?;
    let registries = Settings::read(session)?.registries(session)?;
    let digest = get_folder(&registries, &reference, folder)?;
    session.note(&format!("{from} is {digest}"));
    Ok(())
}

/// A project to build again: a folder, or what was published of one.
pub(crate) struct Kept {
    folder: PathBuf,
    /// What was published lies in it as long as this is there.
    _until: Option<TempDir>,
}

impl Kept {
    /// Opens a folder, or gets what the text of a reference names.
    pub(crate) fn open(from: &Path, session: &Session) -> Result<Self, Failure> {
        let text = from.to_string_lossy();
        if from.exists() || !(text.contains("://") || text.starts_with("oci-layout:")) {
            return Ok(Self { folder: from.to_path_buf(), _until: None });
        }
        let failed = |error| {
            Failure::new(Exit::Failed, "cannot make a folder for the project").because(&error)
        };
        let until = tempfile::tempdir().map_err(failed)?;
        let folder = until.path().join("project");
        fetch(&text, &folder, session)?;
        Ok(Self { folder, _until: Some(until) })
    }

    /// Where its manifest lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
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
