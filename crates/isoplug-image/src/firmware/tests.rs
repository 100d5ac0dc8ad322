//! What a set of firmware asks for, and what is said where a component is missing.

use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, evaluate};

use super::*;

fn system(lines: &str, components: &str) -> System {
    let text = format!(
        "image.name = \"x\"\nsources.debian = {{ suite = \"trixie\", components = [{components}] }}\n\
         [profiles.x]\nextends = \"isoplug:minimal\"\n{lines}\n"
    );
    let mut load = |path: &str| Err(format!("there is no {path}"));
    let (load, plugins) = (&mut load as isoplug_manifest::Load<'_>, &mut NoPlugins);
    let name = "isoplug.toml";
    evaluate(Input {
        name,
        text: &text,
        profile: "x",
        arch: "amd64",
        vars: &Default::default(),
        load,
        plugins,
    })
    .unwrap()
}

fn locked(names: &[&str]) -> LockedImage {
    let package = |name: &&str| LockedPackage {
        name: PackageName::new(name).unwrap(),
        version: Version::new("1").unwrap(),
        architecture: Arch::new("all").unwrap(),
        source: "debian".to_owned(),
        path: ArchivePath::new("pool/x.deb").unwrap(),
        size: 1,
        sha256: "0".repeat(64),
    };
    LockedImage { groups: vec![names.iter().map(package).collect()], ..Default::default() }
}

#[test]
fn what_a_missing_component_has_is_named() {
    let common = system("firmware.set = \"redistributable\"", "\"main\"");
    let found = missing(&common, &locked(&["firmware-linux-free", "base-files"])).unwrap();
    assert_eq!((found.source.as_str(), found.component), ("debian", "non-free-firmware"));
    assert!(found.packages.contains(&"firmware-iwlwifi"));
    assert!(!found.packages.contains(&"firmware-linux-free"));
    let with = system("firmware.set = \"redistributable\"", "\"main\", \"non-free-firmware\"");
    assert_eq!(missing(&with, &locked(&[])), None);
    assert_eq!(missing(&system("", "\"main\""), &locked(&[])), None);
}
