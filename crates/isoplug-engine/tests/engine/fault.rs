//! Faults: damaged, truncated and vanished blobs, broken records, a full disk, a store that cannot be written.

mod irreproducible;

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use isoplug_engine::{
    Artifact, Blob, Digest, Error, Graph, NotWritable, Options, Outputs, Store, StoreOptions, run,
};

use crate::process::{child, child_folder};
use crate::toys::{Act, ActError, Diary, Memory, Space, join, put};

/// a → b.
fn pair(diary: &Diary) -> (Graph, Artifact<Blob>, Artifact<Blob>) {
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "some text", diary)).blob;
    let b = graph.add(join("b", &[a], "", diary)).blob;
    (graph, a, b)
}

fn build(graph: &Graph, target: Artifact<Blob>, store: &Store) -> Outputs {
    run(graph, &[target.id()], store, &Options::default()).unwrap()
}

/// Changes a blob behind the store's back.
fn damage(path: &Path, change: impl FnOnce(&mut fs::File)) {
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    change(&mut OpenOptions::new().write(true).open(path).unwrap());
    fs::set_permissions(path, Permissions::from_mode(0o444)).unwrap();
}

fn rebuilds_after(change: impl FnOnce(&mut fs::File)) {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, _, b) = pair(&diary);
    let outputs = build(&graph, b, &space.store);
    let (path, digest) = (outputs.path(b).unwrap(), outputs.digest(b).unwrap());
    damage(&path, change);
    diary.take();
    build(&graph, b, &space.store);
    assert_eq!(diary.take(), ["b"]);
    assert_eq!(Digest::of(&fs::read(path).unwrap()), digest);
}

#[test]
fn a_truncated_blob_is_made_again() {
    rebuilds_after(|file| file.set_len(3).unwrap());
}

#[test]
fn a_changed_blob_is_made_again() {
    rebuilds_after(|file| file.write_all(b"X").unwrap());
}

#[test]
fn a_copied_blob_is_trusted_after_a_look() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, _, b) = pair(&diary);
    let path = build(&graph, b, &space.store).path(b).unwrap();
    let copy = space.folder.path().join("copy");
    fs::copy(&path, &copy).unwrap();
    fs::rename(&copy, &path).unwrap();
    diary.take();
    build(&graph, b, &space.store);
    assert!(diary.take().is_empty());
}

#[test]
fn blobs_are_read_only_files() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, _, b) = pair(&diary);
    let path = build(&graph, b, &space.store).path(b).unwrap();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o444);
}

#[test]
fn verify_finds_rot_that_the_seal_does_not_show() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, a, b) = pair(&diary);
    let outputs = run(&graph, &[a.id(), b.id()], &space.store, &Options::default()).unwrap();
    let path = outputs.path(b).unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    damage(&path, |file| {
        file.write_all(b"X").unwrap();
        file.set_modified(before).unwrap();
    });
    assert!(space.store.has(&outputs.digest(b).unwrap()), "the seal is whole");
    let damaged = space.store.verify(2).unwrap();
    assert_eq!(damaged.iter().map(|damaged| &damaged.path).collect::<Vec<_>>(), [&path]);
    assert!(space.store.verify(2).unwrap().is_empty());
    diary.take();
    build(&graph, b, &space.store);
    assert_eq!(diary.take(), ["b"]);
}

#[test]
fn a_broken_record_counts_as_none() {
    for broken in ["", "{", "{}", "null", "[1]"] {
        let (space, diary) = (Space::new(), Diary::default());
        let (graph, _, b) = pair(&diary);
        let outputs = build(&graph, b, &space.store);
        let key = outputs.reports()[1].key;
        let record = space.folder.path().join(format!("records-v1/{key}.json"));
        fs::write(&record, broken).unwrap();
        diary.take();
        build(&graph, b, &space.store);
        assert_eq!(diary.take(), ["b"], "{broken}");
        assert!(space.store.record(&key).is_some());
    }
}

#[test]
fn a_record_under_another_key_counts_as_none() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, _, b) = pair(&diary);
    let outputs = build(&graph, b, &space.store);
    let record = |index: usize| {
        let key = outputs.reports()[index].key;
        space.folder.path().join(format!("records-v1/{key}.json"))
    };
    fs::copy(record(0), record(1)).unwrap();
    diary.take();
    build(&graph, b, &space.store);
    assert_eq!(diary.take(), ["b"]);
}

