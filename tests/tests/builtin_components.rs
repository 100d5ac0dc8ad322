//! Builds one image with the built-in contributors and with components of the same sources in their
//! places: the ISO is the same.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;
use isoplug_tests::real::{self, Medium, events, sha256, stages_that_ran};
use isoplug_tests::require;
use isoplug_tests::space::Space;
use serde_json::Value as Json;

/// The built-in contributors that are components too.
const PARTS: [&str; 4] = ["localisation", "kernel-modules", "network", "services"];

/// Settings of the minimal example that no earlier run had, so that nothing is kept of them; only
/// the time zone is the same each time.
struct Settings {
    hostname: String,
    unit: String,
    module: String,
}

impl Settings {
    fn new() -> Self {
        let id = std::process::id();
        Self {
            hostname: format!("host{id}.example"),
            unit: format!("unit{id}.service"),
            module: format!("module{id}"),
        }
    }

    /// As options of the profile.
    fn options(&self) -> String {
        let Self { hostname: _, unit, module } = self;
        format!(
            "[profiles.minimal.kernel.modules]\nload = [\"loop\"]\nblacklist = [\"{module}\"]\n\n\
             [profiles.minimal.localisation]\ntimezone = \"Europe/Berlin\"\n\n\
             [profiles.minimal.systemd]\nmask = [\"getty@tty5.service\"]\n\
             units.\"{unit}\".text = {UNIT:?}\n"
        )
    }

    /// As options of the components.
    fn config(&self) -> String {
        let Self { hostname, unit, module } = self;
        format!(
            "[config.builtin-kernel-modules]\nload = [\"loop\"]\nblacklist = [\"{module}\"]\n\n\
             [config.builtin-localisation]\ntimezone = \"Europe/Berlin\"\n\n\
             [config.builtin-network]\nhostname = \"{hostname}\"\n\n\
             [config.builtin-services]\nmask = [\"getty@tty5.service\"]\nunits.\"{unit}\".text = {UNIT:?}\n"
        )
    }
}

const UNIT: &str = "[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n";

/// Makes a copy of the minimal example that takes packages and layers from its store.
fn copy(settings: &Settings, more: &str) -> Space {
    let minimal = real::minimal();
    let manifest = minimal.space.read("isoplug.toml");
    let hostname = format!("\"{}\"", settings.hostname);
    let manifest = manifest.replace("\"rescue\"", &hostname);
    let space = Space::with_manifest(&format!("{manifest}\n{more}"));
    fs::copy(minimal.path("isoplug.lock"), space.path("isoplug.lock")).unwrap();
    symlink(minimal.store_path(), space.path("store")).unwrap();
    space
}

/// Lets the components take the places of the built-in contributors, with what they request.
fn replace(space: &Space) {
    for part in PARTS {
        let file = format!("builtin-{part}.wasm");
        let below = format!("../plugins/builtin-{part}/{file}");
        let component = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
        fs::copy(component, space.path(&file)).unwrap();
        space.ok(&["plugin", "add", &file, "--grant-all"]);
        let path = format!("path = \"{file}\"");
        let manifest = space.read("isoplug.toml");
        assert!(manifest.contains(&path), "{manifest}");
        let replaces = format!("{path}, replaces = \"{part}\"");
        space.write("isoplug.toml", &manifest.replace(&path, &replaces));
    }
}

/// What a build did.
struct Built {
    /// All stages.
    planned: Vec<String>,
    /// Those that ran.
    ran: Vec<String>,
    /// The SHA-256 of the ISO.
    iso: String,
}

fn build(space: &Space) -> Built {
    let events = events(space, &["build"]);
    let plan = events.iter().find(|event| event["event"] == "planned").unwrap();
    let title = |stage: &Json| stage["title"].as_str().unwrap().to_owned();
    Built {
        planned: plan["stages"].as_array().unwrap().iter().map(title).collect(),
        ran: stages_that_ran(&events),
        iso: sha256(&space.path("out/minimal-2026.11-amd64.iso")),
    }
}

#[test]
fn components_in_the_places_of_built_in_contributors_give_the_same_iso() {
    let _turn = real::turn();
    let settings = Settings::new();
    let built_in = copy(&settings, &settings.options());
    let expected = build(&built_in);
    let components = copy(&settings, &settings.config());
    replace(&components);
    let found = build(&components);
    assert_eq!(found.iso, expected.iso);

    for part in PARTS {
        let plugin = format!("plugin builtin-{part}");
        let has = |stages: &[String], title: &str| stages.iter().any(|stage| stage == title);
        assert!(has(&expected.planned, part) && !has(&expected.planned, &plugin));
        assert!(has(&found.planned, &plugin) && !has(&found.planned, part));
        let ran = has(&expected.ran, part) && has(&found.ran, &plugin);
        assert!(ran || part == "localisation", "{part}: {:?}, {:?}", expected.ran, found.ran);
    }
    // What they add is the same to the byte, so the rootfs is there already.
    assert!(expected.ran.iter().any(|stage| stage == "iso"), "{:?}", expected.ran);
    assert!(!found.ran.iter().any(|stage| stage == "rootfs"), "{:?}", found.ran);

    let bill = |space: &Space| space.read("out/minimal-2026.11-amd64.iso.spdx.json");
    for part in PARTS {
        let digest = sha256(&components.path(&format!("builtin-{part}.wasm")));
        assert!(bill(&components).contains(&digest), "{part} is not in the bill of materials");
        assert!(!bill(&built_in).contains(&digest));
    }
}

/// The options of a replaced part do nothing, so without the components' own the image is another.
#[test]
fn what_a_component_adds_is_all_there_is_in_its_place() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let settings = Settings::new();
    let space = copy(&settings, &settings.options());
    replace(&space);
    build(&space);
    let medium = Medium::open(&space.path("out/minimal-2026.11-amd64.iso"));
    assert_eq!(medium.text_of_rootfs("etc/hostname"), "localhost\n");
}

#[test]
fn what_cannot_be_replaced_is_said() {
    let _turn = real::turn();
    let space = copy(&Settings::new(), "");
    replace(&space);
    let manifest = space.read("isoplug.toml");
    space.write("isoplug.toml", &manifest.replace("\"network\"", "\"networking\""));
    assert_snapshot!(space.run(&["plan"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: the image cannot be made
      because: plugin builtin-network replaces `networking`, and the built-in parts of this image are network, users, openssh, first-boot, services, live
    ");
    space.write("isoplug.toml", &manifest.replace("\"network\"", "\"services\""));
    assert_snapshot!(space.run(&["plan"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: the image cannot be made
      because: plugin builtin-services replaces `services`, and the built-in parts of this image are network, users, openssh, first-boot, live
    ");
}
