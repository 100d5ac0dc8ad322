//! What a person reads and types on plain lines.

use isoplug_install::dialogue::{Ask, Plain};
use isoplug_install::install::{self, Run};
use isoplug_install::machine::Recorded;
use isoplug_install::report::Report;
use isoplug_install_plan::Question;

use super::{machine, plan};

/// Runs the dialogue; returns what was printed and how it ended.
fn talk(machine: &Recorded, ask: &[Question], typed: &str) -> (String, String) {
    let mut plan = plan();
    plan.ask = ask.to_vec();
    let run = Run {
        plan: &plan,
        digest: "d1",
        folder: "/plan",
        unattended: false,
        answers: None,
        keep_on_error: false,
        pause: &|| false,
        report: &|target| Report::new(target, false, Box::new(Vec::new())),
        begin: &|| {},
    };
    let mut plain = Plain::new(typed.as_bytes(), Vec::new());
    let result = install::run(machine, &run, &mut plain);
    let ended = result.map_or_else(|error| error.to_string(), |done| format!("{done:?}"));
    (String::from_utf8(plain.into_output()).unwrap(), ended)
}

#[test]
#[expect(clippy::too_many_lines, reason = "what is typed")]
fn everything_is_asked_in_order_and_nothing_is_touched_before_the_name() {
    let machine = machine("windows")
        .with(
            "file /usr/share/X11/xkb/rules/base.lst",
            "! layout\n  us   English (US)\n  de   German\n",
        )
        .with(
            "file /usr/share/i18n/SUPPORTED",
            "de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\nde_DE ISO-8859-1\n",
        )
        .with(
            "file /usr/share/zoneinfo/zone1970.tab",
            "# x\nDE\t+5230\tEurope/Berlin\nJP\t+3539\tAsia/Tokyo\n",
        );
    let ask = [
        Question::Keymap,
        Question::Locale,
        Question::Timezone,
        Question::Encryption,
        Question::Hostname,
        Question::User,
    ];
    let typed = "2\n\nber\n1\n1\n2\nopen\nsesame\nopen sesame\nopen sesame\n-x\nbox\nAnna\nanna\npw\npw\nyes\nno\n";
    let (text, ended) = talk(&machine, &ask, typed);
    assert_eq!(ended, "stopped");
    insta::assert_snapshot!(text);
    let done = machine.done.borrow();
    let looked = ["claim /dev/sda", "/usr/bin/loadkeys de"];
    assert_eq!(*done, looked, "something was touched");
}

#[test]
fn one_disk_is_asked_for_as_well_and_its_name_is_typed() {
    let machine = machine("nvme-usb");
    let (text, ended) = talk(&machine, &[], "\n\nnvme0n1\n");
    assert!(text.contains("Disk that is ERASED:\n  1) nvme0n1: 512 GiB, Samsung SSD 990 PRO 512GB, serial S6Z1NJ0W1, nvme"), "{text}");
    assert!(
        text.contains(
            "Type nvme0n1 to erase 512 GiB, Samsung SSD 990 PRO 512GB, serial S6Z1NJ0W1, nvme: "
        ),
        "{text}"
    );
    // The recording has no squashfs, which is found before the disk is touched.
    let told = "/run/live/medium/live/10-common.squashfs cannot be read";
    assert!(ended.contains(told), "{ended}");
    assert_eq!(*machine.done.borrow(), ["claim /dev/sda"]);
}

#[test]
fn nobody_there_stops_it() {
    assert_eq!(talk(&machine("nvme-usb"), &[], "").1, "stopped");
    assert_eq!(talk(&machine("no-disk"), &[], "1\n").1, "no disk can be taken");
}

#[test]
fn a_long_list_is_searched() {
    let items: Vec<String> = (0..100).map(|number| format!("item {number}")).collect();
    let mut plain = Plain::new(&b"nothing\n9\n3\n"[..], Vec::new());
    assert_eq!(plain.select("Which", &items, 0).unwrap(), 29);
    let text = String::from_utf8(plain.into_output()).unwrap();
    assert!(text.contains("Nothing of that name.") && text.contains("  3) item 29"), "{text}");
}
