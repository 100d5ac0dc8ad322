//! Tests of the builder of overlays.

use super::*;
use crate::rootfs_of_tests::{EPOCH, TestRootfs};

fn rootfs() -> TestRootfs {
    TestRootfs::with(&[("etc/motd", "hello\n"), ("usr/lib/os", "x")]).link("lib", "usr/lib")
}

#[test]
fn writes_go_where_links_on_the_way_lead() {
    let (built, _) = rootfs()
        .run("a", |rootfs| {
            rootfs.file("/lib/new", b"1", Attrs::mode(0o640).owned_by(3, 4))?;
            assert_eq!(rootfs.read("/usr/lib/new")?, Some(b"1".to_vec()));
            assert_eq!(rootfs.list("/lib"), ["new", "os"]);
            rootfs.file("/empty", b"", Attrs::mode(0o600))
        })
        .unwrap();
    let entry = built.overlay.tree.get("usr/lib/new").unwrap();
    assert_eq!((entry.mode, entry.uid, entry.gid, entry.mtime), (0o640, 3, 4, EPOCH));
    assert_eq!(built.overlay.tree.packs(), [built.pack.unwrap()]);
}

#[test]
fn bad_paths_are_refused() {
    let refusals = ["etc/x", "/a/../b", "/a\0", "/", "/etc/motd/x", "/usr/lib"].map(|path| {
        rootfs()
            .run("a", |rootfs| rootfs.file(path, b"", Attrs::mode(0o644)))
            .unwrap_err()
            .to_string()
    });
    insta::assert_snapshot!(refusals.join("\n").replace('\0', "NUL"), @r"
    etc/x: a path in the image must begin with a slash
    /a/../b: a path must not hold `..`
    /aNUL: a path must not hold NUL
    /: the root folder itself cannot be set
    /etc/motd/x: a part of it is not a folder
    /usr/lib: it is a folder
    ");
}

struct Motd(&'static str, &'static str, bool);

impl super::super::Contributor for Motd {
    fn by(&self) -> By {
        By::Part(self.0)
    }
    fn version(&self) -> u32 {
        1
    }
    fn key(&self, key: &mut dyn isoplug_engine::Key) {
        key.value("text", self.1);
    }
    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let attrs = Attrs { replace: self.2, ..Attrs::mode(0o644) };
        rootfs.file("/etc/motd", self.1.as_bytes(), attrs)
    }
}

#[test]
fn two_contributors_must_agree_on_a_file() {
    let mut rootfs = rootfs();
    rootfs.add(&Motd("first", "1", false)).unwrap();
    rootfs.add(&Motd("same", "1", false)).unwrap();
    let conflict = rootfs.add(&Motd("other", "2", false)).unwrap_err();
    insta::assert_snapshot!(conflict, @"/etc/motd: both `same` and `other` set it, each to something else");
    let lost = rootfs.run("remover", |rootfs| rootfs.remove("/etc")).unwrap_err();
    insta::assert_snapshot!(lost, @"/etc: both `same` and `remover` set it, each to something else");
    rootfs.add(&Motd("forced", "2", true)).unwrap();
    assert_eq!(rootfs.text("/etc/motd"), "2");
}

#[test]
fn what_is_removed_can_be_set_anew() {
    let (built, _) = rootfs()
        .run("a", |rootfs| {
            rootfs.remove("/missing")?;
            rootfs.remove("/usr/lib")?;
            assert!(rootfs.entry("/usr/lib/os").is_none());
            rootfs.symlink("/usr/lib", "lib64")
        })
        .unwrap();
    let mut tree = rootfs().tree;
    Overlay::from_bytes(&built.overlay.to_bytes()).unwrap().apply(&mut tree);
    assert_eq!(tree.get("usr/lib").unwrap().kind, Kind::Symlink(b"lib64".to_vec()));
    assert!(tree.get("usr/lib/os").is_none());
}

#[test]
fn the_same_contributor_gives_the_same_bytes() {
    let build = || {
        let run = rootfs().run("a", |rootfs| {
            rootfs.file("/b", b"2", Attrs::mode(0o644))?;
            rootfs.remove("/etc/motd")?;
            rootfs.file("/a", b"1", Attrs::mode(0o644))
        });
        let (built, _) = run.unwrap();
        (built.overlay.to_bytes(), built.pack)
    };
    assert_eq!(build(), build());
}
