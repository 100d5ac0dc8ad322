//! `isoplug vendor`: a folder that gives its image again without a network.
#![cfg(test)]

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::real::{self, Example, sha256};
use isoplug_tests::served::{SOURCES, Served};
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["vendor", "--help"]), @r"
    Put all that a build fetches into the folder `vendor` beside the manifest

    That is every package of the lock, every download, every plugin, and this program. Builds look there
    ");
}

/// Another folder and an empty store, nothing but what is vendored, and the program that was.
#[test]
fn a_vendored_folder_gives_the_same_iso_without_a_network() {
    let _turn = real::turn();
    let built = real::minimal();
    built.space.ok(&["vendor"]);
    let other = Example::minimal();
    for name in ["isoplug.toml", "isoplug.lock", "vendor"] {
        let copied =
            Command::new("cp").arg("-r").arg(built.path(name)).arg(other.path(name)).status();
        assert!(copied.unwrap().success(), "{name}");
    }
    fs::remove_dir_all(built.path("vendor")).unwrap();
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(other.path("vendor"))
        .status();
    assert!(sums.unwrap().success());
    let mut build = other.space.command(&["build", "--locked", "--offline"]);
    let told = build.output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert_eq!(sha256(&other.iso()), sha256(&built.iso()));
    let version = Command::new(other.path("vendor/isoplug")).arg("--version").output().unwrap();
    assert!(version.status.success());
}

fn sums_hold(folder: &std::path::Path) -> bool {
    let sums = ["--check", "--strict", "--quiet", "SHA256SUMS"];
    Command::new("sha256sum").args(sums).current_dir(folder).status().unwrap().success()
}

#[test]
fn source_packages_are_vendored_as_their_archive_has_them() {
    let served = Served::with_sources(&SOURCES);
    served.space.ok(&["vendor", "--sources"]);
    let dsc = served.space.read("vendor/sources/tiny/pool/main/lib/lib_2.0.dsc");
    assert_eq!(dsc, "Source: lib\nVersion: 2.0\n");
    let sums = served.space.read("vendor/SHA256SUMS");
    assert_eq!(sums.matches(".dsc\n").count(), 6, "{sums}");
    assert!(sums.contains("  vendor/") || sums.contains("  isoplug\n"), "{sums}");
    assert!(sums_hold(&served.space.path("vendor")));
}

