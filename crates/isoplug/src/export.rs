//! Puts finished artifacts from the store into the user's folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use isoplug_engine::seam::between;
use isoplug_engine::{Artifact, Blob, Outputs};
use isoplug_image::stages::output;

use crate::alone::Alone;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::Prepared;
use crate::session::Session;

/// Puts the ISO and what belongs beside it into a folder; returns the path of the ISO.
pub(crate) fn export(
    prepared: &Prepared,
    outputs: &Outputs,
    folder: &Path,
    session: &Session,
) -> Result<PathBuf, Failure> {
    let facts = &prepared.products.facts;
    let iso = folder.join(format!("{}.iso", prepared.name));
    let beside = |suffix: &str| folder.join(format!("{}.iso.{suffix}", prepared.name));
    let files = [
        (facts.packages, beside("packages")),
        (facts.lock, beside("lock")),
        (facts.sbom, beside("spdx.json")),
        (facts.checksum, beside("sha256")),
        (prepared.products.iso, iso.clone()),
    ];
    let mut all = Vec::new();
    for (plugin, files) in &prepared.products.outputs {
        let beside = folder.join(format!("{}.{plugin}", prepared.name));
        let listed = std::fs::read(made(outputs, *files, &beside)?).ok();
        let listed = listed.and_then(|bytes| output::read(&bytes).ok()).ok_or_else(|| {
            Failure::new(
                Exit::Internal,
                format!("the list of files for {} is damaged", beside.display()),
            )
        })?;
        let source = |digest| prepared.store.blob_path(&digest);
        all.extend(listed.into_iter().map(|(path, digest)| (source(digest), beside.join(path))));
    }
    for (artifact, target) in files {
        all.push((made(outputs, artifact, &target)?, target));
    }
    fs::create_dir_all(folder).map_err(|error| unwritable(&iso, &error))?;
    let alone = Alone::in_folder(folder, session)?;
    put(&all, &alone)?;
    Ok(iso)
}

/// Returns where an artifact is.
fn made(outputs: &Outputs, artifact: Artifact<Blob>, target: &Path) -> Result<PathBuf, Failure> {
    outputs.path(artifact).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("nothing was made for {}", target.display()))
    })
}

/// Puts files into the user's folder: all of them, or none where one cannot be written. Two runs that do
/// so at once would mix theirs, and write to each other's unfinished files.
fn put(files: &[(PathBuf, PathBuf)], _alone: &Alone) -> Result<(), Failure> {
    let mut ready = Vec::new();
    for (source, target) in files {
        match bring(source, target) {
            Ok(new) => ready.extend(new.map(|new| (new, target))),
            Err(error) => {
                // What cannot be removed now is replaced by the next build.
                ready.iter().for_each(|(new, _)| drop(fs::remove_file(new)));
                return Err(unwritable(target, &error));
            }
        }
    }
    between("brought, not renamed");
    ready.iter().try_for_each(|(new, target)| {
        fs::rename(new, target).map_err(|error| unwritable(target, &error))
    })
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    let folder = target.parent().unwrap_or(target);
    let message = match folder.is_dir() {
        true => format!("cannot write {}", target.display()),
        false => format!("cannot make the folder {}", folder.display()),
    };
    let hint = "free space, or choose another folder with --output DIR";
    Failure::new(Exit::Failed, message).because(error).hint(hint)
}

/// Gives the source another name beside the target, or copies it there from another file system,
/// and returns where it is now; none if the target is the source already.
///
/// The new name can take the place of the old one by a rename, so that whoever reads the old file
/// goes on reading it.
fn bring(source: &Path, target: &Path) -> io::Result<Option<PathBuf>> {
    if is_same_file(source, target) {
        return Ok(None);
    }
    fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))?;
    let mut new = target.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    // A killed run may have left it.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    between("removed, not made");
    if fs::hard_link(source, &new).is_err() {
        copy(source, &new)?;
    }
    Ok(Some(new))
}

