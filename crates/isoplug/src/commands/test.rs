//! `isoplug test`: boots an image in every way it supports and checks what its manifest promises.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use isoplug_engine::Error;
use isoplug_vm::{Accelerator, Firmware, Host, Machine, Medium, Report};

use super::build::build;
use super::run::{FirmwareArg, MediumArg, arch};
use super::select::{Locking, Select};
use crate::boot_test::{self, BootTest};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::{Prepared, prepare};
use crate::session::Session;
use crate::{assertions, outcome};

/// Boot the ISO and check what the manifest promises
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug test                                # BIOS, UEFI and Secure Boot, as CD and as USB disk\n  \
    isoplug test --firmware bios --medium cd    # one way only\n  \
    isoplug test --junit report.xml             # for CI")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
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
    /// Leave a picture of the screen after the last check, also of a boot that passes; tests again
    #[arg(long)]
    screenshots: bool,
    /// Seconds until a boot counts as failed
    #[arg(long, default_value_t = 300)]
    timeout: u64,
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
    let (project, profiles) = args.select.open()?;
    let (output, host) = (project.folder.join("out"), Host::discover());
    let mut all = Report { image: project.image.name.clone(), combos: Vec::new() };
    for profile in &profiles {
        let lock_use = args.locking.into();
        let mut prepared = prepare(&project, profile, &args.select.arch(), lock_use, session)?;
        build(&prepared, &output, false, session)?;
        let mut report = Report { image: prepared.name.clone(), combos: Vec::new() };
        for stage in stages(args, &prepared, &output, &host)? {
            report.combos.extend(test(stage, &mut prepared, session)?.combos);
        }
        session.out(&report.text());
        all.combos.extend(report.combos);
    }
    write_reports(args, &all)?;
    Ok(if all.passed() { Exit::Done } else { Exit::Test })
}

/// Returns one stage for each way to boot.
fn stages(
    args: &Args,
    prepared: &Prepared,
    output: &Path,
    host: &Host,
) -> Result<Vec<BootTest>, Failure> {
    let system = &prepared.system;
    let arch = arch(&system.arch)?;
    // Emulated processors see half-patched code of each other now and then, and the kernel panics
    // with "Oops: int3": one of them is slower and sure.
    let cpus = if host.accelerator(arch) == Accelerator::Kvm { 2 } else { 1 };
    let mut stages = Vec::new();
    for (firmware, medium) in combos(args, assertions::firmware(system)) {
        let machine = Machine { memory: args.memory, cpus, ..Machine::new(arch, firmware, medium) };
        stages.push(BootTest {
            iso: prepared.products.iso,
            identity: prepared.products.identity,
            machine,
            host: host.clone(),
            checks: assertions::checks(system),
            login: assertions::login(system),
            timeout: Duration::from_secs(args.timeout),
            name: prepared.name.clone(),
            folder: output.join(format!("{}.test", prepared.name)),
            pictures: args.screenshots,
            again: (args.again || args.screenshots).then(|| u64::from(std::process::id())),
        });
    }
    Ok(stages)
}

fn combos(args: &Args, supported: Vec<Firmware>) -> Vec<(Firmware, Medium)> {
    let wanted: Vec<Firmware> = args.firmware.iter().map(|firmware| (*firmware).into()).collect();
    let firmwares = if wanted.is_empty() { supported } else { wanted };
    let wanted: Vec<Medium> = args.medium.iter().map(|medium| (*medium).into()).collect();
    let media = if wanted.is_empty() { vec![Medium::Cd, Medium::Usb] } else { wanted };
    let with = |firmware| media.iter().map(move |medium| (firmware, *medium));
    firmwares.into_iter().flat_map(with).collect()
}

/// Returns the report of a test that passed now or before, or of one that failed.
fn test(stage: BootTest, prepared: &mut Prepared, session: &Session) -> Result<Report, Failure> {
    let report = prepared.graph.add(stage).report;
    let options = isoplug_engine::Options {
        threads: session.threads(),
        reporter: &*session.reporter,
        cancel: session.cancel.clone(),
        ..isoplug_engine::Options::default()
    };
    let targets = [report.id()];
    let outputs = match isoplug_engine::run(&prepared.graph, &targets, &prepared.store, &options) {
        Ok(outputs) => outputs,
        Err(error) => return failed_report(&error, prepared),
    };
    let path = outputs.path(report).unwrap_or_default();
    let read = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| Failure::new(Exit::Internal, format!("{} is no report", path.display())))
}

fn failed_report(error: &Error, prepared: &Prepared) -> Result<Report, Failure> {
    match error.find::<boot_test::Error>() {
        Some(boot_test::Error::Failed(report)) => Ok((**report).clone()),
        Some(boot_test::Error::Test(reason)) => {
            Err(Failure::new(Exit::Host, "the image could not be tested")
                .because(reason)
                .hint("`isoplug doctor --test` tells what is missing"))
        }
        _ => Err(outcome::failure(error, &prepared.system)),
    }
}

fn write_reports(args: &Args, report: &Report) -> Result<(), Failure> {
    let write = |path: &Path, text: String| {
        fs::write(path, text).map_err(|error| {
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
