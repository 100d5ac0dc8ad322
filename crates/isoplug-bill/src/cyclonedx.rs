//! Writes a bill of materials as CycloneDX 1.6 in JSON (<https://cyclonedx.org/docs/1.6/json/>).
//!
//! The image is of the type `application`: readers take a component of the type `operating-system` for the
//! distribution, and refuse a bill whose subject is a file. Its serial number follows from the namespace of the same
//! bill in SPDX.

use serde_json::{Map, Value as Json, json};
use sha1::{Digest as _, Sha1};

use crate::facts::Party;
use crate::model::{Bill, Contributor, Image, Package, Part, Plugin, Source, Tool};
use crate::{model, purl, spdx, time};

const IMAGE: &str = "Image";

/// Returns the text of a bill.
#[must_use]
pub fn write(bill: &Bill) -> String {
    let text = serde_json::to_string_pretty(&document(bill));
    text.unwrap_or_default() + "\n"
}

fn document(bill: &Bill) -> Json {
    let mut components = vec![system(bill)];
    components.extend(bill.packages.iter().map(|one| package(one, bill)));
    components.extend(bill.sources.iter().map(source));
    let contributors = bill.contributors.iter().enumerate();
    components.extend(contributors.map(|(index, one)| contributor(index, one, bill)));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid_of_url(&spdx::namespace(bill))),
        "version": 1,
        "metadata": metadata(bill),
        "components": components,
        "dependencies": dependencies(bill),
        "compositions": [{ "aggregate": "complete", "assemblies": [IMAGE] }],
    })
}

fn metadata(bill: &Bill) -> Json {
    let tools: Vec<Json> =
        [tool(&bill.tool)].into_iter().chain(bill.plugins.iter().map(plugin)).collect();
    let mut metadata = json!({
        "timestamp": time(bill.epoch),
        "lifecycles": [{ "phase": "build" }],
        "tools": { "components": tools },
        "component": image(&bill.image),
    });
    if let Some(publisher) = &bill.image.publisher {
        metadata["supplier"] = party(publisher);
    }
    metadata
}

fn image(image: &Image) -> Json {
    let Image { name, version, publisher, file_name, sha256, sha512 } = image;
    component(Component {
        kind: "application",
        key: IMAGE,
        name,
        version,
        supplier: publisher.as_ref(),
        hashes: hashes(sha256, sha512),
        purl: Some(purl::generic(name, version, Some(sha256))),
        properties: vec![("isoplug:file-name", file_name.clone())],
        ..Component::default()
    })
}

fn system_key(bill: &Bill) -> String {
    model::key("OperatingSystem", &bill.system.id, &bill.system.version)
}

fn system(bill: &Bill) -> Json {
    let system = &bill.system;
    component(Component {
        kind: "operating-system",
        key: &system_key(bill),
        name: &system.id,
        version: &system.version,
        supplier: system.supplier().as_ref(),
        description: &system.title,
        purl: Some(purl::generic(&system.id, &system.version, None)),
        ..Component::default()
    })
}

fn tool(tool: &Tool) -> Json {
    component(Component {
        kind: "application",
        key: "Tool-isoplug",
        name: "isoplug",
        version: &tool.version,
        purl: Some(tool.purl()),
        ..Component::default()
    })
}

fn package(package: &Package, bill: &Bill) -> Json {
    let facts = &package.facts;
    component(Component {
        kind: "library",
        key: &package.key(),
        name: &package.name,
        version: &package.version,
        supplier: facts.maintainer.as_ref(),
        description: &facts.summary,
        hashes: hashes(&package.sha256, &package.sha512),
        licence: facts.licence.expression.as_deref(),
        purl: Some(package.purl(&bill.system)),
        homepage: facts.homepage.as_deref(),
        properties: properties(package),
    })
}

/// What the format has no field for.
fn properties(package: &Package) -> Vec<(&'static str, String)> {
    let of = package.facts.sources().map(|(source, field)| {
        let name = match field {
            "Source" => "isoplug:source",
            "Built-Using" => "isoplug:built-using",
            _ => "isoplug:static-built-using",
        };
        (name, format!("{} {}", source.name, source.version))
    });
    let told = package.parts.iter().filter_map(|part| part.comment());
    let told = told.map(|told| ("isoplug:part", told.to_owned()));
    let mut properties = vec![
        ("isoplug:archive", package.archive.clone()),
        ("isoplug:path", package.path.clone()),
        ("isoplug:section", package.facts.section.clone()),
    ];
    let systems = package.systems.iter().map(|name| ("isoplug:system", name.clone()));
    properties.extend(of.chain(told).chain(systems));
    properties.retain(|(_, value)| !value.is_empty());
    properties
}

fn source(source: &Source) -> Json {
    component(Component {
        kind: "library",
        key: &source.key(),
        name: &source.name.name,
        version: &source.name.version,
        supplier: source.supplier.as_ref(),
        purl: Some(source.purl()),
        ..Component::default()
    })
}

