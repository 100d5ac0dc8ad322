//! Tests of the contributor of users, against pwck, grpck and visudo where they are installed.

use super::super::rootfs_of_tests::{Shown, TestRootfs};
use super::*;
use isoplug_manifest::Secret;
use proptest::prelude::*;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nsync:x:4:65534:sync:/bin:/bin/sync\n";
const GROUP: &str = "root:x:0:\nsudo:x:27:\nnogroup:x:65534:\n_ssh:x:101:\nnetdev:x:103:\n";

fn rootfs() -> TestRootfs {
    let mut rootfs = TestRootfs::with(&[
        ("/etc/passwd", PASSWD),
        ("/etc/group", GROUP),
        ("/etc/shadow", "root:*:20000:0:99999:7:::\nsync:*:20000:0:99999:7:::\n"),
        ("/etc/gshadow", "root:*::\nsudo:*::\nnogroup:*::\n_ssh:!::\nnetdev:!::\n"),
        ("/etc/skel/.bashrc", "# bash\n"),
        ("/etc/skel/.config/x", "x"),
        ("/usr/bin/bash", ""),
        ("/usr/bin/sudo", ""),
        ("/usr/bin/sync", ""),
        ("/usr/sbin/nologin", ""),
    ])
    .link("/bin", "usr/bin")
    .folder("/root");
    for program in ["usr/bin/bash", "usr/bin/sync", "usr/sbin/nologin"] {
        rootfs.tree.entries.get_mut(program.as_bytes()).unwrap().mode = 0o755;
    }
    let shadow = rootfs.tree.entries.get_mut(&b"etc/shadow"[..]).unwrap();
    (shadow.mode, shadow.gid) = (0o640, 42);
    rootfs
}

const HASH: &str = "$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFbzo9Yg5ir1KIEqFY/yJpgFph0";
const YESCRYPT: &str = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0";

/// A secret as it is once it was read.
fn read(text: &str) -> Option<Secret> {
    Some(Secret { plain: Some(text.to_owned()), ..Secret::default() })
}

fn ada() -> (String, User) {
    let user = User {
        groups: vec!["wheel".into(), "networkmanager".into()],
        hashed_password: Some(HASH.into()),
        authorized_keys: vec!["ssh-ed25519 AAAA ada".into(), "ssh-ed25519 BBBB\n".into()],
        sudo: Sudo::Nopasswd,
        description: "Ada Lovelace".into(),
        ..User::default()
    };
    ("ada".to_owned(), user)
}

fn named(name: &str) -> (String, User) {
    (name.to_owned(), User::default())
}

fn only<const N: usize>(users: [(String, User); N]) -> Users {
    Users { users: users.into(), ..Users::default() }
}

fn refusal(users: &Users) -> String {
    rootfs().add(users).unwrap_err().to_string()
}

/// A service among people, one of whom asks for a number.
fn four_accounts() -> Users {
    let service = ("probe".to_owned(), User { system: true, ..User::default() });
    let bob = ("bob".to_owned(), User { uid: Some(1001), ..User::default() });
    Users {
        root: Root { hashed_password_from: read(YESCRYPT), ..Root::default() },
        ..only([ada(), service, bob, named("eve")])
    }
}

