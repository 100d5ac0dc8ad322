//! What each level sets. A later line overrides an earlier one of the same name.

use crate::Level::{self, Basic, Standard, Strict};

/// Sysctl settings (sysctl.d(5); the kernel's Documentation/admin-guide/sysctl).
pub const SYSCTL: &[(Level, &str, &str)] = &[
    (Basic, "fs.protected_fifos", "1"),
    (Basic, "fs.protected_hardlinks", "1"),
    (Basic, "fs.protected_regular", "2"),
    (Basic, "fs.protected_symlinks", "1"),
    (Basic, "fs.suid_dumpable", "0"),
    (Basic, "kernel.dmesg_restrict", "1"),
    (Basic, "kernel.kptr_restrict", "1"),
    (Basic, "kernel.randomize_va_space", "2"),
    (Basic, "net.ipv4.conf.all.accept_redirects", "0"),
    (Basic, "net.ipv4.conf.all.accept_source_route", "0"),
    (Basic, "net.ipv4.conf.all.rp_filter", "2"),
    (Basic, "net.ipv4.conf.all.send_redirects", "0"),
    (Basic, "net.ipv4.conf.default.accept_redirects", "0"),
    (Basic, "net.ipv4.conf.default.accept_source_route", "0"),
    (Basic, "net.ipv4.conf.default.rp_filter", "2"),
    (Basic, "net.ipv4.conf.default.send_redirects", "0"),
    (Basic, "net.ipv4.icmp_echo_ignore_broadcasts", "1"),
    (Basic, "net.ipv4.tcp_syncookies", "1"),
    (Basic, "net.ipv6.conf.all.accept_redirects", "0"),
    (Basic, "net.ipv6.conf.default.accept_redirects", "0"),
    (Standard, "dev.tty.ldisc_autoload", "0"),
    (Standard, "fs.protected_fifos", "2"),
    (Standard, "kernel.kexec_load_disabled", "1"),
    (Standard, "kernel.kptr_restrict", "2"),
    (Standard, "kernel.sysrq", "4"),
    (Standard, "kernel.unprivileged_bpf_disabled", "1"),
    (Standard, "kernel.yama.ptrace_scope", "1"),
    (Standard, "net.core.bpf_jit_harden", "2"),
    (Standard, "net.ipv4.conf.all.log_martians", "1"),
    (Standard, "vm.unprivileged_userfaultfd", "0"),
    (Strict, "kernel.perf_event_paranoid", "3"),
    (Strict, "kernel.sysrq", "0"),
    (Strict, "kernel.unprivileged_userns_clone", "0"),
    (Strict, "kernel.yama.ptrace_scope", "2"),
    (Strict, "net.ipv4.conf.all.rp_filter", "1"),
    (Strict, "net.ipv4.conf.default.rp_filter", "1"),
    (Strict, "net.ipv4.tcp_timestamps", "0"),
];

/// Kernel parameters (the kernel's Documentation/admin-guide/kernel-parameters.txt).
pub const KERNEL_PARAMS: &[(Level, &str)] = &[
    (Basic, "randomize_kstack_offset=on"),
    (Standard, "init_on_alloc=1"),
    (Standard, "page_alloc.shuffle=1"),
    (Standard, "slab_nomerge"),
    (Standard, "vsyscall=none"),
    (Strict, "debugfs=off"),
    (Strict, "init_on_free=1"),
    (Strict, "lockdown=integrity"),
];

/// Kernel modules that no device gets by itself: file systems and protocols of another age.
pub const MODULES: &[(Level, &str)] = &[
    (Standard, "cramfs"),
    (Standard, "dccp"),
    (Standard, "freevxfs"),
    (Standard, "jffs2"),
    (Standard, "rds"),
    (Standard, "sctp"),
    (Standard, "tipc"),
    (Strict, "firewire-core"),
    (Strict, "hfs"),
    (Strict, "hfsplus"),
    (Strict, "udf"),
    (Strict, "usb-storage"),
];

/// Lines of sshd_config(5).
pub const SSHD: &[(Level, &str)] = &[
    (Basic, "PermitEmptyPasswords no"),
    (Basic, "X11Forwarding no"),
    (Basic, "MaxAuthTries 4"),
    (Standard, "LoginGraceTime 60"),
    (Standard, "ClientAliveInterval 300"),
    (Standard, "AllowAgentForwarding no"),
    (
        Standard,
        "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com",
    ),
    (Standard, "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com"),
    (Strict, "AllowTcpForwarding no"),
    (Strict, "MaxSessions 4"),
];
