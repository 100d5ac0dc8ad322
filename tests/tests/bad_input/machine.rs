//! Machines that lack room, permission or what a sandbox needs.

mod container;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use insta::assert_snapshot;
use isoplug_tests::require;
use isoplug_tests::served::Served;
use isoplug_tests::space::isoplug;

use super::{fails, fetches};

/// What is not about QEMU of what `doctor` says, with its exit code.
fn doctor(arguments: &str) -> String {
    format!(
        "text=$(./isoplug doctor {arguments}); code=$?; echo \"$text\" | sed '/fast boots/{{N;/try:/d;P;D}}' | grep -v -e QEMU -e 'fast boots'; exit $code"
    )
}

/// Runs a line of shell in the space's folder, with the command at `./isoplug` where every user
/// can run it; returns what [`Served::run`] does.
fn shell(served: &Served, wrapper: &[&str], line: &str) -> String {
    let folder = served.space.path("");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    // Another program writes it: what this one has open for writing, others that it starts meanwhile hold open, too,
    // and then it is busy.
    let copied = Command::new("cp").arg(isoplug()).arg(folder.join("isoplug")).status().unwrap();
    assert!(copied.success());
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(line)
        .current_dir(&folder)
        .env_remove("ISOPLUG_STORE")
        .env("NO_COLOR", "1")
        .output();
    let Output { status, stdout, stderr } = output.unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let text =
        format!("exit: {}\n--- stdout\n{stdout}--- stderr\n{stderr}", status.code().unwrap_or(-1));
    let folder = folder.display().to_string();
    served.plain(&isoplug_tests::replaced(&text.replace(folder.trim_end_matches('/'), "[DIR]")))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn can(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Makes a folder that every user may write into.
fn open_folder(served: &Served, name: &str) {
    fs::create_dir(served.space.path(name)).unwrap();
    fs::set_permissions(served.space.path(name), Permissions::from_mode(0o777)).unwrap();
}

#[test]
fn the_store_is_a_file() {
    let served = Served::default();
    served.space.write("store", "");
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot keep the store in [DIR]/store: it is not a folder
      try: name another folder with --store DIR or ISOPLUG_STORE
    ");
    assert_snapshot!(served.run(&["cache", "size"]), @r"
    exit: 1
    --- stdout
    --- stderr
    error: cannot keep the store in [DIR]/store: it is not a folder
      try: name another folder with --store DIR or ISOPLUG_STORE
    ");
    fs::remove_file(served.space.path("store")).unwrap();
    fetches(&served);
}

#[test]
fn the_store_may_not_be_written() {
    require!(is_root(), "not root, who can become another user");
    require!(can("id", &["isoplug-test"]), "there is no user isoplug-test");
    let served = Served::default();
    served.space.ok(&["lock"]);
    let user = ["su", "isoplug-test", "-s", "/bin/sh", "-c"];
    assert_snapshot!(shell(&served, &user, "./isoplug build --quiet --store store"), @r"
    exit: 1
    --- stdout
    --- stderr
    error: cannot keep the store in store: no permission to write there
      try: name another folder with --store DIR or ISOPLUG_STORE
    ");
    assert_snapshot!(shell(&served, &user, &doctor("--store store")), @r"
    exit: 6
    --- stdout
    ok       newuidmap
    ok       65535 numbers in /etc/subuid
    ok       newgidmap
    ok       65535 numbers in /etc/subgid
    ok       user namespaces
    missing  cannot keep the store in store: no permission to write there
             try: name another folder with --store DIR or ISOPLUG_STORE
    --- stderr
    ");
    open_folder(&served, "own");
    let text = shell(&served, &user, "./isoplug cache size --quiet --store own");
    assert!(text.starts_with("exit: 0"), "{text}");
}

#[test]
fn the_disk_is_full() {
    require!(is_root(), "not root, who can mount");
    let in_mounts = ["unshare", "--mount", "sh", "-c"];
    let served = Served::default();
    fs::create_dir(served.space.path("small")).unwrap();
    let on = |size: &str, line: &str| {
        let mount = format!("mount -t tmpfs -o size={size} tmpfs small && exec ./isoplug {line}");
        shell(&served, &in_mounts, &mount)
    };
    assert_snapshot!(on("12k", "lock --quiet --store small"), @r"
    exit: 1
    --- stdout
    --- stderr
    error: the disk is full
      because: failed to write [DIR]/small/caches/indices/packages/[SHA256].zst
      try: free space, run `isoplug cache gc`, or name another store with --store DIR
    ");
    assert!(!served.space.path("isoplug.lock").exists());
    served.space.ok(&["lock"]);
    let text = on("16k", "build --quiet --store small");
    // Which file is the first without space is not fixed.
    let first: Vec<&str> = text.lines().filter(|line| !line.contains("because:")).collect();
    assert_snapshot!(first.join("\n"), @r"
    exit: 1
    --- stdout
    --- stderr
    error: the disk that holds the store [DIR]/small is full
      try: free space, run `isoplug cache gc`, or name another store with --store DIR
    ");
    assert!(!served.space.path("out").exists());
    fetches(&served);
}

#[test]
fn a_disk_that_is_too_small_is_told_before() {
    require!(is_root(), "not root, who can mount");
    let served = Served::default();
    fs::create_dir(served.space.path("small")).unwrap();
    served.space.ok(&["lock"]);
    let mount = "mount -t tmpfs -o size=16k tmpfs small && exec ./isoplug build --store small";
    let text = shell(&served, &["unshare", "--mount", "sh", "-c"], mount);
    let lines = text.lines().skip_while(|line| !line.contains("[little-room]")).take(2);
    let mut lines: Vec<&str> = lines.collect();
    // How much is left is the kernel's business.
    let begin = lines
        .first_mut()
        .map(|line| line.split_once(", whose disk has ").map(|(begin, _)| *line = begin));
    assert!(begin.is_some(), "{text}");
    assert_snapshot!(lines.join("\n"), @r"
    warning[little-room]: tiny-p-amd64 takes about 29.2 kB in the store
      help: `isoplug cache gc` removes what no build used lately; `--store DIR` keeps it on another disk
    ");
}

#[test]
fn no_room_for_the_lock() {
    require!(is_root(), "not root, who can mount");
    let served = Served::default();
    let mount = "mkdir full && mount -t tmpfs -o size=8k tmpfs full && cp isoplug.toml full && \
                 cp archive.asc full; exec ./isoplug lock full --quiet --store store";
    assert_snapshot!(shell(&served, &["unshare", "--mount", "sh", "-c"], mount), @r"
    exit: 1
    --- stdout
    --- stderr
    error: cannot write full/isoplug.lock
      because: No space left on device (os error 28)
      try: make room, or the folder writable; a lock that fits needs no writing
    ");
}

#[test]
fn no_user_namespaces() {
    require!(is_root(), "not root, who can forbid them in a namespace of its own");
    let served = Served::default();
    served.space.ok(&["lock"]);
    let none = ["unshare", "--user", "--map-root-user", "sh", "-c"];
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces;";
    assert_snapshot!(shell(&served, &none, &format!("{forbid} ./isoplug build --quiet --store store")), @r"
    exit: 6
    --- stdout
    --- stderr
    error: stage `base` of p (amd64) failed
      because: this machine refuses user namespaces (No space left on device (os error 28)): run as root: sysctl -w user.max_user_namespaces=15000
      try: `isoplug doctor` tells what this machine lacks
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    assert_snapshot!(
        shell(&served, &none, &format!("{forbid} {}", doctor("--store store"))), @r"
        exit: 6
        --- stdout
        missing  user namespaces
                 try: run as root: sysctl -w user.max_user_namespaces=15000
        absent   numbers of users that are nobody's
                 try: give the container more numbers of users than 65536, or build as an ordinary user
        ok       the store [DIR]/store can be written
        --- stderr
        ");
    fetches(&served);
}

/// Root of a namespace in which there is nobody else.
#[test]
fn one_user_alone() {
    require!(is_root(), "not root, so a range of its own is asked for");
    let served = Served::default();
    served.space.ok(&["lock"]);
    let alone = ["unshare", "--user", "--map-root-user", "sh", "-c"];
    assert_snapshot!(shell(&served, &alone, "./isoplug build --quiet --store store"), @r"
    exit: 6
    --- stdout
    --- stderr
    error: stage `base` of p (amd64) failed
      because: only 1 of the 65536 user and group IDs that an image may have can be used here: build outside of this namespace as an ordinary user, or start it with more of them: `unshare --map-root-user --map-auto`; containers of ordinary users get them from /etc/subuid and /etc/subgid
      try: `isoplug doctor` tells what this machine lacks
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    let said = shell(&served, &alone, &doctor("--store store"));
    let line = "missing  user namespaces\n         try: build outside of this namespace as an ordinary user";
    assert!(said.starts_with("exit: 6\n") && said.contains(line), "{said}");
}

#[test]
fn no_range_of_ids() {
    require!(is_root(), "not root, who can become another user");
    let ranges = fs::read_to_string("/etc/subuid").unwrap_or_default();
    require!(!ranges.contains("nobody:"), "nobody has a range of ids here");
    let served = Served::default();
    served.space.ok(&["lock"]);
    open_folder(&served, "own");
    let nobody = ["su", "nobody", "-s", "/bin/sh", "-c"];
    assert_snapshot!(shell(&served, &nobody, "./isoplug build --quiet --store own"), @r"
    exit: 6
    --- stdout
    --- stderr
    error: stage `base` of p (amd64) failed
      because: nobody has no 65535 numbers in /etc/subuid: run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody
      try: `isoplug doctor` tells what this machine lacks
      log: [DIR]/own/logs-v1/[SHA256].log
    ");
    assert_snapshot!(shell(&served, &nobody, &doctor("--store own")), @r"
    exit: 6
    --- stdout
    ok       newuidmap
    missing  65535 numbers in /etc/subuid
             try: run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody
    ok       newgidmap
    missing  65535 numbers in /etc/subgid
             try: run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody
    missing  user namespaces
             try: run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody
    ok       the store [DIR]/own can be written
    --- stderr
    ");
}