fn contributor(index: usize, contributor: &Contributor, bill: &Bill) -> Json {
    let code = &contributor.verification_code;
    component(Component {
        kind: "data",
        key: &contributor.key(index),
        name: &contributor.title,
        version: &format!("sha1:{code}"),
        supplier: bill.supplier_of(contributor).as_ref(),
        description: &contributor.comment(),
        purl: Some(contributor.purl()),
        properties: vec![("isoplug:verification-code", code.clone())],
        ..Component::default()
    })
}

fn plugin(plugin: &Plugin) -> Json {
    component(Component {
        kind: "application",
        key: &plugin.key(),
        name: &plugin.name,
        version: &plugin.version,
        supplier: plugin.supplier().as_ref(),
        description: &plugin.comment(),
        hashes: hashes(&plugin.sha256, ""),
        purl: plugin.purl(),
        ..Component::default()
    })
}

/// Every element with those that it needs: readers take one without an entry for one whose needs are not known. What
/// is a source, a file, or not installed needs nothing that is here.
fn dependencies(bill: &Bill) -> Vec<Json> {
    let system = system_key(bill);
    let of = |key: &str, needed: Vec<String>| json!({ "ref": key, "dependsOn": needed });
    let not_installed = |one: &&Package| one.parts.iter().any(|part| *part != Part::Installed);
    let beside = bill.packages.iter().filter(not_installed).map(Package::key);
    let files = bill.contributors.iter().enumerate().map(|(at, one)| one.key(at));
    let needed = [system.clone()].into_iter().chain(beside).chain(files.clone());
    let mut all = vec![of(IMAGE, needed.collect())];
    let installed = bill.packages.iter().filter(|one| one.parts.contains(&Part::Installed));
    all.push(of(&system, installed.map(Package::key).collect()));
    all.extend(bill.needs().into_iter().map(|(key, needed)| of(&key, needed)));
    let only_beside = bill.packages.iter().filter(|one| !one.parts.contains(&Part::Installed));
    let leaves = only_beside.map(Package::key).chain(bill.sources.iter().map(Source::key));
    all.extend(leaves.chain(files).map(|key| of(&key, Vec::new())));
    all
}

/// A component before it is written.
#[derive(Default)]
struct Component<'a> {
    kind: &'a str,
    key: &'a str,
    name: &'a str,
    version: &'a str,
    supplier: Option<&'a Party>,
    description: &'a str,
    hashes: Vec<Json>,
    licence: Option<&'a str>,
    purl: Option<String>,
    homepage: Option<&'a str>,
    properties: Vec<(&'a str, String)>,
}

fn component(component: Component) -> Json {
    let mut made = Map::new();
    let mut set = |name: &str, value: Json| made.insert(name.to_owned(), value);
    let Component { kind, key, name, version, supplier, description, .. } = component;
    set("type", kind.into());
    set("bom-ref", key.into());
    set("name", name.into());
    supplier.map(|supplier| set("supplier", party(supplier)));
    for (name, value) in [("version", version), ("description", description)] {
        (!value.is_empty()).then(|| set(name, value.into()));
    }
    let Component { hashes, licence: expression, purl, homepage, properties, .. } = component;
    (!hashes.is_empty()).then(|| set("hashes", hashes.into()));
    let licence = |expression| json!([{ "expression": expression, "acknowledgement": "declared" }]);
    expression.map(|expression| set("licenses", licence(expression)));
    purl.map(|purl| set("purl", purl.into()));
    homepage.map(|url| set("externalReferences", json!([{ "type": "website", "url": url }])));
    let property = |(name, value)| json!({ "name": name, "value": value });
    let properties: Vec<Json> = properties.into_iter().map(property).collect();
    (!properties.is_empty()).then(|| set("properties", properties.into()));
    Json::Object(made)
}

fn hashes(sha256: &str, sha512: &str) -> Vec<Json> {
    let all = [("SHA-256", sha256), ("SHA-512", sha512)].into_iter();
    let known = all.filter(|(_, value)| !value.is_empty());
    known.map(|(alg, content)| json!({ "alg": alg, "content": content })).collect()
}

fn party(party: &Party) -> Json {
    let Party { name, address, is_person: _ } = party;
    match &**address {
        "" => json!({ "name": name }),
        address => json!({ "name": name, "contact": [{ "email": address }] }),
    }
}

/// Returns the UUID, version 5, of an address (RFC 9562, section 5.5).
fn uuid_of_url(url: &str) -> String {
    const OF_URLS: [u8; 16] = [
        0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30,
        0xc8,
    ];
    let hash = Sha1::new().chain_update(OF_URLS).chain_update(url).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::hex(&bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `uuid.uuid5(uuid.NAMESPACE_URL, …)` of Python.
    #[test]
    fn serial_numbers_are_uuids_of_addresses() {
        assert_eq!(
            uuid_of_url("https://spdx.org/spdxdocs/acme"),
            "92c5922f-3607-5f94-b4f8-6e0b5a489b7d"
        );
    }
}
