//! Builds the example that has all that can be put into an image, and boots it.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use isoplug_formats::tree::sorted_names;
use isoplug_tests::real::{self, Medium};
use isoplug_tests::require;
use isoplug_tests::space::Space;

/// Makes a copy that takes packages and layers from the store of the minimal example.
fn example() -> Space {
    let minimal = real::minimal();
    let space = Space::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/contents"), &space.path(""));
    symlink(minimal.store_path(), space.path("store")).unwrap();
    space
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in sorted_names(from).unwrap() {
        let (path, target) = (from.join(&name), to.join(&name));
        let is_made = ["out", "store", "isoplug.lock"].iter().any(|made| name == *made);
        match fs::symlink_metadata(&path).unwrap().file_type() {
            _ if is_made => {}
            kind if kind.is_dir() => copy(&path, &target),
            kind if kind.is_symlink() => symlink(fs::read_link(&path).unwrap(), target).unwrap(),
            _ => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn the_medium_and_the_root_filesystem_have_the_images_facts() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let space = example();
    let iso = space.ok(&["build"]);
    let medium = Medium::open(&space.path(iso.trim().strip_prefix("./").unwrap_or(iso.trim())));
    let text = medium.text("README.txt");
    let first = text.lines().next().unwrap();
    let is_right =
        first.starts_with("contents 2026.11 of 20") && first.contains(" for amd64: Linux 6.");
    assert!(is_right && text.contains("Braces that stay: {{ and }}."), "{text}");
    assert!(medium.text("docs/guide.html").contains("<h1>Guide</h1>"));
    let json =
        space.ok(&["shell", "--", "cat", "/etc/contents/image.json", "/usr/share/contents/list"]);
    assert!(json.contains("\"name\": \"contents\"") && json.contains("\njq 1."), "{json}");
    let facts: serde_json::Value =
        serde_json::from_str(json.split_inclusive("}\n").next().unwrap()).unwrap();
    let kernel = facts["kernel"].as_str().unwrap();
    assert!(
        first.contains(&format!("Linux {kernel} and {} packages", facts["packages"])),
        "{first}"
    );
    let said = space.ok(&[
        "shell",
        "--",
        "sh",
        "-c",
        "about; sum-up 1 2; ls -ld /srv/private; ls /etc/issue.net 2>&1 || true",
    ]);
    assert!(
        said.starts_with(&format!(
            "contents 2026.11, kernel {kernel}\n3\ndrwx------ 2 keeper keeper"
        )),
        "{said}"
    );
    assert!(said.contains("No such file"), "{said}");
}

#[test]
fn the_example_keeps_its_promises() {
    let qemu = Command::new("qemu-system-x86_64").arg("--version").output();
    require!(qemu.is_ok(), "there is no qemu-system-x86_64");
    let _turn = real::turn();
    let space = example();
    let said = space.ok(&["test", "--firmware", "bios", "--medium", "cd"]);
    let names =
        ["the script tells the facts", "owners, links and removal", "the medium has its own facts"];
    for name in
        names.into_iter().chain(["licences stay and manual pages do not", "no file /etc/issue.net"])
    {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}

#[test]
fn what_is_wrong_is_drawn_before_and_in_the_build() {
    let _turn = real::turn();
    let space = example();
    space.write("templates/packages.txt", "{{ packages.lits }}\n");
    let said = space.run(&["check"]);
    assert!(said.starts_with("exit: 2"), "{said}");
    assert!(
        said.contains("templates/packages.txt, line 1: there is no fact `packages.lits`"),
        "{said}"
    );
    assert!(said.contains("did you mean `packages.list`?"), "{said}");

    space.write("templates/packages.txt", "{{ package.jqq }}\n");
    let said = space.run(&["build", "-q"]);
    assert!(said.starts_with("exit: 2"), "{said}");
    let message = "cannot be filled in: the image has no package `jqq`; did you mean `jq`?";
    assert!(said.contains(message) && said.contains("isoplug.toml:"), "{said}");

    space.write("templates/packages.txt", "");
    let manifest = space.read("isoplug.toml");
    space.write("isoplug.toml", &manifest.replace("jq -r '", "if jq -r '"));
    let said = space.run(&["build", "-q"]);
    assert!(
        said.contains("the image's own sh refuses it") && said.contains("/usr/local/bin/about: 3"),
        "{said}"
    );

    space.write("isoplug.toml", &manifest.replace("700 MiB", "1 MiB"));
    let said = space.run(&["build", "-q"]);
    assert!(
        said.contains("iso.max-size allows 1048576") && said.contains("leave out what takes most"),
        "{said}"
    );
}
