//! Which disk is chosen on each machine, why the others fell out, and that the medium never is.

use std::collections::BTreeMap;

use isoplug_install::Error;
use isoplug_install::choose::{self, Rules};
use isoplug_install::inventory::{Inventory, tree};
use isoplug_install_plan::{DiskMatch, Holds, InstallPlan, MediumRule, Pick, Size, Transport};

use super::{NAMES, inventory, plan};

/// Which disk carries the medium on each machine; nothing where it is not a disk.
fn medium(name: &str) -> &'static str {
    match name {
        "emmc" => "mmcblk1",
        "in-use" | "left-overs" => "sde",
        "lvm-closed" | "multipath" | "two-ssds" => "sdc",
        "raid-lvm" => "sdd",
        _ => "sda",
    }
}

fn picked(inventory: &Inventory, filters: &DiskMatch, pick: Pick) -> Result<String, Error> {
    picked_for(&plan(), inventory, filters, pick)
}

fn picked_for(
    plan: &InstallPlan,
    inventory: &Inventory,
    filters: &DiskMatch,
    pick: Pick,
) -> Result<String, Error> {
    let rules = Rules {
        filters: Some(filters),
        min_size: 8 << 30,
        target: plan.target(None),
        medium: MediumRule::Never,
    };
    let judged = choose::judge(inventory, &rules);
    choose::pick(&judged, pick).map(|disk| disk.kname.clone())
}

#[test]
fn every_disk_has_a_row_and_a_reason() {
    let plan = plan();
    let rule = plan.unattended.as_ref().unwrap();
    let mut tables = String::new();
    for name in NAMES {
        let inventory = inventory(name);
        let rules = Rules {
            filters: Some(&rule.disk),
            min_size: 8 << 30,
            target: plan.target(None),
            medium: MediumRule::Never,
        };
        let judged = choose::judge(&inventory, &rules);
        let picked = choose::pick(&judged, rule.pick);
        let picked = picked.map_or_else(|error| error.to_string(), |disk| disk.kname.clone());
        let table = choose::table(&inventory, &judged);
        tables.push_str(&format!("{name}: {picked}\n{table}\n"));
    }
    insta::assert_snapshot!(tables);
}

#[test]
fn the_medium_is_found_on_every_machine() {
    for name in NAMES {
        let found: Vec<String> = inventory(name).medium.into_iter().collect();
        // The disc in the reader of that machine could be one as well.
        let right = if name == "no-disk" { vec!["sda", "sr0"] } else { vec![medium(name)] };
        assert_eq!(found, right, "{name}");
    }
}

/// A generator of numbers with a seed, so that a failure can be made again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn maybe<T>(&mut self, each: T) -> Option<T> {
        (self.below(3) == 0).then_some(each)
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each field")]
fn any_matcher(numbers: &mut Numbers) -> DiskMatch {
    let texts = ["*", "S*", "?*", "4C*", "Ultra*", "SanDisk", "", "0x1f2e", "Samsung*", "K*"];
    let text = |numbers: &mut Numbers| {
        let text = texts[numbers.below(texts.len())].to_owned();
        numbers.maybe(text)
    };
    let sizes = [0, 1 << 20, 8 << 30, 16 << 30, 32 << 30, 1 << 40];
    let size = |numbers: &mut Numbers| {
        let size = Size(sizes[numbers.below(sizes.len())]);
        numbers.maybe(size)
    };
    let transports = [Transport::Usb, Transport::Nvme, Transport::Sata, Transport::Mmc];
    let transport = transports.into_iter().filter_map(|each| numbers.maybe(each)).collect();
    let holds = [Holds::Nothing, Holds::ThisProduct, Holds::Anything][numbers.below(3)];
    let (removable, rotational) = (numbers.below(2) == 0, numbers.below(2) == 0);
    DiskMatch {
        serial: text(numbers),
        wwn: text(numbers),
        model: text(numbers),
        vendor: text(numbers),
        path: text(numbers),
        transport,
        min_size: size(numbers),
        max_size: size(numbers),
        removable: numbers.maybe(removable),
        rotational: numbers.maybe(rotational),
        holds: Some(holds),
    }
}

#[test]
fn the_medium_is_never_chosen_whatever_the_matcher() {
    let plan = plan();
    let mut numbers = Numbers(0x5eed_0000_0001);
    let mut chosen: BTreeMap<&str, usize> = BTreeMap::new();
    for name in NAMES {
        let inventory = inventory(name);
        for _ in 0..3000 {
            let matcher = any_matcher(&mut numbers);
            let pick = [Pick::Only, Pick::Smallest, Pick::Largest][numbers.below(3)];
            if let Ok(disk) = picked_for(&plan, &inventory, &matcher, pick) {
                assert_ne!(disk, medium(name), "{name}: {matcher:?}");
                let device = inventory.device(&disk).unwrap();
                assert!(device.in_use().is_empty() && !device.ro && device.size >= 8 << 30);
                *chosen.entry(name).or_default() += 1;
            }
        }
    }
    // It must also be possible to choose something, or this test says nothing.
    assert!(chosen["nvme-usb"] > 50 && chosen["two-ssds"] > 20, "{chosen:?}");
}

#[test]
fn without_the_rule_the_stick_would_be_taken() {
    let mut inventory = inventory("offset-loop");
    let usb: DiskMatch = toml::from_str("transport = [\"usb\"]\nholds = \"anything\"").unwrap();
    assert!(picked(&inventory, &usb, Pick::Only).is_err());
    inventory.medium.clear();
    assert_eq!(picked(&inventory, &usb, Pick::Only).unwrap(), "sda");
}

#[test]
fn two_that_fit_are_no_choice_unless_a_rule_says_which() {
    let inventory = inventory("two-ssds");
    let any: DiskMatch = toml::from_str("transport = [\"sata\"]").unwrap();
    let error = picked(&inventory, &any, Pick::Only).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("more than one disk fits")), (3, true));
    // Of two equal ones each run takes the same.
    assert_eq!(picked(&inventory, &any, Pick::Largest).unwrap(), "sda");
    assert_eq!(picked(&inventory, &any, Pick::Smallest).unwrap(), "sda");
    let one: DiskMatch = toml::from_str("serial = \"*002\"").unwrap();
    assert_eq!(picked(&inventory, &one, Pick::Only).unwrap(), "sdb");
}

#[test]
fn a_stick_is_given_up_only_when_nothing_of_it_is_in_use() {
    for (name, right) in [("toram", true), ("nvme-usb", false)] {
        let inventory = inventory(name);
        let usb: DiskMatch = toml::from_str("serial = \"4C*\"\nholds = \"anything\"").unwrap();
        let medium = MediumRule::Ok;
        let rules = Rules { filters: Some(&usb), min_size: 1 << 30, target: None, medium };
        let judged = choose::judge(&inventory, &rules);
        assert_eq!(choose::pick(&judged, Pick::Only).is_ok(), right, "{name}");
    }
}

#[test]
fn an_earlier_installation_is_known_by_its_labels() {
    let inventory = inventory("installed");
    let mine: DiskMatch =
        toml::from_str("transport = [\"nvme\"]\nholds = \"this-product\"").unwrap();
    assert_eq!(picked(&inventory, &mine, Pick::Only).unwrap(), "nvme0n1");
    let other = super::inventory("windows");
    assert!(picked(&other, &mine, Pick::Only).is_err());
    assert!(tree(&other.devices[2]).count() > 1);
}
