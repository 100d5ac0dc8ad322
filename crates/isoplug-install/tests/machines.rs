//! The installer on recorded machines: `tests/machines` has them, written after what `lsblk` and the kernel show.

#![cfg(test)]

#[path = "it/answers.rs"]
mod answers;
#[path = "it/choice.rs"]
mod choice;
#[path = "it/danger.rs"]
mod danger;
#[path = "it/dialogue.rs"]
mod dialogue;
#[path = "it/failures.rs"]
mod failures;
#[path = "it/hooks.rs"]
mod hooks;
#[path = "it/language.rs"]
mod language;
#[path = "it/release.rs"]
mod release;
#[path = "it/subvolumes.rs"]
mod subvolumes;
#[path = "it/texts.rs"]
mod texts;
#[path = "it/whole.rs"]
mod whole;

use isoplug_install::inventory::{self, Inventory};
use isoplug_install::machine::Recorded;
use isoplug_install_plan::InstallPlan;

const NAMES: [&str; 18] = [
    "emmc",
    "in-use",
    "installed",
    "left-overs",
    "lvm-closed",
    "multipath",
    "no-disk",
    "nvme-usb",
    "offset-loop",
    "qemu",
    "raid-lvm",
    "sectors-4k",
    "soiled",
    "toram",
    "toram-copied",
    "two-ssds",
    "ventoy",
    "windows",
];

fn machine(name: &str) -> Recorded {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machines");
    Recorded::new(&std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap())
}

fn plan() -> InstallPlan {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../isoplug-install-plan/tests/plan.json");
    let plan: InstallPlan = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(plan.faults(), []);
    plan
}

fn inventory(name: &str) -> Inventory {
    inventory::take(&machine(name), &plan().image.id).unwrap()
}
