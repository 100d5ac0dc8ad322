//! Puts finished artifacts from the store into the user's folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isoplug_engine::seam::between;
use isoplug_engine::{Artifact, Blob, Outputs};
use isoplug_image::stages::output;
use tempfile::TempPath;

use crate::alone::Alone;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place::{self, Folder};
use crate::prepare::Prepared;
use crate::project::Project;
use crate::session::Session;

/// The folder for results.
#[derive(Debug)]
pub(crate) struct Output {
    /// Its path.
    pub(crate) folder: PathBuf,
    /// Whether the user named it, so that it may be a link.
    named: bool,
}

impl Output {
    /// Opens the folder, which is made if it is missing.
    ///
    /// # Errors
    /// If it cannot be made, or became a link while the image was made.
    pub(crate) fn hold(&self) -> Result<Folder, Failure> {
        Folder::open(&self.folder, self.named).map_err(|error| {
            match self.folder.is_symlink() && !self.named {
                true => is_link(&self.folder),
                false => not_made(&self.folder, &error),
            }
        })
    }
}

/// Returns the folder for ISOs: the one that is named, else `out` beside the manifest.
///
/// # Errors
/// If `out` is a link: whoever made the manifest would choose where files are written.
pub(crate) fn output(project: &Project, named: Option<&Path>) -> Result<Output, Failure> {
    if let Some(named) = named {
        return Ok(Output { folder: named.to_owned(), named: true });
    }
    let folder = project.folder.join("out");
    match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_symlink() => Err(is_link(&folder)),
        _ => Ok(Output { folder, named: false }),
    }
}

fn is_link(folder: &Path) -> Failure {
    let message = format!("{} is a link, which is not followed", folder.display());
    Failure::new(Exit::Manifest, message)
        .hint("name the folder with --output DIR, or remove the link")
}

/// Puts the ISO and what belongs beside it into a folder; returns the path of the ISO.
pub(crate) fn export(
    prepared: &Prepared,
    outputs: &Outputs,
    output: &Output,
    session: &Session,
) -> Result<PathBuf, Failure> {
    let folder = &output.folder;
    let iso = folder.join(format!("{}.iso", prepared.image.name));
    let papers = prepared.products.papers.all().into_iter().map(|(artifact, suffix)| {
        (artifact, folder.join(format!("{}.iso.{suffix}", prepared.image.name)))
    });
    let files = papers.chain([(prepared.products.iso, iso.clone())]);
    let mut all = of_plugins(prepared, outputs, folder)?;
    for (artifact, target) in files {
        all.push((made(outputs, artifact, &target)?, target));
    }
    put_into(&all, output, session)?;
    Ok(iso)
}

/// Puts files into the folder for results, each of which goes below it.
pub(crate) fn put_into(
    files: &[(PathBuf, PathBuf)],
    output: &Output,
    session: &Session,
) -> Result<(), Failure> {
    let top = output.hold()?;
    let alone = Alone::in_folder_shown_as(&top.path(), &output.folder, session)?;
    put(files, &output.folder, &top, &alone)
}

/// Returns the files that plugins planned, and where each goes.
fn of_plugins(
    prepared: &Prepared,
    outputs: &Outputs,
    folder: &Path,
) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let mut all = Vec::new();
    for (plugin, files) in &prepared.products.outputs {
        let beside = folder.join(format!("{}.{plugin}", prepared.image.name));
        let listed = fs::read(made(outputs, *files, &beside)?).ok();
        let listed = listed.and_then(|bytes| output::read(&bytes).ok()).ok_or_else(|| {
            let message = format!("the list of files for {} is damaged", beside.display());
            Failure::new(Exit::Internal, message)
        })?;
        let source = |digest| prepared.store.blob_path(&digest);
        all.extend(listed.into_iter().map(|(path, digest)| (source(digest), beside.join(path))));
    }
    Ok(all)
}

/// Returns where an artifact is.
pub(crate) fn made(
    outputs: &Outputs,
    artifact: Artifact<Blob>,
    target: &Path,
) -> Result<PathBuf, Failure> {
    outputs.path(artifact).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("nothing was made for {}", target.display()))
    })
}

/// Puts files into the user's folder, which is held as `top`: all of them, or none where one cannot be written. Two
/// runs that do so at once would mix theirs.
fn put(
    files: &[(PathBuf, PathBuf)],
    folder: &Path,
    top: &Folder,
    _alone: &Alone,
) -> Result<(), Failure> {
    let (mut folders, mut ready) = (BTreeMap::new(), Vec::new());
    for (_, target) in files {
        let parent = target.parent().unwrap_or(Path::new(""));
        let below = parent.strip_prefix(folder).unwrap_or(Path::new(""));
        let held = top.below(below, parent).map_err(|error| unwritable(target, &error))?;
        folders.entry(parent).or_insert(held);
    }
    for (source, target) in files {
        let held = target.parent().and_then(|parent| folders.get(parent));
        let place = held.map_or_else(PathBuf::new, |held| {
            held.path().join(target.file_name().unwrap_or_default())
        });
        let new = bring(source, &place).map_err(|error| unwritable(target, &error))?;
        ready.extend(new.map(|new| (new, place, target)));
    }
    between("brought, not renamed");
    ready.into_iter().try_for_each(|(new, place, target)| {
        place::take_place(new, &place).map_err(|error| unwritable(target, &error))
    })
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    let folder = target.parent().unwrap_or(target);
    match folder.is_dir() {
        true => failed(format!("cannot write {}", target.display()), error),
        false => not_made(folder, error),
    }
}

fn not_made(folder: &Path, error: &io::Error) -> Failure {
    failed(format!("cannot make the folder {}", folder.display()), error)
}

fn failed(message: String, error: &io::Error) -> Failure {
    let hint = "free space, or choose another folder with --output DIR";
    Failure::new(Exit::Failed, message).because(error).hint(hint)
}

/// Brings a file beside its target; none if the target is the source already.
fn bring(source: &Path, target: &Path) -> io::Result<Option<TempPath>> {
    if is_same_file(source, target) {
        return Ok(None);
    }
    place::bring(source, target).map(Some)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests;
