//! Lines that ssh-keygen reads and lines that it does not, compared with ssh-keygen itself.

use std::process::Command;

use proptest::prelude::*;

use super::*;

/// A key of each type; the certificates were signed by a key made for it.
const KEYS: [&str; 10] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJe0dl8NnPP9rbjAAZ6T88etL17Lo7fZ+RlyYiyFjBbY",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCN4EdMUbckH+EZP/4Zm0WbvGvR2aOtL4QY8COVBROIyVoMRFarjzqrWvP8vFZh1Y3tyBqTEcYJc5VK09F2hv1HjcnlE0/YtSgaDO16ZPO2/ZsG7CKo5n5Zu5+tA90ELUqMAEeakfA57fEfMqmjZ2B/ENIcYYOYHeaLWkw0pUJ1KvzKmgQK4Iw7upgwjB/u2jOjakfIzWEy2dL5ZgACjdSdTanrjbcAfZ3Iy3LgLWg4OUHu5Sr3LWyjKHI/trGeq7AuEt7N6QPUJ+QNvnphp4mrZIioALGMJ+z8cKTYYisn0Iq57SeCdxL04S1nYuF1x0UF5E6U9gHvqHXdM4Za8c2l",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPyDZENSsaTASTrY/54dO2X0TOO4egt19WY7aZnRHvCYSW377RBW2r8HkvBN1EOPec6FWmYaQ6tEnCZKmwBaTTo=",
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBAFcfz3+ZiwHlwbbWYujYsQw169MJZO0WX/pVsJfXFd/PBJN1wSsLt5qW7bAFRxaumqFuIYu7bDsS4vn8WcUyUTq0WS/y2c4IRAVZDAXmCjBnMnFxHUqicR07nj0RLYrtQ==",
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAFkFXTW2kcnlwSrwfk2gqA5gdI+R42exXURsdwglLfLJO5o8Xci1vxekWBsv5UEkI3O8EcmH/D2IuXgm71vL+waSQB91fHaVX61bZT0PjlQDu2OnYFTEziKral99K69FicoI3Mw0PLPp4R/vGw9jm9vKRp32Qvs0sHhDcEd1pvCbShxrg==",
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJe0dl8NnPP9rbjAAZ6T88etL17Lo7fZ+RlyYiyFjBbYAAAABHNzaDo=",
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBPyDZENSsaTASTrY/54dO2X0TOO4egt19WY7aZnRHvCYSW377RBW2r8HkvBN1EOPec6FWmYaQ6tEnCZKmwBaTToAAAAEc3NoOg==",
    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIIa5+QcqM6GOlHH34z+vniYZ/MOj+OpHq1ONKy8jIJjdAAAAIJe0dl8NnPP9rbjAAZ6T88etL17Lo7fZ+RlyYiyFjBbYAAAAAAAAAAAAAAABAAAAAmlkAAAABgAAAAJtZQAAAAAAAAAA//////////8AAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAtzc2gtZWQyNTUxOQAAACC20iy4W7sl6W5vH9L274yeU9aJUsORRwpDwFOStNibTgAAAFMAAAALc3NoLWVkMjU1MTkAAABANmByPwicrrNyuVLZ7WQ7t+GxrpoQIWp3I2ntH2QBmSaGYLU3amvIQ2tl3gmmrGEoT3Fe4gtsv86/Iorr2vDbCg==",
    "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgwlfR9c0uv9rIhUHoc4FytXQlizUmiVko46kZHHAxgfwAAAADAQABAAABAQCN4EdMUbckH+EZP/4Zm0WbvGvR2aOtL4QY8COVBROIyVoMRFarjzqrWvP8vFZh1Y3tyBqTEcYJc5VK09F2hv1HjcnlE0/YtSgaDO16ZPO2/ZsG7CKo5n5Zu5+tA90ELUqMAEeakfA57fEfMqmjZ2B/ENIcYYOYHeaLWkw0pUJ1KvzKmgQK4Iw7upgwjB/u2jOjakfIzWEy2dL5ZgACjdSdTanrjbcAfZ3Iy3LgLWg4OUHu5Sr3LWyjKHI/trGeq7AuEt7N6QPUJ+QNvnphp4mrZIioALGMJ+z8cKTYYisn0Iq57SeCdxL04S1nYuF1x0UF5E6U9gHvqHXdM4Za8c2lAAAAAAAAAAAAAAABAAAAAmlkAAAABgAAAAJtZQAAAAAAAAAA//////////8AAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAtzc2gtZWQyNTUxOQAAACC20iy4W7sl6W5vH9L274yeU9aJUsORRwpDwFOStNibTgAAAFMAAAALc3NoLWVkMjU1MTkAAABAUn4rAz3unuR1ocCERsFsXAufip+C6nTm5BAjoX+6M/Nc9gGeX3FzmxJcejJiBI5GklVqajvchVdqi7+DIoEtDA==",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAg7Q835rQDife//JxX0zDCyMza6A2nmKBebqJtynqQm0EAAAAIbmlzdHAyNTYAAABBBPyDZENSsaTASTrY/54dO2X0TOO4egt19WY7aZnRHvCYSW377RBW2r8HkvBN1EOPec6FWmYaQ6tEnCZKmwBaTToAAAAAAAAAAAAAAAEAAAACaWQAAAAAAAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAILbSLLhbuyXpbm8f0vbvjJ5T1olSw5FHCkPAU5K02JtOAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEBQ8R7vRgTSRoIwXgYa2gcwOPljlmxdn0u5Edt3HyCFvAZEYs2lYgbdvIkuyRibqi37rlYYHhuscR5ZeqrET18C",
];

