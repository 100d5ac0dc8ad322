//! Tests of the contributor of services, against the build machine's systemctl.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::super::rootfs_of_tests::TestRootfs;
use super::*;
use isoplug_formats::tree::{Kind, sorted_names};
use isoplug_manifest::options::Unit;
use proptest::prelude::*;

const UNITS: [(&str, &str); 10] = [
    (
        "ssh.service",
        "[Service]\nExecStart=x\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n",
    ),
    ("ssh.socket", "[Install]\nWantedBy=sockets.target\n"),
    ("multi-user.target", ""),
    ("rescue.target", "[Unit]\n"),
    (
        "net.service",
        "[Install]\nWantedBy=multi-user.target\nAlso=net.socket net-wait.service\nAlias=bus.net.service\n",
    ),
    ("net.socket", "[Install]\nWantedBy=sockets.target\nRequiredBy=net.service\n"),
    ("net-wait.service", "[Install]\nWantedBy=online.target\n"),
    ("getty@.service", "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n"),
    ("disk@.service", "[Install]\nWantedBy=dev-%i.target\nAlias=platter@.service\n"),
    ("plain.service", "[Service]\nExecStart=x\n"),
];

fn rootfs() -> TestRootfs {
    let paths = UNITS.map(|(name, text)| (format!("/usr/lib/systemd/system/{name}"), text));
    let files: Vec<(&str, &str)> = paths.iter().map(|(path, text)| (&path[..], *text)).collect();
    let units = TestRootfs::with(&files).folder("/etc/systemd/system");
    units.link(
        "/etc/systemd/system/multi-user.target.wants/net.service",
        "/usr/lib/systemd/system/net.service",
    )
}

fn services(systemd: Systemd) -> Services {
    Services { systemd, needed: Vec::new() }
}

fn enabling(names: &[&str]) -> Services {
    let enable = names.iter().map(|name| (*name).to_owned()).collect();
    services(Systemd { enable, ..Systemd::default() })
}

/// Returns the links below `/etc/systemd/system` that a contributor leaves.
fn links(services: &Services) -> Result<BTreeMap<String, String>, ContributeError> {
    let mut rootfs = rootfs();
    rootfs.add(services)?;
    let links = rootfs.merged().entries.into_iter().filter_map(|(path, entry)| match entry.kind {
        Kind::Symlink(to) => Some((String::from_utf8(path).ok()?, String::from_utf8(to).ok()?)),
        _ => None,
    });
    Ok(links.collect())
}

/// Returns the links that systemctl leaves.
fn links_of_systemctl(verb: &str, unit: &str) -> Option<BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    rootfs().write_to(folder.path()).unwrap();
    let root = format!("--root={}", folder.path().display());
    let output = Command::new("systemctl").args([&root, verb, unit]).output().unwrap();
    let mut links = BTreeMap::new();
    collect(folder.path(), "etc/systemd/system", &mut links);
    output.status.success().then_some(links)
}

fn collect(root: &Path, below: &str, links: &mut BTreeMap<String, String>) {
    for name in sorted_names(&root.join(below)).unwrap() {
        let path = format!("{below}/{}", name.to_str().unwrap());
        match std::fs::read_link(root.join(&path)) {
            Ok(target) => _ = links.insert(path, target.to_str().unwrap().to_owned()),
            Err(_) if root.join(&path).is_dir() => collect(root, &path, links),
            Err(_) => {}
        }
    }
}

const NAMED: [&str; 8] = [
    "ssh",
    "ssh.socket",
    "net.service",
    "net.socket",
    "getty@.service",
    "getty@tty5.service",
    "disk@sda.service",
    "plain.service",
];

#[test]
fn links_are_those_that_systemctl_makes() {
    if !isoplug_skip::has("systemctl") {
        return;
    }
    for unit in NAMED {
        let enabled = links_of_systemctl("enable", unit);
        assert_eq!(links(&enabling(&[unit])).ok(), enabled, "enable {unit}");
        let disable = services(Systemd { disable: vec![unit.to_owned()], ..Systemd::default() });
        assert_eq!(links(&disable).ok(), links_of_systemctl("disable", unit), "disable {unit}");
        let mask = services(Systemd { mask: vec![unit.to_owned()], ..Systemd::default() });
        let masked = links_of_systemctl("mask", unit);
        assert_eq!(links(&mask).ok(), masked, "mask {unit}");
    }
    let default = services(Systemd { default_target: Some("rescue".into()), ..Systemd::default() });
    assert_eq!(links(&default).ok(), links_of_systemctl("set-default", "rescue.target"));
}

#[test]
fn written_units_are_enabled() {
    let text = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target";
    let units = [("hello.service".to_owned(), Unit { text: text.into() })].into();
    let mut rootfs = rootfs();
    rootfs.add(&services(Systemd { units, ..Systemd::default() })).unwrap();
    let link = rootfs.entry("/etc/systemd/system/multi-user.target.wants/hello.service");
    assert_eq!(link.kind, Kind::Symlink(b"/etc/systemd/system/hello.service".to_vec()));
    assert!(rootfs.text("/etc/systemd/system/hello.service").ends_with("target\n"));
}

#[test]
fn a_unit_without_install_is_told() {
    let mut rootfs = rootfs();
    rootfs.add(&enabling(&["plain", "ssh"])).unwrap();
    assert_eq!(rootfs.told, ["unit `plain` has no [Install] section, so nothing starts it"]);
}

#[test]
fn mistakes_are_named() {
    let units = [("hello".to_owned(), Unit::default())].into();
    let cases = [
        enabling(&["shh"]),
        enabling(&["nett.socket"]),
        enabling(&["a/b"]),
        enabling(&["disk@.service"]),
        services(Systemd { units, ..Systemd::default() }),
    ];
    let messages = cases.map(|services| links(&services).unwrap_err().to_string());
    insta::assert_snapshot!(messages.join("\n"), @r"
    the image has no unit `shh`; did you mean `ssh`?
    the image has no unit `nett.socket`; did you mean `net.socket`?
    unit `a/b`: it is not the name of a unit
    unit `disk@.service`: it is a template; name an instance, as in `getty@tty2.service`
    unit `hello`: the name of a unit file ends in its type, such as `.service`
    ");
}

#[test]
fn names_of_other_distributions_are_understood() {
    assert_eq!(links(&enabling(&["sshd"])).unwrap(), links(&enabling(&["ssh.service"])).unwrap());
}

proptest! {
    #[test]
    fn enabling_in_any_order_gives_the_same_links(
        mut names in Just(vec!["ssh", "net", "net.socket", "getty@tty1", "plain"]).prop_shuffle()
    ) {
        let shuffled = links(&enabling(&names)).unwrap();
        names.sort();
        prop_assert_eq!(shuffled, links(&enabling(&names)).unwrap());
    }
}
