//! Writes a software bill of materials: SPDX 2.3 in JSON (<https://spdx.github.io/spdx-spec/v2.3/>).
//!
//! Nothing in it depends on when or where it was written: its time is the epoch and its namespace
//! holds the digest of the ISO.

use isoplug_manifest::lock::LockedPackage;

use isoplug_manifest::distribution;
use serde::Serialize;

use crate::plugins::UsedPlugin;

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Package>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: [String; 1],
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: String,
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version_info: String,
    package_file_name: String,
    primary_package_purpose: &'static str,
    download_location: &'static str,
    files_analyzed: bool,
    checksums: [Checksum; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

fn document(subject: &Subject) -> Document {
    let Subject { file_name, sha256, installed, boot, plugins, epoch } = *subject;
    let mut packages: Vec<Package> = installed.iter().chain(boot).map(package).collect();
    packages.sort();
    packages.dedup_by(|a, b| a.id == b.id);
    packages.extend(plugins.iter().map(plugin));
    packages.insert(0, image(file_name, sha256));
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
        relationships: relationships(installed, boot, plugins),
    }
}

fn image(file_name: &str, sha256: &str) -> Package {
    Package {
        name: file_name.to_owned(),
        id: IMAGE.to_owned(),
        version_info: String::new(),
        package_file_name: file_name.to_owned(),
        primary_package_purpose: "OPERATING-SYSTEM",
        download_location: "NOASSERTION",
        files_analyzed: false,
        checksums: [Checksum { algorithm: "SHA256", checksum_value: sha256.to_owned() }],
        external_refs: Vec::new(),
        comment: None,
    }
}

/// A plugin is no part of the image; what it was allowed to do says what it may have changed.
fn plugin(plugin: &UsedPlugin) -> Package {
    let UsedPlugin { name, id, version, sha256, source, publisher, grants } = plugin;
    let signed = if publisher.is_empty() { "nobody" } else { publisher };
    let repository = source.strip_prefix("oci://").map(|repository| ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: format!(
            "pkg:oci/{}@{}?repository_url={}",
            escape(repository.rsplit('/').next().unwrap_or(repository)),
            escape(version),
            escape(repository),
        ),
    });
    Package {
        name: name.clone(),
        id: plugin_id(plugin),
        version_info: version.clone(),
        package_file_name: format!("{name}.wasm"),
        primary_package_purpose: "APPLICATION",
        download_location: "NOASSERTION",
        files_analyzed: false,
        checksums: [Checksum { algorithm: "SHA256", checksum_value: sha256.clone() }],
        external_refs: repository.into_iter().collect(),
        comment: Some(format!("isoplug plugin {id}, signed by {signed}, granted {grants}")),
    }
}

fn package(package: &LockedPackage) -> Package {
    let LockedPackage { name, version, architecture, source, path, size: _, sha256 } = package;
    // Packages of a distribution's own archives share one namespace (purl-spec, "deb").
    let namespace = distribution::archive(source).map_or(&source[..], |(whose, _)| whose.name);
    let (namespace, name_, version_) = (escape(namespace), escape(name), escape(version));
    let locator = format!("pkg:deb/{namespace}/{name_}@{version_}?arch={architecture}");
    Package {
        name: name.to_string(),
        id: id(package),
        version_info: version.to_string(),
        package_file_name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        primary_package_purpose: "INSTALL",
        download_location: "NOASSERTION",
        files_analyzed: false,
        checksums: [Checksum { algorithm: "SHA256", checksum_value: sha256.clone() }],
        external_refs: vec![ExternalRef {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: locator,
        }],
        comment: None,
    }
}

fn relationships(
    installed: &[LockedPackage],
    boot: &[LockedPackage],
    plugins: &[UsedPlugin],
) -> Vec<Relationship> {
    let contains = |comment| {
        move |package: &LockedPackage| Relationship {
            spdx_element_id: IMAGE.to_owned(),
            relationship_type: "CONTAINS",
            related_spdx_element: id(package),
            comment,
        }
    };
    let boot = boot.iter().map(contains(Some("its boot loaders only")));
    let tool = |plugin: &UsedPlugin| Relationship {
        spdx_element_id: plugin_id(plugin),
        relationship_type: "BUILD_TOOL_OF",
        related_spdx_element: IMAGE.to_owned(),
        comment: None,
    };
    let contained = installed.iter().map(contains(None)).chain(boot);
    let mut relationships: Vec<_> = contained.chain(plugins.iter().map(tool)).collect();
    relationships.sort();
    relationships.dedup();
    relationships.insert(
        0,
        Relationship {
            spdx_element_id: "SPDXRef-DOCUMENT".to_owned(),
            relationship_type: "DESCRIBES",
            related_spdx_element: IMAGE.to_owned(),
            comment: None,
        },
    );
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
        write(&Subject { file_name, sha256, installed, boot, plugins, epoch })
    }

    #[test]
    fn every_package_is_named_once() {
        let (g, shim) = (package("g++", "1"), package("shim-signed", "2"));
        let text = bill(&[g.clone(), g], &[shim]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["creationInfo"]["created"], "2026-01-02T03:04:05Z");
        assert_eq!(value["packages"].as_array().unwrap().len(), 4);
        assert_eq!(value["relationships"].as_array().unwrap().len(), 4);
        let written = serde_json::to_string_pretty(&super::package(&package("g++", "1"))).unwrap();
        assert!(text.replace("\n    ", "\n").contains(&written));
        insta::assert_snapshot!(written, @r#"
        {
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
        "#);
    }

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
