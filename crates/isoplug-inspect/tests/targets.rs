//! A medium that installs a system: every file of each system is explained, and bills say which has which package.
#![cfg(test)]

mod made;

use std::fs;
use std::path::{Path, PathBuf};

use isoplug_inspect::diff::{self, Class, Difference};
use isoplug_inspect::image::Image;
use isoplug_inspect::report::check;
use isoplug_inspect::span::Span;
use isoplug_inspect::target::systems;
use isoplug_inspect::verify::bills::{self, Pinned};
use isoplug_inspect::verify::{State, Step, content};
use serde_json::{Value, json};

use made::Made;

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A medium whose live system has `tool`, and which installs `server`, which has that and `web`.
struct Medium {
    folder: tempfile::TempDir,
    server: Made,
    /// What `/etc/own` of the live system has.
    own: &'static str,
}

impl Medium {
    fn new() -> Self {
        let mut server = Made::new();
        let status = String::from_utf8(server.files["var/lib/dpkg/status"].0.clone()).unwrap();
        let web = "Package: web\nStatus: install ok installed\nVersion: 3\nArchitecture: amd64\n";
        server.file("var/lib/dpkg/status", format!("{status}\n{web}"));
        server.file("var/lib/dpkg/info/web.list", "/usr/bin/web\n");
        server.file("usr/bin/web", "web");
        Self { folder: tempfile::tempdir().unwrap(), server, own: "first\nsecond\n" }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> Image {
        let squashfs = self.path("server.squashfs");
        let _ = fs::remove_file(&squashfs);
        self.server.squashfs(&squashfs);
        let mut live = Made::new();
        live.file("etc/own", self.own);
        live.medium.insert("install/server.squashfs".to_owned(), fs::read(squashfs).unwrap());
        // Without it the first folder with a squashfs would be the live system's.
        live.medium.insert("live/filesystem.module".to_owned(), b"filesystem.squashfs\n".to_vec());
        let plan = json!({ "format": 1, "targets": [
            { "name": "server", "squashfs": [{ "path": "install/server.squashfs" }], "later": true },
        ] });
        live.file("usr/lib/isoplug/install/plan.json", plan.to_string());
        let _ = fs::remove_file(self.path("live.squashfs"));
        let _ = fs::remove_file(self.path("a.iso"));
        let iso = live.write(self.folder.path(), "a");
        fs::remove_file(self.path("a.squashfs")).unwrap();
        Image::open(&iso).unwrap()
    }

    /// Returns where the .deb of a package is.
    fn deb(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(&format!("{name}.deb"));
        let data = made::tar(&format!("usr/bin/{name}"), content);
        fs::write(&path, made::deb(name, &data)).unwrap();
        path
    }

    fn content(&self, web: &[u8]) -> Vec<Step> {
        let image = self.open();
        let tool = self.deb("tool", &Made::new().files["usr/bin/tool"].0);
        let web = self.deb("web", web);
        let find = |name: &str, _: &str, _: &str| match name {
            "tool" => Some(tool.clone()),
            _ => Some(web.clone()),
        };
        content::steps(&image, &find).unwrap()
    }
}

#[test]
fn every_file_of_each_system_is_explained() {
    let steps = Medium::new().content(b"web");
    let said: Vec<_> = steps.iter().map(|step| (step.state, &*step.said)).collect();
    assert_eq!(said.len(), 2, "{steps:#?}");
    assert!(said[0].1.starts_with("live: 1 packages: 1 files as they ship them"), "{said:?}");
    assert!(said[1].1.starts_with("server: 2 packages: 2 files as they ship them"), "{said:?}");
    assert!(said.iter().all(|(state, _)| *state == State::Ok), "{steps:#?}");
}

#[test]
fn a_changed_file_of_a_target_is_named() {
    let mut medium = Medium::new();
    medium.server.file("usr/bin/web", "wet");
    let steps = medium.content(b"web");
    assert_eq!(steps[0].state, State::Ok, "{steps:#?}");
    assert_eq!(texts(&steps[1]), ["server: /usr/bin/web is not what web ships there"]);
    medium.server.entry("usr/bin/web").mode = 0o4755;
    medium.server.file("usr/bin/own", "x");
    medium.server.entry("usr/bin/own").mode = 0o4755;
    let faults = &texts(&medium.content(b"web")[1]);
    let expected = "server: /usr/bin/own gives rights to whoever runs it, and no package ships it";
    assert!(faults.iter().any(|fault| fault == expected), "{faults:?}");
}

fn pinned(name: &str, version: &str) -> Pinned {
    let [name, version, architecture, sha256] = [name, version, "amd64", SHA].map(str::to_owned);
    Pinned { name, version, architecture, sha256 }
}

#[test]
fn each_system_is_compared_with_what_the_lock_pins_for_it() {
    let image = Medium::new().open();
    let all = systems(&image);
    let own = [pinned("tool", "1.0-1")];
    assert_eq!(bills::lock(&all[0], &own).state, State::Ok);
    let faults = texts(&bills::lock(&all[1], &own));
    assert_eq!(faults, ["server: the image has web 3, which the lock does not pin"]);
}

/// Returns a bill that says who has what.
fn bill(digest: &str, tool: &str, web: &str) -> Value {
    let sum = |sum: &str| json!([{ "algorithm": "SHA256", "checksumValue": sum }]);
    json!({ "packages": [
        { "SPDXID": "SPDXRef-Image", "name": "a", "checksums": sum(digest) },
        { "name": "tool", "versionInfo": "1.0-1", "checksums": sum(SHA), "comment": tool },
        { "name": "web", "versionInfo": "3", "checksums": sum(SHA), "comment": web },
    ] })
}

fn texts(step: &Step) -> Vec<String> {
    step.faults.iter().map(|fault| fault.text.clone()).collect()
}

fn faults(medium: &Medium, image: &Image, tool: &str, web: &str) -> Vec<String> {
    let digest = digest(&image.path);
    fs::write(medium.path("a.iso.spdx.json"), bill(&digest, tool, web).to_string()).unwrap();
    texts(&bills::bills(image, &digest, &[]).unwrap())
}

fn digest(path: &Path) -> String {
    check::sha256(&Span::open(path).unwrap()).unwrap()
}

#[test]
fn a_bill_that_says_something_else_of_a_system_is_refused() {
    let medium = Medium::new();
    let image = medium.open();
    let of = |tool, web| faults(&medium, &image, tool, web);
    let both = "of the component contrib; installed in live, server";
    assert_eq!(of(both, "installed in server"), [""; 0]);
    assert_eq!(
        of("installed in live", "installed in server"),
        ["the bill .spdx.json does not say that server has tool 1.0-1"]
    );
    assert_eq!(
        of(both, "installed in live, server"),
        ["the bill .spdx.json says that live has web 3, which it has not"]
    );
}

#[test]
fn a_part_that_is_not_there_is_told() {
    let medium = Medium::new();
    let mut live = Made::new();
    let plan = r#"{"targets":[{"name":"server","squashfs":[{"path":"install/no.squashfs"}]}]}"#;
    live.file("usr/lib/isoplug/install/plan.json", plan);
    let image = Image::open(&live.write(medium.folder.path(), "b")).unwrap();
    let unread = "a system that it installs: /install/no.squashfs of server is not on the medium";
    assert_eq!(image.unread, [unread]);
}

/// Compares a medium with one whose server was changed.
fn difference(change: impl FnOnce(&mut Medium)) -> Difference {
    let (old, mut new) = (Medium::new(), Medium::new());
    change(&mut new);
    diff::compare(&old.open(), &new.open()).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn what_differs_in_a_system_that_is_installed_is_named() {
    assert_eq!(difference(|_| {}).class, Class::Identical);
    let found = difference(|new| {
        new.server.file("usr/bin/web", "weB");
        new.server.entry("etc/own").mode = 0o600;
        new.server.file("etc/hostname", "server\n");
    });
    assert_eq!(found.class, Class::Different);
    assert!(found.files.is_empty() && found.medium.is_empty(), "{found:#?}");
    let [server] = &found.targets[..] else { panic!("{found:#?}") };
    assert_eq!((&*server.name, server.way, server.as_live), ("server", "changed", 0));
    let named: Vec<(&str, &str, &str)> = server
        .files
        .iter()
        .map(|it| (it.way, &*it.path, it.changes.first().map_or("", |change| &*change.what)))
        .collect();
    let expected = [
        ("added", "/etc/hostname", ""),
        ("changed", "/etc/own", "mode"),
        ("changed", "/usr/bin/web", "content"),
    ];
    assert_eq!(named, expected);
    let facts: Vec<&str> = server.system.iter().map(|fact| &*fact.what).collect();
    assert_eq!(facts, ["host name"]);
    let text = found.page().text();
    for line in ["Systems that it installs", "Files of server", "/usr/bin/web (web): content"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_its_packages_and_the_live_system_explain_is_not_listed_again() {
    let found = difference(|new| {
        let status = String::from_utf8(new.server.files["var/lib/dpkg/status"].0.clone()).unwrap();
        new.server.file("var/lib/dpkg/status", status.replace("Version: 3", "Version: 4"));
        new.server.file("usr/bin/web", "newer");
        new.server.file("etc/own", "first\n");
        new.own = "first\n";
    });
    let [server] = &found.targets[..] else { panic!("{found:#?}") };
    let packages: Vec<_> = server.packages.iter().map(|it| (it.way, &*it.name)).collect();
    assert_eq!(packages, [("up", "web")]);
    assert!(server.files.iter().all(|file| file.explained), "{server:#?}");
    assert_eq!((server.as_live, found.files.len()), (1, 1));
    let text = found.page().text();
    assert!(text.contains("Packages of server") && !text.contains("/usr/bin/web"), "{text}");
    assert!(text.contains("1 files differ as in the live system"), "{text}");
}

#[test]
fn a_system_that_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Image::open(&Made::new().write(folder.path(), "a")).unwrap();
    let found = diff::compare(&Medium::new().open(), &plain).unwrap();
    let named: Vec<_> = found.targets.iter().map(|it| (it.way, &*it.name)).collect();
    assert_eq!(named, [("removed", "server")]);
}
