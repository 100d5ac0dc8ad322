//! Programs that behave like a QEMU that works, crawls, breaks down, or never runs its guest.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::Host;

/// Runs everything: the guest counts at once, and a boot gives a shell.
pub(crate) const GOOD: &str = "good";
/// Starts, and its guest never says anything.
pub(crate) const NEVER_RUNS: &str = "never-runs";
/// Its guest begins and does not come far.
pub(crate) const CRAWLS: &str = "crawls";
/// Ends at once with a message, as one does that cannot use the device.
pub(crate) const REFUSES: &str = "refuses";
/// With KVM, the smallest guest runs and an image does not; without, it works.
pub(crate) const SILENT_BOOT: &str = "silent-boot";
/// With KVM, breaks down in the middle of a boot; without, it works.
pub(crate) const BREAKS: &str = "breaks";
/// Breaks down whatever runs the guest.
pub(crate) const ALWAYS_BREAKS: &str = "always-breaks";
/// A boot that goes on and on.
pub(crate) const SLOW: &str = "slow";

/// A folder with such a program, and a machine that has it.
pub(crate) struct Fake {
    pub(crate) path: PathBuf,
    pub(crate) host: Host,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn qemu(mode: &str) -> Fake {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qemu-system-x86_64");
    std::fs::write(&path, PROGRAM.replace("MODE", mode)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    // Any device serves: only this program would use it.
    std::fs::create_dir(folder.path().join("dev")).unwrap();
    symlink("/dev/null", folder.path().join("dev/kvm")).unwrap();
    let host = Host::new(folder.path(), folder.path().as_os_str());
    Fake { path, host, folder }
}

/// The shell of a good boot is one of this machine, in a process namespace of its own.
const PROGRAM: &str = r#"#!/usr/bin/env python3
import os, re, socket, subprocess, sys, threading, time
mode, words = "MODE", sys.argv
kvm = words[words.index("-accel") + 1] == "kvm"
begun = threading.Event()

def refuse():
    sys.exit(sys.argv[0] + ": error: failed to set MSR 0x10a to 0x69")

def tiny():
    if mode == "refuses" and kvm:
        refuse()
    if mode == "never-runs" and kvm:
        time.sleep(3600)
    os.write(1, b"K")
    if mode == "crawls" and kvm:
        time.sleep(3600)
    os.write(1, b"S")
    time.sleep(3600)

def controls(qmp):
    qmp.sendall(b'{"QMP": {}}\n')
    for line in qmp.makefile("rb"):
        id = re.search(rb'"id":(\d+)', line)
        answer = b'{}'
        if b"query-status" in line: answer = b'{"status": "running"}'
        if b"query-blockstats" in line: answer = b'[{"device": "image", "stats": {"rd_bytes": 0}}]'
        qmp.sendall(b'{"return": %s, "id": %s}\n' % (answer, id[1]))
        begun.set()
        if b'"quit"' in line: os._exit(0)

def boot():
    paths = dict(re.findall(r"socket,id=(\w+),path=(\S+)", " ".join(words)))
    serial, qmp = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    serial.connect(paths["serial"]); qmp.connect(paths["qmp"])
    threading.Thread(target=controls, args=[qmp], daemon=True).start()
    begun.wait()
    if mode == "silent-boot" and kvm:
        time.sleep(3600)
    serial.sendall(b"GNU GRUB\r\n[    0.000000] Linux version 6.12 (fake)\r\n")
    if mode == "always-breaks" or mode == "breaks" and kvm:
        sys.stderr.write("qemu: kvm_buf_set_msrs: Assertion failed.\n"); sys.stderr.flush()
        os.abort()
    turn = 0
    while mode == "slow":
        turn += 1
        serial.sendall(b"[%5d.000000] systemd[1]: Started unit %d.\r\n" % (turn, turn)); time.sleep(0.2)
    serial.sendall(b"rescue login: root (automatic login)\r\n")
    inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"]
    subprocess.run(inside, stdin=serial, stdout=serial, stderr=subprocess.DEVNULL)

tiny() if "-bios" in words else boot()
"#;
