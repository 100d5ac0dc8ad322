//! The form of a document of SPDX 2.3: as much of it as a bill of materials needs.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) spdx_version: &'static str,
    pub(super) data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub(super) id: &'static str,
    pub(super) name: String,
    pub(super) document_namespace: String,
    pub(super) creation_info: CreationInfo,
    pub(super) packages: Vec<Package>,
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Serialize)]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: [String; 1],
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) version_info: String,
    pub(super) package_file_name: String,
    pub(super) primary_package_purpose: &'static str,
    pub(super) download_location: &'static str,
    pub(super) files_analyzed: bool,
    pub(super) checksums: [Checksum; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    pub(super) algorithm: &'static str,
    pub(super) checksum_value: String,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRef {
    pub(super) reference_category: &'static str,
    pub(super) reference_type: &'static str,
    pub(super) reference_locator: String,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) spdx_element_id: String,
    pub(super) relationship_type: &'static str,
    pub(super) related_spdx_element: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<&'static str>,
}

impl Package {
    /// Returns a package without a version, without references.
    pub(super) fn new(
        name: &str,
        id: String,
        file_name: String,
        purpose: &'static str,
        sha256: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            id,
            version_info: String::new(),
            package_file_name: file_name,
            primary_package_purpose: purpose,
            download_location: "NOASSERTION",
            files_analyzed: false,
            checksums: [Checksum { algorithm: "SHA256", checksum_value: sha256.to_owned() }],
            external_refs: Vec::new(),
            comment: None,
        }
    }
}

impl ExternalRef {
    /// Returns a reference by a package URL.
    pub(super) fn purl(locator: String) -> Self {
        Self {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: locator,
        }
    }
}

impl Relationship {
    /// Returns the relationship of one element to another, without a comment.
    pub(super) fn new(element: String, kind: &'static str, related: String) -> Self {
        Self {
            spdx_element_id: element,
            relationship_type: kind,
            related_spdx_element: related,
            comment: None,
        }
    }
}
