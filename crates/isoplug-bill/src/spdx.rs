//! Writes a bill of materials as SPDX 2.3 in JSON (<https://spdx.github.io/spdx-spec/v2.3/>).
//!
//! Nothing in it depends on when or where it was written: its time is the epoch and its namespace
//! holds the digest of the ISO. No element has the purpose of an operating system: the schema and its readers spell
//! that word in two ways, and trivy goes by the identifier.

mod form;

use std::collections::BTreeMap;

use crate::model::{Bill, Contributor, Part, Plugin, Source, Tool};
use crate::purl;
use crate::{model, time};
use form::{
    CreationInfo, Document, ExternalRef, Extracted, NOTHING, Package, Relationship,
    VerificationCode, checksums, party,
};

/// The list of licences whose identifiers are used.
const LICENCES: &str = "3.25";
const IMAGE: &str = "Image";
const TOOL: &str = "Tool-isoplug";
/// How a comment names the systems of a medium that have a package.
const INSTALLED_IN: &str = "installed in ";

/// Returns the text of a bill.
#[must_use]
pub fn write(bill: &Bill) -> String {
    let text = serde_json::to_string_pretty(&document(bill));
    text.unwrap_or_default() + "\n"
}

/// Returns the namespace of a bill: one address for each image, that nobody has to answer.
#[must_use]
pub fn namespace(bill: &Bill) -> String {
    let file = purl::generic(&bill.image.file_name, "", None);
    let file = file.trim_start_matches("pkg:generic/");
    format!("https://spdx.org/spdxdocs/{file}-{}", bill.image.sha256)
}

fn document(bill: &Bill) -> Document {
    let tool = format!("Tool: isoplug-{}", bill.tool.version);
    let publisher = bill.image.publisher.iter().map(|publisher| party(Some(publisher)));
    let creation_info = CreationInfo {
        created: time(bill.epoch),
        creators: [tool].into_iter().chain(publisher).collect(),
        license_list_version: LICENCES,
    };
    Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: "SPDXRef-DOCUMENT",
        name: bill.image.file_name.clone(),
        document_namespace: namespace(bill),
        creation_info,
        packages: packages(bill),
        relationships: relationships(bill),
        has_extracted_licensing_infos: extracted(bill),
    }
}

fn packages(bill: &Bill) -> Vec<Package> {
    let mut packages = vec![image(bill), system(bill), tool(&bill.tool)];
    packages.extend(bill.packages.iter().map(|one| package(one, bill)));
    packages.extend(bill.sources.iter().map(source));
    let contributors = bill.contributors.iter().enumerate();
    packages.extend(contributors.map(|(index, one)| contributor(index, one, bill)));
    packages.extend(bill.plugins.iter().map(plugin));
    packages
}

fn image(bill: &Bill) -> Package {
    let model::Image { name, version, publisher, file_name, sha256, sha512 } = &bill.image;
    Package {
        version_info: version.clone(),
        package_file_name: file_name.clone(),
        supplier: party(publisher.as_ref()),
        checksums: checksums(sha256, sha512),
        external_refs: vec![ExternalRef::purl(purl::generic(name, version, Some(sha256)))],
        ..Package::new(name, IMAGE)
    }
}

fn system_key(bill: &Bill) -> String {
    model::key("OperatingSystem", &bill.system.id, &bill.system.version)
}

fn system(bill: &Bill) -> Package {
    let system = &bill.system;
    Package {
        version_info: system.version.clone(),
        supplier: party(system.supplier().as_ref()),
        summary: system.title.clone(),
        external_refs: vec![ExternalRef::purl(purl::generic(&system.id, &system.version, None))],
        ..Package::new(&system.id, &system_key(bill))
    }
}

fn tool(tool: &Tool) -> Package {
    Package {
        version_info: tool.version.clone(),
        supplier: "Organization: isoplug".to_owned(),
        primary_package_purpose: Some("APPLICATION"),
        external_refs: vec![ExternalRef::purl(tool.purl())],
        ..Package::new("isoplug", TOOL)
    }
}

fn package(package: &model::Package, bill: &Bill) -> Package {
    let facts = &package.facts;
    let source = &facts.source;
    let built = format!("built package from: {} {}", source.name, source.version);
    Package {
        version_info: package.version.clone(),
        package_file_name: package.file_name().to_owned(),
        supplier: party(facts.maintainer.as_ref()),
        primary_package_purpose: Some("LIBRARY"),
        homepage: facts.homepage.clone(),
        source_info: if source.name.is_empty() { String::new() } else { built },
        checksums: checksums(&package.sha256, &package.sha512),
        license_declared: facts.licence.expression.clone().unwrap_or_else(|| NOTHING.to_owned()),
        summary: facts.summary.clone(),
        external_refs: vec![ExternalRef::purl(package.purl(&bill.system))],
        comment: told(package),
        ..Package::new(&package.name, &package.key())
    }
}

