//! Two bills of one image say the same, whatever the order of the facts.

#![cfg(test)]

#[path = "agree/needs.rs"]
mod needs;
#[path = "agree/systems.rs"]
mod systems;

use std::collections::{BTreeMap, BTreeSet};

use isoplug_bill::facts::{Facts, Party};
use isoplug_bill::model::{
    Bill, Contributor, Image, OperatingSystem, Package, Part, Plugin, Source, Tool,
};
use isoplug_bill::{cyclonedx, licence, provenance, spdx};
use serde_json::Value as Json;

const COPYRIGHT: &[u8] =
    b"Format: 1.0\n\nFiles: *\nLicense: GPL-2+ or own\n\nLicense: own\n Free.\n";

fn package(name: &str, part: Part, control: &str) -> Package {
    let control = format!("Package: {name}\nVersion: 1:2+b1\n{control}");
    let facts = Facts { licence: licence::read(COPYRIGHT), ..Facts::read(&control) };
    let digit = (name.len() % 10).to_string();
    Package {
        name: name.to_owned(),
        version: "1:2+b1".to_owned(),
        architecture: "amd64".to_owned(),
        parts: vec![part],
        systems: Vec::new(),
        archive: "debian".to_owned(),
        path: format!("pool/main/x/{name}_2_amd64.deb"),
        sha256: digit.repeat(64),
        sha512: digit.repeat(128),
        namespace: "debian".to_owned(),
        facts,
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn bill() -> Bill {
    let mut apt = package(
        "apt",
        Part::Installed,
        "Source: apt (1:2)\nMaintainer: A Team <a@lists.example.org>\nHomepage: https://example.org/\n",
    );
    apt.facts.needs = vec!["libapt".to_owned()];
    let libapt = package("libapt", Part::Installed, "Source: apt (1:2)\nMaintainer: Ann <a@b.c>\n");
    let shim = package(
        "shim-signed",
        Part::Loaders,
        "Built-Using: shim (= 15.8-1)\nMaintainer: Ann <a@b.c>\n",
    );
    let packages = vec![apt, libapt, shim];
    let names: BTreeSet<_> =
        packages.iter().flat_map(|one| one.facts.sources().map(|(name, _)| name.clone())).collect();
    let source = |name| Source {
        name,
        namespace: "debian".to_owned(),
        supplier: Some(Party::organisation("Debian")),
    };
    Bill {
        image: Image {
            name: "acme".to_owned(),
            version: "1".to_owned(),
            publisher: Party::read("Acme Ltd <images@acme.example>"),
            file_name: "acme 1.iso".to_owned(),
            sha256: "a".repeat(64),
            sha512: "b".repeat(128),
        },
        tool: Tool { version: "0.1.0".to_owned(), commit: String::new() },
        epoch: 1_767_323_045,
        system: OperatingSystem::read("ID=debian\nVERSION_ID=\"13\"\nNAME=\"Debian GNU/Linux\"\n"),
        packages,
        sources: names.into_iter().map(source).collect(),
        contributors: vec![Contributor {
            title: "files".to_owned(),
            by: "the manifest".to_owned(),
            files: 1,
            verification_code: "c".repeat(40),
        }],
        plugins: vec![Plugin {
            name: "hardening".to_owned(),
            id: "acme.hardening".to_owned(),
            version: "1.2.0".to_owned(),
            sha256: "3".repeat(64),
            repository: "registry.example.com/isoplug/hardening".to_owned(),
            publisher: "acme".to_owned(),
            grants: r#"{"files":["root:/etc/motd"]}"#.to_owned(),
        }],
    }
}

/// Name, version, package URL, SHA-256, licence and supplier.
type Row = [String; 6];

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn spdx_rows(bill: &Json) -> BTreeMap<String, Row> {
    let row = |package: &Json| {
        let digest = &package["checksums"][0]["checksumValue"];
        let licence = text(&package["licenseDeclared"]).replace("NOASSERTION", "");
        let supplier = text(&package["supplier"]);
        let supplier = supplier.split_once(": ").map_or("", |(_, party)| party);
        let supplier = supplier.split(" (").next().unwrap_or_default().to_owned();
        let purl = &package["externalRefs"][0]["referenceLocator"];
        let [name, version, purl, digest] =
            [&package["name"], &package["versionInfo"], purl, digest].map(text);
        let id = text(&package["SPDXID"]).replace("SPDXRef-", "");
        (id, [name, version, purl, digest, licence, supplier])
    };
    bill["packages"].as_array().unwrap().iter().map(row).collect()
}

fn cyclonedx_rows(bill: &Json) -> BTreeMap<String, Row> {
    let row = |one: &Json| {
        let licence = text(&one["licenses"][0]["expression"]);
        let supplier = text(&one["supplier"]["name"]);
        let digest = text(&one["hashes"][0]["content"]);
        let [name, version, purl] = [&one["name"], &one["version"], &one["purl"]].map(text);
        (text(&one["bom-ref"]), [name, version, purl, digest, licence, supplier])
    };
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let tools = list(&bill["metadata"]["tools"]["components"]);
    let all = [vec![bill["metadata"]["component"].clone()], tools, list(&bill["components"])];
    all.concat().iter().map(row).collect()
}

fn parsed(bill: &Bill) -> [Json; 2] {
    [spdx::write(bill), cyclonedx::write(bill)].map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn both_bills_have_the_same_elements() {
    let [spdx, cyclonedx] = parsed(&bill());
    let (mut one, mut other) = (spdx_rows(&spdx), cyclonedx_rows(&cyclonedx));
    // Whoever made the tool is told by SPDX alone.
    for rows in [&mut one, &mut other] {
        rows.get_mut("Tool-isoplug").unwrap()[5].clear();
    }
    assert_eq!(one.len(), 11, "{one:#?}");
    assert_eq!(one, other);
}

/// The faults of shim are told of `shim`; the distribution's name is what scanners call it.
#[test]
fn package_urls_lead_to_the_source_whose_faults_count() {
    let rows = spdx_rows(&parsed(&bill())[0]);
    let purls: Vec<&str> =
        rows.values().map(|row| &*row[2]).filter(|purl| !purl.is_empty()).collect();
    assert_eq!(
        purls,
        [
            "pkg:generic/files@sha1:cccccccccccccccccccccccccccccccccccccccc",
            "pkg:generic/acme@1?checksum=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "pkg:generic/debian@13",
            "pkg:deb/debian/apt@1:2%2Bb1?arch=amd64&distro=debian-13&upstream=apt%401:2",
            "pkg:deb/debian/libapt@1:2%2Bb1?arch=amd64&distro=debian-13&upstream=apt%401:2",
            "pkg:deb/debian/shim-signed@1:2%2Bb1?arch=amd64&distro=debian-13&upstream=shim%4015.8-1",
            "pkg:oci/hardening@sha256:3333333333333333333333333333333333333333333333333333333333333333?repository_url=registry.example.com/isoplug/hardening&tag=1.2.0",
            "pkg:deb/debian/apt@1:2?arch=source",
            "pkg:deb/debian/shim@15.8-1?arch=source",
            "pkg:deb/debian/shim-signed@1:2%2Bb1?arch=source",
            "pkg:generic/isoplug@0.1.0",
        ]
    );
}

/// The schema of 2.3.0 spells a purpose with `_`, that of 2.3.1 with `-`, and readers know one of them.
#[test]
fn the_form_is_such_as_all_readers_take() {
    let [spdx, cyclonedx] = parsed(&bill());
    assert!(!spdx.to_string().contains("OPERATING"));
    assert_eq!(spdx["creationInfo"]["created"], "2026-01-02T03:04:05Z");
    assert!(
        spdx["documentNamespace"]
            .as_str()
            .unwrap()
            .starts_with("https://spdx.org/spdxdocs/acme%201.iso-aaaa")
    );
    let extracted = &spdx["hasExtractedLicensingInfos"][0];
    assert_eq!(extracted["licenseId"], "LicenseRef-Debian-own");
    assert_eq!(extracted["extractedText"], "Free.");
    assert_eq!(cyclonedx["metadata"]["component"]["type"], "application");
    let systems = cyclonedx["components"].as_array().unwrap().iter();
    let systems: Vec<_> = systems.filter(|one| one["type"] == "operating-system").collect();
    assert_eq!(systems.len(), 1);
    assert_eq!(systems[0]["name"], "debian");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a story: what is given, and what comes of it")]
fn a_provenance_names_all_that_went_in_and_no_clock() {
    let bill = bill();
    let files = [("isoplug.toml".to_owned(), "1".repeat(64))];
    let byproducts = [("boot/vmlinuz".to_owned(), "2".repeat(64))];
    let variables = BTreeMap::from([("channel".to_owned(), "beta".to_owned())]);
    let subject = provenance::Subject {
        bill: &bill,
        profile: "stick",
        architecture: "amd64",
        variables: &variables,
        files: &files,
        releases: Vec::new(),
        byproducts: &byproducts,
    };
    let text = provenance::write(&subject);
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(json["buildDefinition"]["externalParameters"]["variables"]["channel"], "beta");
    let no_variables = BTreeMap::new();
    let plain = provenance::write(&provenance::Subject { variables: &no_variables, ..subject });
    assert!(!plain.contains("variables"), "{plain}");
    let resolved = json["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    assert_eq!(resolved.len(), 1 + 1 + 3 + 1 + 1);
    let packages = resolved
        .iter()
        .filter(|one| one["uri"].as_str().is_some_and(|uri| uri.starts_with("pkg:deb")));
    assert!(packages.clone().all(|one| one["digest"]["sha256"].as_str().unwrap().len() == 64));
    assert_eq!(packages.count(), 3);
    assert_eq!(json["runDetails"]["builder"]["id"], "https://isoplug.org/builder/local");
    for word in ["startedOn", "finishedOn", "invocationId"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn what_is_not_free_is_told_and_what_drivers_are_made_of() {
    let mut bill = bill();
    let driver = package("broadcom-sta-dkms", Part::Drivers, "");
    let path = "pool/non-free/b/broadcom-sta/broadcom-sta-dkms_6_amd64.deb".to_owned();
    bill.packages.push(Package { path, ..driver });
    let [spdx, cyclonedx] = parsed(&bill).map(|bill| bill.to_string());
    assert!(spdx.contains("of the component non-free"));
    for text in [spdx, cyclonedx] {
        assert!(text.contains("kernel modules compiled from it"));
        assert!(text.contains("its boot loaders only"));
    }
    let package = bill.packages.remove(0);
    for (path, expected) in [
        ("pool/main/a/apt/apt.deb", Some("main")),
        ("pool/updates/main/a/apt/apt.deb", Some("main")),
        ("pool/updates/non-free/a/apt/apt.deb", Some("non-free")),
        ("pool/a.deb", None),
    ] {
        let package = Package { path: path.to_owned(), ..package.clone() };
        assert_eq!(package.component(), expected, "{path}");
    }
}
