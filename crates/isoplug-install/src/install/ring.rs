//! Keeps a machine that starts from the medium again and again from being installed again and again.

use isoplug_install_plan::{DiskMatch, Holds};
use serde_json::Value;

use super::Run;
use crate::choose::{self, Rules};
use crate::inventory::{INSTALLED_ON_ESP, Inventory, tree};

/// Says which disk has this very installation, among those that the rule is about whatever they hold.
pub(crate) fn already(inventory: &Inventory, rules: &Rules<'_>, run: &Run<'_>) -> Option<String> {
    let filters = rules.filters?;
    let any = DiskMatch { holds: Some(Holds::Anything), ..filters.clone() };
    let rules = Rules { filters: Some(&any), ..*rules };
    let judged = choose::judge(inventory, &rules);
    let is_same = |text: &String| {
        let mark: Value = serde_json::from_str(text.trim()).unwrap_or_default();
        mark["image"] == run.plan.image.id.as_str() && mark["plan"] == run.digest
    };
    let right = judged.iter().filter(|each| each.reasons.is_empty()).map(|each| each.disk);
    let mut marked = right.filter(|disk| {
        let files = tree(disk).filter_map(|device| inventory.found.get(&device.path));
        let mut marks = files.filter_map(|found| found.get(INSTALLED_ON_ESP));
        marks.any(is_same)
    });
    let disk = marked.next()?;
    Some(format!(
        "{} has this very installation already: {}\nNothing was changed. `isoplug.install.reinstall` installs it again.",
        disk.kname,
        choose::identity(disk)
    ))
}
