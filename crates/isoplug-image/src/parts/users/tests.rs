//! Tests of the contributor of users, against pwck, grpck and visudo where they are installed.

use super::super::rootfs_of_tests::Rootfs;
use super::*;
use proptest::prelude::*;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nsync:x:4:65534:sync:/bin:/bin/sync\n";
const GROUP: &str = "root:x:0:\nsudo:x:27:\nnogroup:x:65534:\n_ssh:x:101:\nnetdev:x:103:\n";

fn rootfs() -> Rootfs {
    let mut rootfs = Rootfs::with(&[
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

fn ada() -> User {
    User {
        groups: vec!["wheel".into(), "networkmanager".into()],
        hashed_password: Some("$6$salt$hash".into()),
        authorized_keys: vec!["ssh-ed25519 AAAA ada".into(), "ssh-ed25519 BBBB\n".into()],
        sudo: Sudo::WithoutPassword,
        description: "Ada Lovelace".into(),
        ..User::named("ada")
    }
}

fn only(users: Vec<User>) -> Users {
    Users { users, ..Users::default() }
}

fn refusal(users: &Users) -> String {
    rootfs().add(users).unwrap_err().to_string()
}

#[test]
fn accounts_are_appended_as_useradd_would() {
    let mut rootfs = rootfs();
    let service = User { system: true, ..User::named("probe") };
    let users = Users {
        users: vec![
            ada(),
            service,
            User { uid: Some(1001), ..User::named("bob") },
            User::named("eve"),
        ],
        root: Root { hashed_password: Some("$y$j9T$a$b".into()), ..Root::default() },
        ..Users::default()
    };
    rootfs.add(&users).unwrap();
    insta::assert_snapshot!(rootfs.text("/etc/passwd").strip_prefix(PASSWD).unwrap(), @r"
    ada:x:1000:1000:Ada Lovelace:/home/ada:/bin/bash
    probe:x:100:100::/nonexistent:/usr/sbin/nologin
    bob:x:1001:1001::/home/bob:/bin/bash
    eve:x:1002:1002::/home/eve:/bin/bash
    ");
    insta::assert_snapshot!(rootfs.text("/etc/shadow"), @r"
    root:$y$j9T$a$b:20455:0:99999:7:::
    sync:*:20000:0:99999:7:::
    ada:$6$salt$hash:20455:0:99999:7:::
    probe:*:20455::::::
    bob:*:20455:0:99999:7:::
    eve:*:20455:0:99999:7:::
    ");
    assert!(rootfs.text("/etc/group").contains("sudo:x:27:ada\n"));
    assert!(rootfs.text("/etc/gshadow").contains("netdev:!::ada\n"));
    let shadow = rootfs.entry("/etc/shadow");
    assert_eq!((shadow.mode, shadow.gid), (0o640, 42));
}

#[test]
fn homes_belong_to_their_users() {
    let mut rootfs = rootfs();
    rootfs.add(&only(vec![ada()])).unwrap();
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

#[test]
fn mistakes_are_named() {
    let user = |change: fn(&mut User)| {
        let mut user = User::named("ada");
        change(&mut user);
        refusal(&only(vec![user]))
    };
    let messages = [
        user(|user| user.name = "Ada".into()),
        user(|user| user.name = "sync".into()),
        user(|user| user.name = "sudo".into()),
        user(|user| user.uid = Some(4)),
        user(|user| user.shell = Some("/bin/zsh".into())),
        user(|user| user.hashed_password = Some("secret".into())),
        user(|user| user.description = "a:b".into()),
        user(|user| user.groups = vec!["netdv".into()]),
        user(|user| user.groups = vec!["docker".into()]),
        refusal(&only(vec![User::named("ada"), User::named("ada")])),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    user `Ada`: a name begins with a lowercase letter and goes on with lowercase letters, digits, `_` and `-`, 32 at most
    user `sync`: the image has a user of this name
    user `sudo`: the image has a group of this name
    user `ada`: its uid 4 belongs to `sync`
    user `ada`: its shell /bin/zsh is no program of the image; is its package installed?
    user `ada`: its hashed password is none that crypt(5) knows; make one with `mkpasswd`
    user `ada`: its description must hold neither a colon nor a line break
    the image has no group `netdv`; did you mean `netdev`?
    the image has no group `docker`
    user `ada`: the image has a user of this name
    ");
}

#[test]
fn users_cannot_be_added_a_second_time() {
    let mut rootfs = rootfs();
    rootfs.add(&only(vec![ada()])).unwrap();
    let before = rootfs.merged();
    assert!(rootfs.add(&only(vec![ada()])).is_err());
    assert_eq!(rootfs.merged(), before);
    rootfs.add(&only(vec![User::named("bob")])).unwrap();
    assert!(rootfs.text("/etc/passwd").contains("bob:x:1001:1001:"));
}

#[test]
fn the_tools_of_debian_accept_the_files() {
    let mut rootfs = rootfs();
    let users = Users { sudo_without_password: true, ..only(vec![ada(), User::named("bob")]) };
    rootfs.add(&users).unwrap();
    let folder = tempfile::tempdir().unwrap();
    rootfs.write_to(folder.path()).unwrap();
    let run = |command: &[&str]| {
        let output = std::process::Command::new(command[0]).args(&command[1..]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    };
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
        let users = wanted.iter().map(|(name, (uid, system))| User {
            uid: *uid,
            system: *system,
            ..User::named(name)
        });
        let mut rootfs = rootfs();
        if rootfs.add(&only(users.collect())).is_ok() {
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
