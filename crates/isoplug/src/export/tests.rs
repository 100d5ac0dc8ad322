//! Tests of how results get into the folder of the user.

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
