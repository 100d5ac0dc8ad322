//! Writes what an image was made from and how, as the predicate of SLSA (<https://slsa.dev/spec/v1.2/provenance>).
//!
//! No clock, no machine, no folder and no executable is in it, so that it is the same for everybody who makes the same
//! image, and several of them can sign the same bytes.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::model::{Bill, Contributor, Package, Plugin, Tool};

/// The type of the predicate.
pub const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// What the parameters mean: docs/trust.md says it.
const BUILD_TYPE: &str = "https://isoplug.org/build/v1";
/// Whoever builds on a machine of their own: it says no more than that isoplug ran.
const BUILDER: &str = "https://isoplug.org/builder/local";

/// What a provenance is about, beside what the bill says.
pub struct Subject<'a> {
    /// What the image is made of.
    pub bill: &'a Bill,
    /// The profile.
    pub profile: &'a str,
    /// The architecture.
    pub architecture: &'a str,
    /// The variables of the manifest that are not what they are by default.
    pub variables: &'a BTreeMap<String, String>,
    /// The files of the manifest and the lock, each with its SHA-256.
    pub files: &'a [(String, String)],
    /// The Release files that packages were chosen from.
    pub releases: Vec<Release<'a>>,
    /// What came of it beside the ISO, each with its SHA-256.
    pub byproducts: &'a [(String, String)],
}

/// A Release file.
pub struct Release<'a> {
    /// The archive and the suite.
    pub of: [&'a str; 2],
    /// Its SHA-256.
    pub sha256: &'a str,
    /// The fingerprints of the keys that signed it.
    pub signers: &'a [String],
}

/// Returns the text of the predicate.
#[must_use]
pub fn write(subject: &Subject) -> String {
    let text = serde_json::to_string_pretty(&predicate(subject));
    text.unwrap_or_default() + "\n"
}

fn predicate(subject: &Subject) -> Json {
    let Subject { bill, byproducts, .. } = subject;
    json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": parameters(subject),
            "internalParameters": { "isoplug": bill.tool.version, "epoch": bill.epoch },
            "resolvedDependencies": resolved(subject),
        },
        "runDetails": {
            "builder": { "id": BUILDER },
            "byproducts": byproducts.iter().map(file).collect::<Vec<_>>(),
        },
    })
}

fn parameters(subject: &Subject) -> Json {
    let Subject { bill, profile, architecture, variables, .. } = subject;
    let mut parameters = json!({
        "image": bill.image.name,
        "version": bill.image.version,
        "profile": profile,
        "architecture": architecture,
    });
    if !variables.is_empty() {
        parameters["variables"] = json!(variables);
    }
    parameters
}

fn resolved(subject: &Subject) -> Vec<Json> {
    let Subject { bill, files, releases, .. } = subject;
    let mut resolved: Vec<Json> = files.iter().map(file).collect();
    resolved.push(tool(&bill.tool));
    resolved.extend(releases.iter().map(release));
    resolved.extend(bill.packages.iter().map(|one| package(one, bill)));
    resolved.extend(bill.plugins.iter().map(plugin));
    resolved.extend(bill.contributors.iter().map(contributor));
    resolved
}

fn file((name, sha256): &(String, String)) -> Json {
    json!({ "name": name, "digest": { "sha256": sha256 } })
}

/// Not by its executable: two people's compilers give two.
fn tool(tool: &Tool) -> Json {
    let mut made = json!({ "name": "isoplug", "uri": tool.purl() });
    if !tool.commit.is_empty() {
        made["digest"] = json!({ "gitCommit": tool.commit });
    }
    made
}

fn release(release: &Release) -> Json {
    let [archive, suite] = release.of;
    json!({
        "name": format!("{archive} {suite} Release"),
        "digest": { "sha256": release.sha256 },
        "annotations": { "signers": release.signers },
    })
}

fn package(package: &Package, bill: &Bill) -> Json {
    let mut made = json!({
        "name": package.file_name(),
        "uri": package.purl(&bill.system),
        "digest": { "sha256": package.sha256 },
    });
    let told: Vec<&str> = package.parts.iter().filter_map(|part| part.comment()).collect();
    if !told.is_empty() {
        made["annotations"] = json!({ "part": told.join(", ") });
    }
    made
}

fn plugin(plugin: &Plugin) -> Json {
    let mut made = Map::new();
    made.insert("name".to_owned(), json!(plugin.name));
    made.extend(plugin.purl().map(|purl| ("uri".to_owned(), json!(purl))));
    made.insert("digest".to_owned(), json!({ "sha256": plugin.sha256 }));
    made.insert("annotations".to_owned(), json!({ "about": plugin.comment() }));
    Json::Object(made)
}

/// Files of the manifest, of parts and of plugins, by what SPDX calls their package verification code.
fn contributor(contributor: &Contributor) -> Json {
    let Contributor { title, by, files, verification_code } = contributor;
    json!({
        "name": title,
        "uri": format!("isoplug:files/{verification_code}"),
        "annotations": { "by": by, "files": files, "spdxVerificationCode": verification_code },
    })
}