/// Every file that the archive lacks is told at once, and the others are kept.
#[test]
fn source_files_that_no_mirror_has_are_all_told() {
    let served = Served::with_sources(&SOURCES);
    for name in ["lib/lib_2.0.dsc", "suite/suite_2-1.dsc"] {
        fs::remove_file(served.archive.path(&format!("pool/main/{name}"))).unwrap();
    }
    let said = served.run(&["vendor", "--sources"]);
    let told = said.find("  because: ").map(|at| &said[at..]).unwrap_or(&said);
    let told = told.split("  log: ").next().unwrap();
    assert!(said.starts_with("exit: 1\n"), "{said}");
    assert_snapshot!(told, @r"
    because: 2 files are on no mirror, though the index of the archive names them:
        http://mirror/pool/main/lib/lib_2.0.dsc: HTTP status 404
        http://mirror/pool/main/suite/suite_2-1.dsc: HTTP status 404
    try: a mirror that is whole, with --mirror or as `mirrors` of the source; a folder `vendor` that has them. What was fetched is kept, and --sources=list needs none of them
    ");
}

/// A download that the manifest pins, and a key that happens to lie in the folder.
fn with_download() -> Served {
    let served = Served::with_sources(&SOURCES);
    served.archive.write("files/motd", b"Hello\n").unwrap();
    let (url, digest) = (served.server.url(), isoplug_engine::Digest::of(b"Hello\n").hex());
    let options = r#"packages.install = ["app"]
files = [{ target = "/etc/motd", source = "download:motd" }, { target = "/etc/own", source = "own" }]"#;
    let pinned = format!("[downloads.motd]\nurl = \"{url}/files/motd\"\nsha256 = \"{digest}\"\n");
    served.write(&format!("{}\n{pinned}", served.manifest(options)));
    served.space.write("own", "mine\n");
    served.space.write("acme.key", "a secret\n");
    served
}

/// From a registry comes all that a build needs, and nothing else that lay in the folder; then the archive may be gone.
#[test]
fn a_registry_gives_a_folder_that_needs_no_network() {
    let served = with_download();
    let registry = tempfile::tempdir().unwrap();
    let place = format!("oci-layout:{}#r.example/kept/tiny:1", registry.path().display());
    let printed = served.space.ok(&["vendor", "--to", &place]);
    assert!(printed.contains("@sha256:"), "{printed}");
    let other = Space::new();
    other.ok(&["vendor", "again", "--from", &printed]);
    let again = Space::at(other.path("again"));
    assert_eq!((again.read("own"), again.path("acme.key").exists()), ("mine\n".to_owned(), false));
    assert!(sums_hold(&again.path("vendor")));
    drop(served);
    // An empty store, no archive: packages and the download come out of the folder.
    again.ok(&["vendor", "--locked", "--offline"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &again.path("vendor/isoplug").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o755);
    let said = other.run(&["vendor", "again", "--from", &printed]);
    assert!(said.starts_with("exit: ") && !said.starts_with("exit: 0"), "{said}");
    assert_eq!(again.read("own"), "mine\n");
}

/// Each file of the folder that was changed is refused, and named.
#[test]
fn a_vendor_folder_that_was_changed_is_refused() {
    let served = with_download();
    served.space.ok(&["vendor"]);
    let other = Space::new();
    for name in ["isoplug.toml", "isoplug.lock", "archive.asc", "own", "vendor"] {
        let copied = Command::new("cp")
            .arg("-r")
            .arg(served.space.path(name))
            .arg(other.path(name))
            .status();
        assert!(copied.unwrap().success(), "{name}");
    }
    drop(served);
    let debs = isoplug_formats::tree::sorted_names(&other.path("vendor")).unwrap();
    let deb = debs.iter().find(|name| name.to_string_lossy().contains("app_1.0")).unwrap();
    let deb = other.path("vendor").join(deb);
    let whole = fs::read(&deb).unwrap();
    fs::remove_file(&deb).unwrap();
    fs::write(&deb, [&whole[..whole.len() - 1], b"!"].concat()).unwrap();
    let said = other.run(&["vendor", "--locked", "--offline"]);
    assert!(said.starts_with("exit: 1\n"), "{said}");
    assert!(
        said.contains("app 1.0-1 all; ") && said.contains(" has other bytes than the lock says"),
        "{said}"
    );
    fs::write(&deb, whole).unwrap();
    let digest = isoplug_engine::Digest::of(b"Hello\n").hex();
    let download = other.path(&format!("vendor/downloads/{digest}"));
    fs::remove_file(&download).unwrap();
    fs::write(&download, "Hullo\n").unwrap();
    let other = Space::at(other.path("")).env("ISOPLUG_STORE", "another-store");
    let said = other.run(&["vendor", "--locked", "--offline"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("cannot fetch `motd`"), "{said}");
}

/// Mirrors drop what was locked; the service has it since the import after the Release file, six hours later.
#[test]
fn a_service_of_snapshots_is_the_last_place() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    let pool = served.archive.path("pool");
    let later = served.archive.path("kept/tiny/20261121T081046Z");
    fs::create_dir_all(&later).unwrap();
    fs::rename(&pool, later.join("pool")).unwrap();
    let said = served.run(&["vendor", "--locked"]);
    assert!(said.starts_with("exit: 1\n") && !said.contains("snapshot"), "{said}");
    let service = format!("snapshot-services = [\"{}/kept\"]\nmirrors = [", served.server.url());
    served.change("mirrors = [", &service);
    assert!(served.run(&["vendor", "--locked", "--offline"]).starts_with("exit: 1\n"));
    let asked = served.server.requests().len();
    let said = served.run(&["vendor", "--locked"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("on no mirror any more and came from a service of snapshots"), "{said}");
    assert!(sums_hold(&served.space.path("vendor")));
    assert_eq!(served.space.read("isoplug.lock"), lock, "the lock names no place");
    let requests = served.server.requests().split_off(asked);
    let of_app: Vec<&String> = requests.iter().filter(|path| path.contains("app_1.0")).collect();
    let [mirror, first, second] = &of_app[..] else { panic!("{of_app:?}") };
    assert!(mirror.starts_with("pool/") && first.contains("T021046Z"), "{of_app:?}");
    assert!(second.contains("T081046Z"), "{of_app:?}");
    // The bytes decide, not the service.
    fs::remove_dir_all(served.space.path("vendor")).unwrap();
    fs::remove_dir_all(served.space.path("store")).unwrap();
    let app = second.replace("kept/", "");
    let app = served.archive.path("kept").join(app);
    fs::write(&app, "other bytes").unwrap();
    let said = served.run(&["vendor", "--locked"]);
    assert!(said.starts_with("exit: 1\n"), "{said}");
    assert!(said.contains("no service of snapshots has it either"), "{said}");
}
