//! The pitfalls of the guide that isoplug follows draw messages before anything is built.

#![cfg(test)]

#[path = "pitfalls/drivers.rs"]
mod drivers;
#[path = "pitfalls/logins.rs"]
mod logins;
#[path = "pitfalls/networking.rs"]
mod networking;
#[path = "pitfalls/offline.rs"]
mod offline;
#[path = "pitfalls/packages.rs"]
mod packages;
#[path = "pitfalls/sshd.rs"]
mod sshd;
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
fn time_servers() {
    assert_eq!(
        one("services.chrony = { enable = true, servers = [\"ntp.example.org\", \"fd00::1\"] }"),
        ""
    );
    assert_snapshot!(one("services.chrony.servers = [\"ntp.example.org\"]"), @r"
    isoplug.toml:3:27: warning[no-chrony]: nobody asks these servers: chrony is not enabled
      help: set `services.chrony.enable` to true
    ");
    assert_snapshot!(one("services.chrony = { enable = true, servers = [\"a b\"] }"), @r#"
    isoplug.toml:3:47: error[bad-host]: "a b" is neither a name of a machine nor an address
      help: such as `ntp.example.org` or `192.168.1.1`
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
fn names_of_hosts_users_and_groups() {
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
}

#[test]
fn names_of_units_and_kernel_modules() {
    assert_snapshot!(one("systemd.enable = [\"sshd\"]"), @r"
    isoplug.toml:3:19: warning[alias]: in Debian, `sshd` is only an alias; taken as `ssh`
      help: write `ssh`
    ");
    for (name, debian) in [("chronyd.service", "chrony.service"), ("crond", "cron")] {
        let said = one(&format!("systemd.disable = [\"{name}\"]"));
        assert!(said.contains(&format!("help: write `{debian}`")), "{said}");
    }
    assert_snapshot!(one("systemd.units.hello.text = \"\""), @r#"
    isoplug.toml:3:15: error[bad-name]: "hello" cannot be a unit name
      help: a name and a type, such as `hello.service`
    "#);
    assert_snapshot!(one("kernel.modules.load = [\"e1000.ko\"]"), @r#"
    isoplug.toml:3:24: error[bad-name]: "e1000.ko" cannot be the name of a kernel module
      help: the name alone, without `.ko` or parameters
    "#);
}

#[test]
fn names_that_nothing_has() {
    assert_snapshot!(one("localisation = { locale = \"de DE\", timezone = \"/Berlin\" }"), @r#"
    isoplug.toml:3:27: error[bad-locale]: there is no locale `de DE`
      help: did you mean `de_DE.UTF-8`?
    isoplug.toml:3:47: error[bad-timezone]: there is no time zone `/Berlin`
      help: did you mean `Europe/Berlin`?
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

/// Found as the C library and tzdata have them, with the nearest name where they are not.
#[test]
fn locales_are_found_or_told() {
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
}

#[test]
fn time_zones_are_found_or_told() {
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
}

#[test]
fn contradictions_of_meaning() {
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
