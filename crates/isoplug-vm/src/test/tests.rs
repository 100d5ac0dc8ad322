//! Tests with programs that behave like a QEMU that is good, slow, stuck or dying.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::fake::{self, Fake};
use crate::report::Outcome;
use crate::{Arch, BootCheck, Limit, Promise};

/// Remembers what is told, and stops after so many checks.
#[derive(Default)]
struct Told {
    lines: Mutex<Vec<String>>,
    stop_after_check: bool,
    stop: AtomicBool,
}

impl Events for Told {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Started { accelerator, no_kvm, .. } => {
                let why = no_kvm.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                format!("started with {accelerator}{why}")
            }
            Event::Again { reason } => format!("again: {reason}"),
            Event::Checked(_) if self.stop_after_check => {
                self.stop.store(true, Ordering::Relaxed);
                return;
            }
            Event::Goes { milestone, line, .. } => format!("goes: {milestone}: {line}"),
            _ => return,
        };
        self.lines.lock().unwrap().push(line);
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Told {
    fn starts(&self) -> String {
        let lines = self.lines.lock().unwrap();
        let starts = lines.iter().filter(|line| !line.starts_with("goes"));
        starts.cloned().collect::<Vec<_>>().join("\n")
    }
}

fn command(run: &str) -> BootCheck {
    Promise::Command { run: run.to_owned(), exit: 0, contains: None }.into()
}

fn tested(fake: &Fake, limit: Limit, checks: &[&str], told: &Told) -> Report {
    tested_with(fake, limit, checks.iter().map(|run| command(run)).collect(), told)
}

fn tested_with(fake: &Fake, limit: Limit, checks: Vec<BootCheck>, told: &Told) -> Report {
    let iso = fake.folder.path().join("a.iso");
    std::fs::write(&iso, "").unwrap();
    let plan = Plan {
        iso,
        machine: Machine::new(Arch::Amd64, Firmware::Bios, Medium::Cd),
        combos: vec![(Firmware::Bios, Medium::Cd)],
        installation: None,
        checks,
        login: Login::Credentials,
        limit,
        out_dir: fake.folder.path().join("out"),
        pictures: false,
    };
    test(&fake.host, &plan, told).unwrap()
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.combos[0].results.iter().map(|result| result.outcome).collect()
}

/// A shell of this machine serves as the guest's; it becomes root and has processes of its own.
fn no_shell_here() -> bool {
    let inside = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).status();
    let none = !inside.is_ok_and(|status| status.success());
    if none {
        isoplug_skip::skipped("unshare needs root");
    }
    none
}

#[test]
fn a_good_machine_passes() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::GOOD), Told::default());
    let report = tested(&fake, Limit::DEFAULT, &["true", "test 1 = 1"], &told);
    assert!(report.passed(), "{}", report.text());
    assert_eq!(told.starts(), "started with kvm");
}

/// One command that has a time of its own, and one that has all that is left.
#[test]
fn a_command_that_takes_longer_than_its_own_time_has_failed() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::GOOD), Told::default());
    let slow = BootCheck { seconds: Some(1), ..command("sleep 20") };
    let report = tested_with(&fake, Limit::DEFAULT, vec![slow, command("sleep 2")], &told);
    assert_eq!(outcomes(&report), [Outcome::Fail, Outcome::Pass], "{}", report.text());
    assert!(report.text().contains("did not end within 1 s"), "{}", report.text());
}

#[test]
fn where_kvm_never_runs_a_guest_it_is_emulated_with_one_note() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::NEVER_RUNS), Told::default());
    let report = tested(&fake, Limit::DEFAULT, &["true"], &told);
    assert!(report.passed(), "{}", report.text());
    let note = "started with tcg (QEMU starts with /dev/kvm, but no guest runs)";
    assert_eq!(told.starts(), note);
}

#[test]
fn a_boot_that_kvm_never_begins_is_emulated() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::SILENT_BOOT), Told::default());
    let report = tested(&fake, Limit::DEFAULT, &["true"], &told);
    assert!(report.passed(), "{}", report.text());
    let note = "note: QEMU started, but the guest never ran: emulating, without KVM";
    assert!(report.text().contains(note), "{}", report.text());
    insta::assert_snapshot!(told.starts(), @r"
    started with kvm
    again: QEMU started, but the guest never ran: emulating, without KVM
    started with tcg (QEMU starts with /dev/kvm, but no guest runs)
    ");
}

