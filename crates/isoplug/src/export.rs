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
    let top = output.hold()?;
    let alone = Alone::in_folder_shown_as(&top.path(), folder, session)?;
    put(&all, folder, &top, &alone)?;
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
        super::put(files, folder, &Folder::open(folder, false).unwrap(), &alone)
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
                let top = Folder::open(&started, false).unwrap();
                ended.send(super::put(&other, &started, &top, &alone).is_ok()).unwrap();
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

    fn links_come(inside: impl Fn(&str) -> PathBuf) {
        for name in ["out/p/a", "out/p", "out"] {
            let moved = inside(&format!("moved-{}", name.replace('/', "-")));
            fs::rename(inside(name), moved).unwrap();
            std::os::unix::fs::symlink(inside("victim"), inside(name)).unwrap();
        }
    }

    /// Another process moves the folder away and puts a link in its place, or in that of a folder in it, when this one
    /// is half done.
    #[test]
    fn a_link_in_place_of_the_folder_leads_nothing_elsewhere() {
        let (folder, source, iso) = folder();
        let top = folder.path().to_owned();
        let at = move |name: &str| top.join(name);
        let inside = at.clone();
        for name in ["victim", "out"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("victim/x.iso"), "mine").unwrap();
        let files = [(source.clone(), iso), (source, at("out/p/a/y"))];
        visited_once("brought, not renamed", || links_come(inside), || put(&files)).unwrap();
        assert_eq!(fs::read_to_string(at("victim/x.iso")).unwrap(), "mine");
        assert_eq!(isoplug_formats::tree::sorted_names(&at("victim")).unwrap(), ["x.iso"]);
        assert_eq!(fs::read_to_string(at("moved-out/x.iso")).unwrap(), "new");
        assert_eq!(fs::read_to_string(at("moved-out-p-a/y")).unwrap(), "new");
        // One that was there before is not followed either.
        assert!(Folder::open(&at("out"), false).is_err());
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
