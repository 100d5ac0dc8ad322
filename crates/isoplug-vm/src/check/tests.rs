//! Questions that this machine's own shell can answer are answered by it; the rest is judged on
//! recorded answers.

use std::process::Command;

use super::*;

fn said(status: i32, text: &str) -> Output {
    Output { status, text: text.to_owned() }
}

fn asked(promise: &Promise) -> Verdict {
    let output = Command::new("sh").args(["-c", &question(promise)]).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    judge(promise, Firmware::Bios, &Output { status: output.status.code().unwrap(), text })
}

fn judged(promise: &Promise, status: i32, text: &str) -> Verdict {
    judge(promise, Firmware::Uefi, &said(status, text))
}

fn file(path: &std::path::Path) -> Promise {
    let path = path.to_str().unwrap().to_owned();
    Promise::File { path, sha256: None, mode: None, owner: None, contains: None }
}

fn fails(verdict: &Verdict, part: &str) {
    assert!(verdict.0 == Outcome::Fail && verdict.1.contains(part), "{verdict:?}");
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's a $(file)");
    std::fs::write(&path, "one\ntwo \"three\"\n\0four\n").unwrap();
    let with = |text: &str| match file(&path) {
        Promise::File { path, .. } => {
            let contains = Some(text.to_owned());
            Promise::File { path, sha256: None, mode: None, owner: None, contains }
        }
        other => other,
    };
    for text in ["one\ntwo", "two \"three\"\n", "four", ""] {
        assert_eq!(asked(&with(text)).0, Outcome::Pass, "{text}");
    }
    for text in ["one\nthree", "*", "four\n\n", "[a-z]"] {
        fails(&asked(&with(text)), "the text is not in it");
    }
    fails(&asked(&file(&folder.path().join("none"))), "No such file");
    assert_eq!(asked(&file(folder.path())).0, Outcome::Pass);
}

#[test]
fn file_metadata() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, "abc").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o4750)).unwrap();
    let abc = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    let is = |sha256: &str, mode, owner: &str| {
        let path = path.to_str().unwrap().to_owned();
        let (sha256, owner) = (Some(sha256.to_owned()), Some(owner.to_owned()));
        asked(&Promise::File { path, sha256, mode: Some(mode), owner, contains: None })
    };
    let metadata = std::fs::metadata(&path).unwrap();
    let owner = format!("{}:{}", metadata.uid(), metadata.gid());
    assert_eq!(is(abc, 0o4750, &owner).0, Outcome::Pass);
    assert_eq!(is(abc, 0o4750, &metadata.uid().to_string()).0, Outcome::Pass);
    fails(&is(abc, 0o750, &owner), "mode: expected 750, found 4750");
    fails(&is(abc, 0o4750, "4711:1"), "owner: expected 4711:1");
    fails(&is("00", 0o4750, &owner), "sha256: expected 00, found ba7816bf");
}

#[test]
fn users() {
    let user = |name: &str, groups: &[&str], uid| Promise::User {
        name: name.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        uid,
    };
    assert_eq!(asked(&user("root", &["root"], Some(0))).0, Outcome::Pass);
    fails(&asked(&user("root", &[], Some(7))), "uid: expected 7, found 0");
    fails(&asked(&user("no-such-user", &[], None)), "no such user");
    let answer = "installer:x:1000:1000::/home/installer:/bin/bash\ninstaller sudo\n";
    assert_eq!(judged(&user("installer", &["sudo"], None), 0, answer).0, Outcome::Pass);
    let verdict = judged(&user("installer", &["sud"], None), 0, answer);
    fails(&verdict, "not in group sud, only in installer sudo");
}

#[test]
fn ports() {
    let table = "  sl  local_address rem_address   st tx_queue\n   \
        0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000\n   \
        1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000\n   \
        0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n";
    let port = |port| Promise::Port { port, protocol: Protocol::Tcp };
    assert_eq!(judged(&port(22), 0, table).0, Outcome::Pass);
    assert_eq!(judged(&port(80), 0, table).0, Outcome::Pass);
    fails(&judged(&port(8080), 0, table), "listening: 22, 80");
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(asked(&port(socket.local_addr().unwrap().port())).0, Outcome::Pass);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    assert_eq!(asked(&Promise::Port { port, protocol: Protocol::Udp }).0, Outcome::Pass);
}

#[test]
fn names_and_parameters() {
    let hostname = Promise::Hostname { name: "installer".to_owned() };
    assert_eq!(judged(&hostname, 0, "installer\n").0, Outcome::Pass);
    let verdict = judged(&hostname, 0, "debian\n");
    fails(&verdict, "host name: expected installer, found debian");
    let param = Promise::KernelParam { param: "quiet".to_owned() };
    assert_eq!(judged(&param, 0, "BOOT_IMAGE=/boot/vmlinuz quiet\n").0, Outcome::Pass);
    fails(&judged(&param, 0, "BOOT_IMAGE=/boot/vmlinuz loglevel=3-quiet\n"), "the command line is");
}

