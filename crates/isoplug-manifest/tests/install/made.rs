//! What is done around an installation: scripts that are run, and tests of what was installed.

use insta::assert_snapshot;

use super::{medium, told};

#[test]
fn scripts_are_run_before_and_after() {
    let system = medium(
        "install.hooks = { before = [{ source = \"ask\", network = true }], after = [{ source = \"a/end\" }] }",
    );
    let system = system.unwrap();
    let files = system.needs.files.iter().map(|needed| &needed.what);
    let files: Vec<_> = files
        .filter_map(|file| Some((file.source.as_deref()?, &*file.target, file.mode.as_deref()?)))
        .collect();
    assert_eq!(
        files,
        [
            ("ask", "/usr/lib/isoplug/install/hooks/before/0", "0700"),
            ("a/end", "/usr/lib/isoplug/install/hooks/after/0", "0700"),
        ]
    );
    let lonely = told("install.hooks.before = [{ network = true }]");
    assert_snapshot!(lonely, @"isoplug.toml:5:25: error[missing-key]: `source` is missing");
}

#[test]
fn a_test_of_an_installed_system_needs_one() {
    let test = "tests = [{ system = \"installed\", run = \"true\" }]";
    let rule = "install.unattended = { enable = true, disk.serial = \"S1\" }";
    let system = medium(&format!("{rule}\n{test}")).unwrap();
    let disk = [isoplug_promise::Medium::Disk];
    let of_disk = system.needs.checks.iter().filter(|check| check.what.medium == disk);
    assert_eq!(of_disk.count(), 1);
    assert_snapshot!(told(test), @"isoplug.toml:5:10: error[impossible-test]: the test installs without questions, and `install.unattended.enable` is not set");
    let crypt = "install.layouts.a.encryption = \"passphrase\"";
    assert_snapshot!(told(&format!("{rule}\n{crypt}\n{test}")), @r"
    isoplug.toml:5:33: warning[asked-for-passphrase]: the layout `a` asks for a passphrase, and nobody is there to type it
      help: the installer takes it from an `answers.toml` on a volume called ISO-ANSWERS
    isoplug.toml:7:10: error[impossible-test]: the test would have to type a passphrase: let it install another layout first
    ");
    let media = "tests = [{ system = \"installed\", run = \"true\", media = [\"cd\"] }]";
    assert_snapshot!(told(&format!("{rule}\n{media}")), @"isoplug.toml:6:10: error[impossible-test]: the test is of an installed system, which boots from no medium: leave `media` out");
    let disk = "tests = [{ run = \"true\", media = [\"disk\"] }]";
    assert_snapshot!(told(disk), @r#"isoplug.toml:5:35: error[unknown-value]: found "disk", expected one of "cd", "usb""#);
}