fn is_fine(text: &str) -> bool {
    matches!(ssh_key(text), Verdict::Fine | Verdict::Same(_))
}

#[test]
fn what_sshd_reads_is_right() {
    for key in KEYS {
        let (kind, blob) = key.split_once(' ').unwrap();
        let lines = [
            key.to_owned(),
            format!("{kind}  {blob}"),
            format!("{kind}\t{blob}\tme@home"),
            format!("{key} a comment with \"quotes\" and ... dots <me>"),
            format!("command=\"echo \\\"hi\\\"\" {key}"),
            format!("from=\"10.0.0.0/8,::1\",no-pty,environment=\"A=b c\" {key} me"),
            format!("restrict  {key}"),
            format!("  {key}\n"),
        ];
        for line in lines {
            assert!(is_fine(&line), "{line}");
        }
    }
}

#[test]
fn mistakes_are_told_apart() {
    let key = KEYS[0];
    let of_a_key = [
        (key.replace("ssh-ed25519", "ssh-rsa"), "damaged or cut off"),
        (format!("{key}\n{key}"), "several lines"),
        (format!("command=\"x {key}"), "damaged or cut off"),
    ];
    let of_a_key = of_a_key.iter().map(|(text, expected)| (text.as_str(), *expected));
    for (text, expected) in MISTAKES.into_iter().chain(of_a_key) {
        let (Verdict::Wrong(finding) | Verdict::Doubtful(finding)) = ssh_key(text) else {
            panic!("{text}")
        };
        assert!(finding.message.contains(expected), "{text}: {}", finding.message);
    }
}

const MISTAKES: [(&str, &str); 11] = [
    ("ssh-ed25519 AAAA... me", "a placeholder"),
    ("ssh-ed25519 AAAA… me", "a placeholder"),
    ("~/.ssh/id_ed25519.pub", "the path of a file"),
    ("/root/.ssh/id_ed25519.pub", "the path of a file"),
    ("id_ed25519.pub", "the path of a file"),
    ("../keys/me", "the path of a file"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb", "a private key"),
    ("ssh-ed25519", "no key behind it"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMq", "damaged or cut off"),
    ("AAAAC3NzaC1lZDI1NTE5AAAAIOMq me", "not an SSH public key"),
    ("", "not an SSH public key"),
];

/// Says whether ssh-keygen reads a line.
fn is_read_by_openssh(line: &str) -> bool {
    let folder = std::env::temp_dir().join(format!("isoplug-ssh-key-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("key");
    std::fs::write(&file, format!("{line}\n")).unwrap();
    let output = Command::new("ssh-keygen").args(["-l", "-f"]).arg(&file).output().unwrap();
    output.status.success()
}

fn blank() -> impl Strategy<Value = String> {
    "[ \t]{1,2}"
}

/// Options as people write them, whole and broken. After them comes one blank: sshd reads more,
/// ssh-keygen does not.
fn options() -> impl Strategy<Value = String> {
    let option = prop_oneof![
        Just("no-pty".to_owned()),
        "(command|from|environment)=\"[a-z ,\t=.#]{0,6}(\\\\\"[a-z ]{0,4}\\\\\")?[a-z ]{0,3}\"",
        "[a-z]{1,5}=\"[a-z ]{0,4}",
        "[a-z\"\\\\]{1,6}",
    ];
    proptest::collection::vec(option, 1..3)
        .prop_map(|options| options.join(",").trim_end().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_lines_are_read_as_by_ssh_keygen(
        key in proptest::sample::select(KEYS.to_vec()),
        before in proptest::option::of(options()),
        (lead, gap) in ("[ \t]{0,2}", blank()),
        comment in "([ \t][a-z@\"#.]{0,6}){0,2}",
        cut in prop_oneof![4 => Just(0), 1 => 1..40_usize],
    ) {
        if Command::new("ssh-keygen").arg("-?").output().is_err() {
            isoplug_skip::skipped("ssh-keygen is missing");
            return Ok(());
        }
        let (kind, blob) = key.split_once(' ').unwrap();
        let blob = &blob[..blob.len() - cut];
        let before = before.map_or(String::new(), |options| format!("{options} "));
        let line = format!("{lead}{before}{kind}{gap}{blob}{comment}");
        prop_assert_eq!(is_fine(&line), is_read_by_openssh(&line), "{:?}", line);
    }
}
