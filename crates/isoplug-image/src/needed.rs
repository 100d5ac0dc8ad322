//! Tests of what parts need: it reaches menu, medium and rootfs, and the user's own of the same name wins.

use std::collections::BTreeMap;
use std::path::Path;

use isoplug_manifest::options::{File, IsoFile, Options};
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{
    By, Contribution, Extra, Input, MenuEntry, Part, Path as OptionPath, System, evaluate_with,
};

use crate::facts::Facts;
use crate::outputs::iso::{menu, own_files};
use crate::params::kernel_params;
use crate::parts::files::FileContent;
use crate::parts::{parts, places};
use crate::rootfs_of_tests::TestRootfs;

/// Needs one of everything.
struct Acme;

impl Part for Acme {
    fn by(&self) -> By {
        By::Part("acme")
    }

    fn owns(&self) -> &[&str] {
        &["services.acme"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let entry = MenuEntry {
            id: "acme".to_owned(),
            label: "with acme".to_owned(),
            params: vec!["acme=2".to_owned()],
            submenu: None,
        };
        out.because(OptionPath::<()>::written("services.acme"))
            .kernel_param("acme=1")
            .kernel_param("quiet")
            .menu_entry(entry)
            .file(file("/etc/acme.conf"))
            .file(file("/etc/acme.key"))
            .medium_file(on_medium("/acme/a.txt"))
            .medium_file(on_medium("acme/b.txt"));
    }
}

fn system() -> System {
    let text = "image.name = \"t\"\n[profiles.p]\nboot.kernel-params = [\"quiet\", \"debug\"]\n\
        iso.contents = [{ target = \"/acme/b.txt\", text = \"mine\\n\" }]\n\
        files = [{ target = \"/etc/acme.key\", text = \"mine\\n\" }]\n";
    let mut load = |_: &str| Err("no file".to_owned());
    let (name, profile, plugins) = ("isoplug.toml", "p", &mut NoPlugins);
    let input = Input {
        name,
        text,
        profile,
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    };
    let acme = Extra::new("services.acme", |_: BTreeMap<String, bool>, _: &Options| Acme);
    evaluate_with(input, &[acme]).unwrap()
}

#[test]
fn the_menu_has_what_parts_need() {
    assert_eq!(kernel_params(&system()), ["acme=1", "quiet", "debug"]);
    let menu = menu(&system());
    assert_eq!(menu.kernel_params, ["acme=1", "quiet", "debug"]);
    let entries: Vec<(&str, &[String])> =
        menu.entries.iter().map(|entry| (entry.id.as_str(), &entry.params[..])).collect();
    assert_eq!(entries, [("acme", &["acme=2".to_owned()][..])]);
}

#[test]
fn the_medium_has_what_parts_need_and_the_users_own() {
    let files = own_files(&system(), Path::new(""), &Facts::default()).unwrap();
    let files: Vec<(&str, &FileContent)> =
        files.iter().map(|file| (file.target.as_str(), &file.from)).collect();
    let bytes = |text: &str| FileContent::Bytes(text.into());
    assert_eq!(files, [("/acme/a.txt", &bytes("acme\n")), ("/acme/b.txt", &bytes("mine\n"))]);
}

#[test]
fn the_rootfs_has_what_parts_need_and_the_users_own() {
    let mut rootfs = TestRootfs::with(&[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
        ("/etc/group", "root:x:0:\n"),
        ("/etc/shadow", "root:*:20000:0:99999:7:::\n"),
        ("/usr/lib/systemd/system/multi-user.target", ""),
        ("/usr/share/X11/xkb/symbols/us", ""),
    ]);
    for contributor in
        parts(&system(), Path::new(""), &Facts::default(), Vec::new(), Vec::new()).unwrap()
    {
        rootfs.add(&*contributor).unwrap();
    }
    assert_eq!(rootfs.text("/etc/acme.conf"), "acme\n");
    assert_eq!(rootfs.entry("/etc/acme.conf").mode & 0o777, 0o600);
    assert_eq!(rootfs.text("/etc/acme.key"), "mine\n");
    assert_eq!(places(&system())["/etc/acme.conf"], "files of acme");
}

fn file(target: &str) -> File {
    File { mode: Some("0600".to_owned()), ..File::text(target, "acme\n") }
}

fn on_medium(target: &str) -> IsoFile {
    let text = Some("acme\n".to_owned());
    IsoFile { target: target.to_owned(), text, source: None, template: false }
}
