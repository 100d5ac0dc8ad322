//! Which system calls are forbidden, by name, and how processors number them.

use std::str::FromStr;

/// The numbers of a processor's system calls.
#[derive(Clone, Copy)]
pub(super) struct Table {
    /// As the kernel tells it to filters (linux/audit.h).
    pub(super) audit: u32,
    /// Returns the number of a call, if the processor has it.
    pub(super) number: fn(&str) -> Option<u32>,
    /// The last number known.
    pub(super) last: u32,
    /// From here on numbers are the processor's own calls.
    pub(super) own: u32,
}

macro_rules! table {
    ($processor:ident, $audit:literal) => {
        table!($processor, $audit, u32::MAX)
    };
    ($processor:ident, $audit:literal, $own:expr) => {
        Table {
            audit: $audit,
            number: |name| syscalls::$processor::Sysno::from_str(name).ok().map(|call| call as u32),
            last: syscalls::$processor::Sysno::last() as u32,
            own: $own,
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(super) const NATIVE: &[Table] = &[table!(x86_64, 0xc000_003e), table!(x86, 0x4000_0003)];
#[cfg(target_arch = "aarch64")]
pub(super) const NATIVE: &[Table] =
    &[table!(aarch64, 0xc000_00b7), table!(arm, 0x4000_0028, 0xf_0000)];
#[cfg(target_arch = "riscv64")]
pub(super) const NATIVE: &[Table] = &[table!(riscv64, 0xc000_00f3)];

/// What `listing.rs` answers.
pub(super) const TOLD: [&str; 1] = ["getdents64"];

/// Forbidden whatever their arguments are, by what they reach.
pub(super) const FORBIDDEN: [(&str, &[&str]); 9] = [
    ("keys of the kernel", &["add_key", "keyctl", "request_key"]),
    (
        "other processes",
        &["kcmp", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace"],
    ),
    (
        "mounts and namespaces",
        &[
            "fsconfig",
            "fsmount",
            "fsopen",
            "fspick",
            "mount",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "open_tree_attr",
            "pivot_root",
            "setns",
            "umount",
            "umount2",
        ],
    ),
    (
        "code in the kernel",
        &[
            "bpf",
            "create_module",
            "delete_module",
            "finit_module",
            "get_kernel_syms",
            "init_module",
            "kexec_file_load",
            "kexec_load",
            "query_module",
        ],
    ),
    (
        "parts of the kernel with a history of holes",
        &[
            "fanotify_init",
            "io_uring_enter",
            "io_uring_register",
            "io_uring_setup",
            "lookup_dcookie",
            "nfsservctl",
            "perf_event_open",
            "sysfs",
            "uselib",
            "userfaultfd",
            "ustat",
            "vm86",
            "vm86old",
        ],
    ),
    (
        "the machine",
        &[
            "acct",
            "ioperm",
            "iopl",
            "quotactl",
            "quotactl_fd",
            "reboot",
            "swapoff",
            "swapon",
            "syslog",
            "vhangup",
        ],
    ),
    (
        "its clock",
        &[
            "clock_adjtime",
            "clock_adjtime64",
            "clock_settime",
            "clock_settime64",
            "settimeofday",
            "stime",
        ],
    ),
    (
        "its memory's places",
        &[
            "get_mempolicy",
            "mbind",
            "migrate_pages",
            "move_pages",
            "set_mempolicy",
            "set_mempolicy_home_node",
        ],
    ),
    ("files past their folders", &["open_by_handle_at"]),
];

/// Have an older one that does the same, and arguments that a filter cannot see.
pub(super) const UNSEEN: [&str; 2] = ["clone3", "openat2"];

/// When a call is forbidden because of an argument; only its lower 32 bits count.
pub(super) enum Rule {
    /// It has one of these bits.
    HasAny(u32),
    /// It is one of these.
    Among(&'static [u32]),
    /// It is none of these.
    Outside(&'static [u32]),
}

/// A call, the number of the argument and the rule.
pub(super) struct Careful(pub(super) &'static str, pub(super) u32, pub(super) Rule);

/// All kinds of namespaces (linux/sched.h).
const NAMESPACES: u32 = 0x7e02_0000;
const TIME_NAMESPACE: u32 = 0x80;
/// Typing into a terminal, and the console's selection (CVE-2017-5226; CVE-2023-28100).
const TYPING: [u32; 2] = [0x5412, 0x541c];
/// Reading a file without leaving a time, see `known.rs`.
const NO_TIME: u32 = 0o1_000_000;
const SET_FLAGS: u32 = 4;
const VSOCK: u32 = 40;

/// Forbidden with some arguments. The first are called most.
pub(super) const CAREFUL: [Careful; 7] = [
    Careful("openat", 2, Rule::HasAny(NO_TIME)),
    Careful("open", 1, Rule::HasAny(NO_TIME)),
    Careful("ioctl", 1, Rule::Among(&TYPING)),
    Careful("clone", 0, Rule::HasAny(NAMESPACES)),
    Careful("unshare", 0, Rule::HasAny(NAMESPACES | TIME_NAMESPACE)),
    Careful("socket", 0, Rule::Among(&[VSOCK])),
    // As container engines: Linux, its 32-bit and its old version, with or without random places.
    Careful("personality", 0, Rule::Outside(&[0, 8, 0x2_0000, 0x2_0008, u32::MAX])),
];

/// `fcntl` with this command sets the flags of an open file, among them [`NO_TIME`].
pub(super) const FLAGS_OF_FILES: (&[&str], u32, u32) = (&["fcntl", "fcntl64"], SET_FLAGS, NO_TIME);
