//! What a program finds that looks for what is open to it, as `amicontained` does for containers.

use isoplug_sandbox::Command;

use super::machine::{Machine, number};

/// Calls that container engines forbid, and some that they do not.
const CALLS: [&str; 34] = [
    "acct",
    "add_key",
    "bpf",
    "clone3",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsopen",
    "getpid",
    "init_module",
    "io_uring_setup",
    "kcmp",
    "kexec_load",
    "keyctl",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "openat2",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "setns",
    "settimeofday",
    "swapon",
    "umount2",
    "userfaultfd",
    "vhangup",
];

/// Mounts that have the same options on every machine.
const MOUNTS: &str = "/proc /proc/sys /dev /dev/pts /dev/shm /run /tmp";

/// What it finds.
const FOUND: &str = "\
CapInh:	0000000000000000
CapPrm:	00000000a80425fb
CapEff:	00000000a80425fb
CapBnd:	00000000a80425fb
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
mount /proc rw,nosuid,nodev,noexec,relatime
mount /proc/sys ro,nosuid,nodev,noexec,relatime
mount /dev rw,nosuid,noexec,relatime
mount /dev/pts rw,nosuid,noexec,relatime
mount /dev/shm rw,nosuid,nodev,relatime
mount /run rw,nosuid,nodev,relatime
mount /tmp rw,nosuid,nodev,relatime
Function not implemented: clone3 openat2
Operation not permitted: acct add_key bpf delete_module fanotify_init finit_module fsopen init_module io_uring_setup kcmp kexec_load keyctl mount mount_setattr move_mount open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_vm_readv ptrace quotactl reboot request_key setns settimeofday swapon umount2 userfaultfd vhangup
open: getpid
unshare user: Operation not permitted
clone user: Operation not permitted
cgroup /
oom 1000
user namespaces 0
";

pub(crate) fn a_probe_finds_little_open(machine: &Machine) {
    let numbers = CALLS.map(|name| format!("'{name}', {}", number(name))).join(", ");
    let script = include_str!("probe.pl")
        .replace("@CALLS@", &numbers)
        .replace("@MOUNTS@", MOUNTS)
        .replace("@UNSHARE@", &number("unshare").to_string())
        .replace("@CLONE@", &number("clone").to_string());
    machine.run_job(Command::new(["perl", "-e", &script]), machine).unwrap();
    assert_eq!(machine.lines().join("\n"), FOUND.trim_end());
}
