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

pub(crate) fn a_probe_finds_little_open(machine: &Machine) {
    let numbers = CALLS.map(|name| format!("'{name}', {}", number(name))).join(", ");
    let script = format!(
        "open(F, '<', '/proc/self/status');
         /^(Cap|NoNewPrivs|Seccomp:)/ && print while <F>;
         my %wanted = map {{ $_ => 1 }} split ' ', '{MOUNTS}';
         open(F, '<', '/proc/self/mountinfo');
         while (<F>) {{
             my (undef, undef, undef, undef, $point, $options) = split ' ';
             print \"mount $point $options\\n\" if $wanted{{$point}};
         }}
         my @calls = ({numbers}); my %errors;
         while (my ($name, $number) = splice(@calls, 0, 2)) {{
             my $done = syscall($number, -1, 0, 0, 0, 0);
             push @{{$errors{{$done == -1 ? \"$!\" : 'open'}}}}, $name;
         }}
         print \"$_: @{{$errors{{$_}}}}\\n\" for sort keys %errors;
         print 'unshare user: ', (syscall({unshare}, 0x10000000) == 0 ? 'open' : $!), \"\\n\";
         print 'clone user: ', (syscall({clone}, 0x10000011, 0, 0, 0, 0) >= 0 ? 'open' : $!), \"\\n\";
         open(F, '<', '/proc/self/cgroup'); print 'cgroup ', join(' ', map {{ (split /:/)[2] =~ s/\\s//r }} <F>) =~ s{{(/ )+}}{{}}r, \"\\n\";
         open(F, '<', '/proc/self/oom_score_adj'); print 'oom ', <F>;
         open(F, '<', '/proc/sys/user/max_user_namespaces'); print 'user namespaces ', <F>;
         open(F, '<', '/proc/self/uid_map'); print 'root is root outside' if grep {{ /^\\s*0\\s+0\\s/ }} <F>;",
        unshare = number("unshare"),
        clone = number("clone"),
    );
    machine.run_job(Command::new(["perl", "-e", &script]), machine).unwrap();
    insta::assert_snapshot!(machine.lines().join("\n"), @r"
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
    ");
}
