//! What each element needs.

use super::*;

#[test]
fn both_bills_have_the_same_dependencies() {
    let [spdx, cyclonedx] = parsed(&bill());
    let mut one = BTreeSet::new();
    for relationship in spdx["relationships"].as_array().unwrap() {
        if ["CONTAINS", "DEPENDS_ON"].contains(&&*text(&relationship["relationshipType"])) {
            let ends = ["spdxElementId", "relatedSpdxElement"].map(|end| text(&relationship[end]));
            one.insert(ends.map(|end| end.replace("SPDXRef-", "")));
        }
    }
    let mut other = BTreeSet::new();
    for dependency in cyclonedx["dependencies"].as_array().unwrap() {
        for needed in dependency["dependsOn"].as_array().unwrap() {
            other.insert([text(&dependency["ref"]), text(needed)]);
        }
    }
    assert_eq!(one.len(), 6, "{one:#?}");
    assert_eq!(one, other);
}

/// Readers take an element without an entry for one whose needs are not known.
#[test]
fn every_element_of_cyclonedx_has_an_entry_of_its_needs() {
    let cyclonedx = &parsed(&bill())[1];
    let keys = |list: &Json, name: &str| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|one| text(&one[name])).collect()
    };
    let mut elements = keys(&cyclonedx["components"], "bom-ref");
    elements.insert(text(&cyclonedx["metadata"]["component"]["bom-ref"]));
    let dependencies = &cyclonedx["dependencies"];
    assert_eq!(keys(dependencies, "ref"), elements);
    assert_eq!(dependencies.as_array().unwrap().len(), elements.len(), "none twice");
}
