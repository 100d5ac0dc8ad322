//! `isoplug why-differs`: what differs between two profiles of a manifest, and who brings it.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};
use isoplug_tests::space::Space;

/// Two profiles; `q` has a package more that needs and recommends others, another name, and a file.
fn served() -> Served {
    let mut packages = packages();
    packages.retain(|package| package.fields["Package"] != "tool");
    packages.push(Package::new("tool", "3").field("Depends", "part").field("Recommends", "extra"));
    packages.push(Package::new("part", "1").field("Depends", "piece"));
    packages.extend([Package::new("piece", "1"), Package::new("extra", "1")]);
    let served = Served::new(&packages);
    let manifest = served.manifest("packages = { install = [\"app\"], recommends = true }");
    served.write(&format!(
        "{manifest}[profiles.q]\nextends = \"p\"\nnetworking.hostname = \"q\"\npackages.install = [\"tool\"]\n\n\
         [[profiles.q.files]]\ntarget = \"/etc/motd\"\ntext = \"Welcome\"\n"
    ));
    served
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["why-differs", "--help"]), @r"
    Tell what differs between two profiles: options, packages, files and stages, each with who brings it

    Uses no network: why a package is there is known as far as the indices of the lock are in the store.
    ");
}

#[test]
fn each_difference_has_its_reason() {
    let served = served();
    served.space.ok(&["lock", "--all"]);
    let asked = served.server.requests().len();
    assert_snapshot!(served.run(&["why-differs", "p", "q"]), @r#"
    exit: 0
    --- stdout
    - p (amd64)
    + q (amd64)

    options
      files
        + {"target":"/etc/motd","text":"Welcome"}  # isoplug.toml:18:1
      networking.hostname
        - "localhost"  # default
        + "q"  # isoplug.toml:15:23
      packages.install
        + "tool"  # isoplug.toml:16:21

    packages
      + extra 1: tool recommends it, `packages.install` asks for tool
      + part 1: tool needs it, `packages.install` asks for tool
      + piece 1: part needs it, tool needs part, `packages.install` asks for tool
      + tool 3: `packages.install` asks for it

    files
      + /etc/motd: isoplug.toml:18:1

    stages
      ~ fetch 1
          value `packages` gained {"architecture":"all","name":"extra","path":"pool/main/extra_1_all.deb","sha256"…
      ~ packages 1: through fetch 1
      ~ settled: through packages 1
      ~ kernel: through settled
      ~ localisation: through settled
      ~ kernel-modules: through localisation, settled
      ~ network: through kernel-modules, localisation, settled
          value `network.hostname` was localhost, is q
      ~ users: through kernel-modules, localisation, network, settled
      ~ first-boot: through kernel-modules, localisation, network, settled, users
      ~ services: through first-boot, kernel-modules, localisation, network, settled, users
      ~ files: through first-boot, kernel-modules, localisation, network, services, settled, users
          value `files.files` gained {"from":{"Bytes":"b6cb8b051e697e647b0184f76cbe2f00f0a62bd947cb2003d42c7ee8c2e4ba…
      ~ live: through files, first-boot, kernel-modules, localisation, network, services, settled, users
      ~ initrd inputs: through files, first-boot, kernel-modules, live, localisation, network, services, users
      ~ initrd files: through initrd inputs, kernel, settled
      ~ initrd: through initrd files
      ~ rootfs: through files, first-boot, kernel-modules, live, localisation, network, services, settled, users
      ~ squashfs: through rootfs
      ~ boot: through initrd, kernel, squashfs
          value `card` was { "architecture": "amd64", "epoch": 1795227046, "name": "tiny", "package…, is { "architecture": "amd64", "epoch": 1795227046, "name": "tiny", "package…
      ~ iso: through boot, initrd, kernel, squashfs
      ~ sha512 1: through fetch 1
      ~ inventory: through files, first-boot, kernel-modules, live, localisation, network, rootfs, services, sha512 1, users
      ~ papers: through initrd, inventory, iso, kernel, squashfs
          value `about.packages` was [SHA256], is [SHA256]
          value `about.profile` was p, is q
          value `file-name` was tiny-p-amd64.iso, is tiny-q-amd64.iso
          value `installed` gained ["extra","1","all","tiny","pool/main/extra_1_all.deb","7624a9bf149af9abf2cdd4ada…
      ~ secrets: through files, first-boot, kernel-modules, live, localisation, network, services, users
    --- stderr
    "#);
    assert_eq!(served.server.requests().len(), asked, "the network is not needed");
    let json: serde_json::Value =
        serde_json::from_str(&served.space.ok(&["why-differs", "p", "q", "--json"])).unwrap();
    assert_eq!(json["profiles"][1]["profile"], "q");
    assert_eq!(json["packages"][0]["package"], "extra");
    assert_eq!(json["packages"][0]["first"], serde_json::Value::Null);
    assert_eq!(json["options"][0]["option"], "files");
    assert!(json["stages"].as_array().unwrap().iter().any(|stage| stage["place"] == "both"));
    assert_snapshot!(served.run(&["why-differs", "q", "q"]), @r"
    exit: 0
    --- stdout
    q (amd64) and q (amd64) are the same
    --- stderr
    ");
}

#[test]
fn without_a_lock_the_manifest_tells() {
    let served = served();
    let said = served.run(&["why-differs", "p", "q"]);
    let (options, rest) = said.split_once("\npackages\n").unwrap();
    assert!(options.contains("networking.hostname"), "{options}");
    assert_snapshot!(rest, @r"
      + tool: `packages.install` asks for it

    files
      + /etc/motd: isoplug.toml:18:1

    (no stages, and only packages that are asked for: isoplug.lock does not pin p)
    --- stderr
    ");
    assert_snapshot!(served.run(&["why-differs", "p", "r"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no profile `r`
      try: one of its profiles: p, q
    ");
    assert_eq!(served.server.requests().len(), 0);
}

/// Another machine has the lock, and no index.
#[test]
fn without_the_indices_no_reason_is_known() {
    let served = served();
    served.space.ok(&["lock", "--all"]);
    let text = served.run(&["why-differs", "p", "q", "--store", "other"]);
    assert!(text.contains("+ piece 1: another package brings it"), "{text}");
    assert!(text.contains("the indices of the lock are not in the store"), "{text}");
}
