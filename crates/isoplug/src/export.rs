//! Puts finished artifacts from the store into the user's folder.

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
use crate::place;
use crate::prepare::Prepared;
use crate::project::Project;
use crate::session::Session;

/// Returns the folder for ISOs: the one that is named, else `out` beside the manifest.
///
/// # Errors
/// If `out` is a link: whoever made the manifest would choose where files are written.
pub(crate) fn folder(project: &Project, named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let folder = project.folder.join("out");
    match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_symlink() => {
            let message = format!("{} is a link, which is not followed", folder.display());
            Err(Failure::new(Exit::Manifest, message)
                .hint("name the folder with --output DIR, or remove the link"))
        }
        _ => Ok(folder),
    }
}

/// Puts the ISO and what belongs beside it into a folder; returns the path of the ISO.
pub(crate) fn export(
    prepared: &Prepared,
    outputs: &Outputs,
    folder: &Path,
    session: &Session,
) -> Result<PathBuf, Failure> {
    let papers = &prepared.products.papers;
    let iso = folder.join(format!("{}.iso", prepared.name));
    let beside = |suffix: &str| folder.join(format!("{}.iso.{suffix}", prepared.name));
    let files = [
        (papers.packages, beside("packages")),
        (papers.lock, beside("lock")),
        (papers.sbom, beside("spdx.json")),
        (papers.checksum, beside("sha256")),
        (prepared.products.iso, iso.clone()),
    ];
    let mut all = of_plugins(prepared, outputs, folder)?;
    for (artifact, target) in files {
        all.push((made(outputs, artifact, &target)?, target));
    }
    place::make_folder(folder, folder).map_err(|error| unwritable(&iso, &error))?;
    let alone = Alone::in_folder(folder, session)?;
    put(&all, folder, &alone)?;
    Ok(iso)
}

/// Returns the files that plugins planned, and where each goes.
fn of_plugins(
    prepared: &Prepared,
    outputs: &Outputs,
    folder: &Path,
) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let mut all = Vec::new();
    for (plugin, files) in &prepared.products.outputs {
        let beside = folder.join(format!("{}.{plugin}", prepared.name));
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
fn made(outputs: &Outputs, artifact: Artifact<Blob>, target: &Path) -> Result<PathBuf, Failure> {
    outputs.path(artifact).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("nothing was made for {}", target.display()))
    })
}

/// Puts files into the user's folder: all of them, or none where one cannot be written. Two runs that do
/// so at once would mix theirs.
fn put(files: &[(PathBuf, PathBuf)], top: &Path, _alone: &Alone) -> Result<(), Failure> {
    let mut ready = Vec::new();
    for (source, target) in files {
        let new = bring(source, top, target).map_err(|error| unwritable(target, &error))?;
        ready.extend(new.map(|new| (new, target)));
    }
    between("brought, not renamed");
    ready.into_iter().try_for_each(|(new, target)| {
        place::take_place(new, target).map_err(|error| unwritable(target, &error))
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

/// Brings a file beside its target; none if the target is the source already.
fn bring(source: &Path, top: &Path, target: &Path) -> io::Result<Option<TempPath>> {
    if is_same_file(source, target) {
        return Ok(None);
    }
    place::make_folder(top, target.parent().unwrap_or(Path::new(".")))?;
    place::bring(source, target).map(Some)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()));
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
        super::put(files, folder, &alone)
    }

    /// Another run that exports to the same folder comes in when this one is half done.
    #[test]
    fn two_runs_do_not_mix_what_they_export() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let [one, other] = ["one", "other"].map(|run| made_by(run, folder.path(), &out));
        let (started, (waits, waiting)) = (out.clone(), channel());
        let (ended, end) = channel();
        let come = move || {
            thread::spawn(move || {
                let waits = || waits.send(()).unwrap();
                let alone = Alone::with(&started, &CancelToken::new(), waits).unwrap();
                ended.send(super::put(&other, &started, &alone).is_ok()).unwrap();
            });
            waiting.recv().unwrap();
        };
        visited_once("brought, not renamed", come, || put(&one)).unwrap();
        assert!(end.recv().unwrap());
        assert_eq!(["iso", "sha256"].map(|name| read(&out, name)), ["other"; 2]);
        assert_eq!(isoplug_formats::tree::sorted_names(&out).unwrap().len(), 2);
    }

    fn made_by(run: &str, folder: &Path, out: &Path) -> [(PathBuf, PathBuf); 2] {
        ["iso", "sha256"].map(|name| {
            let source = folder.join(format!("{run}-{name}"));
            fs::write(&source, run).unwrap();
            (source, out.join(name))
        })
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap()
    }

    /// What a killed run left behind may be another name of the source.
    #[test]
    fn another_name_of_the_source_is_never_written_to() {
        let (_folder, source, target) = folder();
        fs::create_dir(target.parent().unwrap()).unwrap();
        fs::hard_link(&source, target.with_extension("iso.new")).unwrap();
        put(&[(source.clone(), target.clone())]).unwrap();
        for path in [source, target] {
            assert_eq!(fs::read_to_string(path).unwrap(), "new");
        }
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
          because: DIR/out/x.iso is in the way: a folder is needed there
          try: free space, or choose another folder with --output DIR
        ");
    }
}
