//! Programs of the image look at what options add, before an image is made of it.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;

use isoplug_tests::real::{self, Example};

/// Makes the minimal example with these settings of its SSH server, over the store of the one that is built.
fn minimal_with(openssh: &str) -> Example {
    let built = real::minimal();
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let line = manifest.lines().find(|line| line.starts_with("services.openssh = ")).unwrap();
    let other = format!("services.openssh = {{ enable = true, {openssh} }}");
    example.space.write("isoplug.toml", &manifest.replace(line, &other));
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(built.store_path(), example.path("store")).unwrap();
    example
}

#[test]
fn the_images_own_sshd_has_the_last_word() {
    let _turn = real::turn();
    for (line, option, said) in [
        (
            "settings.Ciphers = [\"no-such-cipher\"]",
            "services.openssh.settings.ciphers",
            "Bad SSH2 cipher spec 'no-such-cipher'",
        ),
        ("match = [{ addresses = [\"192.0.2.1/8\"] }]", "services.openssh.match.0", "192.0.2.1/8"),
    ] {
        let example = minimal_with(line);
        let output = example.space.command(&["build"]).output().unwrap();
        let said_of_build = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said_of_build}");
        for part in [&format!("cannot have what `{option}` says"), said, line] {
            assert!(said_of_build.contains(part), "no {part} in {said_of_build}");
        }
    }
}

#[test]
fn what_the_kinds_of_keywords_are_written_as_is_taken() {
    let _turn = real::turn();
    let example = minimal_with(
        "settings = { MaxAuthTries = 3, LoginGraceTime = \"1m30s\", \
         AllowUsers = [\"ada\", \"bob\"], SetEnv = [\"A=b c\"], Banner = \"/etc/a banner\", \
         MACs = [\"+hmac-sha2-256\"], ListenAddress = [\"0.0.0.0\", \"::\"], RekeyLimit = \"1G 1h\", \
         AllowTcpForwarding = \"local\", UseDNS = false, LogLevel = \"VERBOSE\" }, \
         match = [{ users = [\"ada\"], local-ports = [22], \
         settings = { ForceCommand = \"internal-sftp -l INFO\", X11Forwarding = false } }]",
    );
    example.space.ok(&["build"]);
}