#[test]
fn an_input_that_vanishes_under_a_stage_is_made_again() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "", &diary)).blob;
    let tries = AtomicU64::new(0);
    let act = move |out: Artifact<Blob>, cx: &isoplug_engine::Context| {
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            fs::remove_file(cx.path(a)?).unwrap();
        }
        cx.path(a)?;
        Ok(cx.finish(out, put(cx, b"b")?, &[])?)
    };
    let b = graph.add(Act { title: "b", inputs: vec![a], act }).blob;
    let memory = Memory::default();
    let options = Options { reporter: &memory, ..Options::default() };
    run(&graph, &[b.id()], &space.store, &options).unwrap();
    assert_eq!(diary.take(), ["a", "a"]);
    let again = |line: &String| {
        line.starts_with("b: runs again, since an input vanished: the blob sha256:")
    };
    assert!(memory.lines().iter().any(again));
}

#[test]
fn an_input_that_always_vanishes_is_an_error() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "", &diary)).blob;
    let act = move |_, cx: &isoplug_engine::Context| {
        fs::remove_file(cx.path(a)?).unwrap();
        cx.path(a).map(drop).map_err(ActError::from)
    };
    let b = graph.add(Act { title: "b", inputs: vec![a], act }).blob;
    let error = run(&graph, &[b.id()], &space.store, &Options::default()).unwrap_err();
    assert!(matches!(error.find::<ActError>(), Some(ActError::Engine(Error::Vanished { .. }))));
}

#[test]
fn a_store_that_is_no_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file).unwrap_err();
    assert!(matches!(error, Error::NotAStore { reason: NotWritable::NotAFolder, .. }), "{error}");
    let error = Store::open("/proc/version/store").unwrap_err();
    assert!(matches!(error, Error::NotAStore { reason: NotWritable::NotAFolder, .. }), "{error}");
}

#[test]
fn left_overs_are_removed_with_the_cleaner() {
    let space = Space::new();
    let left = space.folder.path().join("tmp/build-of-a-dead-process");
    fs::create_dir(&left).unwrap();
    let keeps = StoreOptions { cleaner: |_| Err(std::io::ErrorKind::PermissionDenied.into()) };
    Store::open_with(space.folder.path(), keeps).unwrap();
    assert!(left.exists());
    Store::open(space.folder.path()).unwrap();
    assert!(!left.exists());
}

/// Runs a child test on a small tmpfs of its own, mounted by `script`; false when that is not allowed here.
fn on_small_disk(test: &str, script: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=256k none \"$1\" && {script} exec \"$2\" --exact {test} --nocapture"
    );
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c", &mount, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap());
    let output = child(&mut command, folder.path()).output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("running 1 test") => {
            panic!("{}", String::from_utf8_lossy(&output.stdout))
        }
        other => {
            isoplug_skip::skipped(&format!("no tmpfs in a user namespace: {other:?}"));
            false
        }
    }
}

#[test]
fn a_full_disk_is_told_and_recovered_from() {
    on_small_disk("fault::child_on_full_disk", "");
}

/// Runs a stage that writes 400 KiB.
fn run_big(store: &Store) -> Error {
    let mut graph = Graph::new();
    let act = |out: Artifact<Blob>, cx: &isoplug_engine::Context| {
        let blob = cx.create()?;
        let path = blob.path().to_owned();
        let written = blob.file().write_all(&[7; 400 << 10]);
        written.map_err(|source| Error::Io { doing: "write", path, source })?;
        Ok(cx.finish(out, cx.put(blob, None)?, &[])?)
    };
    let big = graph.add(Act { title: "big", inputs: vec![], act }).blob;
    run(&graph, &[big.id()], store, &Options::default()).unwrap_err()
}

#[test]
fn child_on_full_disk() {
    let Some(folder) = child_folder() else { return };
    let store = Store::open(&folder).unwrap();
    let error = run_big(&store);
    assert!(error.is_full(), "{error}");
    let source = folder.join("fill");
    let _ = fs::write(&source, vec![7; 200 << 10]);
    let error = store.put_file(&source, None).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    let _ = fs::write(&source, vec![7; 400 << 10]);
    let error = Store::open(folder.join("second")).unwrap_err();
    assert!(matches!(error, Error::NotAStore { reason: NotWritable::Full, .. }), "{error}");
    fs::remove_file(&source).unwrap();
    let diary = Diary::default();
    let (graph, _, b) = pair(&diary);
    build(&graph, b, &store);
    assert_eq!(diary.take(), ["a", "b"]);
}

#[test]
fn a_read_only_store_is_told() {
    on_small_disk("fault::child_on_read_only_disk", "mount -o remount,ro \"$1\" &&");
}

#[test]
fn child_on_read_only_disk() {
    let Some(folder) = child_folder() else { return };
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, Error::NotAStore { reason: NotWritable::ReadOnly, .. }), "{error}");
    assert!(error.to_string().ends_with("as the store: the file system is read-only"), "{error}");
}
