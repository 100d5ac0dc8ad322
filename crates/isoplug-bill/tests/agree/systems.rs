//! Which systems of a medium have a package.

use super::*;

/// Of a medium with several systems both say the same of who has what.
#[test]
fn each_package_names_the_systems_that_have_it() {
    let mut bill = bill();
    for (package, systems) in bill.packages.iter_mut().zip([&["live", "server"][..], &["server"]]) {
        package.systems = systems.iter().map(|name| (*name).to_owned()).collect();
    }
    let [spdx, cyclonedx] = parsed(&bill);
    let of_spdx = |name: &str| {
        let all = spdx["packages"].as_array().unwrap();
        text(&all.iter().find(|one| one["name"] == name).unwrap()["comment"])
    };
    assert_eq!(
        ["apt", "libapt", "shim-signed"].map(of_spdx),
        ["installed in live, server", "installed in server", ""]
    );
    let of_cyclonedx = |name: &str| systems(&cyclonedx, name);
    assert_eq!(of_cyclonedx("apt"), ["live", "server"]);
    assert_eq!(of_cyclonedx("libapt"), ["server"]);
    assert_eq!(of_cyclonedx("shim-signed"), [""; 0]);
}

/// The systems that a CycloneDX bill names for a package.
fn systems(bill: &serde_json::Value, name: &str) -> Vec<String> {
    let mut all = bill["components"].as_array().unwrap().iter();
    let properties = all.find(|one| one["name"] == name).unwrap()["properties"].as_array();
    let systems = properties.unwrap().iter().filter(|one| one["name"] == "isoplug:system");
    systems.map(|one| text(&one["value"])).collect()
}