#[test]
fn accounts_are_appended_as_useradd_would() {
    let mut rootfs = rootfs();
    rootfs.add(&four_accounts()).unwrap();
    insta::assert_snapshot!(rootfs.text("/etc/passwd").strip_prefix(PASSWD).unwrap(), @r"
    ada:x:1000:1000:Ada Lovelace:/home/ada:/bin/bash
    bob:x:1001:1001::/home/bob:/bin/bash
    eve:x:1002:1002::/home/eve:/bin/bash
    probe:x:100:100::/nonexistent:/usr/sbin/nologin
    ");
    assert!(rootfs.text("/etc/group").contains("sudo:x:27:ada\n"));
}

#[test]
fn passwords_are_kept_apart_as_useradd_would() {
    let mut rootfs = rootfs();
    rootfs.add(&four_accounts()).unwrap();
    insta::assert_snapshot!(rootfs.text("/etc/shadow"), @r"
    root:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0:20455:0:99999:7:::
    sync:*:20000:0:99999:7:::
    ada:$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFbzo9Yg5ir1KIEqFY/yJpgFph0:20455:0:99999:7:::
    bob:*:20455:0:99999:7:::
    eve:*:20455:0:99999:7:::
    probe:*:20455::::::
    ");
    assert!(rootfs.text("/etc/gshadow").contains("netdev:!::ada\n"));
    let shadow = rootfs.entry("/etc/shadow");
    assert_eq!((shadow.mode, shadow.gid), (0o640, 42));
}

#[test]
fn homes_belong_to_their_users() {
    let mut rootfs = rootfs();
    rootfs.add(&only([ada()])).unwrap();
    for (path, mode) in [
        ("/home/ada", 0o700),
        ("/home/ada/.bashrc", 0o644),
        ("/home/ada/.config", 0o755),
        ("/home/ada/.ssh", 0o700),
        ("/home/ada/.ssh/authorized_keys", 0o600),
    ] {
        let entry = rootfs.entry(path);
        assert_eq!((entry.mode, entry.uid, entry.gid), (mode, 1000, 1000), "{path}");
    }
    let keys = rootfs.text("/home/ada/.ssh/authorized_keys");
    assert_eq!(keys, "ssh-ed25519 AAAA ada\nssh-ed25519 BBBB\n");
    assert_eq!(rootfs.entry("/home").uid, 0);
    assert_eq!(rootfs.entry("/etc/sudoers.d/isoplug-ada").mode, 0o440);
}

const MISTAKES: &str = "\
user `Ada`: a name begins with a lowercase letter and goes on with lowercase letters, digits, `_` and `-`, 32 at most
user `sync`: the image has a user of this name
user `sudo`: the image has a group of this name
user `ada`: its uid 4 belongs to `sync`
user `ada`: its shell /bin/zsh is not a program of the image; is its package installed?
user `ada`: its hashed password: this looks like a plain password, not like a hash; make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
user `ada`: its description must hold neither a colon nor a line break
the image has no group `netdv`; did you mean `netdev`?
the image has no group `docker`";

#[test]
fn mistakes_are_named() {
    let user = |name: &str, change: fn(&mut User)| {
        let (name, mut user) = named(name);
        change(&mut user);
        refusal(&only([(name, user)]))
    };
    let messages = [
        user("Ada", |_| {}),
        user("sync", |_| {}),
        user("sudo", |_| {}),
        user("ada", |user| user.uid = Some(4)),
        user("ada", |user| user.shell = "/bin/zsh".into()),
        user("ada", |user| user.hashed_password = Some("secret".into())),
        user("ada", |user| user.description = "a:b".into()),
        user("ada", |user| user.groups = vec!["netdv".into()]),
        user("ada", |user| user.groups = vec!["docker".into()]),
    ];
    assert_eq!(messages.join("\n"), MISTAKES);
}

#[test]
fn a_hash_that_was_read_is_checked_without_being_shown() {
    let weak = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//";
    let user = User { hashed_password_from: read(weak), ..User::default() };
    let refusal = refusal(&only([("ada".to_owned(), user)]));
    assert!(
        refusal.starts_with("user `ada`: its hashed password: this is a hash by MD5"),
        "{refusal}"
    );
    assert!(!refusal.contains("9xy1btjg"), "{refusal}");
}

#[test]
fn locked_and_empty_passwords_are_written_as_they_are() {
    for hash in ["!", "", &format!("!{HASH}")] {
        let mut rootfs = rootfs();
        let user = User { hashed_password: Some(hash.to_owned()), ..User::default() };
        rootfs.add(&only([("bob".to_owned(), user)])).unwrap();
        assert!(rootfs.text("/etc/shadow").contains(&format!("bob:{hash}:20455:")), "{hash}");
    }
}

#[test]
fn keys_show_no_hash() {
    let mut shown = Shown::default();
    four_accounts().key(&mut shown);
    assert!(shown.values.contains("Ada Lovelace"), "{}", shown.values);
    assert!(!shown.values.contains('$'), "{}", shown.values);
    assert_eq!(shown.secrets, [HASH, YESCRYPT]);
}

#[test]
fn users_cannot_be_added_a_second_time() {
    let mut rootfs = rootfs();
    rootfs.add(&only([ada()])).unwrap();
    let before = rootfs.merged();
    assert!(rootfs.add(&only([ada()])).is_err());
    assert_eq!(rootfs.merged(), before);
    rootfs.add(&only([named("bob")])).unwrap();
    assert!(rootfs.text("/etc/passwd").contains("bob:x:1001:1001:"));
}

fn run(command: &[&str]) {
    let output = std::process::Command::new(command[0]).args(&command[1..]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn the_tools_of_debian_accept_the_files() {
    let mut rootfs = rootfs();
    let mut users = only([ada(), named("bob")]);
    users.security.sudo.wheel_needs_password = false;
    rootfs.add(&users).unwrap();
    let folder = tempfile::tempdir().unwrap();
    rootfs.write_to(folder.path()).unwrap();
    let root = folder.path().to_str().unwrap();
    for tool in ["pwck", "grpck"] {
        if isoplug_skip::has(tool) && isoplug_skip::has("unshare") {
            run(&["unshare", "-r", tool, "-r", "-R", root]);
        }
    }
    if isoplug_skip::has("visudo") {
        run(&["visudo", "-cf", &format!("{root}/etc/sudoers.d/isoplug-ada")]);
        run(&["visudo", "-cf", &format!("{root}/etc/sudoers.d/isoplug-group-sudo")]);
    }
}

proptest! {
    #[test]
    fn numbers_and_names_stay_unique(
        wanted in prop::collection::btree_map("[a-z]{1,6}", (prop::option::of(1000u32..1006), any::<bool>()), 1..8)
    ) {
        let user = |(name, (uid, system))| (name, User { uid, system, ..User::default() });
        let users = Users { users: wanted.into_iter().map(user).collect(), ..Users::default() };
        let mut rootfs = rootfs();
        if rootfs.add(&users).is_ok() {
            for path in ["/etc/passwd", "/etc/group"] {
                let text = rootfs.text(path);
                let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(':').collect()).collect();
                for column in [0, accounts::ID] {
                    let all: std::collections::BTreeSet<&str> = rows.iter().map(|row| row[column]).collect();
                    prop_assert_eq!(all.len(), rows.len());
                }
            }
        }
    }
}
