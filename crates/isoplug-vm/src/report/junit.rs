//! A report as JUnit XML. No times of day and no random ids: the same report gives the same bytes.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Report as Junit, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use crate::{Boot, ComboReport, Outcome, Report, TestResult, Trouble};

/// Renders the whole report.
pub(super) fn render(report: &Report) -> Result<String, SerializeError> {
    let mut junit = Junit::new(report.image.clone());
    junit.add_test_suites(report.combos.iter().map(suite));
    junit.to_string()
}

fn suite(combo: &ComboReport) -> TestSuite {
    let image = combo.image.as_ref().map(|image| format!("{image} "));
    let name = format!("{}{}", image.unwrap_or_default(), combo.name());
    let mut suite = TestSuite::new(name.clone());
    suite.set_time(duration(combo.seconds));
    suite.add_test_case(boot_case(combo));
    suite.add_test_cases(combo.results.iter().map(case));
    suite.add_test_cases(combo.cut.iter().filter(|cut| cut.kind.is_of_the_host()).map(cut_case));
    for case in &mut suite.test_cases {
        case.set_classname(name.clone());
    }
    suite
}

fn boot_case(combo: &ComboReport) -> TestCase {
    match &combo.boot {
        Boot::Up { seconds } => {
            let mut case = TestCase::new("boot", TestCaseStatus::success());
            case.set_time(duration(*seconds));
            case
        }
        Boot::Failed { trouble, tail } | Boot::Unfinished { trouble, tail } => {
            // A failure is the image's, an error the test's own.
            let failed = matches!(combo.boot, Boot::Failed { .. });
            let kind = if failed { NonSuccessKind::Failure } else { NonSuccessKind::Error };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(trouble.to_string()).set_description(tail.join("\n"));
            let mut case = TestCase::new("boot", status);
            case.set_time(duration(combo.seconds));
            case
        }
    }
}

/// The checks that are missing fail no image, and must not look as if they had held.
fn cut_case(cut: &Trouble) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(cut.to_string());
    TestCase::new("all checks", status)
}

fn case(result: &TestResult) -> TestCase {
    let mut status = match result.outcome {
        Outcome::Pass => TestCaseStatus::success(),
        Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Skip => TestCaseStatus::skipped(),
    };
    if result.outcome != Outcome::Pass {
        status.set_message(result.detail.lines().next().unwrap_or_default());
        status.set_description(result.detail.clone());
    }
    let mut case = TestCase::new(result.name.clone(), status);
    case.set_time(duration(result.seconds));
    case
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
