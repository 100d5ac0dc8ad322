//! What goes wrong with keys and passwords, and whether anybody can log in.

use super::*;

#[test]
fn keys_that_are_not_one() {
    assert_snapshot!(one("users.ada.authorized-keys = [\"ssh-ed25519 AAAA... ada\"]"), @r"
    isoplug.toml:3:30: warning[placeholder]: this SSH key is a placeholder: nobody can log in with it
      help: put the line of your `.pub` file here
    ");
    assert_snapshot!(one("users.ada.authorized-keys = [\"ssh-ed25519 AAAAC3NzaC1lZDI1\"]"), @r"
    isoplug.toml:3:30: error[bad-ssh-key]: the key behind the type of this SSH public key is damaged or cut off
      help: put the line of your `.pub` file here
    ");
    assert_snapshot!(one("users.ada.authorized-keys = [\"hello\"]"), @r"
    isoplug.toml:3:30: error[bad-ssh-key]: this is not an SSH public key: it has no type such as `ssh-ed25519`
      help: put the line of your `.pub` file here
    ");
}

#[test]
fn passwords_that_are_not_hashes() {
    assert_snapshot!(one("users.ada.hashed-password = \"secret\""), @r"
    isoplug.toml:3:29: error[plain-password]: this looks like a plain password, not like a hash
      help: make a hash with `mkpasswd`
    ");
    assert_snapshot!(one("users.ada.hashed-password = \"$6$salt$tooshort\""), @r"
    isoplug.toml:3:29: error[bad-hash]: this is not a password hash of crypt(5)
      help: make one with `mkpasswd`, and copy the whole of it
    ");
    assert_snapshot!(one("root = { hashed-password = \"!\", locked = true }"), @"isoplug.toml:3:28: warning[locked-password]: root has a password, but `root.locked` makes it useless");
}

#[test]
fn right_keys_and_passwords_draw_nothing() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    assert_eq!(one(&format!("root.authorized-keys = [\"{key} a@b\"]")), "");
    assert_eq!(one(&format!("root.authorized-keys = ['command=\"echo ssh-x\" {key}']")), "");
    let sha512 = format!("$6$rounds=5000$salt${}", "a".repeat(86));
    let yescrypt = format!("$y$j9T$salt${}", "b".repeat(43));
    for hash in [&sha512, &yescrypt] {
        assert_eq!(one(&format!("users.ada.hashed-password = \"{hash}\"")), "");
    }
}

#[test]
fn ssh() {
    let open = "services.openssh = { enable = true, settings.permit-root-login = \"yes\" }";
    assert_snapshot!(one(open), @r#"
    isoplug.toml:3:66: warning[root-password-login]: anybody on the network may try passwords of root
      help: write "prohibit-password", and put a key into `root.authorized-keys`
    "#);
    let shut = "services.openssh = { enable = true, settings.password-authentication = false }";
    assert_snapshot!(one(shut), @r"
    isoplug.toml:3:72: warning[no-login]: nobody can log in by SSH: passwords are off and nobody has a key
      help: put a key into `users.NAME.authorized-keys`
    ");
}

/// With what one can log in to, or with what says that nobody is to.
#[test]
fn who_logs_in() {
    assert_snapshot!(live(""), @r"
    warning[nobody-logs-in]: nobody can log in to an image of profile `p`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    ");
    let hash = format!("$6$salt${}", "a".repeat(86));
    for open in [
        "services.getty.autologin-user = \"root\"",
        "root.locked = true",
        "packages.prefer = [\"x\"]\npackages.recommends = true\nroot.hashed-password = \"\"",
        &format!("users.ada.hashed-password = \"{hash}\""),
        &format!("services.openssh.enable = true\nusers.ada.authorized-keys = [\"{KEY}\"]"),
        "files = [{ target = \"/etc/shadow\", text = \"\" }]",
    ] {
        assert!(!live(open).contains("nobody-logs-in"), "{open}");
    }
}

/// The lines of a profile that is not empty.
fn live(lines: &str) -> String {
    messages(&format!("packages.install = [\"login\"]\n{lines}"))
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

#[test]
fn who_does_not_log_in() {
    let hash = format!("$6$salt${}", "a".repeat(86));
    for closed in [
        "users.ada = {}",
        &format!("users.ada.authorized-keys = [\"{KEY}\"]"),
        &format!("users.ada.hashed-password = \"!{hash}\""),
        "root = { locked = true, hashed-password = \"\" }\nusers.ada = {}",
        &format!(
            "services.openssh = {{ enable = true, settings.permit-root-login = \"no\" }}\n\
             root.authorized-keys = [\"{KEY}\"]"
        ),
    ] {
        assert!(live(closed).contains("nobody-logs-in"), "{closed}: {}", live(closed));
    }
}

#[test]
fn passwords_that_everybody_has() {
    assert_snapshot!(one("root.hashed-password = \"\""), @r"
    isoplug.toml:3:24: warning[empty-password]: an empty password lets everybody in at the console
      help: make a hash with `mkpasswd`
    ");
    let tests = "users.ada = {}\ntests = [{ login = { user = \"ada\", password = \"a\" } }]";
    assert_snapshot!(one(&format!("services.openssh.enable = true\n{tests}")), @r"
    isoplug.toml:5:10: warning[published-password]: the password of `ada` stands here, and SSH takes it from the network
      help: set `services.openssh.settings.password-authentication` to false
    ");
    assert_eq!(one(tests), "");
}
