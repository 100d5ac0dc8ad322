//! A build in a container with the options that are advised.

use super::*;

/// A filter of system calls as container engines have it, for what follows: unshare(2) and mount(2) give EPERM.
const FILTER: &str = "my @code = ([0x20, 0, 0, 0], [0x15, 2, 0, 272], [0x15, 1, 0, 165], [6, 0, 0, 0x7fff0000], [6, 0, 0, 0x50001]);
    my $code = join '', map { pack 'SCCL', @$_ } @code;
    syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(157, 22, 2, pack('S x6 P', scalar(@code), $code)) == 0 or die $!;
    exec 'sh', '-c', @ARGV;";

/// What Docker's default profile leaves of root's capabilities.
const CAPABILITIES: &str = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,\
    +net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";

#[test]
fn a_container_that_forbids_sandboxes() {
    require!(cfg!(target_arch = "x86_64"), "the filter has the numbers of amd64");
    let served = Served::default();
    served.space.ok(&["lock"]);
    let filtered = ["perl", "-e", FILTER];
    let said = shell(&served, &filtered, "./isoplug build --quiet --store store");
    assert!(said.starts_with("exit: 6\n"), "{said}");
    let because = said.lines().find(|line| line.contains("because: ")).unwrap_or_default();
    let refused =
        "because: this machine refuses user namespaces (Operation not permitted (os error 1)): ";
    assert!(because.contains(refused) && because.contains("seccomp=unconfined"), "{said}");
    let doctor = shell(&served, &filtered, &doctor("--store store"));
    assert!(
        doctor.starts_with("exit: 6\n") && doctor.contains("missing  user namespaces"),
        "{doctor}"
    );
    assert!(doctor.contains("try: ") && doctor.contains("seccomp=unconfined"), "{doctor}");
}

/// With these options, a container has all that is needed: no CAP_SYS_ADMIN, but a /proc that is whole.
#[test]
fn a_container_with_the_options_that_are_advised() {
    require!(is_root(), "not root, who can give up capabilities");
    let served = Served::default();
    let confined = ["setpriv", "--bounding-set", CAPABILITIES, "--inh-caps", "-all", "sh", "-c"];
    require!(
        can(confined[0], &["--bounding-set", CAPABILITIES, "true"]),
        "setpriv is not installed"
    );
    let said = shell(&served, &confined, &doctor("--store store"));
    assert!(said.starts_with("exit: 0\n") && said.contains("ok       user namespaces"), "{said}");
    // Masked as engines do it without `systempaths=unconfined`.
    let masked = ["unshare", "--mount", "sh", "-c"];
    let mask = format!("mount --bind /dev/null /proc/version; {}", doctor("--store store"));
    let said = shell(&served, &masked, &mask);
    assert!(said.starts_with("exit: 6\n") && said.contains("missing  user namespaces"), "{said}");
    assert!(said.contains("systempaths=unconfined"), "{said}");
    let served = Served::default();
    served.space.ok(&["lock"]);
    let build = "mount --bind /dev/null /proc/version; ./isoplug build --quiet --store store";
    let said = shell(&served, &masked, build);
    assert!(
        said.contains("because: this machine refuses to mount /proc (Operation not permitted"),
        "{said}"
    );
}
