//! Writes a software bill of materials: SPDX 2.3 in JSON (<https://spdx.github.io/spdx-spec/v2.3/>).
//!
//! Nothing in it depends on when or where it was written: its time is the epoch and its namespace
//! holds the digest of the ISO.

mod form;

use isoplug_manifest::distribution;
use isoplug_manifest::lock::LockedPackage;

use crate::plugins::UsedPlugin;
use form::{CreationInfo, Document, ExternalRef, Package, Relationship};

/// What the bill is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The ISO's file name.
    pub file_name: &'a str,
    /// The SHA-256 of the ISO, 64 hex digits.
    pub sha256: &'a str,
    /// The packages that are installed.
    pub installed: &'a [LockedPackage],
    /// The packages of which only boot loaders were taken.
    pub boot: &'a [LockedPackage],
    /// The packages that drivers were compiled from.
    pub drivers: &'a [LockedPackage],
    /// The plugins that had a part in it.
    pub plugins: &'a [UsedPlugin],
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
}

/// Returns the bill's text.
pub fn write(subject: &Subject) -> String {
    let document = document(subject);
    let text = serde_json::to_string_pretty(&document);
    text.expect("a document of texts and lists is always JSON") + "\n"
}

const IMAGE: &str = "SPDXRef-Image";

fn document(subject: &Subject) -> Document {
    let Subject { file_name, sha256, installed, boot, drivers, plugins, epoch } = *subject;
    let mut packages = once(installed.iter().chain(boot).chain(drivers));
    packages.extend(plugins.iter().map(plugin));
    let (id, file) = (IMAGE.to_owned(), file_name.to_owned());
    packages.insert(0, Package::new(file_name, id, file, "OPERATING-SYSTEM", sha256));
    Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: "SPDXRef-DOCUMENT",
        name: file_name.to_owned(),
        document_namespace: format!("https://spdx.org/spdxdocs/{}-{sha256}", escape(file_name)),
        creation_info: CreationInfo {
            created: time(epoch),
            creators: [format!("Tool: isoplug-{}", env!("CARGO_PKG_VERSION"))],
        },
        packages,
        relationships: relationships(subject),
    }
}

fn once<'a>(packages: impl Iterator<Item = &'a LockedPackage>) -> Vec<Package> {
    let mut packages: Vec<Package> = packages.map(package).collect();
    packages.sort();
    packages.dedup_by(|a, b| a.id == b.id);
    packages
}

/// A plugin is no part of the image; what it was allowed to do says what it may have changed.
fn plugin(plugin: &UsedPlugin) -> Package {
    let UsedPlugin { name, id, version, sha256, source, publisher, grants } = plugin;
    let signed = if publisher.is_empty() { "nobody" } else { publisher };
    let repository = source.strip_prefix("oci://").map(|repository| {
        ExternalRef::purl(format!(
            "pkg:oci/{}@{}?repository_url={}",
            escape(repository.rsplit('/').next().unwrap_or(repository)),
            escape(version),
            escape(repository),
        ))
    });
    Package {
        version_info: version.clone(),
        external_refs: repository.into_iter().collect(),
        comment: Some(format!("isoplug plugin {id}, signed by {signed}, granted {grants}")),
        ..Package::new(name, plugin_id(plugin), format!("{name}.wasm"), "APPLICATION", sha256)
    }
}

fn package(package: &LockedPackage) -> Package {
    let LockedPackage { name, version, architecture, source, path, size: _, sha256 } = package;
    // Packages of a distribution's own archives share one namespace (purl-spec, "deb").
    let namespace = distribution::archive(source).map_or(&source[..], |(whose, _)| whose.name);
    let (namespace, name_, version_) = (escape(namespace), escape(name), escape(version));
    let locator = format!("pkg:deb/{namespace}/{name_}@{version_}?arch={architecture}");
    let file_name = path.rsplit('/').next().unwrap_or(path).to_owned();
    Package {
        version_info: version.to_string(),
        external_refs: vec![ExternalRef::purl(locator)],
        comment: component(path).map(|component| format!("of the component {component}")),
        ..Package::new(name, id(package), file_name, "INSTALL", sha256)
    }
}

/// Returns the component that a package is from, if it is not the first one, which is free: `pool/COMPONENT/…`.
fn component(path: &str) -> Option<&str> {
    let (component, rest) = path.strip_prefix("pool/")?.split_once('/')?;
    (component != "main" && rest.contains('/')).then_some(component)
}

fn relationships(subject: &Subject) -> Vec<Relationship> {
    let Subject { installed, boot, drivers, plugins, .. } = *subject;
    let image = || IMAGE.to_owned();
    let contains = |comment| {
        move |package: &LockedPackage| Relationship {
            comment,
            ..Relationship::new(image(), "CONTAINS", id(package))
        }
    };
    let boot = boot.iter().map(contains(Some("its boot loaders only")));
    let tool = |plugin: &UsedPlugin| Relationship::new(plugin_id(plugin), "BUILD_TOOL_OF", image());
    let drivers = drivers.iter().map(contains(Some("kernel modules compiled from it")));
    let contained = installed.iter().map(contains(None)).chain(boot).chain(drivers);
    let mut relationships: Vec<_> = contained.chain(plugins.iter().map(tool)).collect();
    relationships.sort();
    relationships.dedup();
    let document = "SPDXRef-DOCUMENT".to_owned();
    relationships.insert(0, Relationship::new(document, "DESCRIBES", image()));
    relationships
}

