//! `isoplug test`: boots an image in every way it supports and checks what its manifest promises.

mod ways;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isoplug_engine::{ArtifactId, Error, Expected, Graph, Store};
use isoplug_vm::{Accelerator, Arch, Host, Limit, Machine, Report, Verdict};

use super::run::{FirmwareArg, arch};
use super::select::{Locking, Select, Sharding};
use crate::boot_test::{self, BootTest, TestSetup};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::matrix::{Matrix, State, Tests};
use crate::place;
use crate::prepare::Prepared;
use crate::session::Session;
use crate::{export, installed, outcome, promises};
use ways::MediumArg;

/// Boot the ISO and check what the manifest promises
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug test                              # every firmware, as CD and USB disk\n  \
    isoplug test --firmware bios --medium cd  # one way only\n  \
    isoplug test --timeout 1800               # half an hour for each boot\n  \
    isoplug test --junit report.xml           # for CI")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    sharding: Sharding,
    #[command(flatten)]
    locking: Locking,
    /// Only with this firmware; may be given several times
    #[arg(long, value_enum)]
    firmware: Vec<FirmwareArg>,
    /// Only from this medium; may be given several times
    #[arg(long, value_enum)]
    medium: Vec<MediumArg>,
    /// Test again what passed before
    #[arg(long)]
    again: bool,
    /// Seconds that a boot may take, and its checks as many again [default: 300 on a usual machine,
    /// more on one that is slow or busy]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Leave a picture of the screen after the last check, also of a boot that passes; tests again
    #[arg(long)]
    screenshots: bool,
    /// Memory of the machine, in MiB
    #[arg(long, default_value_t = 2048)]
    memory: u32,
    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a JSON report to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let picks = args.sharding.deal(picks, session);
    let bench = Bench::new(args, export::output(&project, None)?, session);
    let mut matrix = Matrix::prepare(&project, &picks, args.locking.into(), session)?;
    matrix.build(&bench.output, &session.run_options(), session)?;
    if let (Some(exit), None) = (matrix.exit(), matrix.built().next()) {
        matrix.summarise(session);
        return Ok(exit);
    }
    let mut all = Report { image: project.image.name.clone(), combos: Vec::new() };
    let ended = bench.test_each(&mut matrix, &mut all);
    // What was seen is told, whatever ended it.
    write_reports(args, &all)?;
    matrix.summarise(session);
    ended?;
    let verdict = exit(all.verdict(), session);
    Ok(matrix.exit().unwrap_or(verdict))
}

fn exit(verdict: Verdict, session: &Session) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Done,
        Verdict::Failed => Exit::Test,
        Verdict::Unfinished => {
            session.note(UNFINISHED);
            Exit::Unfinished
        }
    }
}

const UNFINISHED: &str = "\
a boot did not end, which says nothing of the image
  try: a machine with KVM or less to do, or more time: --timeout SECONDS";

/// Where images are tested, one boot after the other.
struct Bench<'a> {
    args: &'a Args,
    session: &'a Session,
    output: export::Output,
    host: Host,
    /// Whether it was told what runs the machines.
    noted: Cell<bool>,
}

impl<'a> Bench<'a> {
    fn new(args: &'a Args, output: export::Output, session: &'a Session) -> Self {
        Self { args, session, output, host: Host::discover(), noted: Cell::new(false) }
    }

    /// Boots each image that was built, and adds what was seen to the report of all.
    fn test_each(&self, matrix: &mut Matrix, all: &mut Report) -> Result<(), Failure> {
        let Matrix { graph, images, .. } = matrix;
        let many = images.len() > 1;
        for image in images {
            let State::Built(prepared, built) = &mut image.state else { continue };
            if many {
                graph.part(&image.name);
            }
            let (mut report, ended) = self.test_all(graph, prepared)?;
            if ended.is_ok() || !report.combos.is_empty() {
                self.session.out(&report.text());
            }
            built.tests = Some(Tests::of(&report));
            let name = many.then(|| image.name.clone());
            report.combos.iter_mut().for_each(|combo| combo.image.clone_from(&name));
            all.combos.extend(report.combos);
            ended?;
            stopped(all)?;
        }
        Ok(())
    }

    /// Boots an image in each way. Returns what was seen, and why that is not all.
    fn test_all(
        &self,
        graph: &mut Graph,
        prepared: &Prepared,
    ) -> Result<(Report, Result<(), Failure>), Failure> {
        let mut report = Report { image: prepared.image.name.clone(), combos: Vec::new() };
        for stage in self.stages(prepared)? {
            match self.test(stage, graph, prepared) {
                Ok(one) => report.combos.extend(one.combos),
                Err(failure) => return Ok((report, Err(failure))),
            }
            if report.interrupted() {
                break;
            }
        }
        Ok((report, Ok(())))
    }

