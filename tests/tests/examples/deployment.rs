//! A medium that deploys machines: the plan that it carries, and the scripts beside it.

use isoplug_tests::real::{self, Medium};
use isoplug_tests::require;
use serde_json::{Value, json};

use super::installer::unsquashfs;
use super::{Shipped, repository};

#[test]
fn a_medium_carries_its_scripts_and_says_when_they_run() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let medium = Shipped::copy("deployment").build();
    let live = medium.path("live/00-live.squashfs");
    let plan = unsquashfs(&live, &["-cat", "usr/lib/isoplug/install/plan.json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let hook = |name, source| json!([{ "name": name, "source": source, "network": false }]);
    let hooks = json!({
        "before": hook("allowed", "hooks/before/0"),
        "after": hook("record", "hooks/after/0"),
    });
    assert_eq!(plan["hooks"], hooks);
    assert_eq!(plan["answers"]["hostname"], "node-{serial}");
    assert_eq!(plan["unattended"]["on-done"], "reboot");
    for (place, name) in [("hooks/before/0", "allowed"), ("hooks/after/0", "record")] {
        let text = unsquashfs(&live, &["-cat", &format!("usr/lib/isoplug/install/{place}")]);
        let own = repository().join("examples/deployment/hooks").join(name);
        assert_eq!(text, std::fs::read_to_string(own).unwrap());
    }
    let scripts = unsquashfs(&live, &["-lln", "usr/lib/isoplug/install/hooks"]);
    let scripts: Vec<&str> = scripts.lines().filter(|line| line.starts_with('-')).collect();
    assert_eq!(scripts.len(), 2, "{scripts:?}");
    assert!(scripts.iter().all(|line| line.starts_with("-rwx------ 0/0 ")), "{scripts:?}");
}
