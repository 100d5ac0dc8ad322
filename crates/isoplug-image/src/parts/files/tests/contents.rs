//! Tests of what is neither text nor copy: links, folders, what goes away, templates.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use isoplug_manifest::options::File;

use super::*;
use crate::facts::Facts;
use crate::parts::Attrs;

fn of(target: &str, from: FileContent) -> NewFile {
    NewFile { from, ..text(target, "") }
}

#[test]
fn links_and_folders() {
    let all = vec![
        of("/srv/a/link", FileContent::Link("../b".to_owned())),
        NewFile { mode: Some(0o700), user: "ada".into(), ..of("/srv/b", FileContent::Folder) },
        of("/run/x", FileContent::Folder),
    ];
    let mut rootfs = TestRootfs::with(&USERS).folder("/run");
    let tool = TestRootfs::with(&[("/usr/bin/systemd-tmpfiles", "")]);
    rootfs.tree.entries.extend(tool.tree.entries);
    rootfs.add(&files(all)).unwrap();
    assert_eq!(rootfs.entry("/srv/a/link").kind, Kind::Symlink(b"../b".to_vec()));
    let folder = rootfs.entry("/srv/b");
    assert_eq!((folder.kind, folder.mode, folder.uid), (Kind::Directory, 0o700, 1000));
    let at_boot = rootfs.text("/usr/lib/tmpfiles.d/isoplug-files.conf");
    assert_eq!(at_boot, "d /run/x 0755 0 0\n");
}

/// Puts a file there, as a part that comes late does.
struct Late;

impl Contributor for Late {
    fn by(&self) -> By {
        By::Part("acme")
    }
    fn version(&self) -> u32 {
        1
    }
    fn key(&self, _: &mut dyn Key) {}
    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        rootfs.file("/etc/motd", b"again", Attrs::mode(0o644))
    }
}

#[test]
fn what_is_removed_is_gone_for_others_and_in_the_end() {
    let removed = |target: &str| of(target, FileContent::Removed);
    let all = ["/etc/skel/.bashrc", "/etc/motd", "/etc/mtod"].map(removed).to_vec();
    let mut rootfs = rootfs();
    let [early, late, last] = Files::split(all, &BTreeMap::new());
    rootfs.add(&early).unwrap();
    assert!(rootfs.merged().get("etc/skel/.bashrc").is_none(), "before homes are made of it");
    rootfs.add(&late).unwrap();
    rootfs.add(&Late).unwrap();
    rootfs.add(&last).unwrap();
    assert!(rootfs.merged().get("etc/motd").is_none());
    let mistyped = "/etc/mtod is to be removed, and nothing puts it there".to_owned();
    assert!(rootfs.told.contains(&mistyped), "{:?}", rootfs.told);
}

fn template(target: &str, text: &str) -> File {
    File { template: true, ..File::text(target, text) }
}

/// What a kernel's package brings, with an older one and a link that is none.
fn with_kernels() -> TestRootfs {
    let kernels = [("/boot/vmlinuz-6.9.1-amd64", ""), ("/boot/vmlinuz-6.12.4-amd64", "")];
    let all = [&USERS[..], &kernels].concat();
    TestRootfs::with(&all).link("/boot/vmlinuz-9", "vmlinuz-6.9.1-amd64")
}

#[test]
fn facts_are_put_into_texts_by_who_knows_them() {
    let all = |file: &File| NewFile::all(file, Path::new(""), &Facts::default()).unwrap();
    let known = all(&template("/etc/a", "{{ packages.count }} {{ \"{{\" }}"));
    assert_eq!(known[0].from, FileContent::Bytes(b"0 {{".to_vec()));
    let kernel = all(&template("/etc/b", "on {{ kernel.version }}\n"));
    let mut rootfs = with_kernels();
    rootfs.add(&files(kernel.clone())).unwrap();
    assert_eq!(rootfs.text("/etc/b"), "on 6.12.4-amd64\n");
    let none = super::rootfs().add(&files(kernel)).unwrap_err().to_string();
    insta::assert_snapshot!(none, @"/etc/b: it wants the kernel's version, and the image has no kernel");
}

#[test]
fn each_file_of_a_folder_is_a_template() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("run"), "#!/bin/sh\necho {{ packages.count }}\n").unwrap();
    std::fs::set_permissions(folder.path().join("run"), PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run", folder.path().join("go")).unwrap();
    let source = Some(String::new());
    let tools = File { text: None, source, ..template("/srv/tools", "") };
    let tools = NewFile::all(&tools, folder.path(), &Facts::default()).unwrap();
    let mut rootfs = rootfs();
    rootfs.add(&files(tools)).unwrap();
    assert_eq!(rootfs.text("/srv/tools/run"), "#!/bin/sh\necho 0\n");
    assert_eq!(rootfs.entry("/srv/tools/run").mode, 0o755);
    assert_eq!(rootfs.entry("/srv/tools/go").kind, Kind::Symlink(b"run".to_vec()));
}

#[test]
fn a_template_that_cannot_be_filled_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), [0xff]).unwrap();
    let refused = |file: &File| {
        let error = NewFile::all(file, folder.path(), &Facts::default()).unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    };
    insta::assert_snapshot!(refused(&template("/a", "{{ package.vim }}")), @"the template /a cannot be filled in: the image has no package `vim`");
    insta::assert_snapshot!(refused(&template("/a", "\n{{ nmae }}")), @"/a cannot be a template: line 2: there is no fact `nmae`");
    let source = Some("x".to_owned());
    let binary = refused(&File { text: None, source, ..template("/a", "") });
    assert!(binary.ends_with("is not a text in UTF-8"), "{binary}");
}
