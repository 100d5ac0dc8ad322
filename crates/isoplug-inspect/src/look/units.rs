//! Units of systemd that start by themselves, and those that cannot.

use serde::Serialize;

use crate::root::Root;
use crate::squashfs::{Kind, Node};

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// `enabled` or `masked`.
    pub state: &'static str,
    /// The unit that starts it.
    pub by: String,
}

const FOLDER: &str = "etc/systemd/system";

/// Returns the units that the image's own settings enable or mask, by name.
#[must_use]
pub fn read(root: &Root) -> Vec<Unit> {
    let mut units: Vec<Unit> = root.below(FOLDER).filter_map(unit).collect();
    units.sort();
    units.dedup();
    units
}

fn unit(node: &Node) -> Option<Unit> {
    let Kind::Link(target) = &node.kind else { return None };
    let below = node.path.strip_prefix(FOLDER)?.trim_start_matches('/');
    match below.split_once('/') {
        Some((folder, name)) => {
            let by = folder.strip_suffix(".wants").or_else(|| folder.strip_suffix(".requires"))?;
            Some(Unit { name: name.into(), state: "enabled", by: by.into() })
        }
        None if target == b"/dev/null" => {
            Some(Unit { name: below.into(), state: "masked", by: String::new() })
        }
        None => None,
    }
}

/// Returns the target that the system starts.
#[must_use]
pub fn default_target(root: &Root) -> Option<String> {
    let places = [FOLDER, "usr/lib/systemd/system", "lib/systemd/system"];
    let links = places.iter().filter_map(|place| root.find(&format!("{place}/default.target")));
    links
        .filter_map(|node| match &node.kind {
            Kind::Link(target) => {
                String::from_utf8_lossy(target).rsplit('/').next().map(str::to_owned)
            }
            _ => None,
        })
        .next()
}
