//! The same small plugin in Rust, C, JavaScript and Python adds to images from the real archive, which are
//! read through programs that are not ours.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use isoplug_tests::real::{self, Medium, sha256};
use isoplug_tests::require;
use isoplug_tests::space::Space;

const LANGUAGES: [&str; 4] = ["rust", "c", "js", "python"];

/// Returns the component of a language; `None` for Python's if it is not built, since it is too large to be
/// part of the repository: `tests/long.sh plugins` builds it before it runs these tests.
fn component(language: &str) -> Option<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/fixtures");
    let component = match language {
        "js" => zstd::decode_all(fs::File::open(fixtures.join("hello-js.wasm.zst")).unwrap()),
        _ => fs::read(fixtures.join(format!("hello-{language}.wasm"))),
    };
    match component {
        Err(_) if language == "python" => None,
        component => Some(component.unwrap()),
    }
}

/// Makes a project that takes packages and layers from the store of the minimal example.
fn project(manifest: &str) -> Space {
    let minimal = real::minimal();
    let project = Space::with_manifest(manifest);
    fs::copy(minimal.path("isoplug.lock"), project.path("isoplug.lock")).unwrap();
    symlink(minimal.store_path(), project.path("store")).unwrap();
    project
}

const IMAGE: &str =
    "[image]\nname = \"hello\"\nversion = \"1\"\n\n[sources.debian]\nsuite = \"trixie\"\n";

const GRANTS: &str = r#"
files = ["root:/etc/motd.d/**"]
merge = ["packages.install", "boot.kernel-params"]
kernel-params = ["isoplug.hello=*"]
"#;

/// Returns a manifest that names all plugins, with one profile for each that it alone adds to, and one
/// to which all add.
fn manifest(languages: &[&str]) -> String {
    let mut manifest = format!("{IMAGE}\n[profiles.all]\nextends = \"isoplug:minimal\"\n");
    for language in languages {
        let plugin = format!("path = \"{language}.wasm\"\n\n[grants.{language}]{GRANTS}");
        write!(manifest, "\n[plugins.{language}]\n{plugin}").unwrap();
        write!(manifest, "\n[profiles.{language}]\nextends = \"isoplug:minimal\"\n").unwrap();
        for other in languages.iter().filter(|other| *other != language) {
            writeln!(manifest, "plugins.{other}.enable = false").unwrap();
        }
        let greeting = format!("Hello from {language}\\n");
        writeln!(manifest, "plugins.{language}.config.greeting = \"{greeting}\"").unwrap();
    }
    manifest
}

/// Asserts that an image has what the plugin adds: its file, its package and its kernel parameter.
fn greets(medium: &Medium, greeting: &str) {
    assert_eq!(medium.text_of_rootfs("etc/motd.d/hello"), greeting);
    let packages = medium.text_of_rootfs("var/lib/dpkg/status");
    assert!(packages.contains("Package: hello\nStatus: install ok installed\n"), "{greeting}");
    let menu = medium.text("boot/grub/grub.cfg");
    assert!(menu.contains(" isoplug.hello=1"), "{menu}");
}

#[test]
fn plugins_in_four_languages_add_to_images() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let components = LANGUAGES.map(|language| (language, component(language)));
    let built = components.iter().filter_map(|(name, it)| it.as_ref().map(|it| (*name, it)));
    let built: Vec<(&str, &Vec<u8>)> = built.collect();
    let names: Vec<&str> = built.iter().map(|(name, _)| *name).collect();
    let project = project(&manifest(&names));
    for (name, component) in &built {
        fs::write(project.path(&format!("{name}.wasm")), component).unwrap();
    }
    project.ok(&["build", "--all"]);
    let medium =
        |profile: &str| Medium::open(&project.path(&format!("out/hello-{profile}-1-amd64.iso")));
    for name in &names {
        greets(&medium(name), &format!("Hello from {name}\n"));
        let sbom = project.read(&format!("out/hello-{name}-1-amd64.iso.spdx.json"));
        assert!(sbom.contains(&format!("hello-{name}")), "the bill of materials names the plugin");
    }
    // What all of them say alike is no conflict.
    greets(&medium("all"), "Hello from a plugin\n");
}

#[test]
fn the_language_is_not_seen_in_the_image() {
    let _turn = real::turn();
    let profile = "[profiles.main]\nextends = \"isoplug:minimal\"\n";
    let options = "[config.hello]\ngreeting = \"Hi\\n\"\n";
    let plugin = format!("[plugins]\nhello.path = \"hello.wasm\"\n\n[grants.hello]{GRANTS}");
    let project = project(&format!("{IMAGE}\n{plugin}\n{options}\n{profile}"));
    let mut digests = Vec::new();
    for component in LANGUAGES.into_iter().filter_map(component) {
        fs::write(project.path("hello.wasm"), component).unwrap();
        digests.push(sha256(&project.path(&project.ok(&["build"]))));
    }
    assert!(digests.len() >= 3 && digests.iter().all(|it| *it == digests[0]), "{digests:?}");
}

/// Does what docs/plugins.md says, from nothing to an image; a language is left out whose tools are missing.
fn from_nothing_to_an_image(language: &str) {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let space = project("");
    space.ok(&["plugin", "new", "acme-motd", "--language", language]);
    // Lets cargo find what it built of the kit's dependencies in an earlier run.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin");
    space.write("acme-motd/.cargo/config.toml", &format!("[build]\ntarget-dir = {target:?}\n"));
    let built = space.run(&["plugin", "build", "acme-motd"]);
    if built.contains("is not there") {
        return isoplug_tests::skipped(&built);
    }
    assert!(built.starts_with("exit: 0\n--- stdout\nacme-motd/acme-motd.wasm\n"), "{built}");
    let tested = space.ok(&["plugin", "test", "acme-motd/acme-motd.wasm"]);
    assert!(tested.starts_with("ok       default ("), "{tested}");
    space.ok(&["plugin", "lint", "acme-motd/acme-motd.wasm"]);
    fs::copy(space.path("isoplug.lock"), space.path("acme-motd/example/isoplug.lock")).unwrap();
    let iso = space.ok(&["build", "acme-motd/example"]);
    greets(&Medium::open(&space.path(&iso)), "Welcome\n");
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn from_nothing_to_an_image_in_rust() {
    from_nothing_to_an_image("rust");
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn from_nothing_to_an_image_in_c() {
    from_nothing_to_an_image("c");
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn from_nothing_to_an_image_in_javascript() {
    from_nothing_to_an_image("js");
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn from_nothing_to_an_image_in_python() {
    from_nothing_to_an_image("python");
}
