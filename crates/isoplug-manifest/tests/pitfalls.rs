//! The pitfalls of the guide that isoplug follows draw messages before anything is built.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use support::messages;

/// A profile that installs something, so that it draws no warning of its own.
fn one(line: &str) -> String {
    messages(&format!("{line}\npackages.install = [\"vim\"]"))
}

#[test]
fn volume_ids() {
    assert_snapshot!(one("iso.volume-id = \"A_NAME_THAT_GOES_ON_AND_ON_AND_ON_1\""), @r"
    isoplug.toml:3:17: error[volume-id]: the volume id has 35 characters, 32 fit
      help: at most 32 of `A-Z`, `0-9` and `_`
    ");
    assert_snapshot!(one("iso.volume-id = \"acme 2026\""), @r#"
    isoplug.toml:3:17: error[volume-id]: "acme 2026" has characters that ISO 9660 does not allow in a volume id
      help: at most 32 of `A-Z`, `0-9` and `_`
    "#);
    assert_snapshot!(one("iso.volume-id = \"acme-2026\""), @r#"
    isoplug.toml:3:17: warning[volume-id]: "acme-2026" has characters that ISO 9660 does not allow in a volume id
      help: at most 32 of `A-Z`, `0-9` and `_`
    "#);
}

#[test]
fn kernel_parameters() {
    assert_snapshot!(one("boot.kernel-params = [\"noapic\", \"noacpi\"]"), @r"
    isoplug.toml:3:33: warning[unknown-parameter]: the kernel knows no parameter `noacpi` and ignores it
      help: write `acpi=off`
    ");
    assert_snapshot!(one("boot.kernel-params = [\"quiet splash\"]"), @r#"
    isoplug.toml:3:23: error[bad-parameter]: "quiet splash" is not one kernel parameter
      help: one parameter in each item of the list; blanks stand between double quotes: 'name="a value"'
    "#);
}

#[test]
fn keys_and_passwords() {
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
fn names() {
    assert_snapshot!(one("networking.hostname = \"my_host\""), @r#"
    isoplug.toml:3:23: error[bad-hostname]: "my_host" cannot be a host name
      help: letters, digits and inner hyphens, at most 64 of them
    "#);
    assert_snapshot!(one("users.Ada = {}"), @r#"
    isoplug.toml:3:7: error[bad-name]: "Ada" cannot be a user name
      help: a small letter or `_`, then up to 31 of `a-z 0-9 _ -`
    "#);
    assert_snapshot!(one("users.ada.groups = [\"wheel\", \"networkmanager\", \"a b\"]"), @r#"
    isoplug.toml:3:21: warning[alias]: Debian has no group `wheel`; taken as `sudo`
      help: write `sudo`
    isoplug.toml:3:30: warning[alias]: Debian has no group `networkmanager`; taken as `netdev`
      help: write `netdev`
    isoplug.toml:3:48: error[bad-name]: "a b" cannot be a group name
      help: a small letter or `_`, then up to 31 of `a-z 0-9 _ -`
    "#);
    assert_snapshot!(one("systemd.enable = [\"sshd\"]"), @r"
    isoplug.toml:3:19: warning[alias]: in Debian, `sshd` is only an alias; taken as `ssh`
      help: write `ssh`
    ");
    assert_snapshot!(one("systemd.units.hello.text = \"\""), @r#"
    isoplug.toml:3:15: error[bad-name]: "hello" cannot be a unit name
      help: a name and a type, such as `hello.service`
    "#);
    assert_snapshot!(one("kernel.modules.load = [\"e1000.ko\"]"), @r#"
    isoplug.toml:3:24: error[bad-name]: "e1000.ko" cannot be the name of a kernel module
      help: the name alone, without `.ko` or parameters
    "#);
    assert_snapshot!(one("localisation = { locale = \"de DE\", timezone = \"/Berlin\" }"), @r#"
    isoplug.toml:3:27: error[bad-locale]: there is no locale `de DE`
      help: did you mean `de_DE.UTF-8`?
    isoplug.toml:3:47: error[bad-timezone]: there is no time zone `/Berlin`
      help: did you mean `Europe/Berlin`?
    "#);
}

#[test]
fn foreign_package_names() {
    let names = ["ntfs3g", "photorec", "ddrescue", "wireshark-cli", "netcat", "Vim"];
    let list = names.map(|name| format!("\"{name}\"")).join(", ");
    assert_snapshot!(messages(&format!("packages.install = [{list}]")), @r#"
    isoplug.toml:3:21: warning[foreign-name]: Debian has no package `ntfs3g`
      help: in Debian it is `ntfs-3g`
    isoplug.toml:3:31: warning[foreign-name]: Debian has no package `photorec`
      help: in Debian it is `testdisk`
    isoplug.toml:3:43: warning[foreign-name]: Debian has no package `ddrescue`
      help: in Debian it is `gddrescue`
    isoplug.toml:3:55: warning[foreign-name]: Debian has no package `wireshark-cli`
      help: in Debian it is `tshark`
    isoplug.toml:3:72: warning[foreign-name]: Debian has no package `netcat`
      help: in Debian it is `netcat-openbsd`
    isoplug.toml:3:82: error[bad-name]: "Vim" cannot be a package name
      help: small letters, digits, `+`, `-` and `.`
    "#);
}

#[test]
fn files() {
    assert_snapshot!(one("files = [{ target = \"/a\" }]"), @r#"isoplug.toml:3:10: error[file-content]: "/a" has neither `text` nor `source`"#);
    assert_snapshot!(one("files = [{ target = \"/a\", text = \"\", source = \"a\" }]"), @r#"isoplug.toml:3:10: error[file-content]: "/a" has both `text` and `source`"#);
    assert_snapshot!(one("files = [{ target = \"etc/motd\", text = \"\" }]"), @r#"
    isoplug.toml:3:21: error[bad-path]: "etc/motd" is not an absolute path
      help: write "/etc/motd"
    "#);
    assert_snapshot!(one("files = [{ target = \"/etc/../a\", text = \"\" }]"), @r#"isoplug.toml:3:21: error[bad-path]: "/etc/../a" has an empty, `.` or `..` part, or does not name a file"#);
    assert_snapshot!(one("files = [{ target = \"/a\", text = \"\", mode = \"0888\" }]"), @r#"
    isoplug.toml:3:45: error[bad-mode]: "0888" is not a mode
      help: three or four octal digits, such as "0755"
    "#);
    assert_snapshot!(
        one("files = [{ target = \"/a\", text = \"\" }, { target = \"/a\", text = \"1\" }]"),
        @r#"
        isoplug.toml:3:40: error[duplicate-file]: "/a" is given twice
          isoplug.toml:3:40: here
          isoplug.toml:3:10: and here
        "#
    );
    assert_snapshot!(one("iso.contents = [{ target = \"/a\" }]"), @r#"isoplug.toml:3:17: error[file-content]: "/a" has neither `text` nor `source`"#);
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
    let live = |lines: &str| messages(&format!("packages.install = [\"login\"]\n{lines}"));
    assert_snapshot!(live(""), @r"
    warning[nobody-logs-in]: nobody can log in to an image of profile `p`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    ");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    let hash = format!("$6$salt${}", "a".repeat(86));
    let keys = format!("users.ada.authorized-keys = [\"{key}\"]");
    for open in [
        "services.getty.autologin-user = \"root\"",
        "root.locked = true",
        "packages.prefer = [\"x\"]\npackages.recommends = true\nroot.hashed-password = \"\"",
        &format!("users.ada.hashed-password = \"{hash}\""),
        &format!("services.openssh.enable = true\n{keys}"),
        "files = [{ target = \"/etc/shadow\", text = \"\" }]",
    ] {
        assert!(!live(open).contains("nobody-logs-in"), "{open}");
    }
    for closed in [
        "users.ada = {}",
        &keys,
        &format!("users.ada.hashed-password = \"!{hash}\""),
        "root = { locked = true, hashed-password = \"\" }\nusers.ada = {}",
        &format!(
            "services.openssh = {{ enable = true, settings.permit-root-login = \"no\" }}\n\
             root.authorized-keys = [\"{key}\"]"
        ),
    ] {
        assert!(live(closed).contains("nobody-logs-in"), "{closed}: {}", live(closed));
    }
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

/// As apt takes them, and the words of the message where it does not.
#[test]
fn packages_by_version_and_suite() {
    let fine = "packages.install = [\"nano=8.4-1\", \"cockpit-ws/trixie-backports\", \"vim=2:9*\"]";
    assert_eq!(messages(fine), "");
    assert_snapshot!(messages("packages.install = [\"nano>=8\", \"nano=\", \"nano/\"]"), @r#"
    isoplug.toml:3:21: error[bad-name]: "nano>=8" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    isoplug.toml:3:32: error[bad-name]: "nano=" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    isoplug.toml:3:41: error[bad-name]: "nano/" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    "#);
    assert_snapshot!(messages("packages = { install = [\"vim\"], remove = [\"nano=8.4-1\"] }"), @r#"
    isoplug.toml:3:43: error[bad-name]: "nano=8.4-1" cannot be a package
      help: the name alone, without version or suite
    "#);
    assert_snapshot!(messages("packages = { install = [\"vim=2:9.1\"], remove = [\"vim\"] }"), @r#"
    isoplug.toml:3:49: error[contradiction]: "vim" is both in `packages.install` and in `packages.remove`
      isoplug.toml:3:49: refused here
      isoplug.toml:3:25: asked for here
    "#);
    assert_snapshot!(one("kernel.version = \"6.12.x y\""), @r#"
    isoplug.toml:3:18: error[bad-version]: "6.12.x y" cannot be a version or the start of one
      help: such as `6.12`, or a whole one: `6.12.48-1`
    "#);
    assert_eq!(one("kernel.version = \"6.12\""), "");
}

#[test]
fn answers_of_debconf() {
    let answers = |items: &str| one(&format!("packages.debconf = [{items}]"));
    let item = "package = \"firmware-ivtv\", question = \"firmware-ivtv/license/accepted\"";
    assert_eq!(answers(&format!("{{ {item}, type = \"boolean\", value = \"true\" }}")), "");
    assert_eq!(answers(&format!("{{ {item}, type = \"password\", env = \"X\" }}")), "");
    assert_snapshot!(answers(&format!("{{ {item}, type = \"boolean\", value = \"yes\" }}")), @r#"
    isoplug.toml:3:21: error[debconf-answer]: "yes" is not the answer to a boolean question
      help: write "true" or "false"
    "#);
    assert_snapshot!(answers(&format!("{{ {item}, type = \"bool\", value = \"true\" }}")), @r#"
    isoplug.toml:3:102: error[unknown-value]: found "bool", expected one of "boolean", "select", "multiselect", "string", "password"
      help: did you mean `boolean`?
    "#);
    assert_snapshot!(answers(&format!("{{ {item}, type = \"string\" }}")), @r#"isoplug.toml:3:21: error[debconf-answer]: "firmware-ivtv/license/accepted" has neither `value` nor `env`"#);
    let two = ["a", "b"].map(|v| format!("{{ {item}, type = \"string\", value = \"{v}\" }}"));
    assert_snapshot!(answers(&two.join(", ")), @r#"
    isoplug.toml:3:127: error[two-answers]: "firmware-ivtv/license/accepted" is answered twice
      isoplug.toml:3:127: here
      isoplug.toml:3:21: and here
    "#);
    assert_snapshot!(answers("{ package = \"x\", question = \"a b\", value = \"1\" }"), @r#"
    isoplug.toml:3:21: error[missing-key]: `type` is missing
    isoplug.toml:3:49: error[bad-name]: "a b" cannot be the name of a question
      help: such as `firmware-ivtv/license/accepted`
    "#);
}

/// Found as the C library and tzdata have them, with the nearest name where they are not.
#[test]
fn locales_and_time_zones() {
    let locale = |name: &str| one(&format!("localisation.locale = \"{name}\""));
    for fine in ["en_US.utf8", "C.utf8", "POSIX", "ca_ES@valencia", "de_DE@euro", "en_IN"] {
        assert_eq!(locale(fine), "", "{fine}");
    }
    assert_snapshot!(locale("en_UK.UTF-8"), @r"
    isoplug.toml:3:23: error[bad-locale]: there is no locale `en_UK.UTF-8`
      help: did you mean `en_US.UTF-8`?
    ");
    assert_snapshot!(locale("de_DE"), @r"
    isoplug.toml:3:23: warning[old-charset]: `de_DE` is the locale with the charset ISO-8859-1
      help: write `de_DE.UTF-8`
    ");
    let zone = |name: &str| one(&format!("localisation.timezone = \"{name}\""));
    for fine in ["US/Eastern", "Europe/Berlin", "UTC", "Etc/GMT+5", "EST5EDT"] {
        assert_eq!(zone(fine), "", "{fine}");
    }
    assert_snapshot!(zone("Europe/Berlinn"), @r"
    isoplug.toml:3:25: error[bad-timezone]: there is no time zone `Europe/Berlinn`
      help: did you mean `Europe/Berlin`?
    ");
    assert_snapshot!(zone("Berlin"), @r"
    isoplug.toml:3:25: error[bad-timezone]: there is no time zone `Berlin`
      help: did you mean `Europe/Berlin`?
    ");
}

#[test]
fn contradictions() {
    assert_snapshot!(messages("packages = { install = [\"vim\"], remove = [\"vim\"] }"), @r#"
    isoplug.toml:3:43: error[contradiction]: "vim" is both in `packages.install` and in `packages.remove`
      isoplug.toml:3:43: refused here
      isoplug.toml:3:25: asked for here
    "#);
    assert_snapshot!(one("kernel.modules = { load = [\"kvm\"], blacklist = [\"kvm\"] }"), @r#"
    isoplug.toml:3:49: error[contradiction]: "kvm" is both in `kernel.modules.load` and in `kernel.modules.blacklist`
      isoplug.toml:3:49: refused here
      isoplug.toml:3:28: asked for here
    "#);
    assert_snapshot!(
        messages("networking.backend = \"networkd\"\npackages.install = [\"network-manager\"]"),
        @r"
        isoplug.toml:4:21: warning[two-backends]: `network-manager` would fight with `networking.backend` for interfaces
          help: set `networking.backend`, and leave its package to it
        "
    );
    assert_snapshot!(one("users = { a.uid = 1000, b.uid = 1000 }"), @"isoplug.toml:3:33: error[shared-uid]: users `a` and `b` have the same uid 1000");
    assert_snapshot!(one("users.root.shell = \"/bin/sh\""), @r"
    isoplug.toml:3:7: error[root-user]: root is set under `users`
      help: write it as `root.…`
    ");
}

#[test]
fn loaders_and_tests() {
    assert_snapshot!(one("boot = { bios = false, uefi = false }"), @"isoplug.toml:3:31: error[no-loader]: the image boots neither by BIOS nor by UEFI");
    assert_snapshot!(one("boot = { uefi = false, secure-boot = true }"), @"isoplug.toml:3:38: error[no-loader]: Secure Boot needs UEFI, which is off");
    assert_snapshot!(one("tests = [{ expect = \"ok\" }]"), @r"
    isoplug.toml:3:10: error[empty-test]: the test has neither `run` nor `login`
    isoplug.toml:3:10: error[empty-test]: `expect` looks at the output of `run`, which is missing
    ");
    assert_snapshot!(one("tests = [{ login = { user = \"ada\", password = \"a\" } }]"), @"isoplug.toml:3:10: error[unknown-user]: there is no user `ada` to log in");
    assert_snapshot!(one("boot.bios = false\ntests = [{ run = \"a\", firmware = [\"bios\"] }]"), @"isoplug.toml:4:10: error[impossible-test]: the test boots by bios, which is off");
}

#[test]
fn sizes() {
    assert_snapshot!(one("iso.max-size = \"700 megs\""), @r#"
    isoplug.toml:3:16: error[bad-size]: "700 megs" is not a size
      help: such as `700MiB` or `4GB`
    "#);
    assert_snapshot!(one("squashfs.block-size = \"3MiB\""), @r#"
    isoplug.toml:3:23: error[bad-size]: "3MiB" is not a block size of squashfs
      help: a power of two from `4KiB` to `1MiB`
    "#);
}

#[test]
fn interfaces() {
    let with = |line: &str| one(&format!("networking.backend = \"networkd\"\n{line}"));
    let fine = "networking.interfaces.\"en*\" = { addresses = [\"10.0.0.2/24\", \"fd00::2/64\"], \
        gateways = [\"10.0.0.1\", \"fe80::1\"] }\nnetworking.nameservers = [\"9.9.9.9\", \"2620:fe::9\"]";
    assert_eq!(with(fine), "");
    assert_snapshot!(with("networking.interfaces.eth0.dhcp = true"), @r#"
    isoplug.toml:4:23: warning[old-interface-name]: Debian does not call an interface `eth0`: names tell the place, as `enp1s0`
      help: write "en*" for every wired interface
    "#);
    assert_snapshot!(with("networking.interfaces.\"en p1\" = {}"), @r#"
    isoplug.toml:4:23: error[bad-name]: "en p1" cannot be the name of an interface
      help: such as `enp1s0`, or `en*` for several
    "#);
    assert_snapshot!(with("networking.interfaces.enp1s0 = {}"), @r"
    isoplug.toml:4:32: warning[no-address]: the interface `enp1s0` gets no address
      help: set `dhcp = true`, or give it `addresses`
    ");
    assert_snapshot!(with("networking.interfaces.enp1s0.addresses = [\"10.0.0.2\", \"10.0.0.2/33\"]"), @r#"
    isoplug.toml:4:43: error[bad-address]: "10.0.0.2" is not an IP address with the length of its prefix
      help: such as `192.168.1.100/24` or `fd00::2/64`
    isoplug.toml:4:55: error[bad-address]: "10.0.0.2/33" is not an IP address with the length of its prefix
      help: such as `192.168.1.100/24` or `fd00::2/64`
    "#);
    let far = "networking.interfaces.enp1s0 = { addresses = [\"10.0.0.2/24\"], gateways = [\"10.0.1.1\"] }";
    assert_snapshot!(with(far), @r"
    isoplug.toml:4:74: warning[far-gateway]: no address of `enp1s0` can reach the gateway 10.0.1.1
    ");
    let two =
        "networking.interfaces.enp1s0 = { dhcp = true, gateways = [\"10.0.0.1\", \"10.0.0.2\"] }";
    assert_snapshot!(with(two), @r"
    isoplug.toml:4:58: error[two-gateways]: the interface `enp1s0` has several gateways for IPv4
    ");
    assert_snapshot!(with("networking.nameservers = [\"dns.example.com\"]"), @r#"
    isoplug.toml:4:27: error[bad-address]: "dns.example.com" is not an IP address
      help: such as `192.168.1.1` or `fd00::1`, without a prefix
    "#);
    assert_snapshot!(one("networking.nameservers = [\"9.9.9.9\"]"), @r#"
    isoplug.toml:3:26: error[no-backend]: nothing reads `networking.nameservers`: there is no backend
      help: set `networking.backend` to "networkd" or "networkmanager"
    "#);
}

#[test]
fn kernel_settings_and_logins() {
    assert_eq!(one("kernel.sysctl.\"net.ipv4.ip_forward\" = \"1\""), "");
    assert_snapshot!(one("kernel.sysctl.ip_forward = \"1\""), @r#"
    isoplug.toml:3:15: error[bad-name]: "ip_forward" cannot be the name of a kernel setting
      help: such as "net.ipv4.ip_forward", in quotes
    "#);
    assert_snapshot!(one("kernel.sysctl.\"vm.swappiness\" = 10"), @r"
    isoplug.toml:3:33: error[wrong-type]: found an integer, expected a string
    ");
    assert_snapshot!(one("services.getty.autologin-user = \"ada\""), @r"
    isoplug.toml:3:33: error[unknown-user]: there is no user `ada` to log in
    ");
    assert_eq!(one("services.getty.autologin-user = \"root\""), "");
    assert_eq!(one("services.getty.autologin-user = \"ada\"\nusers.ada = {}"), "");
}
