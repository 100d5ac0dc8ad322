//! What a live system keeps on its medium: what the image gets for it, and what cannot be.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::System;
use support::{evaluate_with, file, messages, packages};

fn system(lines: &str) -> System {
    let text =
        format!("image.name = \"rescue\"\n[profiles.p]\npackages.install = [\"vim\"]\n{lines}\n");
    evaluate_with(&text, &[]).unwrap_or_else(|found| panic!("{:?}", found.list))
}

#[test]
fn what_is_kept_has_an_entry_a_partition_and_a_name_of_the_image() {
    let system = system("live.persistence.enable = true");
    let entry = &system.needs.menu[0].what;
    assert_eq!(
        entry.params.join(" "),
        "live-media-offset=0 persistence persistence-label=isoplug-feba981 persistence-storage=filesystem"
    );
    assert_snapshot!(file(&system, "50-persistence.conf"), @r"
    [Partition]
    Type=linux-generic
    Label=isoplug-feba981
    Format=ext4
    SizeMinBytes=64M
    CopyFiles=/usr/lib/isoplug/persistence/persistence.conf:/persistence.conf
    ");
    assert_eq!(file(&system, "persistence/persistence.conf"), "/ union\n");
    let script = file(&system, "/make");
    assert!(!script.contains('@') && !script.contains("cryptsetup"), "{script}");
    assert!(!packages(&system).contains(&"cryptsetup-initramfs"));
}

#[test]
fn an_encrypted_one_asks_for_a_passphrase() {
    let system = system(
        "live.persistence = { enable = true, encryption = true, size = \"2 GiB\", label = \"mine\", paths = [\"/home\", \"/root/\"] }",
    );
    let entry = &system.needs.menu[0].what;
    assert!(entry.params.contains(&"persistence-encryption=lukslabel".to_owned()));
    assert!(entry.params.contains(&"persistence-label=mine".to_owned()));
    let partition = file(&system, "50-persistence.conf");
    assert!(partition.ends_with("SizeMaxBytes=2147483648\nEncrypt=key-file\n"), "{partition}");
    assert_eq!(file(&system, "persistence/persistence.conf"), "/home bind\n/root bind\n");
    let script = file(&system, "/make");
    assert!(
        !script.contains('@') && script.contains("cryptsetup config --label persistence"),
        "{script}"
    );
    assert!(packages(&system).contains(&"cryptsetup-initramfs"));
}

#[test]
fn what_live_boot_and_repart_cannot_read_is_told() {
    let of = |lines: &str| {
        messages(&format!(
            "packages.install = [\"vim\"]\nlive.persistence = {{ enable = true, {lines} }}"
        ))
    };
    assert_snapshot!(of("paths = [\"/home/my files\"]"), @r#"
    isoplug.toml:4:46: error[blank-in-path]: live-boot cannot keep "/home/my files", which has a blank
      help: keep the folder that it is in
    "#);
    assert_snapshot!(of("size = \"1 MiB\""), @"isoplug.toml:4:44: error[small-partition]: the partition has less than 64 MiB");
}

#[test]
fn what_cannot_be_kept_is_told() {
    let of = |lines: &str| {
        messages(&format!("packages.install = [\"vim\"]\nlive.persistence = {{ {lines} }}"))
    };
    assert_snapshot!(of("enable = true, paths = [\"/home/me\", \"/home\"]"), @r#"
    isoplug.toml:4:46: error[nested-paths]: "/home/me" is kept with "/home" already
      help: list the outer one alone
    "#);
    assert_snapshot!(of("enable = true, label = \"a name that is long\""), @r#"
    isoplug.toml:4:45: error[bad-name]: "a name that is long" cannot be the name of a partition
      help: 1 to 16 letters, digits, `-` and `_`
    "#);
    assert_snapshot!(of("encryption = true"), @"isoplug.toml:4:20: warning[idle-option]: nothing is kept: `live.persistence.enable` is not set");
}
