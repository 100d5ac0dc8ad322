//! The types read what the study writes, and the checks find what must not be.

use super::*;

fn example() -> InstallPlan {
    serde_json::from_str(include_str!("../tests/plan.json")).unwrap()
}

fn faults(change: impl FnOnce(&mut InstallPlan)) -> Vec<String> {
    let mut plan = example();
    change(&mut plan);
    plan.faults().iter().map(ToString::to_string).collect()
}

fn disk(text: &str) -> DiskMatch {
    toml::from_str(text).unwrap()
}

#[test]
fn an_example_is_right_and_stays_itself() {
    let plan = example();
    assert_eq!(faults(|_| {}), Vec::<String>::new());
    let again: InstallPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(again, plan);
}

#[test]
fn a_matcher_without_a_filter_is_wrong() {
    for text in ["", "holds = \"anything\"", "transport = []"] {
        let found = faults(|plan| plan.unattended.as_mut().unwrap().disk = disk(text));
        assert!(found.iter().any(|each| each.contains("it has no filter")), "{text}: {found:?}");
    }
}

#[test]
fn a_disk_that_moves_is_wrong_anywhere() {
    for text in ["/dev/sda", "/dev/nvme0n1p2", "root=/dev/vda1", "/dev/mmcblk0", "x /dev/sdaa y"] {
        assert!(names_a_moving_disk(text), "{text}");
    }
    for text in ["/dev/disk/by-id/x", "/dev/sd-ssd", "UUID=sda", "/dev/mapper/root", "/dev/sr0"] {
        assert!(!names_a_moving_disk(text), "{text}");
    }
    let found = faults(|plan| plan.targets[0].kernel_parameters.push("root=/dev/sda1".into()));
    assert!(
        found[0].starts_with("targets.server.kernel-parameters: `root=/dev/sda1`"),
        "{found:?}"
    );
    let found = faults(|plan| plan.answers.disk = Some(disk("path = \"sda\"")));
    assert!(found[0].starts_with("answers.disk: `sda` names a disk as the kernel"), "{found:?}");
}

#[test]
fn a_password_in_plain_text_is_wrong() {
    for (text, right) in [("hunter2", false), ("$6$salt$abcdefghijklmnopqrstuv", true), ("!", true)]
    {
        let user = User { name: "anna".into(), password: Some(text.into()), ..User::default() };
        let found = faults(|plan| plan.answers.user = Some(user));
        assert_eq!(found.is_empty(), right, "{text}: {found:?}");
    }
    let found = faults(|plan| plan.answers.passphrase = Some("secret".into()));
    assert!(found[0].contains("everybody with the image could read it"), "{found:?}");
}

#[test]
fn what_holds_anything_is_not_erased_without_a_word() {
    let change = |confirm: Confirm| {
        faults(|plan| {
            let unattended = plan.unattended.as_mut().unwrap();
            unattended.disk.holds = Some(Holds::Anything);
            unattended.confirm = confirm;
        })
    };
    assert!(change(Confirm::None)[0].starts_with("unattended.confirm: a disk that holds anything"));
    assert!(change(Confirm::Countdown(10)).is_empty());
}

#[test]
fn other_faults_of_a_plan_are_found() {
    let found = faults(|plan| plan.format = 2);
    assert_eq!(found, ["format: this installer reads format 1, found 2"]);
    let found = faults(|plan| plan.targets[0].layouts[0].plain = None);
    assert!(found[0].contains("its encryption asks for these partitions"), "{found:?}");
    let found = faults(|plan| plan.targets[0].layouts[0].encryption = Encryption::Tpm2);
    assert!(found[0].contains("needs systemd in the initrd"), "{found:?}");
    let found = faults(|plan| plan.targets[0].squashfs[0].path = "../x".into());
    assert!(found[0].contains("without `..`"), "{found:?}");
    let found = faults(|plan| plan.targets.clear());
    assert!(found.contains(&"targets: nothing can be installed".to_owned()), "{found:?}");
    let found = faults(|plan| plan.answers.timezone = Some("../../etc/passwd".into()));
    assert!(found[0].starts_with("answers.timezone: expected a time zone"), "{found:?}");
    let found = faults(|plan| plan.answers.hostname = Some("a b".into()));
    assert!(found[0].starts_with("answers.hostname: expected letters"), "{found:?}");
}

#[test]
fn a_kernel_parameter_can_write_every_type() {
    let text = "removable = \"false\"\ntransport = \"nvme,sata\"\nmin-size = \"16GiB\"";
    let found = disk(text);
    assert_eq!(found.removable, Some(false));
    assert_eq!(found.transport, [Transport::Nvme, Transport::Sata]);
    assert_eq!(found.min_size, Some(Size(16 << 30)));
    assert_eq!(
        found,
        disk("removable = false\ntransport = [\"nvme\", \"sata\"]\nmin-size = 17179869184")
    );
}

#[test]
fn later_answers_win_and_others_stay() {
    let above: Answers = toml::from_str("hostname = \"b\"").unwrap();
    let below: Answers = toml::from_str("hostname = \"a\"\nkeymap = \"de\"").unwrap();
    let both = above.over(below);
    assert_eq!((both.hostname.as_deref(), both.keymap.as_deref()), (Some("b"), Some("de")));
}

#[test]
fn globs_match_whole_texts() {
    for (pattern, text, right) in [
        ("Samsung*", "Samsung SSD 990", true),
        ("samsung*990", "SAMSUNG SSD 990", true),
        ("S6Z?", "S6Z1", true),
        ("S6Z?", "S6Z12", false),
        ("S6Z", "xS6Z", false),
        ("*", "", true),
        ("", "x", false),
    ] {
        assert_eq!(glob_matches(pattern, text), right, "{pattern} {text}");
    }
}

#[test]
fn sizes_are_read_and_written() {
    for (text, bytes) in
        [("16GiB", 16 << 30), ("500 GB", 500_000_000_000), ("7", 7), ("16G", 16 << 30)]
    {
        assert_eq!(Size::parse(text), Some(Size(bytes)), "{text}");
    }
    assert_eq!(Size::parse("8 bananas"), None);
    assert_eq!(Size(2_000_398_934_016).to_string(), "1.8 TiB");
    assert_eq!(Size(500_107_862_016).to_string(), "466 GiB");
    assert_eq!(Size(512).to_string(), "512 B");
}
