//! `isoplug test`: boots an image in every way it supports and checks what its manifest promises.

mod bench;
mod ways;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use isoplug_vm::{Accelerator, Arch, Host, Report, Verdict};

use super::run::FirmwareArg;
use super::select::{Locking, Select, Sharding};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::matrix::Matrix;
use crate::session::Session;
use crate::{export, place};
use bench::Bench;
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
    /// How many machines run at the same time [default: one per processor, if memory is free for all]
    #[arg(long, value_name = "N")]
    boots: Option<NonZeroUsize>,
    /// Memory of a machine, in MiB
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
