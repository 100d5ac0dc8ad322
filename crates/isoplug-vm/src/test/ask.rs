//! Asks a running machine for each check of a plan.

use std::thread::sleep;
use std::time::Duration;

use crate::check::{judge, may_come, question};
use crate::pace::Pace;
use crate::qemu::Guest;
use crate::report::{Outcome, TestResult};
use crate::shell::{Output, Shell};
use crate::trouble::{Halt, Trouble, TroubleKind};
use crate::{BootCheck, Event, Events, Limit, Machine, Plan};

/// What was found, and why the rest was not asked, if it was not.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) results: Vec<TestResult>,
    pub(super) cut: Option<Trouble>,
}

/// Checks everything that applies. A shell that is lost, or time that is up, skips the rest.
pub(super) fn all(
    plan: &Plan,
    machine: &Machine,
    guest: &mut Guest,
    events: &dyn Events,
) -> Answers {
    let time = Deadline::new(plan.limit, guest.pace);
    let mut answers = Answers::default();
    let shell = ready(guest, events, &time);
    let mut shell = shell.map_err(|halt| answers.note_end("shell", halt)).ok();
    for check in applying(plan, machine) {
        let asked = match &mut shell {
            Some(shell) if answers.cut.is_none() => one(shell, check, machine, &time),
            _ => Ok(skipped(check, answers.cut.as_ref())),
        };
        match asked {
            Ok(result) => answers.results.push(result),
            Err(halt) => answers.note_end(&check.title(), halt),
        }
        if let Some(result) = answers.results.last() {
            events.event(&Event::Checked(result));
        }
    }
    answers
}

impl Answers {
    /// What ends the checks fails one of them, unless the machine that runs them is at fault.
    fn note_end(&mut self, check: &str, halt: Halt) {
        let trouble = Trouble::from(halt);
        let outcome = if trouble.kind.is_of_the_host() { Outcome::Skip } else { Outcome::Fail };
        self.results.push(result(check, outcome, trouble.to_string(), Duration::ZERO));
        self.cut = Some(trouble);
    }
}

/// The results of a boot without a shell.
pub(super) fn none(plan: &Plan, machine: &Machine) -> Vec<TestResult> {
    applying(plan, machine).map(|check| skipped(check, None)).collect()
}

/// When the time for all checks is up.
struct Deadline {
    pace: Pace,
    /// In usual seconds; no end where the clock on the wall decides.
    usual: Duration,
    wall: Duration,
}

impl Deadline {
    fn new(limit: Limit, pace: Pace) -> Self {
        let usual = match limit {
            Limit::Usual(time) => pace.usual() + time,
            Limit::Wall(_) => Duration::MAX,
        };
        Self { pace, usual, wall: pace.wall() + limit.wall() }
    }

    /// What is left of what a check may need, in usual seconds; at the very end it still gets some.
    fn due(&self) -> Duration {
        self.usual.saturating_sub(self.pace.usual()).max(Duration::from_secs(2))
    }

    /// The same, and no longer than the clock on the wall allows.
    fn left(&self) -> Duration {
        let wall = self.wall.saturating_sub(self.pace.wall()).div_f64(self.pace.stretch());
        self.due().min(wall.max(Duration::from_secs(2)))
    }

    fn is_over(&self) -> bool {
        self.pace.usual() > self.usual || self.pace.wall() > self.wall
    }
}

/// Waits until systemd has done all that it wants to do; what it did not is for the checks to say.
fn ready<'a>(
    guest: &'a mut Guest,
    events: &'a dyn Events,
    time: &Deadline,
) -> Result<Shell<'a>, Halt> {
    let mut shell = Shell::set_up(&mut guest.serial, events, guest.pace)?;
    shell.run("systemctl is-system-running --wait", time.left() / 2)?;
    Ok(shell)
}

fn one(
    shell: &mut Shell<'_>,
    check: &BootCheck,
    machine: &Machine,
    time: &Deadline,
) -> Result<TestResult, Halt> {
    let began = time.pace.wall();
    let mut tries = if may_come(&check.promise) { 5 } else { 1 };
    loop {
        let (output, had) = answer(shell, check, time)?;
        let (outcome, detail) = judge(&check.promise, machine.firmware, &output);
        tries -= 1;
        if outcome == Outcome::Pass || tries == 0 || time.left() < Duration::from_secs(5) {
            let took = time.pace.wall().saturating_sub(began);
            return Ok(result(&check.title(), outcome, ending(detail, &output, had), took));
        }
        sleep(Duration::from_secs(2));
    }
}

/// Asks once; returns what the guest said, and how much time it had for it.
fn answer(
    shell: &mut Shell<'_>,
    check: &BootCheck,
    time: &Deadline,
) -> Result<(Output, Duration), Halt> {
    if time.is_over() {
        return Err(Halt::Trouble(Trouble::too_slow(&time.pace)));
    }
    let own = check.seconds.map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.into()));
    let (due, asked) = (time.due().min(own), time.pace.usual());
    let output = shell.run(&question(&check.promise), time.left().min(own))?;
    let had = time.pace.usual().saturating_sub(asked);
    // The clock on the wall ended it, or the machine became slower meanwhile.
    if output.ran_out_of_time() && had < due.mul_f64(0.8) {
        return Err(Halt::Trouble(Trouble::too_slow(&time.pace)));
    }
    Ok((output, had))
}

/// Says of a command that it did not end, which its status says only to those who know.
fn ending(detail: String, output: &Output, had: Duration) -> String {
    match output.ran_out_of_time() {
        true => format!("did not end within {} s\n{detail}", had.as_secs()),
        false => detail,
    }
}

fn applying<'a>(plan: &'a Plan, machine: &'a Machine) -> impl Iterator<Item = &'a BootCheck> {
    plan.checks.iter().filter(|check| check.applies(machine.firmware, machine.medium))
}

fn skipped(check: &BootCheck, cut: Option<&Trouble>) -> TestResult {
    let why = match cut.map(|trouble| trouble.kind) {
        Some(TroubleKind::TooSlow) => "no time was left",
        Some(TroubleKind::Interrupted) => "stopped before",
        _ => "no shell",
    };
    result(&check.title(), Outcome::Skip, why.to_owned(), Duration::ZERO)
}

fn result(name: &str, outcome: Outcome, detail: String, took: Duration) -> TestResult {
    TestResult { name: name.to_owned(), outcome, detail, seconds: took.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_have_the_time_that_a_user_gives() {
        let left = |limit| Deadline::new(limit, Pace::begin(0, 1.0)).left().as_secs();
        assert!((1490..=1500).contains(&left(Limit::Wall(Duration::from_secs(1500)))));
        assert!((290..=300).contains(&left(Limit::DEFAULT)));
    }
}
