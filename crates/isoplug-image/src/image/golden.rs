//! Holds every contributor to its version: the same options over the same rootfs give the same overlay.

#[path = "../../tests/golden/table.rs"]
mod table;

use std::path::Path;

use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, System, evaluate};

use crate::facts::Facts;
use crate::install::plan;
use crate::parts::install::{Installing, Program};
use crate::parts::{Contributor, parts};
use crate::rootfs_of_tests::TestRootfs;
use isoplug_packages::apt::{SignedBy, Stanza};

/// Every contributor has something to do.
const MANIFEST: &str = r##"
image.name = "golden"
[profiles.golden]
localisation = { locale = "de_DE.UTF-8", keymap = "de", timezone = "Europe/Berlin" }
kernel.modules = { load = ["acme"], blacklist = ["floppy"], options.acme = "level=2" }
kernel.sysctl = { "net.ipv4.ip_forward" = "1" }
networking.hostname = "box.example.org"
networking.backend = "networkd"
networking.nameservers = ["192.0.2.53"]
networking.wifi.home.psk.plain = "open sesame"
networking.wifi.work = { security = "eap", eap.method = "tls", eap.identity = "me", eap.ca-certificate = "/etc/ca.pem", eap.domain = "radius.example.com", eap.client-certificate = "/etc/me.pem", eap.private-key = "/etc/me.key" }
networking.interfaces.enp1s0 = { addresses = ["192.0.2.2/24"], gateways = ["192.0.2.1"] }
root = { locked = false, authorized-keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1VqX0wX0qkq0oW3h5k5h5k5h5k5h5k5h5k5h5k5h5k a"] }
users.me = { shell = "/usr/local/bin/mysh", groups = ["sudo"], sudo = "nopasswd", hashed-password = "$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFbzo9Yg5ir1KIEqFY/yJpgFph0" }
security.sudo.wheel-needs-password = false
services.openssh = { enable = true, ports = [22, 2222] }
services.chrony = { enable = true, servers = ["ntp.example.org"] }
services.getty.autologin-user = "me"
systemd.enable = ["hi"]
systemd.mask = ["no.service"]
systemd.units."own.service".text = "[Unit]\n"
packages.offline = ["acme"]
packages.offline-key.plain = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----"
packages.machine-state = [{ path = "/etc/acme/id", make = "acme-id", before = ["acme.service"] }]
files = [
  { target = "/usr/local/bin/mysh", text = "#!/bin/sh\n", mode = "0755" },
  { target = "/etc/skel/.profile", text = "# mine\n" },
  { target = "/etc/motd", text = "hello\n", mode = "0600" },
  { target = "/run/acme", text = "late\n" },
]
"##;

/// Files of other kinds, and scripts.
const MORE: &str = r##"
image.name = "golden"
[profiles.golden]
networking.backend = "none"
localisation.keymap = "de"
files = [
  { target = "/etc/acme/link", link = "../motd" },
  { target = "/srv/acme", folder = true, mode = "0750" },
  { target = "/etc/skel/.bashrc", remove = true },
  { target = "/etc/acme/facts", text = "{{ kernel.version }}", template = true },
]
boot.loader = "grub"
scripts.acme = { text = "exit 0\n", interpreter = "/usr/bin/sudo" }
"##;
/// Whose work with those is looked at, by the names that the table has for it.
const OF_MORE: [&str; 6] = ["boot", "early-files", "scripts", "files", "removed-files", "live"];

fn system(text: &str) -> System {
    let mut load = |_: &str| Err("no file".to_owned());
    let (name, profile, plugins) = ("isoplug.toml", "golden", &mut NoPlugins);
    let input = Input {
        name,
        text,
        profile,
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    };
    evaluate(input).unwrap_or_else(|found| panic!("{:?}", found.list))
}

const UNIT: &str = "[Install]\nWantedBy=multi-user.target\n";

/// What packages brought.
const FILES: [(&str, &str); 24] = [
    ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
    ("/etc/group", "root:x:0:\nsudo:x:27:\n"),
    ("/etc/shadow", "root:*:20000:0:99999:7:::\n"),
    ("/etc/gshadow", "root:*::\nsudo:*::\n"),
    ("/usr/sbin/sshd", ""),
    ("/etc/chrony/chrony.conf", "pool debian.pool.ntp.org iburst\n"),
    ("/usr/lib/systemd/system/chrony.service", UNIT),
    ("/usr/bin/sudo", ""),
    ("/usr/bin/systemd-tmpfiles", ""),
    ("/usr/lib/systemd/system/multi-user.target", ""),
    ("/usr/lib/systemd/system/ssh.service", UNIT),
    ("/usr/lib/systemd/system/hi.service", UNIT),
    ("/usr/lib/systemd/system/no.service", UNIT),
    ("/usr/lib/systemd/system/getty@.service", ""),
    ("/usr/lib/systemd/system/serial-getty@.service", ""),
    ("/usr/lib/systemd/system/systemd-networkd.service", UNIT),
    ("/usr/lib/systemd/system/systemd-resolved.service", UNIT),
    ("/usr/lib/systemd/system/iwd.service", UNIT),
    ("/usr/lib/systemd/system/acme.service", UNIT),
    ("/usr/share/X11/xkb/symbols/de", ""),
    ("/usr/share/zoneinfo/Europe/Berlin", "TZif"),
    ("/usr/share/i18n/SUPPORTED", "de_DE.UTF-8 UTF-8\n"),
    ("/usr/sbin/locale-gen", ""),
    ("/usr/lib/modules/6.12.0/kernel/acme.ko", ""),
];

/// And what is of use to those kinds.
const MORE_FILES: [(&str, &str); 2] =
    [("/boot/vmlinuz-6.12.0-amd64", ""), ("/etc/skel/.bashrc", "")];

fn rootfs() -> TestRootfs {
    TestRootfs::with(&FILES).folder("/run").folder("/root").folder("/home")
}

#[test]
fn contributors_that_make_other_bytes_have_another_version() {
    let signed_by = SignedBy::Key("a key\n".to_owned());
    let source = Stanza {
        name: "acme".to_owned(),
        uris: vec!["https://example.org/debian".to_owned()],
        suites: vec!["trixie".to_owned()],
        components: vec!["main".to_owned()],
        signed_by,
        priorities: Default::default(),
    };
    let mut made = of(MANIFEST, rootfs(), vec![source]);
    let more = TestRootfs::with(&[&FILES[..], &MORE_FILES].concat());
    let more = of(MORE, more, Vec::new()).into_iter();
    let more = more.filter(|(name, ..)| OF_MORE.contains(&&**name));
    made.extend(more.map(|(name, version, digest)| (format!("more-{name}"), version, digest)));
    made.extend(of_installing());
    let file = "crates/isoplug-image/tests/golden/contributors.txt";
    table::compare(include_str!("../../tests/golden/contributors.txt"), file, &made);
}

/// Returns those of what a medium has to install with.
fn of_installing() -> Vec<(String, u32, String)> {
    let text = "image.name = \"golden\"\n[profiles.golden]\nboot.loader = \"grub\"\n";
    let mut medium = system(&text.replace("boot.loader = \"grub\"", "install.layouts.a.home = {}"));
    let mut rootfs = rootfs();
    let mut made = |contributor: &dyn Contributor, name: &str| {
        rootfs.add(contributor).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name.to_owned(), contributor.version(), rootfs.digest_of_last())
    };
    medium.targets = vec![system(text)];
    let installing = Installing::of(&plan(&medium)).unwrap();
    vec![made(&installing, "install"), made(&Program(b"ELF"), "install-program")]
}

/// Returns the name, version and digest of each contributor to a rootfs.
fn of(manifest: &str, mut rootfs: TestRootfs, sources: Vec<Stanza>) -> Vec<(String, u32, String)> {
    let mut made = Vec::new();
    let facts = Facts::default();
    let all = parts(&system(manifest), Path::new(""), &facts, Vec::new(), sources).unwrap();
    for contributor in all {
        let name = contributor.title().replace(' ', "-");
        rootfs.add(&*contributor).unwrap_or_else(|error| panic!("{name}: {error}"));
        made.push((name, contributor.version(), rootfs.digest_of_last()));
    }
    made
}
