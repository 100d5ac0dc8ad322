//! A report as lines for people.

use std::fmt::Write as _;

use crate::{Boot, ComboReport, Outcome, Report, TestResult};

/// Renders the whole report; writing to a string cannot fail, so its results are dropped.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for combo in &report.combos {
        render_combo(combo, &mut text);
    }
    let passed = report.combos.iter().filter(|combo| combo.passed()).count();
    let _ = writeln!(text, "{}: {passed} of {} boots passed", report.image, report.combos.len());
    text
}

fn render_combo(combo: &ComboReport, text: &mut String) {
    let word = if combo.passed() { "pass" } else { "FAIL" };
    let (name, seconds) = (combo.name(), combo.seconds);
    let _ = writeln!(text, "{word} {name} ({seconds:.0} s, {})", combo.accelerator);
    match &combo.boot {
        Boot::Up { seconds } => {
            let _ = writeln!(text, "  pass boot: a shell after {seconds:.0} s");
        }
        Boot::Failed { trouble, tail } => {
            let _ = writeln!(text, "  FAIL boot: {trouble}");
            for line in tail {
                let _ = writeln!(text, "       | {line}");
            }
        }
    }
    let skipped = combo.results.iter().filter(|result| result.outcome == Outcome::Skip).count();
    let asked = combo.results.iter().filter(|result| result.outcome != Outcome::Skip);
    asked.for_each(|result| render_result(result, text));
    if skipped > 0 {
        let _ = writeln!(
            text,
            "  skip {skipped} of {} checks: there was no shell",
            combo.results.len()
        );
    }
    if !combo.passed() {
        let _ = writeln!(text, "  serial log: {}", combo.serial_log.display());
    }
    if let Some(screenshot) = &combo.screenshot {
        let _ = writeln!(text, "  screen:     {}", screenshot.display());
    }
}

fn render_result(result: &TestResult, text: &mut String) {
    if result.outcome == Outcome::Pass {
        let _ = writeln!(text, "  pass {}", result.name);
        return;
    }
    let mut lines = result.detail.lines();
    let _ = writeln!(text, "  FAIL {}: {}", result.name, lines.next().unwrap_or_default());
    for line in lines {
        let _ = writeln!(text, "       | {line}");
    }
}
