//! Tests of the contributor of files.

use std::os::unix::fs::PermissionsExt;

use super::super::rootfs_of_tests::Rootfs;
use super::*;
use proptest::prelude::*;

fn rootfs() -> Rootfs {
    Rootfs::with(&[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n"),
        ("/etc/group", "root:x:0:\nada:x:1001:\n"),
        ("/etc/motd", "Debian\n"),
        ("/etc/skel/.bashrc", "# skel\n"),
        ("/usr/lib/x", ""),
    ])
    .link("/lib", "usr/lib")
}

fn text(target: &str, text: &str) -> NewFile {
    NewFile {
        target: target.into(),
        from: FileContent::Bytes(text.into()),
        mode: None,
        user: "root".into(),
        group: "root".into(),
    }
}

fn files(files: Vec<NewFile>) -> Files {
    Files { files }
}

#[test]
fn owners_are_resolved_in_the_image() {
    let file = NewFile {
        user: "ada".into(),
        group: "1234".into(),
        mode: Some(0o600),
        ..text("/etc/motd", "Hi\n")
    };
    let mut rootfs = rootfs();
    rootfs.add(&files(vec![file])).unwrap();
    let entry = rootfs.entry("/etc/motd");
    assert_eq!((entry.mode, entry.uid, entry.gid), (0o600, 1000, 1234));
    assert_eq!(rootfs.text("/etc/motd"), "Hi\n");
    let stranger = NewFile { user: "adda".into(), ..text("/x", "") };
    let error = rootfs.add(&files(vec![stranger])).unwrap_err();
    insta::assert_snapshot!(error, @"the image has no user `adda`; did you mean `ada`?");
}

#[test]
fn a_copy_of_the_skeleton_gives_way() {
    let home = files(vec![text("/home/ada/.bashrc", "# skel\n")]);
    let mut rootfs = rootfs();
    rootfs.add(&home).unwrap();
    rootfs.add(&files(vec![text("/home/ada/.bashrc", "# mine\n")])).unwrap();
    assert_eq!(rootfs.text("/home/ada/.bashrc"), "# mine\n");
    let twice = files(vec![text("/a", "1"), text("/a", "2")]);
    insta::assert_snapshot!(rootfs.add(&twice).unwrap_err(), @"/a: `files` sets it twice, each time to something else");
}

#[test]
fn folders_are_copied_with_their_links_and_modes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir_all(at("lib/tools")).unwrap();
    std::fs::write(at("lib/tools/run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(at("lib/tools/run"), PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::write(at("lib/tools/data"), "x").unwrap();
    std::os::unix::fs::symlink("run", at("lib/tools/go")).unwrap();
    let source = Source::scan(folder.path()).unwrap();
    let file = NewFile { from: FileContent::Source(source.clone()), ..text("/", "") };
    let mut rootfs = rootfs();
    rootfs.add(&files(vec![file.clone()])).unwrap();
    assert_eq!(rootfs.entry("/usr/lib/tools/run").mode, 0o755);
    assert_eq!(rootfs.entry("/usr/lib/tools/data").mode, 0o644);
    assert_eq!(rootfs.entry("/usr/lib/tools/go").kind, Kind::Symlink(b"run".to_vec()));
    std::fs::write(at("lib/tools/data"), "y").unwrap();
    let changed = self::rootfs().add(&files(vec![file])).unwrap_err().to_string();
    assert!(
        changed.ends_with("/lib/tools/data: it changed while the image was built"),
        "{changed}"
    );
    let key = serde_json::to_string(&source).unwrap();
    assert!(!key.contains(folder.path().to_str().unwrap()));
}

proptest! {
    #[test]
    fn every_text_arrives(texts in prop::collection::btree_map("[a-z]{1,4}", "\\PC{0,40}", 0..12)) {
        let all = texts.iter().map(|(name, bytes)| text(&format!("/srv/{name}"), bytes)).collect();
        let mut rootfs = rootfs();
        rootfs.add(&files(all)).unwrap();
        for (name, bytes) in &texts {
            prop_assert_eq!(&rootfs.text(&format!("/srv/{name}")), bytes);
        }
    }
}