#[test]
fn packages_by_status_and_version() {
    let package = |version: Option<&str>| {
        let version = version.map(ToOwned::to_owned);
        Promise::Package { name: "vim".to_owned(), version }
    };
    assert_eq!(judged(&package(None), 0, "installed 2:9.1-1\n").0, Outcome::Pass);
    assert_eq!(judged(&package(Some("2:9.1-1")), 0, "installed 2:9.1-1\n").0, Outcome::Pass);
    let other = judged(&package(Some("2:9.2")), 0, "installed 2:9.1-1\n");
    fails(&other, "expected 2:9.2, found 2:9.1-1");
    fails(&judged(&package(None), 0, "unpacked 2:9.1-1\n"), "unpacked");
    let none = "dpkg-query: no packages found matching vim\n";
    fails(&judged(&package(None), 1, none), "no packages");
}

#[test]
fn units_and_the_whole_system() {
    let unit = Promise::Unit { name: "ssh.service".to_owned(), state: UnitState::Active };
    assert_eq!(judged(&unit, 0, "active\n").0, Outcome::Pass);
    fails(&judged(&unit, 3, "failed\n"), "state: expected active, found failed");
    assert_eq!(judged(&Promise::System, 0, "running\n").0, Outcome::Pass);
    let verdict = judged(&Promise::System, 1, "degraded\nfoo.service loaded failed failed Foo\n");
    fails(&verdict, "foo.service");
}

#[test]
fn firmware_and_medium() {
    let verdict = judged(&Promise::Firmware, 0, "secure-boot\n");
    fails(&verdict, "firmware: expected uefi, found secure-boot");
    assert_eq!(judged(&Promise::Firmware, 0, "uefi\n").0, Outcome::Pass);
    let medium = Promise::LiveMedium { id: "no-such-image".to_owned() };
    fails(&asked(&medium), "on no mounted medium");
}

#[test]
fn commands() {
    let command = |run: &str, exit, contains: Option<&str>| Promise::Command {
        run: run.to_owned(),
        exit,
        contains: contains.map(ToOwned::to_owned),
    };
    assert_eq!(asked(&command("echo $((6*7)); exit 3", 3, Some("42"))).0, Outcome::Pass);
    fails(&asked(&command("echo out; echo err >&2; false", 0, None)), "expected 0\nout\nerr");
    fails(&asked(&command("echo out", 0, Some("in"))), "does not contain \"in\"\nout");
    fails(&judged(&command("sleep 99", 0, None), 124, ""), "out of time");
}

#[test]
fn parameters_are_found_as_the_kernel_reads_them() {
    let line =
        "BOOT_IMAGE=/boot/vmlinuz boot=live \"dyndbg=file a.c +p\" x=\"y z\" memmap=64M$0x1000";
    let finds = |param: &str| {
        let promise = Promise::KernelParam { param: param.to_owned() };
        judged(&promise, 0, line).0 == Outcome::Pass
    };
    let there =
        ["dyndbg=\"file a.c +p\"", "\"dyndbg=file a.c +p\"", "x=\"y z\"", "memmap=64M$0x1000"];
    assert!(there.iter().all(|param| finds(param)));
    assert!(!["a.c", "dyndbg=file", "x=y", "memmap=64M"].iter().any(|param| finds(param)));
}

/// Runs the question over a folder that has these variables of the firmware.
fn firmware(variables: Option<&[(&str, &[u8])]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let efi = folder.path().join("efi");
    if let Some(variables) = variables {
        std::fs::create_dir_all(efi.join("efivars")).unwrap();
        for (name, bytes) in variables {
            std::fs::write(efi.join("efivars").join(name), bytes).unwrap();
        }
    }
    let script = FIRMWARE.replace("/sys/firmware/efi", &efi.display().to_string());
    let script = script.replace("mount -t", "true");
    let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[test]
fn firmware_is_known_by_its_variables() {
    let secure = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let order = ("BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", &[7, 0, 0, 0, 1, 0][..]);
    assert_eq!(firmware(None), "bios");
    assert_eq!(firmware(Some(&[order, (secure, &[6, 0, 0, 0, 1])])), "secure-boot");
    assert_eq!(firmware(Some(&[order, (secure, &[6, 0, 0, 0, 0])])), "uefi");
    assert_eq!(firmware(Some(&[order])), "uefi", "it knows no Secure Boot");
    assert_eq!(firmware(Some(&[])), "unknown");
}
