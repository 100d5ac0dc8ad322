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
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    ");
    assert_snapshot!(one("users.ada.hashed-password = \"$6$salt$tooshort\""), @r"
    isoplug.toml:3:29: error[bad-hash]: this is not a password hash of crypt(5)
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`, and copy the whole of it
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
#[expect(clippy::too_many_lines, reason = "messages")]
fn hashes_from_elsewhere() {
    assert_eq!(one("users.ada.hashed-password-from.env = \"ADA\""), "");
    assert!(!live("root.hashed-password-from.file = \"root.hash\"").contains("nobody-logs-in"));
    assert_snapshot!(one("users.ada.hashed-password-from = \"$6$x\""), @r#"
    isoplug.toml:3:34: error[wrong-type]: found a string, expected a table
      help: write `{ env = "NAME" }`, `{ file = "PATH" }` or `{ plain = "…" }`
    "#);
    assert_snapshot!(one("users.ada.hashed-password-from = { env = \"A\", file = \"b\" }"), @r#"
    isoplug.toml:3:34: error[bad-secret]: the hash of a password is given by exactly one of `env`, `file` and `plain`
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    "#);
    let hash = format!("$6$salt${}", "a".repeat(86));
    assert_snapshot!(one(&format!("root.hashed-password-from.plain = \"{hash}\"")), @r#"
    isoplug.toml:3:6: warning[published-secret]: the hash of a password stands here for everybody who reads the manifest
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    "#);
    let twice =
        format!("users.ada = {{ hashed-password = \"{hash}\", hashed-password-from.env = \"A\" }}");
    assert_snapshot!(one(&twice), @"isoplug.toml:3:131: error[two-passwords]: the password is given twice: by `hashed-password` and by `hashed-password-from`");
    assert_snapshot!(one("root.hashed-password-from.plain = \"secret\""), @r#"
    isoplug.toml:3:6: warning[published-secret]: the hash of a password stands here for everybody who reads the manifest
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    isoplug.toml:3:6: error[bad-hash]: this looks like a plain password, not like a hash; make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    "#);
    assert_snapshot!(one("root = { hashed-password-from.env = \"A\", locked = true }"), @"isoplug.toml:3:10: warning[locked-password]: root has a password, but `root.locked` makes it useless");
}

#[test]
fn hashes_that_are_guessed_soon() {
    assert_snapshot!(one("users.ada.hashed-password = \"$1$saltsalt$9xy1btjgzLYfb7hivXtC//\""), @r"
    isoplug.toml:3:29: error[weak-hash]: this is a hash by MD5, which is guessed within hours
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    ");
    assert_snapshot!(one("users.ada.hashed-password = \"rl0uE0wGRYfZM\""), @r"
    isoplug.toml:3:29: error[plain-password]: this is a plain password, or a hash of the old DES, which is guessed within hours
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    ");
}

/// Who reads the manifest may try out passwords, and SSH takes the right one.
#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn hashes_that_everybody_reads() {
    let hash = format!("$6$salt${}", "a".repeat(86));
    let of = |who: &str, more: &str| {
        one(&format!("services.openssh.enable = true\n{who}.hashed-password = \"{hash}\"{more}"))
    };
    assert_snapshot!(of("users.ada", ""), @r"
    isoplug.toml:4:29: warning[published-hash]: whoever reads this can try out passwords of `ada`, and SSH takes the right one from the network
      help: read it from elsewhere (`hashed-password-from`), or say whether it is meant: `services.openssh.settings.password-authentication`
    ");
    assert_eq!(of("root", ""), "");
    assert!(
        of("root", "\nservices.openssh.settings.PermitRootLogin = \"yes\"")
            .contains("published-hash")
    );
    assert_eq!(of("users.ada", "\nservices.openssh.settings.PasswordAuthentication = true"), "");
    assert_eq!(one(&format!("users.ada.hashed-password = \"{hash}\"")), "");
    assert_eq!(
        one("services.openssh.enable = true\nusers.ada.hashed-password-from.env = \"A\""),
        ""
    );
    let open = "services.openssh = { enable = true, settings.PermitEmptyPasswords = true }\n\
                users.ada.hashed-password = \"\"";
    assert_snapshot!(one(open), @r"
    isoplug.toml:3:69: warning[open-to-all]: anybody on the network logs in without a password
      help: remove it, or the empty `hashed-password`
    isoplug.toml:4:29: warning[empty-password]: an empty password lets everybody in at the console
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    ");
}

#[test]
fn passwords_that_everybody_has() {
    assert_snapshot!(one("root.hashed-password = \"\""), @r"
    isoplug.toml:3:24: warning[empty-password]: an empty password lets everybody in at the console
      help: make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`
    ");
    let tests = "users.ada = {}\ntests = [{ login = { user = \"ada\", password = \"a\" } }]";
    assert_snapshot!(one(&format!("services.openssh.enable = true\n{tests}")), @r"
    isoplug.toml:5:10: warning[published-password]: the password of `ada` stands here, and SSH takes it from the network
      help: set `services.openssh.settings.password-authentication` to false
    ");
    assert_eq!(one(tests), "");
}
