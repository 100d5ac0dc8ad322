//! Manifests as they are made here and by other tools, and any bytes at all.

use proptest::prelude::*;
use serde_json::json;

use super::super::oci::MANIFEST;
use super::*;

fn component() -> Vec<u8> {
    let text =
        r#"(component (instance $i) (export "isoplug:plugin/describe@0.1.0" (instance $i)))"#;
    wat::parse_str(text).unwrap()
}

fn description() -> Description {
    let text = r#"{"version": "1.2.0+a", "id": "acme.x", "summary": "S", "licence": "MIT", "options": {}}"#;
    Description::read(text).unwrap()
}

fn fetched(bytes: Vec<u8>) -> Fetched {
    Fetched { digest: Digest::of(&bytes), media_type: MANIFEST.to_owned(), bytes }
}

fn read(bytes: Vec<u8>) -> Result<Release, String> {
    Release::read(&fetched(bytes), "r.example/x", At::Tag("1.2.0_a"))
        .map_err(|error| error.to_string())
}

#[test]
fn made_and_read_back() {
    let made = make(Kind::Plugin, &component(), &description(), 1_763_820_000).unwrap();
    let config = String::from_utf8(made.config.clone()).unwrap();
    let digest = Digest::of(&component());
    assert_eq!(
        config,
        format!(
            r#"{{"created":"2025-11-22T14:00:00Z","author":null,"architecture":"wasm","os":"wasip2","layerDigests":["{digest}"],"component":{{"exports":["isoplug:plugin/describe@0.1.0"],"imports":[],"target":null}}}}"#
        )
    );
    let release = read(to_json(&made.manifest)).unwrap();
    assert_eq!(release.component.digest, digest);
    assert_eq!(release.component.annotation(TITLE), Some("acme.x.wasm"));
    assert_eq!(release.description.unwrap(), description());
    assert_eq!(release.version.unwrap().to_string(), "1.2.0+a");
    assert_eq!(release.api.as_deref(), Some("isoplug:plugin@0.1"));
    let again = make(Kind::Plugin, &component(), &description(), 1_763_820_000).unwrap();
    assert_eq!(to_json(&made.manifest), to_json(&again.manifest));
}

#[test]
fn a_module_is_an_artifact_of_its_own_kind() {
    let made = make(Kind::Module, b"archive", &description(), 7).unwrap();
    let release = read(to_json(&made.manifest)).unwrap();
    assert_eq!(release.kind(), Kind::Module);
    assert_eq!(release.component.digest, Digest::of(b"archive"));
    assert_eq!(release.component.annotation(TITLE), Some("acme.x.tar"));
    // Neither passes for the other.
    let mut plugin = make(Kind::Plugin, &component(), &description(), 7).unwrap().manifest;
    assert_eq!(read(to_json(&plugin)).unwrap().kind(), Kind::Plugin);
    let api = |manifest: &mut OciManifest, api: &str| {
        let annotations = manifest.annotations.as_mut().unwrap();
        annotations.insert(API.to_owned(), api.to_owned());
    };
    api(&mut plugin, MODULE_API);
    let mut module = made.manifest;
    api(&mut module, "isoplug:plugin@0.1");
    for lie in [plugin, module] {
        assert!(read(to_json(&lie)).unwrap_err().contains("says another kind of artifact"));
    }
}

#[test]
fn nothing_commands_a_terminal() {
    let text = r#"{"id": "x", "version": "1.0.0", "summary": "\u001b[2J"}"#;
    assert_eq!(
        Description::read(text).unwrap_err(),
        "its summary holds control or format characters"
    );
}

#[test]
fn file_names_lead_nowhere() {
    assert_eq!(file_name("../../etc/passwd", "wasm"), "-..-etc-passwd.wasm");
}

#[test]
fn dates() {
    assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
    assert_eq!(rfc3339(4_102_444_799), "2099-12-31T23:59:59Z");
}

/// As `wkg oci push` writes it.
#[test]
fn what_other_tools_push() {
    let layer = json!({"mediaType": "application/wasm", "digest": Digest::of(b"w"), "size": 1});
    let config = json!({"mediaType": CONFIG, "digest": Digest::of(b"c"), "size": 1});
    let manifest =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let release = read(manifest.to_string().into_bytes()).unwrap();
    assert_eq!((release.description, release.api), (None, None));
    assert_eq!(release.version.unwrap().to_string(), "1.2.0+a");
    let image = json!({"schemaVersion": 2, "layers": [], "config":
        {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(b""), "size": 0}});
    insta::assert_snapshot!(read(image.to_string().into_bytes()).unwrap_err(), @r#"tag 1.2.0_a in r.example/x cannot be used: it is not WebAssembly, but "application/vnd.oci.image.config.v1+json""#);
}

#[test]
fn what_contradicts_itself() {
    let mut made = make(Kind::Plugin, &component(), &description(), 0).unwrap();
    made.manifest.annotations.as_mut().unwrap().insert(VERSION.to_owned(), "1.3.0".to_owned());
    insta::assert_snapshot!(read(to_json(&made.manifest)).unwrap_err(), @"tag 1.2.0_a in r.example/x cannot be used: it says that it is version 1.2.0+a and version 1.3.0");
}

#[test]
fn tags() {
    let version = version_of_tag("v1.2.0-rc.1_build.5").unwrap();
    assert_eq!(version.to_string(), "1.2.0-rc.1+build.5");
    assert_eq!(version_of_tag(&tag_of_version(&version)), Some(version));
    assert_eq!(version_of_tag("latest"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes);
    }

    #[test]
    fn a_damaged_manifest_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let made = make(Kind::Plugin, &component(), &description(), 0).unwrap();
        let mut bytes = to_json(&made.manifest);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = read(bytes);
    }
}
