//! Tests of the contributor of files.

mod contents;

use std::os::unix::fs::PermissionsExt;

use super::super::rootfs_of_tests::TestRootfs;
use super::source::Source;
use super::*;
use isoplug_formats::tree::{Entry, Kind};
use proptest::prelude::*;

fn rootfs() -> TestRootfs {
    TestRootfs::with(&[
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
    Files { name: LATE.to_owned(), by: By::User, files }
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

const USERS: [(&str, &str); 2] = [
    (
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n\
         ada:x:1000:1001::/home/ada:/bin/sh\napp:x:101:102::/srv/app:/bin/sh\n",
    ),
    ("/etc/group", "root:x:0:\nada:x:1001:\n"),
];

#[test]
fn folders_on_the_way_belong_to_the_owner_of_the_home() {
    let mut rootfs = TestRootfs::with(&USERS).folder("/var/www");
    let home = Entry { uid: 1000, gid: 1001, ..Entry::new(Kind::Directory, 0o700, 0) };
    rootfs.tree.insert(*b"home/ada", home);
    let paths = ["/home/ada/.config/x/y", "/home/ada/.ssh/config", "/srv/app/z/y", "/var/www/z/y"];
    rootfs.add(&files(paths.map(|path| text(path, "")).to_vec())).unwrap();
    let owner = |path: &str| {
        let entry = rootfs.entry(path);
        (entry.uid, entry.gid, entry.mode)
    };
    assert_eq!(owner("/home/ada"), (1000, 1001, 0o700));
    assert_eq!(owner("/home/ada/.config"), (1000, 1001, 0o755));
    assert_eq!(owner("/home/ada/.config/x"), (1000, 1001, 0o755));
    assert_eq!(owner("/home/ada/.config/x/y"), (0, 0, 0o644));
    assert_eq!(owner("/home/ada/.ssh"), (1000, 1001, 0o700));
    assert_eq!(owner("/srv/app"), (101, 102, 0o755));
    assert_eq!(owner("/srv/app/z"), (101, 102, 0o755));
    assert_eq!(owner("/var/www/z"), (0, 0, 0o755));
}

#[test]
fn files_that_others_look_at_come_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("systemd/system")).unwrap();
    for name in ["systemd/system/x.service", "x.conf"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let etc = FileContent::Source(Source::scan(folder.path()).unwrap());
    let mut all =
        ["/etc/skel/.x", "/opt/sh", "/home/ada/y", "/lib/systemd/system/y.service", "/etc"]
            .map(|path| text(path, ""))
            .to_vec();
    all[4].from = etc;
    all.insert(1, NewFile { user: "ada".into(), ..text("/etc/skel/y", "") });
    let ada = ("ada".to_owned(), User { shell: "/opt/sh".into(), ..User::default() });
    let paths = |files: Files| files.files.iter().flat_map(paths_of).collect::<Vec<String>>();
    let [early, late, removed] = Files::split(all, &[ada].into()).map(paths);
    assert!(removed.is_empty());
    assert_eq!(early.join(" "), EARLY);
    assert_eq!(late, ["/etc/skel/y", "/home/ada/y", "/etc", "/etc/x.conf"]);
}

const EARLY: &str = "/etc/skel/.x /opt/sh /lib/systemd/system/y.service /etc/systemd \
                     /etc/systemd/system /etc/systemd/system/x.service";

fn paths_of(file: &NewFile) -> Vec<String> {
    match &file.from {
        FileContent::Source(source) => {
            source.items.iter().map(|item| item.path_in(&file.target)).collect()
        }
        _ => vec![file.target.clone()],
    }
}

fn with_systemd() -> TestRootfs {
    TestRootfs::with(&[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
        ("/etc/group", "root:x:0:\n"),
        ("/usr/bin/systemd-tmpfiles", ""),
    ])
}

#[test]
fn what_is_emptied_at_boot_is_put_there_again() {
    let mut rootfs = with_systemd().link("/var/run", "/run");
    let given =
        [("/run/acme/x y", "1"), ("/tmp/100%", "2"), ("/var/run/z", "3"), ("/var/tmp/k", "4")];
    let given = given.map(|(path, bytes)| NewFile { mode: Some(0o600), ..text(path, bytes) });
    rootfs.add(&files(given.to_vec())).unwrap();
    assert_eq!(rootfs.text("/run/acme/x y"), "1");
    assert_eq!(rootfs.text("/usr/lib/isoplug/files/run/acme/x y"), "1");
    assert_eq!(rootfs.text("/usr/lib/isoplug/files/run/z"), "3");
    insta::assert_snapshot!(rootfs.text("/usr/lib/tmpfiles.d/isoplug-files.conf"), @r#"
    C "/run/acme/x y" 0600 0 0 - /usr/lib/isoplug/files/run/acme/x y
    C /tmp/100%% 0600 0 0 - /usr/lib/isoplug/files/tmp/100%%
    C /run/z 0600 0 0 - /usr/lib/isoplug/files/run/z
    x /var/tmp/k
    "#);
}

/// The lines for systemd-tmpfiles of files at these paths.
fn lines_for(paths: &[String]) -> String {
    let mut rootfs = with_systemd();
    rootfs.add(&files(paths.iter().map(|path| text(path, path)).collect())).unwrap();
    rootfs.text("/usr/lib/tmpfiles.d/isoplug-files.conf")
}

/// Names that have what stands for something else in a line.
#[test]
fn systemd_puts_there_what_the_lines_say() {
    let names = ["x y", "100%", "a\"b'c", "d\\e", "-", "#f", "\u{e9}\u{e4}"];
    let paths = names.map(|name| format!("/run/{name}"));
    // Only root can give files away.
    let lines = lines_for(&paths).replace(" 0 0 - ", " - - - ");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("lines.conf"), &lines).unwrap();
    std::fs::create_dir_all(root.join("usr/lib/isoplug/files/run")).unwrap();
    for path in &paths {
        std::fs::write(root.join(format!("usr/lib/isoplug/files{path}")), path).unwrap();
    }
    let mut systemd = std::process::Command::new("systemd-tmpfiles");
    let said =
        systemd.arg("--root").arg(root).arg("--create").arg(root.join("lines.conf")).output();
    assert_eq!(String::from_utf8_lossy(&said.unwrap().stderr), "", "{lines}");
    let there =
        paths.each_ref().map(|path| std::fs::read_to_string(root.join(&path[1..])).unwrap());
    assert_eq!(there, paths, "{lines}");
}

#[test]
fn a_file_is_given_once() {
    let twice = files(vec![text("/a", "1"), text("/a", "2")]);
    insta::assert_snapshot!(rootfs().add(&twice).unwrap_err(), @"/a: `the manifest` sets it twice, each time to something else");
}

fn folder_of_tools() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir_all(at("lib/tools")).unwrap();
    std::fs::write(at("lib/tools/run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(at("lib/tools/run"), PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::write(at("lib/tools/data"), "x").unwrap();
    std::os::unix::fs::symlink("run", at("lib/tools/go")).unwrap();
    folder
}

#[test]
fn folders_are_copied_with_their_links_and_modes() {
    let folder = folder_of_tools();
    let source = Source::scan(folder.path()).unwrap();
    let file = NewFile { from: FileContent::Source(source.clone()), ..text("/", "") };
    let mut rootfs = rootfs();
    rootfs.add(&files(vec![file.clone()])).unwrap();
    assert_eq!(rootfs.entry("/usr/lib/tools/run").mode, 0o755);
    assert_eq!(rootfs.entry("/usr/lib/tools/data").mode, 0o644);
    assert_eq!(rootfs.entry("/usr/lib/tools/go").kind, Kind::Symlink(b"run".to_vec()));
    std::fs::write(folder.path().join("lib/tools/data"), "y").unwrap();
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
