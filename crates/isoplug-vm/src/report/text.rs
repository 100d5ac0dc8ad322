//! A report as lines for people.

use std::fmt::Write as _;

use crate::{Boot, ComboReport, Outcome, Report, TestResult, Trouble, Verdict};

/// Renders the whole report; writing to a string cannot fail, so its results are dropped.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for combo in &report.combos {
        render_combo(combo, &mut text);
    }
    let _ = writeln!(text, "{}: {}", report.image, summary(report));
    text
}

fn summary(report: &Report) -> String {
    let count = |verdict| report.combos.iter().filter(|c| c.verdict() == verdict).count();
    let mut summary = format!("{} of {} boots passed", count(Verdict::Passed), report.combos.len());
    let unfinished = count(Verdict::Unfinished);
    if unfinished > 0 {
        let _ = write!(summary, ", {} failed, {unfinished} not finished", count(Verdict::Failed));
    }
    summary
}

fn render_combo(combo: &ComboReport, text: &mut String) {
    let word = match combo.verdict() {
        Verdict::Passed => "pass",
        Verdict::Failed => "FAIL",
        Verdict::Unfinished => "not finished:",
    };
    let (name, seconds) = (combo.name(), combo.seconds);
    let _ = writeln!(text, "{word} {name} ({seconds:.0} s, {})", combo.accelerator);
    if let Some(note) = &combo.note {
        let _ = writeln!(text, "  note: {note}");
    }
    render_boot(combo, text);
    render_results(combo, text);
    if combo.verdict() != Verdict::Passed {
        let _ = writeln!(text, "  serial log: {}", combo.serial_log.display());
    }
    if let Some(screenshot) = &combo.screenshot {
        let _ = writeln!(text, "  screen:     {}", screenshot.display());
    }
}

fn render_boot(combo: &ComboReport, text: &mut String) {
    match &combo.boot {
        Boot::Up { seconds } => {
            let _ = writeln!(text, "  pass boot: a shell after {seconds:.0} s");
        }
        Boot::Failed { trouble, tail } | Boot::Unfinished { trouble, tail } => {
            let word = if combo.verdict() == Verdict::Failed { "FAIL" } else { "    " };
            let _ = writeln!(text, "  {word} boot: {trouble}");
            for line in tail {
                let _ = writeln!(text, "       | {line}");
            }
        }
    }
}

fn render_results(combo: &ComboReport, text: &mut String) {
    let skipped = combo.results.iter().filter(|result| result.outcome == Outcome::Skip).count();
    let asked = combo.results.iter().filter(|result| result.outcome != Outcome::Skip);
    asked.for_each(|result| render_result(result, text));
    if skipped > 0 {
        let why = combo.cut.as_ref().map_or("there was no shell".to_owned(), Trouble::to_string);
        let _ = writeln!(text, "  skip {skipped} of {} checks: {why}", combo.results.len());
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
