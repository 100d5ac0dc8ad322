//! Asks a running machine for each check of a plan.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{TestError, trouble_of};
use crate::check::{judge, may_come, question};
use crate::qemu::Guest;
use crate::report::{Outcome, TestResult};
use crate::shell::Shell;
use crate::trouble::{Halt, Trouble};
use crate::{Check, Event, Events, Machine, Plan};

/// Checks everything that applies. A shell that is lost skips the rest.
pub(super) fn all(
    plan: &Plan,
    machine: &Machine,
    guest: &mut Guest,
    events: &dyn Events,
) -> Result<Vec<TestResult>, TestError> {
    let deadline = Instant::now() + plan.timeout;
    let mut shell = match ready(guest, events, deadline) {
        Ok(shell) => shell,
        Err(halt) => return never(plan, machine, &trouble_of(halt)?),
    };
    let (mut results, mut lost): (_, Option<Trouble>) = (Vec::new(), None);
    for check in applying(plan, machine) {
        let result = match &lost {
            None => one(&mut shell, check, machine, deadline),
            Some(_) => Ok(skipped(check)),
        };
        let result = match result {
            Ok(result) => result,
            Err(halt) => failed(check, lost.insert(trouble_of(halt)?)),
        };
        events.event(&Event::Checked(&result));
        results.push(result);
    }
    Ok(results)
}

/// The results of a boot without a shell.
pub(super) fn none(plan: &Plan, machine: &Machine) -> Vec<TestResult> {
    applying(plan, machine).map(skipped).collect()
}

/// A shell that could not be used counts as a failed check; the others were not asked.
fn never(plan: &Plan, machine: &Machine, trouble: &Trouble) -> Result<Vec<TestResult>, TestError> {
    let mut results = none(plan, machine);
    results.insert(0, result("shell", Outcome::Fail, trouble.to_string(), Duration::ZERO));
    Ok(results)
}

/// Waits until systemd has done all that it wants to do; what it did not is for the checks to say.
fn ready<'a>(
    guest: &'a mut Guest,
    events: &'a dyn Events,
    deadline: Instant,
) -> Result<Shell<'a>, Halt> {
    let mut shell = Shell::set_up(&mut guest.serial, events)?;
    shell.run("systemctl is-system-running --wait", left(deadline) / 2)?;
    Ok(shell)
}

fn one(
    shell: &mut Shell<'_>,
    check: &Check,
    machine: &Machine,
    deadline: Instant,
) -> Result<TestResult, Halt> {
    let (began, script) = (Instant::now(), question(&check.assertion));
    let mut tries = if may_come(&check.assertion) { 5 } else { 1 };
    loop {
        let output = shell.run(&script, left(deadline))?;
        let (outcome, detail) = judge(&check.assertion, machine.firmware, &output);
        tries -= 1;
        if outcome == Outcome::Pass || tries == 0 || left(deadline) < Duration::from_secs(5) {
            return Ok(result(&check.title(), outcome, detail, began.elapsed()));
        }
        sleep(Duration::from_secs(2));
    }
}

fn applying<'a>(plan: &'a Plan, machine: &'a Machine) -> impl Iterator<Item = &'a Check> {
    plan.checks.iter().filter(|check| check.applies(machine.firmware, machine.medium))
}

/// A check gets some time even at the very end.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(2))
}

fn skipped(check: &Check) -> TestResult {
    result(&check.title(), Outcome::Skip, "no shell".to_owned(), Duration::ZERO)
}

fn failed(check: &Check, trouble: &Trouble) -> TestResult {
    result(&check.title(), Outcome::Fail, trouble.to_string(), Duration::ZERO)
}

fn result(name: &str, outcome: Outcome, detail: String, took: Duration) -> TestResult {
    TestResult { name: name.to_owned(), outcome, detail, seconds: took.as_secs_f64() }
}