    /// Returns one stage for each way to boot.
    fn stages(&self, prepared: &Prepared) -> Result<Vec<BootTest>, Failure> {
        let (args, system) = (self.args, &prepared.system);
        let arch = arch(&system.arch)?;
        let stage = |(firmware, medium)| BootTest {
            iso: prepared.products.iso,
            identity: prepared.products.identity,
            machine: Machine { memory: args.memory, ..Machine::new(arch, firmware, medium) },
            checks: installed::checks(system, medium),
            login: installed::login(system, firmware, medium),
            installation: installed::installation(system, firmware, medium),
            name: prepared.image.name.clone(),
            again: (args.again || args.screenshots).then(|| u64::from(std::process::id())),
            setup: self.setup(&prepared.image.name),
        };
        let supported = promises::firmware(system);
        let wanted = args.firmware.iter().map(|firmware| (*firmware).into()).collect();
        let ways = ways::all(wanted, &args.medium, supported, system)?;
        Ok(ways.into_iter().map(stage).collect())
    }

    fn setup(&self, image: &str) -> TestSetup {
        let wall = |seconds| Limit::Wall(Duration::from_secs(seconds));
        TestSetup {
            host: self.host.clone(),
            limit: self.args.timeout.map_or(Limit::DEFAULT, wall),
            folder: self.output.folder.join(format!("{image}.test")),
            seen: Arc::default(),
            pictures: self.args.screenshots,
        }
    }

    /// Returns the report of a test that passed now or before, or of one that failed.
    fn test(
        &self,
        stage: BootTest,
        graph: &mut Graph,
        prepared: &Prepared,
    ) -> Result<Report, Failure> {
        let (arch, seen) = (stage.machine.arch, Arc::clone(&stage.setup.seen));
        let report = graph.add(stage).report;
        let targets = [report.id()];
        if !self.noted.get() && must_run(graph, &targets, &prepared.store) {
            accelerator(&self.host, arch, self.session);
            self.noted.set(true);
        }
        let options = self.session.run_options();
        match isoplug_engine::run(graph, &targets, &prepared.store, &options) {
            Ok(outputs) => read(&outputs.path(report).unwrap_or_default()),
            Err(error) => seen.get().cloned().ok_or_else(|| untested(&error, prepared)),
        }
    }
}

fn read(report: &Path) -> Result<Report, Failure> {
    let read = fs::read(report).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| {
        Failure::new(Exit::Internal, format!("{} is not a report", report.display()))
    })
}

/// Tells whether a machine will be started: what passed before is not tested again.
fn must_run(graph: &Graph, targets: &[ArtifactId], store: &Store) -> bool {
    let plan = isoplug_engine::plan_targets(graph, targets, store);
    plan.is_ok_and(|plan| plan.stages.last().is_some_and(|row| row.state != Expected::Cached))
}

fn untested(error: &Error, prepared: &Prepared) -> Failure {
    match error.find::<boot_test::Error>() {
        Some(boot_test::Error::Test(reason)) => {
            Failure::new(Exit::Host, "the image could not be tested")
                .because(reason)
                .hint("`isoplug doctor --test` tells what is missing")
        }
        _ => outcome::failure(error, &prepared.system),
    }
}

/// Returns what runs the machines; without KVM, a note says why and what that means.
pub(super) fn accelerator(host: &Host, arch: Arch, session: &Session) -> Accelerator {
    let Some(why) = host.no_kvm(arch) else { return Accelerator::Kvm };
    session.note(&format!("emulating, 10 to 30 times slower than with KVM\n  because: {why}"));
    if let Some(advice) = why.advice() {
        session.note(&format!("  try: {advice}"));
    }
    Accelerator::Tcg
}

fn write_reports(args: &Args, report: &Report) -> Result<(), Failure> {
    let write = |path: &Path, text: String| {
        place::write(path, &text).map_err(|error| {
            Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(&error)
        })
    };
    if let Some(path) = &args.report {
        write(path, serde_json::json!(report).to_string())?;
    }
    if let Some(path) = &args.junit {
        let xml = report.junit().map_err(|error| {
            Failure::new(Exit::Internal, "the JUnit report could not be made").because(&error)
        })?;
        write(path, xml)?;
    }
    Ok(())
}

/// Ends the command where somebody stopped it.
fn stopped(all: &Report) -> Result<(), Failure> {
    match all.interrupted() {
        true => Err(Failure::new(Exit::Interrupted, "stopped; what was seen is told above")),
        false => Ok(()),
    }
}
