//! The renderings of one report with everything in it.

use super::*;
use crate::TroubleKind;

fn result(name: &str, outcome: Outcome, detail: &str) -> TestResult {
    TestResult { name: name.to_owned(), outcome, detail: detail.to_owned(), seconds: 0.25 }
}

fn combo(firmware: Firmware, boot: Boot, results: Vec<TestResult>) -> ComboReport {
    ComboReport {
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
    insta::assert_snapshot!(report().text(), @r#"
    pass bios-cd (48 s, tcg)
      pass boot: a shell after 20 s
      pass hostname is a
      screen:     out/bios-cd.png
    FAIL uefi-cd (48 s, tcg)
      pass boot: a shell after 40 s
      pass hostname is a
      FAIL command x: exit status 1, expected 0
           | <&> [0m
      serial log: out/uefi-cd.log
      screen:     out/uefi-cd.png
    FAIL secure-boot-cd (48 s, tcg)
      FAIL boot: GRUB could not follow its menu ("grub rescue>")
           | error: no such device.
           | grub rescue>
      skip 1 of 1 checks: there was no shell
      serial log: out/secure-boot-cd.log
      screen:     out/secure-boot-cd.png
    a.iso: 1 of 3 boots passed
    "#);
}

#[test]
fn as_junit() {
    insta::assert_snapshot!(report().junit().unwrap(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="a.iso" tests="7" failures="2" errors="0">
        <testsuite name="bios-cd" tests="2" disabled="0" errors="0" failures="0" time="48.400">
            <testcase name="boot" classname="bios-cd" time="20.000">
            </testcase>
            <testcase name="hostname is a" classname="bios-cd" time="0.250">
            </testcase>
        </testsuite>
        <testsuite name="uefi-cd" tests="3" disabled="0" errors="0" failures="1" time="48.400">
            <testcase name="boot" classname="uefi-cd" time="40.000">
            </testcase>
            <testcase name="hostname is a" classname="uefi-cd" time="0.250">
            </testcase>
            <testcase name="command x" classname="uefi-cd" time="0.250">
                <failure message="exit status 1, expected 0">exit status 1, expected 0
    &lt;&amp;&gt; </failure>
            </testcase>
        </testsuite>
        <testsuite name="secure-boot-cd" tests="2" disabled="1" errors="0" failures="1" time="48.400">
            <testcase name="boot" classname="secure-boot-cd" time="48.400">
                <failure message="GRUB could not follow its menu (&quot;grub rescue&gt;&quot;)">error: no such device.
    grub rescue&gt;</failure>
            </testcase>
            <testcase name="hostname is a" classname="secure-boot-cd" time="0.250">
                <skipped message="no shell">no shell</skipped>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn as_json_and_back() {
    let json = serde_json::to_string(&report()).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
    assert!(json.contains(r#""boot":{"outcome":"failed","trouble":{"kind":"grub","#), "{json}");
    assert!(!report().passed());
}
