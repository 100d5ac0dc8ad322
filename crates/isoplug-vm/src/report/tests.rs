//! The renderings of one report with everything in it.

use super::*;
use crate::TroubleKind;

fn result(name: &str, outcome: Outcome, detail: &str) -> TestResult {
    TestResult { name: name.to_owned(), outcome, detail: detail.to_owned(), seconds: 0.25 }
}

fn combo(firmware: Firmware, boot: Boot, results: Vec<TestResult>) -> ComboReport {
    ComboReport {
        image: None,
        firmware,
        medium: Medium::Cd,
        accelerator: Accelerator::Tcg,
        seconds: 48.4,
        boot,
        results,
        cut: None,
        note: None,
        serial_log: format!("out/{firmware}-cd.log").into(),
        screenshot: Some(format!("out/{firmware}-cd.png").into()),
    }
}

fn report() -> Report {
    let line = "grub rescue>".to_owned();
    let trouble = Trouble { kind: TroubleKind::Grub, line };
    let tail = vec!["error: no such device.".to_owned(), "grub rescue>".to_owned()];
    let good = vec![result("hostname is a", Outcome::Pass, "a")];
    let bad = vec![
        result("hostname is a", Outcome::Pass, "a"),
        result("command x", Outcome::Fail, "exit status 1, expected 0\n<&> \u{1b}[0m"),
    ];
    let none = vec![result("hostname is a", Outcome::Skip, "no shell")];
    let combos = vec![
        combo(Firmware::Bios, Boot::Up { seconds: 20.0 }, good),
        combo(Firmware::Uefi, Boot::Up { seconds: 40.0 }, bad),
        combo(Firmware::SecureBoot, Boot::Failed { trouble, tail }, none),
    ];
    Report { image: "a.iso".to_owned(), combos }
}

#[test]
fn as_text() {
    insta::assert_snapshot!(report().text());
}

#[test]
fn images_of_one_report_are_told_apart() {
    let mut report = report();
    report.combos[0].image = Some("b.iso".to_owned());
    let junit = report.junit().unwrap();
    assert!(junit.contains("<testsuite name=\"b.iso bios-cd\""), "{junit}");
    assert!(junit.contains("<testcase name=\"boot\" classname=\"b.iso bios-cd\""), "{junit}");
    assert!(junit.contains("<testsuite name=\"uefi-cd\""), "{junit}");
}

#[test]
fn as_junit() {
    insta::assert_snapshot!(report().junit().unwrap());
}

#[test]
fn as_json_and_back() {
    let json = serde_json::to_string(&report()).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
    assert!(json.contains(r#""boot":{"outcome":"failed","trouble":{"kind":"grub","#), "{json}");
    assert!(!report().passed());
}
