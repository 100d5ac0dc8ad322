//! What the command says of package sources, and what it writes of them into the lock and the image.
#![cfg(test)]

#[path = "sources/folder.rs"]
mod folder;
#[path = "sources/gone.rs"]
mod gone;
#[path = "sources/keys.rs"]
mod keys;
#[path = "sources/mixed.rs"]
mod mixed;

use insta::assert_snapshot;
use isoplug_tests::archive::{Archive, Layout, Package, Signed};
use isoplug_tests::served::{Served, packages};

/// Serves a flat repository that is signed beside.
fn flat() -> Served {
    let archive = Archive::new().unwrap();
    let layout = Layout::flat("./").signed(Signed::Beside);
    archive.lay_out(&layout, &packages()).unwrap();
    let served = Served::of(archive);
    served.change(r#"suite = "stable""#, r#"suite = "./""#);
    served
}

#[test]
fn a_flat_repository_is_locked_and_built_from() {
    let served = flat();
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    assert!(lock.contains(r#"path = "app_1.0-1_all.deb""#), "{lock}");
    served.space.ok(&["lock", "--locked"]);
}

#[test]
fn where_nothing_is_signed() {
    let served = Served::default();
    served.change(r#"suite = "stable""#, r#"suite = "./""#);
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-suite]: no mirror of `tiny` has a signed repository at `./`
     --> isoplug.toml:5:9
      |
    5 | suite = "./"
      |         ^^^^
      |
      = help: these were asked, and `Release` beside: http://mirror/InRelease
    "#);
    served.change(r#"suite = "./""#, r#"suite = "trixy""#);
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-suite]: no mirror of `tiny` has the suite `trixy`
     --> isoplug.toml:5:9
      |
    5 | suite = "trixy"
      |         ^^^^^^^
      |
      = help: these were asked, and `Release` beside: http://mirror/dists/trixy/InRelease
    "#);
    let layout = Layout::suite("trixy").signed(Signed::Not);
    served.archive.lay_out(&layout, &packages()).unwrap();
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unsigned]: the suite `trixy` of `tiny` is not signed
     --> isoplug.toml:5:9
      |
    5 | suite = "trixy"
      |         ^^^^^^^
      |
      = help: it has a Release file, and neither InRelease nor Release.gpg; ask its owner to sign it
    "#);
}

#[test]
fn another_suite_is_told_with_the_way_to_accept_it() {
    let served = Served::default();
    let layout = Layout::suite("stable").field("Suite", "oldstable").field("Codename", "old");
    served.archive.lay_out(&layout, &packages()).unwrap();
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[wrong-suite]: what the mirror has as `stable` says that it is `oldstable` or `old`
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: another mirror; or, if this is right, `codename = "old"` in [sources.tiny]
    "#);
    served.change("mirrors", "codename = \"old\"\nmirrors");
    served.space.ok(&["lock"]);
    let layout = layout.field("Codename", "older");
    served.archive.lay_out(&layout, &packages()).unwrap();
    served.change("\"old\"", "\"older\"");
    assert_snapshot!(served.run(&["update"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[renamed-suite]: the suite `stable` was old when it was locked, and is older now
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: write `suite = "old"` to stay, or accept it by `isoplug update --allow-suite-change`
    "#);
    served.space.ok(&["update", "--allow-suite-change"]);
    assert!(served.space.read("isoplug.lock").contains(r#"release-codename = "older""#));
}

#[test]
fn an_older_suite_is_told_with_the_way_to_accept_it() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    let older = Layout::suite("stable").field("Date", "Sat, 18 Oct 2025 02:10:46 UTC");
    served.archive.lay_out(&older, &packages()).unwrap();
    assert_snapshot!(served.run(&["update"]), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: source tiny: the suite stable is 399 d older than what is locked: the mirror is behind, or somebody withholds updates
      try: again later or another mirror; `isoplug update --allow-older` goes back in time
    ");
    assert_eq!(served.space.read("isoplug.lock"), lock);
    served.space.ok(&["update", "--allow-older"]);
    assert_ne!(served.space.read("isoplug.lock"), lock);
}

/// A lock from elsewhere names a package by a path.
#[test]
fn a_lock_cannot_name_a_path() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let lock =
        served.space.read("isoplug.lock").replace("app 1.0-1 all", "../../../../pwn 1.0-1 all");
    served.space.write("isoplug.lock", &lock);
    assert_snapshot!(served.run(&["build", "--locked", "--offline"]), @r#"
    exit: 3
    --- stdout
    --- stderr
    error: cannot use isoplug.lock
      because: the lock is damaged: invalid package name: "../../../../pwn"
      try: restore it from version control, or remove it and run `isoplug lock`
    "#);
}

/// The archive says another version of a package than the package itself.
#[test]
fn a_package_is_what_its_index_says() {
    let served = Served::default();
    let key = "ssh-ed25519-AAAAC3NzaC1lZDI1NTE5";
    let mut all = packages();
    all.retain(|package| package.fields["Package"] != "lib");
    served.publish(&all);
    let lib = Package::new("lib", "2.1").to_deb().unwrap();
    served.archive.write("pool/main/lib_2.1_all.deb", &lib).unwrap();
    let layout = Layout::suite("stable");
    let mut index = String::new();
    for package in &all {
        let path = format!("pool/main/{}", package.file_name());
        let bytes = package.to_deb().unwrap();
        index += &package.stanza(&path, bytes.len(), &isoplug_tests::archive::hex(&bytes));
        index.push('\n');
    }
    let said = Package::new("lib", &format!("3-{key}"));
    let digest = isoplug_tests::archive::hex(&lib);
    index += &said.stanza("pool/main/lib_2.1_all.deb", lib.len(), &digest);
    served.archive.write_laid_out(&layout, index.as_bytes()).unwrap();
    served.space.ok(&["lock"]);
    let run = served.run(&["build"]);
    assert!(run.contains(r#"says Version: "2.1" inside"#), "{run}");
}

/// An archive of Ubuntu's shape: three suites of one archive, and its names of kernel, firmware and loaders.
#[test]
fn ubuntu_is_locked_as_debian_is() {
    let archive = Archive::new().unwrap();
    let loader = |name: &str, path: &str| Package::new(name, "1").file(path, b"MZ");
    let release = [
        Package::new("base", "1").field("Essential", "yes").field("Priority", "required"),
        Package::new("linux-image-generic", "6.8.0-31").field("Depends", "linux-firmware"),
        Package::new("linux-firmware", "20240318"),
        Package::new("intel-microcode", "1"),
        Package::new("amd64-microcode", "1"),
        loader("shim-signed", "usr/lib/shim/shimx64.efi.signed.latest")
            .file("usr/lib/shim/mmx64.efi", b"MZ"),
        loader("grub-efi-amd64-signed", "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"),
    ];
    archive.publish("noble", "main", "amd64", &release).unwrap();
    let updates =
        [Package::new("linux-image-generic", "6.8.0-50").field("Depends", "linux-firmware")];
    archive.publish("noble-updates", "main", "amd64", &updates).unwrap();
    let security =
        [Package::new("base", "1.1").field("Essential", "yes").field("Priority", "required")];
    archive.publish("noble-security", "main", "amd64", &security).unwrap();

    let served = Served::of(archive);
    served.change("[sources.tiny]", "[sources.ubuntu]");
    served.change(r#"suite = "stable""#, r#"suite = "noble""#);
    served.change("secure-boot = false", "secure-boot = true");
    served.change(r#"packages.install = ["app"]"#, "microcode = true\nfirmware.set = \"all\"");
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    let has = |name: &str, version: &str| {
        let row = format!("\"{name} {version} all\"");
        assert!(lock.contains(&row), "no {row} in {lock}");
    };
    has("base", "1.1");
    has("linux-image-generic", "6.8.0-50");
    has("linux-firmware", "20240318");
    for name in ["intel-microcode", "amd64-microcode", "shim-signed", "grub-efi-amd64-signed"] {
        has(name, "1");
    }
    served.space.ok(&["lock", "--locked"]);
    served.space.ok(&["plan"]);
}

#[test]
fn what_a_distribution_cannot_boot_is_said_before_the_work() {
    let served = Served::default();
    served.change("[sources.tiny]", "[sources.ubuntu]");
    let package = |name: &str| Package::new(name, "1").field("Essential", "yes");
    let packages = [package("base"), Package::new("linux-image-generic", "1")];
    for suite in ["stable", "stable-updates", "stable-security"] {
        served.archive.publish(suite, "main", "arm64", &packages).unwrap();
    }
    served.change(r#"packages.install = ["app"]"#, "");
    served.space.ok(&["lock", "--arch", "arm64"]);
    assert_snapshot!(served.run(&["plan", "--arch", "arm64"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    error: the image cannot be made
      because: no boot loaders of Ubuntu are known for arm64
    "#);
}
