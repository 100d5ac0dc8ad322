//! What garbage collection removes and what it keeps.

use super::*;

#[test]
fn gc_removes_what_was_not_used_for_long() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    let old = build(&graph, c, &space.store).digest(c).unwrap();
    make_old(&space.store);
    let mut other = Graph::new();
    let kept = other.add(join("kept", &[], "", &diary)).blob;
    let new = build(&other, kept, &space.store).digest(kept).unwrap();
    let keep = Keep { used_within: Some(Duration::from_secs(1800)), ..Keep::default() };
    let freed = space.store.gc(keep).unwrap();
    assert_eq!((freed.records, freed.blobs), (3, 3));
    assert!(!space.store.has(&old) && space.store.has(&new));
    assert_eq!(space.store.usage().unwrap().blobs.files, 1);
}

#[test]
fn gc_keeps_the_last_used_within_a_size() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [a, _, c]) = chain("x", &diary);
    build(&graph, c, &space.store);
    make_old(&space.store);
    let a = build(&graph, a, &space.store).digest(a).unwrap();
    let one = space.store.usage().unwrap().blobs.bytes / 3;
    let freed = space.store.gc(Keep { bytes: Some(one), ..Keep::default() }).unwrap();
    assert_eq!((freed.records, freed.blobs), (2, 2));
    assert!(space.store.has(&a));
}

#[test]
fn gc_removes_blobs_without_a_record_and_leaves_caches() {
    let space = Space::new();
    let loose = space.folder.path().join("loose");
    fs::write(&loose, "loose").unwrap();
    let digest = space.store.put_file(&loose, None).unwrap();
    fs::write(space.store.cache_dir("index").unwrap().join("packages"), "cached").unwrap();
    let within = Keep { used_within: Some(Duration::from_secs(1800)), ..Keep::default() };
    space.store.gc(within).unwrap();
    assert!(space.store.has(&digest), "it was used a moment ago");
    let freed = space.store.gc(Keep::default()).unwrap();
    assert_eq!((freed.blobs, space.store.has(&digest)), (1, false));
    assert_eq!(space.store.usage().unwrap().caches["index"].files, 1);
}

fn set_used(path: &Path, time: SystemTime) {
    File::open(path).unwrap().set_modified(time).unwrap();
}

fn last_use(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn gc_removes_files_of_caches_that_were_not_used_for_long() {
    let space = Space::new();
    let folder = space.store.cache_dir("code").unwrap();
    fs::create_dir(folder.join("below")).unwrap();
    let [old, used, new] = ["old", "used", "below/new"].map(|name| folder.join(name));
    [&old, &used, &new].iter().for_each(|path| fs::write(path, [0; 5000]).unwrap());
    for path in [&old, &used] {
        set_used(path, SystemTime::UNIX_EPOCH);
    }
    isoplug_engine::mark_used(&used);
    assert!(last_use(&used) > SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    set_used(&used, now() - Duration::from_secs(60));
    let left = || [&old, &used, &new].map(|path| path.exists());
    let caches = &["code", "none"];
    let gc = |used_within, bytes| {
        space.store.gc(Keep { used_within, bytes, caches, ..Keep::default() }).unwrap()
    };
    assert_eq!((gc(None, None).files, left()), (0, [true; 3]));
    let freed = gc(Some(Duration::from_secs(3 * 3600)), None);
    assert_eq!((freed.files, left()), (1, [false, true, true]));
    assert!(freed.bytes >= 5000, "{freed:?}");
    assert_eq!((gc(None, Some(12_000)).files, left()), (1, [false, false, true]));
    assert_eq!((gc(None, Some(0)).files, left()), (1, [false; 3]));
}

/// What was unpacked is of no use without one of its files.
#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn a_folder_of_a_side_cache_goes_or_stays_as_one() {
    let space = Space::new();
    let cache = space.store.cache_dir("unpacked").unwrap();
    let [old, used, making] = ["old", "used", ".making"].map(|name| cache.join(name));
    for folder in [&old, &used, &making] {
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(folder.join("below/file"), [0; 5000]).unwrap();
        set_used(&folder.join("below/file"), SystemTime::UNIX_EPOCH);
    }
    for folder in [&old, &used] {
        set_used(folder, SystemTime::UNIX_EPOCH);
    }
    isoplug_engine::mark_used(&used);
    let left = || [&old, &used, &making].map(|path| path.join("below/file").exists());
    let folders = &["unpacked"];
    let gc = |used_within, bytes| {
        space.store.gc(Keep { used_within, bytes, folders, ..Keep::default() }).unwrap()
    };
    assert_eq!((gc(None, None).files, left()), (0, [true; 3]));
    let freed = gc(Some(Duration::from_secs(3600)), None);
    assert_eq!((freed.files, left()), (1, [false, true, true]));
    assert!(freed.bytes >= 5000 && !old.exists(), "{freed:?}");
    assert_eq!((gc(None, Some(0)).files, left()), (1, [false, false, true]));
}

#[test]
fn gc_waits_for_nobody_and_harms_nobody() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    let outputs = build(&graph, c, &space.store);
    let nothing = Keep { bytes: Some(0), ..Keep::default() };
    assert!(matches!(space.store.gc(nothing), Err(Error::Busy { .. })));
    drop(outputs);
    space.store.gc(nothing).unwrap();
    diary.take();
    build(&graph, c, &space.store);
    assert_eq!(diary.take(), ["a", "b", "c"]);
}
