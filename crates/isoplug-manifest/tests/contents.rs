//! What goes into an image beside packages: templates, links, folders, removal, scripts; and what some options put there.

#![cfg(test)]

mod support;

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use support::{file, messages, messages_with, packages, profile};

/// Returns the messages of a profile that installs something, so that it draws no warning of its own.
fn one(line: &str) -> String {
    messages(&format!("{line}\npackages.install = [\"vim\"]"))
}

fn template(text: &str) -> String {
    one(&format!("files = [{{ target = \"/etc/x\", text = '''{text}''', template = true }}]"))
}

#[test]
fn an_unknown_fact_is_drawn_with_the_nearest_one() {
    assert_eq!(template("{{ image.name }} {{ kernel.version }} {{ package.vim }}"), "");
    assert_snapshot!(template("a\n{{ image.nane }}"), @r#"
    isoplug.toml:3:10: error[unknown-fact]: "/etc/x", line 2: there is no fact `image.nane`
      help: did you mean `image.name`?
    "#);
    assert_snapshot!(template("{{ image.name"), @r#"
    isoplug.toml:3:10: error[unknown-fact]: "/etc/x", line 1: `{{` is not closed on its line
      help: close it with `}}`, or write `{{ "{{" }}` for braces that stay
    "#);
    assert_snapshot!(template("{{ image.version }}"), @r#"
    isoplug.toml:3:10: error[unknown-fact]: "/etc/x" wants the image's version, and it has none
      help: set `image.version`
    "#);
    let medium = "iso.contents = [{ target = \"/x\", text = \"{{ image }}\", template = true }]";
    assert!(one(medium).contains("error[unknown-fact]: \"/x\", line 1: there is no fact `image`"));
    let with_version = "image = { name = \"t\", version = \"1\" }\n[profiles.p]\npackages.install = [\"vim\"]\n\
                        files = [{ target = \"/x\", text = \"{{ image.version }}\", template = true }]\n";
    assert_eq!(messages_with(with_version, &[]), "");
    let plain = "files = [{ target = \"/etc/x\", text = \"{{ no fact }}\" }]";
    assert_eq!(one(plain), "", "other texts may have braces");
}

#[test]
fn a_file_is_one_thing() {
    let file = |what: &str| one(&format!("files = [{{ target = \"/etc/x\", {what} }}]"));
    for right in
        ["text = \"\"", "link = \"y\"", "folder = true", "remove = true", "link = \"/dev/null\""]
    {
        assert_eq!(file(right), "", "{right}");
    }
    assert!(file("mode = \"0644\"").contains("has neither `text` nor `source`"));
    assert!(file("text = \"\", link = \"y\"").contains("has both `text` and `link`"));
    assert!(file("folder = true, remove = true").contains("has both `folder` and `remove`"));
    assert!(
        file("link = \"\"").contains("error[bad-link]: \"/etc/x\" is a link that leads nowhere")
    );
    let idle = file("link = \"y\", template = true");
    assert!(idle.contains("warning[idle-option]: \"/etc/x\" has no text"), "{idle}");
}

#[test]
fn nothing_can_be_below_what_is_no_folder() {
    let below = |what: &str| {
        one(&format!(
            "files = [{{ target = \"/srv/a\", {what} }}, {{ target = \"/srv/a/b\", text = \"\" }}]"
        ))
    };
    assert_eq!(below("folder = true"), "");
    for (what, is) in [("link = \"c\"", "is a link"), ("remove = true", "is removed")] {
        let said = below(what);
        let expected = format!("error[file-in-the-way]: \"/srv/a\" {is}, so nothing can be");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn a_script_brings_its_interpreter_and_its_packages() {
    let system = profile(
        "packages.install = [\"vim\"]\n[profiles.p.scripts]\n\
         a = { text = \"\", interpreter = \"python3\", packages = [\"parted\"] }\n\
         b = { text = \"\", interpreter = \"/usr/bin/perl -w\" }\nc = { text = \"\", interpreter = \"sh\" }\n",
    );
    let system = system.unwrap_or_else(|found| panic!("{found}"));
    let packages = packages(&system);
    assert!(packages.contains(&"python3") && packages.contains(&"parted"), "{packages:?}");
    assert!(!packages.iter().any(|name| name.contains("perl") || *name == "sh"), "{packages:?}");
    let first = |name: &str| system.options.scripts[name].first_line();
    assert_eq!(
        ["a", "b", "c"].map(first),
        ["#!/usr/bin/python3\n", "#!/usr/bin/perl -w\n", "#!/bin/sh\n"]
    );
}

#[test]
fn scripts_that_cannot_be_are_drawn() {
    let script = |what: &str| one(&format!("scripts.hi = {{ {what} }}"));
    assert!(script("").contains("error[file-content]: the script `hi` has neither"));
    assert!(script("text = \"\", source = \"x\"").contains("the script `hi` has both"));
    assert_snapshot!(script("text = \"#!/bin/sh\", interpreter = \"bash\""), @r"
    isoplug.toml:3:50: error[two-interpreters]: the script `hi` names an interpreter in its first line already
      help: leave `interpreter` out, or the line that begins with `#!`
    ");
    assert_snapshot!(one("scripts.\"a b\" = { text = \"\" }"), @r#"
    isoplug.toml:3:9: error[bad-name]: "a b" cannot be the name of a script
      help: letters, digits, `+`, `-`, `.` and `_`
    "#);
    let bad = script("text = \"\", interpreter = \"/usr/bin/env -S a b\"");
    assert!(
        bad.contains("error[bad-name]: \"/usr/bin/env -S a b\" cannot be an interpreter"),
        "{bad}"
    );
    let twice =
        one("scripts.hi.text = \"\"\nfiles = [{ target = \"/usr/local/bin/hi\", text = \"\" }]");
    assert!(twice.contains("error[duplicate-file]"), "{twice}");
}

#[test]
fn docker_has_a_place_for_its_layers() {
    let of = |lines: &str| profile(&format!("packages.install = [\"vim\"]\n{lines}")).unwrap();
    let system = of("services.docker.enable = true");
    for package in ["docker.io", "docker-cli"] {
        assert!(packages(&system).contains(&package), "{package}");
    }
    assert!(file(&system, "docker/storage").contains("size=50% docker"));
    assert!(
        file(&system, "isoplug-storage.conf")
            .contains("ExecStartPre=/usr/lib/isoplug/docker/storage")
    );
    let system = of("services.docker = { enable = true, memory = \"1 GiB\" }");
    assert!(file(&system, "docker/storage").contains("size=1073741824 docker"));
    let idle = one("services.docker.memory = \"1 GiB\"");
    assert!(idle.contains("warning[idle-option]: nothing takes that memory"), "{idle}");
}

#[test]
fn a_kiosk_shows_one_program_to_a_user_that_there_is() {
    let kiosk = |lines: &str| profile(&format!("extends = \"isoplug:kiosk\"\n{lines}"));
    let system = kiosk("kiosk.url = \"https://example.org/it's\"").unwrap();
    assert!(packages(&system).contains(&"chromium"));
    assert!(file(&system, "kiosk/show").contains("'https://example.org/it%27s'"));
    assert!(file(&system, "isoplug-kiosk.service").contains("\nUser=kiosk\n"));
    let system = kiosk("kiosk.command = \"foot\"").unwrap();
    assert!(!packages(&system).contains(&"chromium"));
    assert_eq!(file(&system, "kiosk/show"), "#!/bin/sh\nfoot\n");
    let closed = "extends = \"isoplug:kiosk\"\nkiosk.command = \"foot\"\nroot.locked = true";
    assert_eq!(messages(closed), "", "nobody is meant to log in");
    assert!(one("kiosk.url = \"https://x\"").contains("error[no-user]"));
    assert!(one("kiosk = { url = \"x\", user = \"a\" }").contains("error[unknown-user]"));
    assert!(one("kiosk.url = \"example.org\"").contains("error[bad-url]"));
}

/// Lays out a medium of two files, one of which holds this, and a console.
fn medium(folder: &Path, content: &str) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    std::fs::create_dir_all(folder.join("medium/live")).unwrap();
    write("medium/a file", "x");
    write("medium/live/filesystem.squashfs", "good");
    let mut sums = Command::new("sha256sum");
    let sums = sums.args(["a file", "live/filesystem.squashfs"]).current_dir(folder.join("medium"));
    write("medium/sha256sum.txt", &String::from_utf8_lossy(&sums.output().unwrap().stdout));
    write("medium/live/filesystem.squashfs", content);
    write("active", "console\n");
    write("console", "");
}

/// Runs the image's own script; returns whether it passed, and what the console shows.
fn checked(content: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    medium(folder.path(), content);
    let system = profile("packages.install = [\"vim\"]\nlive.check-medium = true").unwrap();
    let root = folder.path().display().to_string();
    let script = file(&system, "isoplug/check-medium")
        .replace("/run/live/medium", &format!("{root}/medium"))
        .replace("/sys/class/tty/console/active", &format!("{root}/active"))
        .replace(">\"/dev/$console\"", &format!(">>\"{root}/$console\""))
        .replace("sleep 20", ":");
    let done = Command::new("sh").args(["-c", &script]).output().unwrap();
    let shown = std::fs::read_to_string(folder.path().join("console")).unwrap().replace('\r', "");
    (done.status.success(), shown + &String::from_utf8_lossy(&done.stderr))
}

#[test]
fn a_damaged_medium_is_told_on_the_consoles() {
    assert_eq!(
        checked("good"),
        (true, "Checking the medium ...\nThe medium is as it was made: 2 files.\n".to_owned())
    );
    let (passed, shown) = checked("goof");
    assert!(!passed);
    assert_snapshot!(shown, @r"
    Checking the medium ...
    DAMAGED: live/filesystem.squashfs
    1 of 2 files are damaged: write the medium again, or use another one.
    ");
}

#[test]
fn the_medium_is_checked_by_an_entry_of_its_own() {
    let system = profile("packages.install = [\"vim\"]\nlive.check-medium = true").unwrap();
    let entry = &system.needs.menu[0].what;
    assert_eq!(
        (&*entry.id, &entry.params[..]),
        ("check-medium", &["isoplug.check-medium".to_owned()][..])
    );
    assert!(
        file(&system, "check-medium.service")
            .contains("ConditionKernelCommandLine=isoplug.check-medium")
    );
    let missing = one("boot.menu.default = \"check-medium\"");
    assert!(missing.contains("help: set `live.check-medium`"), "{missing}");
}

#[test]
fn a_rescue_system_touches_no_disk_by_itself() {
    let system = profile("extends = \"isoplug:rescue\"").unwrap();
    for rules in ["64-md-raid-assembly", "69-lvm", "64-btrfs"] {
        let text = file(&system, &format!("/etc/udev/rules.d/{rules}.rules"));
        assert!(text.lines().all(|line| line.starts_with('#')), "{rules}: {text}");
    }
    assert!(file(&system, "90-isoplug-disks.rules").contains("UDISKS_AUTO"));
    let params: Vec<&str> = system.needs.kernel_params.iter().map(|needed| &*needed.what).collect();
    assert_eq!(params, ["md_mod.start_ro=1", "noresume", "systemd.gpt_auto=0", "systemd.swap=0"]);
    let as_before =
        profile("extends = \"isoplug:rescue\"\nlive.leave-disks-alone = false").unwrap();
    assert!(as_before.needs.kernel_params.is_empty());
    assert!(system.options.scripts["graphical"].packages.contains(&"cage".to_owned()));
}
