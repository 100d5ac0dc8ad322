//! `isoplug publish`: an image in a registry of others, read back by a client of others.
#![cfg(test)]

#[path = "plugin/registry.rs"]
#[expect(dead_code, reason = "the tests of plugins use the rest")]
mod registry;

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_engine::Digest;
use isoplug_tests::require;
use isoplug_tests::space::Space;
use registry::{Registry, has};
use serde_json::Value as Json;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["publish", "--help"]), @r"
    Publish a finished ISO in an OCI registry

    The ISO with its lock, checksum and package list becomes one artifact; bills of materials,
    ");
}

/// An image of nine megabytes, which no buffer holds at once, with what lies beside it.
fn space() -> Space {
    let space = Space::new();
    let iso: Vec<u8> = (0..9_000_000_u32).map(|at| (at / 1000) as u8).collect();
    fs::write(space.path("x.iso"), &iso).unwrap();
    space.write("x.iso.sha256", &format!("{}  x.iso\n", Digest::of(&iso).hex()));
    space.write("x.iso.lock", "version = 1\n");
    space.write(
        "x.iso.cdx.json",
        r#"{ "metadata": { "timestamp": "2026-11-21T00:00:00Z", "component": { "name": "x", "version": "1.0" } } }"#,
    );
    space.write("x.iso.spdx.json", "{ \"spdxVersion\": \"SPDX-2.3\" }");
    space.write("x.iso.provenance.json", "{}");
    space
}

fn skopeo(arguments: &[&str]) -> Vec<u8> {
    let told = Command::new("skopeo").args(arguments).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    told.stdout
}

#[test]
fn an_image_is_published_and_read_back() {
    require!(has("docker-registry") && has("skopeo"), "docker-registry or skopeo is not installed");
    let (registry, space) = (Registry::start(), space());
    let place = registry.repository("images/x:1.0");
    let published = space.ok(&["publish", "x.iso", &format!("oci://{place}")]);
    let (name, digest) = published.split_once("@sha256:").unwrap();
    assert_eq!(
        (name, digest.len()),
        (&*format!("http://{place}").replace("http://127", "127"), 64)
    );

    let folder = space.path("copied");
    let to = format!("dir:{}", folder.display());
    skopeo(&["copy", "-q", "--src-tls-verify=false", &format!("docker://{place}"), &to]);
    let manifest: Json =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["artifactType"], "application/vnd.isoplug.image.v1");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.version"], "1.0");
    let layers = manifest["layers"].as_array().unwrap();
    let titles: Vec<&str> = layers
        .iter()
        .filter_map(|layer| layer["annotations"]["org.opencontainers.image.title"].as_str())
        .collect();
    assert_eq!(titles, ["x.iso", "x.iso.lock", "x.iso.sha256"]);
    for (layer, title) in layers.iter().zip(titles) {
        let hex = layer["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        assert!(
            fs::read(folder.join(hex)).unwrap() == fs::read(space.path(title)).unwrap(),
            "{title}"
        );
    }
    // The papers, as clients find them where a registry has no API of referrers.
    let index = skopeo(&[
        "inspect",
        "--raw",
        "--tls-verify=false",
        &format!("docker://{}", registry.repository(&format!("images/x:sha256-{digest}"))),
    ]);
    let index: Json = serde_json::from_slice(&index).unwrap();
    let mut kinds: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["artifactType"].as_str())
        .collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "application/spdx+json",
            "application/vnd.cyclonedx+json",
            "application/vnd.isoplug.provenance.v1+json"
        ]
    );

    // The same again is no change; another image has no place under the tag.
    let again = space.run(&["publish", "x.iso", &format!("oci://{place}")]);
    assert!(
        again.starts_with("exit: 0") && again.contains("the same was published before"),
        "{again}"
    );
    let other = b"another image";
    fs::write(space.path("x.iso"), other).unwrap();
    space.write("x.iso.sha256", &format!("{}  x.iso\n", Digest::of(other).hex()));
    let said = space.run(&["publish", "x.iso", &format!("oci://{place}")]);
    assert!(said.starts_with("exit: 4") && said.contains("has something else already"), "{said}");
}

#[test]
fn what_is_not_fit_is_told() {
    let space = space();
    let said = |arguments: &[&str]| space.run(&[&["publish"], arguments].concat());
    let place = "oci://127.0.0.1:9/images/x";
    let wrong = said(&["x.iso", place]);
    assert!(wrong.contains("it has no tag, under which the image is to be found"), "{wrong}");
    let tagged = format!("{place}:1");
    let wrong = said(&["--offline", "x.iso", &tagged]);
    assert!(wrong.starts_with("exit: 2") && wrong.contains("--offline is set"), "{wrong}");
    assert!(said(&["none.iso", &tagged]).starts_with("exit: 2"));
    space.write("x.iso.sha256", &format!("{}  x.iso\n", "0".repeat(64)));
    let wrong = said(&["x.iso", &tagged]);
    assert!(
        wrong.starts_with("exit: 9") && wrong.contains("x.iso is not what x.iso.sha256 says"),
        "{wrong}"
    );
}