fn id(package: &LockedPackage) -> String {
    element_id("Package", &package.name, &package.sha256)
}

fn plugin_id(plugin: &UsedPlugin) -> String {
    element_id("Plugin", &plugin.name, &plugin.sha256)
}

/// Returns an id of letters, digits, dots and hyphens only.
fn element_id(kind: &str, name: &str, sha256: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let start = sha256.get(..16).unwrap_or(sha256);
    format!("SPDXRef-{kind}-{name}-{start}")
}

/// Percent-encodes all but the characters that a URL never changes (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| if keep(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// Returns a time as SPDX writes it.
fn time(epoch: u32) -> String {
    jiff::Timestamp::from_second(epoch.into()).map_or_else(|_| String::new(), |t| t.to_string())
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    use super::*;

    fn package(name: &str, digit: &str) -> LockedPackage {
        LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new("1:2+b1~rc").unwrap(),
            architecture: Arch::new("amd64").unwrap(),
            source: "debian-security".into(),
            path: ArchivePath::new(&format!("pool/main/x/{name}_2_amd64.deb")).unwrap(),
            size: 7,
            sha256: digit.repeat(64),
        }
    }

    fn hardening() -> UsedPlugin {
        UsedPlugin {
            name: "hardening".into(),
            id: "acme.hardening".into(),
            version: "1.2.0".into(),
            sha256: "3".repeat(64),
            source: "oci://registry.example.com/isoplug/hardening".into(),
            publisher: "acme".into(),
            grants: serde_json::json!({ "files": ["root:/etc/motd"] }),
        }
    }

    fn bill(installed: &[LockedPackage], boot: &[LockedPackage]) -> String {
        let sha256 = &"a".repeat(64);
        let (file_name, plugins, epoch) = ("acme 1.iso", &[hardening()], 1_767_323_045);
        let drivers = &[driver()];
        write(&Subject { file_name, sha256, installed, boot, drivers, plugins, epoch })
    }

    fn driver() -> LockedPackage {
        let path = "pool/non-free/b/broadcom-sta/broadcom-sta-dkms_6_amd64.deb";
        let path = ArchivePath::new(path).unwrap();
        LockedPackage { path, ..package("broadcom-sta-dkms", "4") }
    }

    #[test]
    fn what_is_not_free_is_told_and_what_drivers_are_made_of() {
        let value: serde_json::Value = serde_json::from_str(&bill(&[], &[])).unwrap();
        let id = "SPDXRef-Package-broadcom-sta-dkms-4444444444444444";
        let find = |list: &str, key: &str| {
            let list = value[list].as_array().unwrap().clone();
            list.into_iter().find(|one| one[key] == id).unwrap()["comment"].clone()
        };
        assert_eq!(find("packages", "SPDXID"), "of the component non-free");
        assert_eq!(find("relationships", "relatedSpdxElement"), "kernel modules compiled from it");
        assert_eq!(component("pool/main/x/a.deb"), None);
        assert_eq!(component("pool/a.deb"), None);
    }

    #[test]
    fn every_package_is_named_once() {
        let (g, shim) = (package("g++", "1"), package("shim-signed", "2"));
        let text = bill(&[g.clone(), g], &[shim]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["creationInfo"]["created"], "2026-01-02T03:04:05Z");
        assert_eq!(value["packages"].as_array().unwrap().len(), 5);
        assert_eq!(value["relationships"].as_array().unwrap().len(), 5);
        let written = serde_json::to_string_pretty(&super::package(&package("g++", "1"))).unwrap();
        assert!(text.replace("\n    ", "\n").contains(&written));
        assert_eq!(written, WRITTEN.trim_end());
    }

    /// `g++` in the bill.
    const WRITTEN: &str = r#"{
  "name": "g++",
  "SPDXID": "SPDXRef-Package-g---1111111111111111",
  "versionInfo": "1:2+b1~rc",
  "packageFileName": "g++_2_amd64.deb",
  "primaryPackagePurpose": "INSTALL",
  "downloadLocation": "NOASSERTION",
  "filesAnalyzed": false,
  "checksums": [
    {
      "algorithm": "SHA256",
      "checksumValue": "1111111111111111111111111111111111111111111111111111111111111111"
    }
  ],
  "externalRefs": [
    {
      "referenceCategory": "PACKAGE-MANAGER",
      "referenceType": "purl",
      "referenceLocator": "pkg:deb/debian/g%2B%2B@1%3A2%2Bb1~rc?arch=amd64"
    }
  ]
}
"#;

    #[test]
    fn a_plugin_comes_with_what_it_was_granted() {
        let written = serde_json::to_value(plugin(&hardening())).unwrap();
        assert_eq!(
            written["externalRefs"][0]["referenceLocator"],
            "pkg:oci/hardening@1.2.0?repository_url=registry.example.com%2Fisoplug%2Fhardening"
        );
        insta::assert_snapshot!(
            written["comment"].as_str().unwrap(),
            @r#"isoplug plugin acme.hardening, signed by acme, granted {"files":["root:/etc/motd"]}"#
        );
    }

    #[test]
    fn the_order_of_packages_does_not_matter() {
        let (a, b) = (package("a", "1"), package("b", "2"));
        assert_eq!(bill(&[a.clone(), b.clone()], &[]), bill(&[b, a], &[]));
    }
}
