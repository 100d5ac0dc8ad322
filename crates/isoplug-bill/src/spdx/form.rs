//! The form of a document of SPDX 2.3: as much of it as a bill of materials needs.

use serde::Serialize;

use crate::facts::Party;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) has_extracted_licensing_infos: Vec<Extracted>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: Vec<String>,
    pub(super) license_list_version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) version_info: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) package_file_name: String,
    pub(super) supplier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) primary_package_purpose: Option<&'static str>,
    pub(super) download_location: &'static str,
    pub(super) files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package_verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) homepage: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) source_info: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checksums: Vec<Checksum>,
    pub(super) license_concluded: &'static str,
    pub(super) license_declared: String,
    pub(super) copyright_text: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) summary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationCode {
    pub(super) package_verification_code_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    pub(super) algorithm: &'static str,
    pub(super) checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRef {
    pub(super) reference_category: &'static str,
    pub(super) reference_type: &'static str,
    pub(super) reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extracted {
    pub(super) license_id: String,
    pub(super) extracted_text: String,
    pub(super) name: String,
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

/// What nobody says.
pub(super) const NOTHING: &str = "NOASSERTION";

impl Package {
    /// Returns a package of which nothing but its name is known.
    pub(super) fn new(name: &str, key: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: id(key),
            version_info: String::new(),
            package_file_name: String::new(),
            supplier: NOTHING.to_owned(),
            primary_package_purpose: None,
            download_location: NOTHING,
            files_analyzed: false,
            package_verification_code: None,
            homepage: None,
            source_info: String::new(),
            checksums: Vec::new(),
            license_concluded: NOTHING,
            license_declared: NOTHING.to_owned(),
            copyright_text: NOTHING,
            summary: String::new(),
            external_refs: Vec::new(),
            comment: String::new(),
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
    /// Returns the relationship of one element to another, both by their keys in the model, without a comment.
    pub(super) fn new(key: &str, kind: &'static str, related: &str) -> Self {
        Self {
            spdx_element_id: id(key),
            relationship_type: kind,
            related_spdx_element: id(related),
            comment: None,
        }
    }

    /// Adds a comment.
    pub(super) fn comment(self, comment: Option<&'static str>) -> Self {
        Self { comment, ..self }
    }
}

/// Returns the identifier of what has a key in the model.
pub(super) fn id(key: &str) -> String {
    format!("SPDXRef-{key}")
}

/// Returns those digests that are known.
pub(super) fn checksums(sha256: &str, sha512: &str) -> Vec<Checksum> {
    let all = [("SHA256", sha256), ("SHA512", sha512)].into_iter();
    let known = all.filter(|(_, value)| !value.is_empty());
    known
        .map(|(algorithm, value)| Checksum { algorithm, checksum_value: value.to_owned() })
        .collect()
}

/// Returns a person or an organisation as the specification writes them (clause 6.8).
pub(super) fn party(party: Option<&Party>) -> String {
    let Some(Party { name, address, is_person }) = party else { return NOTHING.to_owned() };
    let kind = if *is_person { "Person" } else { "Organization" };
    match &**address {
        "" => format!("{kind}: {name}"),
        address => format!("{kind}: {name} ({address})"),
    }
}
