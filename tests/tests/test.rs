//! Boots the minimal example in every way that it supports, and an image that breaks its promise.

#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use isoplug_tests::real::{self, Example, events, stages_that_ran};
use isoplug_tests::require;

#[test]
fn the_minimal_example_keeps_its_promises_everywhere() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let text = built.space.ok(&["test", "--junit", "junit.xml", "--report", "report.json"]);
    for way in ["bios-cd", "bios-usb", "uefi-cd", "uefi-usb", "secure-boot-cd", "secure-boot-usb"] {
        assert!(text.contains(&format!("pass {way} ")), "{way}:\n{text}");
    }
    for promise in
        ["hostname is rescue", "user installer", "unit ssh.service is active", "file /etc/motd"]
    {
        assert_eq!(text.matches(promise).count(), 6, "{promise}:\n{text}");
    }
    let report: serde_json::Value = serde_json::from_str(&built.space.read("report.json")).unwrap();
    assert_eq!(report["combos"].as_array().unwrap().len(), 6);
    let junit = built.space.read("junit.xml");
    assert!(junit.contains("failures=\"0\"") && junit.contains("secure-boot-usb"), "{junit}");
    // A test that passed is not run again.
    assert_eq!(stages_that_ran(&events(&built.space, &["test"])), Vec::<String>::new());
}

#[test]
fn a_broken_promise_is_found_and_shown() {
    let _turn = real::shared_turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let broken = manifest.replace("systemctl is-system-running --wait", "test -e /nowhere");
    example.space.write("isoplug.toml", &broken);
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    // What decides the image is the same, so its artifacts serve.
    let example = Example { space: example.space.env("ISOPLUG_STORE", &built.store_path()) };
    let said = example.space.run(&["test", "--firmware", "bios", "--medium", "cd"]);
    assert!(said.starts_with("exit: 5\n"), "{said}");
    assert!(said.contains("FAIL nothing failed"), "{said}");
    let folder = example.path("out/minimal-2026.11-amd64.test");
    let log = fs::read_to_string(folder.join("bios-cd.log")).unwrap();
    assert!(log.contains("Linux version"), "the serial log is kept");
    assert!(folder.join("bios-cd.png").exists(), "the screen is kept");
}

/// The user's password opens the console, and each test is made in the boots that it names.
#[test]
fn tests_of_the_manifest_are_made_where_they_say() {
    let _turn = real::shared_turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let (image, _) = manifest.split_once("[[profiles.minimal.tests]]").unwrap();
    let extends = "extends = \"isoplug:minimal\"";
    let image = image.replace(extends, &format!("{extends}\n{PARAMETER}"));
    example.space.write("isoplug.toml", &format!("{image}{OWN_TESTS}"));
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    let example = Example { space: example.space.env("ISOPLUG_STORE", &built.store_path()) };
    let said = example.space.run(&["test", "--firmware", "bios", "--medium", "cd"]);
    assert!(said.starts_with("exit: 5\n"), "{said}");
    let log =
        fs::read_to_string(example.path("out/minimal-2026.11-amd64.test/bios-cd.log")).unwrap();
    assert!(log.contains("rescue login: installer") && log.contains("assword:"), "it logs in");
    let lines = [
        "pass as root",
        "pass command cat /etc/debian_version",
        "pass the kernel's own",
        "FAIL too long",
    ];
    for line in lines {
        assert!(said.contains(line), "{line}:\n{said}");
    }
    assert!(
        said.contains("FAIL not what it says") && said.contains("did not end within "),
        "{said}"
    );
    assert!(!said.contains("elsewhere"), "{said}");
    assert!(said.contains("pass hostname is rescue"), "more is derived from the options:\n{said}");
}

/// GRUB puts the quotes around all of it; the kernel reads the same (Linux, `next_arg`), and shows it.
const PARAMETER: &str = "boot.kernel-params = ['firmware_class.path=\"/acme one\"']";

const OWN_TESTS: &str = r#"
[[profiles.minimal.tests]]
login = { user = "installer", password = "installer" }

[[profiles.minimal.tests]]
name = "as root"
run = "id -u"
expect = "0"
media = ["cd"]
firmware = ["bios", "uefi"]

[[profiles.minimal.tests]]
run = "cat /etc/debian_version"

[[profiles.minimal.tests]]
name = "the kernel's own"
run = "grep -x '/acme one' /sys/module/firmware_class/parameters/path"

[[profiles.minimal.tests]]
name = "not what it says"
run = "cat /etc/debian_version"
expect = "12"

[[profiles.minimal.tests]]
name = "too long"
run = "sleep 600"
timeout = 2

[[profiles.minimal.tests]]
name = "elsewhere by medium"
run = "false"
media = ["usb"]

[[profiles.minimal.tests]]
name = "elsewhere by firmware"
run = "false"
firmware = ["uefi"]
"#;

/// No machine boots it in three seconds, and that is not the image's fault.
#[test]
fn a_boot_that_does_not_end_in_time_fails_no_image() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let one = ["test", "--again", "--firmware", "bios", "--medium", "cd", "--timeout", "3"];
    let said = built.space.run(&[&one[..], &["--junit", "slow.xml"]].concat());
    assert!(said.starts_with("exit: 7\n"), "{said}");
    assert!(said.contains("not finished: bios-cd ("), "{said}");
    assert!(said.contains("it was still going on when the time was up"), "{said}");
    assert!(said.contains("0 of 1 boots passed, 0 failed, 1 not finished"), "{said}");
    assert!(!said.contains("FAIL"), "{said}");
    let junit = built.space.read("slow.xml");
    assert!(junit.contains("failures=\"0\" errors=\"1\""), "{junit}");
}

#[test]
fn what_was_seen_is_told_after_ctrl_c() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let one = ["test", "--again", "--firmware", "bios", "--medium", "cd", "--json"];
    let mut test = built.space.command(&[&one[..], &["--report", "stopped.json"]].concat());
    let mut test = test.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(test.stderr.take().unwrap()).lines().map_while(Result::ok);
    let goes = lines.find(|line| line.contains("\"doing\""));
    assert!(goes.is_some(), "no progress is told");
    let kill = Command::new("kill").args(["-s", "INT", &test.id().to_string()]).status();
    assert!(kill.unwrap().success());
    lines.for_each(drop);
    let output = test.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not finished: bios-cd (") && text.contains("it was stopped"), "{text}");
    let report: serde_json::Value =
        serde_json::from_str(&built.space.read("stopped.json")).unwrap();
    assert_eq!(report["combos"][0]["boot"]["outcome"], "unfinished", "{report}");
}

fn has_qemu() -> bool {
    Command::new("qemu-system-x86_64").arg("--version").output().is_ok()
}
