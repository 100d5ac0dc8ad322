//! Two processes that meet between two steps of one of them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use isoplug_engine::seam::visited_once;
use isoplug_engine::{Digest, Error, Keep, Store, hold_folder};

/// A store with one blob whose bytes were changed behind its back; returns what is good, too.
fn damaged() -> (tempfile::TempDir, Store, Digest, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let good = folder.path().join("good");
    fs::write(&good, "good bytes").unwrap();
    let digest = store.put_file(&good, None).unwrap();
    let path = store.blob_path(&digest);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"!").unwrap();
    (folder, store, digest, good)
}

/// What another process does that finds the same damage.
fn mend(root: &Path, good: &Path) -> impl FnOnce() + use<> {
    let (root, good) = (root.to_owned(), good.to_owned());
    move || {
        let other = Store::open(root).unwrap();
        other.put_file(&good, None).unwrap();
    }
}

#[test]
fn a_blob_that_another_process_mends_is_not_removed() {
    let (_folder, store, digest, good) = damaged();
    let mend = mend(store.root(), &good);
    assert!(visited_once("hashed, not removed", mend, || store.has(&digest)), "it is good now");
    assert_eq!(fs::read(store.blob_path(&digest)).unwrap(), b"good bytes");
}

#[test]
fn verify_does_not_remove_what_another_process_mends() {
    let (_folder, store, digest, good) = damaged();
    let mend = mend(store.root(), &good);
    let found = visited_once("hashed, not removed", mend, || store.verify(1)).unwrap();
    assert_eq!(found, [], "what was damaged is mended");
    assert_eq!(fs::read(store.blob_path(&digest)).unwrap(), b"good bytes");
}

#[test]
fn a_damaged_blob_that_nobody_mends_goes() {
    let (_folder, store, digest, _) = damaged();
    assert!(!store.has(&digest));
    assert!(!store.blob_path(&digest).exists());
}

#[test]
fn gc_leaves_what_is_being_written_to_a_side_cache() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let cache = store.cache_dir("code").unwrap();
    let new = tempfile::NamedTempFile::new_in(&cache).unwrap();
    let (dead, whole) = (cache.join(".tmpDead"), cache.join("whole"));
    for path in [&dead, &whole] {
        fs::write(path, "bytes").unwrap();
    }
    File::open(&dead).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let keep = Keep {
        used_within: Some(Duration::ZERO),
        bytes: Some(0),
        caches: &["code"],
        ..Keep::default()
    };
    assert_eq!(store.gc(keep).unwrap().files, 2);
    assert!(!dead.exists() && !whole.exists());
    new.persist(&whole).unwrap();
}

#[test]
fn who_wants_a_folder_waits_for_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let first = hold_folder(&path, || false, || panic!("nobody has it")).unwrap();
    let (waits, waiting) = channel();
    let inside = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _second = hold_folder(&path, || false, || waits.send(()).unwrap()).unwrap();
            assert!(!inside.load(Ordering::SeqCst), "two have it");
        });
        waiting.recv().unwrap();
        inside.store(false, Ordering::SeqCst);
        drop(first);
    });
}

#[test]
fn a_wait_for_a_folder_ends_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let _first = hold_folder(folder.path(), || false, || {}).unwrap();
    let stopped = hold_folder(folder.path(), || true, || {});
    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
}