/// Copies to a file that is not there yet: one that is may be another name of the source, which
/// opening it for writing would empty.
fn copy(source: &Path, new: &Path) -> io::Result<()> {
    let mut from = File::open(source)?;
    let mut to = File::create_new(new)?;
    let copied = io::copy(&mut from, &mut to)
        .and_then(|_| to.set_permissions(from.metadata()?.permissions()));
    if copied.is_err() {
        drop(fs::remove_file(new));
    }
    copied
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use isoplug_engine::CancelToken;
    use isoplug_engine::seam::visited_once;

    use super::*;

    /// Puts files as the only run there is.
    fn put(files: &[(PathBuf, PathBuf)]) -> Result<(), Failure> {
        let folder = files[0].1.ancestors().find(|folder| folder.is_dir()).unwrap();
        let alone = Alone::with(folder, &CancelToken::new(), || panic!("nobody else is here"))?;
        super::put(files, &alone)
    }

    /// Another run that exports to the same folder comes in when this one is half done.
    #[test]
    fn two_runs_do_not_mix_what_they_export() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let files = |run: &'static str| {
            ["iso", "sha256"].map(|name| {
                let source = folder.path().join(format!("{run}-{name}"));
                fs::write(&source, run).unwrap();
                (source, out.join(name))
            })
        };
        let (one, other) = (files("one"), files("other"));
        let (started, (waits, waiting)) = (out.clone(), channel());
        let (ended, end) = channel();
        let come = move || {
            thread::spawn(move || {
                let waits = || waits.send(()).unwrap();
                let alone = Alone::with(&started, &CancelToken::new(), waits).unwrap();
                ended.send(super::put(&other, &alone).is_ok()).unwrap();
            });
            waiting.recv().unwrap();
        };
        visited_once("brought, not renamed", come, || put(&one)).unwrap();
        assert!(end.recv().unwrap());
        for name in ["iso", "sha256"] {
            assert_eq!(fs::read_to_string(out.join(name)).unwrap(), "other", "{name}");
        }
        assert_eq!(isoplug_formats::tree::sorted_names(&out).unwrap().len(), 2);
    }

    /// Where the file system has no locks, a source must not be emptied through its other name.
    #[test]
    fn another_name_of_the_source_is_never_written_to() {
        let (folder, source, target) = folder();
        let (mut new, blob) = (target.clone().into_os_string(), source.clone());
        new.push(".new");
        let come = move || fs::hard_link(blob, new).unwrap();
        let files = [(source.clone(), target)];
        let put = visited_once("removed, not made", come, || put(&files));
        assert!(put.unwrap_err().text().contains("File exists"));
        assert_eq!(fs::read_to_string(&source).unwrap(), "new");
        drop(folder);
    }

    fn folder() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["blob", "out/x.iso"].map(|name| folder.path().join(name));
        fs::write(&source, "new").unwrap();
        (folder, source, target)
    }

    #[test]
    fn an_older_target_is_replaced() {
        let (folder, source, target) = folder();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(&target, "old").unwrap();
        let files = [(source, target.clone())];
        put(&files).unwrap();
        put(&files).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }

    #[test]
    fn all_targets_stay_as_they_were_if_one_cannot_be_written() {
        let (folder, source, target) = folder();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(&target, "old").unwrap();
        let missing = (folder.path().join("missing"), folder.path().join("out/y.iso"));
        put(&[(source.clone(), target.clone()), missing]).unwrap_err();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        let left = isoplug_formats::tree::sorted_names(&folder.path().join("out")).unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
        let failure = put(&[(source, target.join("below a file"))]).unwrap_err();
        let text = failure.text().replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(text, @r"
        error: cannot make the folder DIR/out/x.iso
          because: File exists (os error 17)
          try: free space, or choose another folder with --output DIR
        ");
    }
}
