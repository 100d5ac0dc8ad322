//! Files that clash, are never seen or are not what they seem draw messages before anything is built.

#![cfg(test)]

mod support;

use support::messages;

/// A profile that installs something, so that it draws no warning of its own.
fn one(line: &str) -> String {
    messages(&format!("{line}\npackages.install = [\"vim\"]"))
}

/// Fails unless these lines draw an error of this kind on two places.
fn clash(code: &str, lines: &str) {
    let drawn = one(lines);
    let places = drawn.lines().filter(|line| line.starts_with("  isoplug.toml:")).count();
    assert!(drawn.contains(&format!("error[{code}]")) && places == 2, "{lines}: {drawn}");
}

fn two(first: &str, second: &str) -> String {
    format!(
        "files = [{{ target = \"{first}\", text = \"1\" }}, {{ target = \"{second}\", text = \"2\" }}]"
    )
}

#[test]
fn files_that_clash() {
    for (first, second) in [
        ("/etc/x", "/etc/x"),
        ("/etc/x", "/etc/x/"),
        ("/lib/x", "/usr/lib/x"),
        ("/bin/x", "/usr/bin/x"),
        ("/var/run/x", "/run/x"),
        ("/var/lock/x", "/run/lock/x"),
    ] {
        clash("duplicate-file", &two(first, second));
    }
    clash("file-in-the-way", &two("/srv/a", "/srv/a/b"));
    clash("file-in-the-way", &two("/srv/a/b/c", "/srv/a"));
    clash("file-in-the-way", &two("/lib/a", "/usr/lib/a/b"));
}

#[test]
fn files_that_other_options_give() {
    clash(
        "duplicate-file",
        "systemd.units.\"x.service\".text = \"[Unit]\"\n\
         files = [{ target = \"/etc/systemd/system/x.service\", text = \"\" }]",
    );
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    clash(
        "duplicate-file",
        &format!(
            "users.me.authorized-keys = [\"{key}\"]\n\
             files = [{{ target = \"/home/me/.ssh/authorized_keys\", text = \"\" }}]"
        ),
    );
    assert!(one(&two("/etc//x", "/srv/x")).contains("error[bad-path]"));
    assert_eq!(one(&two("/srv/a", "/srv/ab")), "");
}

#[test]
fn files_of_profile_and_module_clash() {
    let module = "files = [{ target = \"/etc/x\", text = \"1\" }]\n";
    let lines = "include = [\"m.toml\"]\npackages.install = [\"vim\"]\n\
                 files = [{ target = \"/etc/x\", text = \"2\" }]";
    let drawn = support::messages_with(&support::manifest(lines), &[("m.toml", module)]);
    assert!(drawn.contains("\n  isoplug.toml:") && drawn.contains("\n  m.toml:"), "{drawn}");
}

#[test]
fn files_that_are_never_seen() {
    let file = |target: &str| one(&format!("files = [{{ target = \"{target}\", text = \"\" }}]"));
    for target in ["/proc/x", "/sys/class/x", "/dev/shm/x"] {
        assert!(file(target).contains("error[unseen-file]"), "{target}");
    }
    for target in ["/run/x", "/tmp/x", "/var/run/x"] {
        assert!(file(target).contains("note[made-at-boot]"), "{target}");
    }
    assert_eq!(file("/var/tmp/x"), "");
}

#[test]
fn parameters_that_grub_would_change() {
    for (param, character) in [("a='b'", "'"), ("a=b\\\\x2dc", "\\"), ("a=\\\"b\\\"c", "\"")] {
        let drawn = one(&format!("boot.kernel-params = [\"{param}\"]"));
        let expected = format!("GRUB writes a backslash before each `{character}`");
        assert!(drawn.contains("error[bad-parameter]") && drawn.contains(&expected), "{drawn}");
    }
    let right = ["memmap=64M$0x1000", "a={b};#c!", "dyndbg=\\\"file drivers/usb/core/hub.c +p\\\""];
    for param in right {
        assert_eq!(one(&format!("boot.kernel-params = [\"{param}\"]")), "", "{param}");
    }
}

#[test]
fn a_command_line_that_is_too_long() {
    let param = |length: usize| format!("boot.kernel-params = [\"a={}\"]", "b".repeat(length));
    assert_eq!(one(&param(1700)), "");
    assert!(one(&param(1800)).contains("error[long-command-line]"));
}

#[test]
fn a_unit_that_nothing_starts() {
    let unit = |text: &str| {
        one(&format!(
            "systemd = {{ enable = [\"x\"], units.\"x.service\".text = \"[Service]\\n{text}\" }}"
        ))
    };
    assert!(unit("").contains("warning[not-installed]: `x.service` has no [Install] section"));
    assert_eq!(unit("[Install]\\nWantedBy=multi-user.target"), "");
}

#[test]
fn a_unit_that_starts_and_does_not() {
    let drawn = one("services.chrony.enable = true\nsystemd.mask = [\"chrony\"]");
    let said = "error[contradiction]: `chrony.service` is masked, and `services.chrony.enable` needs it to start at boot";
    assert!(drawn.contains(said) && drawn.contains("needed here"), "{drawn}");
    let drawn = one("systemd = { enable = [\"x.service\"], disable = [\"x\"] }");
    assert!(drawn.contains("`x.service` is disabled, and `systemd.enable` needs it"), "{drawn}");
    assert_eq!(one("systemd = { mask = [\"x\"], disable = [\"x\"], enable = [\"y\"] }"), "");
}

#[test]
fn line_ends_of_windows_do_not_reach_files() {
    let text = support::manifest(
        "files = [{ target = \"/x\", text = '''\n#!/bin/sh\necho\n''' }, \
                                  { target = \"/y\", text = \"a\\r\\n\" }]",
    );
    let system = support::evaluate_with(&text.replace('\n', "\r\n"), &[]).unwrap();
    let texts: Vec<_> =
        system.options.files.iter().map(|file| file.text.clone().unwrap()).collect();
    assert_eq!(texts, ["#!/bin/sh\necho\n", "a\r\n"]);
}
