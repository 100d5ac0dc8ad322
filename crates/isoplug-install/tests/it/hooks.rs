//! Scripts of the image's author: when they run, what they see, and what becomes of one that fails.

use isoplug_install_plan::{Hook, Hooks, InstallPlan};

use super::plan;
use super::whole::{TARGET, ready, unattended};

const APART: &str = "/usr/bin/unshare --mount --pid --kill-child";
const TOLD: &str = "ISOPLUG_TARGET=server ISOPLUG_DISK=/dev/nvme0n1";

fn hooked() -> InstallPlan {
    let hook = |name: &str, source: &str, network| {
        let [name, source] = [name, source].map(str::to_owned);
        Hook { name, source, network }
    };
    let before = vec![hook("allowed", "hooks/before/0", true)];
    let after = vec![hook("register", "hooks/after/0", false)];
    InstallPlan { hooks: Hooks { before, after }, ..plan() }
}

/// Returns the calls of the two scripts.
fn calls(done: &[String]) -> [usize; 2] {
    ["before", "after"].map(|moment| {
        let found = done.iter().position(|call| call.contains(&format!("ISOPLUG_HOOK={moment}")));
        found.unwrap_or_else(|| panic!("{moment}: {done:#?}"))
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "calls in order")]
fn hooks_run_before_the_first_write_and_before_the_boot_loader() {
    let machine = ready("nvme-usb", false).with("file /plan/hooks/after/0", "#!/bin/sh\n");
    let (result, told) = unattended(&machine, &hooked(), false);
    result.unwrap();
    let done = machine.done.borrow();
    let [before, after] = calls(&done);
    let host = "ISOPLUG_HOSTNAME=server";
    assert_eq!(
        done[before],
        format!("{APART} /usr/bin/env ISOPLUG_HOOK=before {TOLD} {host} /plan/hooks/before/0")
    );
    assert_eq!(
        done[after],
        format!(
            "{APART} --net /usr/sbin/chroot {TARGET} /usr/bin/env ISOPLUG_HOOK=after {TOLD} {host} /var/lib/isoplug/hook"
        )
    );
    let position = |text: &str| done.iter().position(|call| call.contains(text)).unwrap();
    assert!(before < position("wipefs -a"), "{done:#?}");
    assert!(after < position("grub-install") && after > position("/etc/fstab"), "{done:#?}");
    let script = format!("{TARGET}/var/lib/isoplug/hook");
    assert_eq!(done[after - 1], format!("write {script} 700\n#!/bin/sh\n"));
    assert_eq!(done[after + 1], format!("remove {script}"));
    assert!(told.contains("hooks      allowed before, register after\n"), "{told}");
    assert!(told.contains("  hook register after the installation\n"), "{told}");
}

#[test]
fn a_hook_that_refuses_leaves_the_disk_as_it_was() {
    let call = format!(
        "fail {APART} /usr/bin/env ISOPLUG_HOOK=before {TOLD} ISOPLUG_HOSTNAME=server /plan/hooks/before/0"
    );
    let machine = ready("nvme-usb", false).with(&call, "this machine is not in the list");
    let (result, _) = unattended(&machine, &hooked(), false);
    let error = result.unwrap_err();
    insta::assert_snapshot!(error, @r"
    the hook allowed before the installation failed with code 1
      this machine is not in the list
    The disk was not touched.
    ");
    assert_eq!(error.code(), 5);
    let done = machine.done.borrow();
    assert!(!done.iter().any(|call| call.contains("wipefs -a") || call.starts_with("zero")));
}

#[test]
fn a_hook_that_fails_afterwards_leaves_nothing_that_boots() {
    let call = format!(
        "fail {APART} --net /usr/sbin/chroot {TARGET} /usr/bin/env ISOPLUG_HOOK=after {TOLD} ISOPLUG_HOSTNAME=server /var/lib/isoplug/hook"
    );
    let machine = ready("nvme-usb", false)
        .with("file /plan/hooks/after/0", "#!/bin/sh\n")
        .with(&call, "one\ntwo");
    let (result, _) = unattended(&machine, &hooked(), false);
    insta::assert_snapshot!(result.unwrap_err(), @r"
    the hook register after the installation failed with code 1
      one
      two
    ");
    assert_eq!(machine.done.borrow().last().unwrap(), "zero /dev/nvme0n1");
}