#[test]
fn a_qemu_that_breaks_down_with_kvm_is_tried_without() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::BREAKS), Told::default());
    let report = tested(&fake, Limit::DEFAULT, &["true"], &told);
    assert!(report.passed(), "{}", report.text());
    insta::assert_snapshot!(told.starts(), @r"
    started with kvm
    again: QEMU broke down: qemu: kvm_buf_set_msrs: Assertion failed.: emulating, without KVM
    started with tcg (QEMU cannot use /dev/kvm: kvm_buf_set_msrs: Assertion failed.)
    ");
}

#[test]
fn a_qemu_that_breaks_down_fails_no_image() {
    let (fake, told) = (fake::qemu(fake::ALWAYS_BREAKS), Told::default());
    let report = tested(&fake, Limit::DEFAULT, &["true"], &told);
    assert_eq!(report.verdict(), Verdict::Unfinished);
    assert_eq!(outcomes(&report), [Outcome::Skip]);
    let trouble = report.combos[0].boot.trouble().unwrap().to_string();
    assert_eq!(trouble, "QEMU broke down: qemu: kvm_buf_set_msrs: Assertion failed.");
}

#[test]
fn a_boot_that_is_too_slow_says_so_and_fails_nothing() {
    let (fake, told) = (fake::qemu(fake::SLOW), Told::default());
    let limit = Limit::Wall(Duration::from_secs(4));
    let report = tested(&fake, limit, &["true", "true"], &told);
    assert_eq!(report.verdict(), Verdict::Unfinished);
    assert_eq!(outcomes(&report), [Outcome::Skip; 2]);
    let trouble = report.combos[0].boot.trouble().unwrap();
    assert_eq!(trouble.kind, TroubleKind::TooSlow);
    let said = trouble.to_string();
    assert!(said.starts_with("it was still going on when the time was up: "), "{said}");
    let text = report.text();
    assert!(text.starts_with("not finished: bios-cd ("), "{text}");
    assert!(text.contains("systemd[1]: Started unit "), "its last lines are shown: {text}");
    assert!(!text.contains("FAIL"), "{text}");
    let junit = report.junit().unwrap();
    assert!(junit.contains("failures=\"0\"") && junit.contains("errors=\"1\""), "{junit}");
    let lines = told.lines.lock().unwrap();
    let goes = lines.iter().find(|line| line.starts_with("goes: systemd: "));
    assert!(goes.is_some_and(|line| line.contains("Started unit")), "{lines:?}");
}

#[test]
fn what_was_seen_is_told_when_the_time_ends() {
    if no_shell_here() {
        return;
    }
    let (fake, told) = (fake::qemu(fake::GOOD), Told::default());
    let limit = Limit::Wall(Duration::from_secs(6));
    let report = tested(&fake, limit, &["true", "sleep 60", "true"], &told);
    assert_eq!(outcomes(&report), [Outcome::Pass, Outcome::Skip, Outcome::Skip]);
    assert_eq!(report.verdict(), Verdict::Unfinished, "{}", report.text());
    assert_eq!(report.combos[0].results[2].detail, "no time was left");
}

#[test]
fn what_was_seen_is_told_when_the_user_stops() {
    if no_shell_here() {
        return;
    }
    let told = Told { stop_after_check: true, ..Told::default() };
    let fake = fake::qemu(fake::GOOD);
    let report = tested(&fake, Limit::DEFAULT, &["true", "false", "true"], &told);
    assert_eq!(outcomes(&report), [Outcome::Pass, Outcome::Skip, Outcome::Skip]);
    assert!(report.interrupted() && report.verdict() == Verdict::Unfinished);
    insta::assert_snapshot!(summary(&report), @r"
    not finished: bios-cd
      pass boot
      pass command true
      skip 2 of 3 checks: it was stopped
    a.iso: 0 of 1 boots passed, 0 failed, 1 not finished
    ");
}

/// The text of a report without times and paths.
fn summary(report: &Report) -> String {
    let text = report.text();
    let lines =
        text.lines().filter(|line| !line.contains("serial log:") && !line.contains("screen:"));
    let lines = lines.map(|line| match line.split_once(" (") {
        Some((start, _)) if line.contains("bios-cd (") => start,
        _ => line.strip_suffix(" s").and_then(|l| l.split(": a shell").next()).unwrap_or(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_second_test_of_an_image_does_not_write_into_the_first_ones_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bios-cd.log");
    let make = || crate::qemu::new_log(&path).unwrap();
    let (mut first, mut second) = (make(), make());
    std::io::Write::write_all(&mut first, b"first").unwrap();
    std::io::Write::write_all(&mut second, b"2").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "2");
}