/// Says what no field has a place for: the component, where it is not the free one, and the systems.
fn told(package: &model::Package) -> String {
    let component = package.component().filter(|component| *component != "main");
    let component = component.map(|component| format!("of the component {component}"));
    let of = Some(package.systems.join(", ")).filter(|names| !names.is_empty());
    let of = of.map(|names| format!("{INSTALLED_IN}{names}"));
    component.into_iter().chain(of).collect::<Vec<String>>().join("; ")
}

fn source(source: &Source) -> Package {
    Package {
        version_info: source.name.version.clone(),
        supplier: party(source.supplier.as_ref()),
        primary_package_purpose: Some("SOURCE"),
        external_refs: vec![ExternalRef::purl(source.purl())],
        ..Package::new(&source.name.name, &source.key())
    }
}

fn contributor(index: usize, contributor: &Contributor, bill: &Bill) -> Package {
    let code = contributor.verification_code.clone();
    Package {
        version_info: format!("sha1:{code}"),
        supplier: party(bill.supplier_of(contributor).as_ref()),
        primary_package_purpose: Some("FILE"),
        files_analyzed: true,
        package_verification_code: Some(VerificationCode { package_verification_code_value: code }),
        external_refs: vec![ExternalRef::purl(contributor.purl())],
        comment: contributor.comment(),
        ..Package::new(&contributor.title, &contributor.key(index))
    }
}

fn plugin(plugin: &Plugin) -> Package {
    Package {
        version_info: plugin.version.clone(),
        package_file_name: format!("{}.wasm", plugin.name),
        supplier: party(plugin.supplier().as_ref()),
        primary_package_purpose: Some("APPLICATION"),
        checksums: checksums(&plugin.sha256, ""),
        external_refs: plugin.purl().map(ExternalRef::purl).into_iter().collect(),
        comment: plugin.comment(),
        ..Package::new(&plugin.name, &plugin.key())
    }
}

fn relationships(bill: &Bill) -> Vec<Relationship> {
    let mut all = contained(bill);
    all.push(Relationship::new(TOOL, "BUILD_TOOL_OF", IMAGE));
    for (key, needed) in bill.needs() {
        all.extend(needed.iter().map(|needed| Relationship::new(&key, "DEPENDS_ON", needed)));
    }
    for (package, source, field) in bill.made_of() {
        let from = Relationship::new(&package, "GENERATED_FROM", &source);
        all.push(from.comment((field != "Source").then_some(field)));
    }
    let tool = |plugin: &Plugin| Relationship::new(&plugin.key(), "BUILD_TOOL_OF", IMAGE);
    all.extend(bill.plugins.iter().map(tool));
    all.sort();
    all.dedup();
    all.insert(0, Relationship::new("DOCUMENT", "DESCRIBES", IMAGE));
    all
}

/// The image contains the distribution, which contains what is installed, and what is beside it.
fn contained(bill: &Bill) -> Vec<Relationship> {
    let system = system_key(bill);
    let mut all = vec![Relationship::new(IMAGE, "CONTAINS", &system)];
    for package in &bill.packages {
        all.extend(package.parts.iter().map(|part| {
            let whose = if *part == Part::Installed { &system } else { IMAGE };
            Relationship::new(whose, "CONTAINS", &package.key()).comment(part.comment())
        }));
    }
    let contributors = bill.contributors.iter().enumerate();
    all.extend(contributors.map(|(at, one)| Relationship::new(IMAGE, "CONTAINS", &one.key(at))));
    all
}

/// Returns the texts behind the identifiers that SPDX's list does not have. Where packages mean other texts by one
/// word, all of them are there.
fn extracted(bill: &Bill) -> Vec<Extracted> {
    let mut texts: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for package in &bill.packages {
        let licence = &package.facts.licence;
        for id in licence.words.iter().filter(|id| id.starts_with("LicenseRef-")) {
            let text = licence.texts.get(id).map_or("", String::as_str);
            texts.entry(id).or_default().entry(text).or_default().push(&package.name);
        }
    }
    texts.into_iter().map(|(id, texts)| extract(id, &texts)).collect()
}

fn extract(id: &str, texts: &BTreeMap<&str, Vec<&str>>) -> Extracted {
    let given: Vec<_> = texts.iter().filter(|(text, _)| !text.is_empty()).collect();
    let extracted_text = match &given[..] {
        [] => "See the copyright files of the packages that name it.".to_owned(),
        [(text, _)] => (**text).to_owned(),
        many => {
            let one = |(text, of): &(&&str, &Vec<&str>)| format!("In {}:\n{text}", of.join(", "));
            many.iter().map(one).collect::<Vec<_>>().join("\n\n")
        }
    };
    let name = id.trim_start_matches("LicenseRef-Debian-").to_owned();
    Extracted { license_id: id.to_owned(), extracted_text, name }
}
