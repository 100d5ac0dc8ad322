//! An installation from its beginning to its end: what is decided, then what is done, and what is undone if it fails.

use std::cell::Cell;
use std::collections::BTreeMap;

use isoplug_install_plan::{
    Answers, Hooks, InstallPlan, Layout, OnDone, Partitioning, Step, Target, Template,
};

use crate::dialogue::{Ask, Secrets};
use crate::inventory::Device;
use crate::layout::Made;
use crate::loader::Loader;
use crate::machine::{Call, Held};
use crate::release::Action;
use crate::report::{LOG, Report};
use crate::settle::Setup;
use crate::{
    Error, Machine, TARGET, answers, fit, inventory, layout, loader, prove, release, settle, unpack,
};

mod decide;
mod hooks;
mod ring;
mod told;

/// How an installation is run.
pub struct Run<'a> {
    /// The plan.
    pub plan: &'a InstallPlan,
    /// SHA-256 of the plan's bytes.
    pub digest: &'a str,
    /// Folder of the plan.
    pub folder: &'a str,
    /// Nobody is asked.
    pub unattended: bool,
    /// Answers in a file that was named.
    pub answers: Option<&'a str>,
    /// What was made stays as it is if something fails.
    pub keep_on_error: bool,
    /// Waits for a second; tells whether a key was pressed.
    pub pause: &'a dyn Fn() -> bool,
    /// Makes the report once it is known what is installed.
    pub report: &'a dyn Fn(&Target) -> Report,
    /// Is called before the first write: from there on a step is finished before anything stops.
    pub begin: &'a dyn Fn(),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The system is installed.
    Installed(OnDone),
    /// It was there already.
    Already(String),
}

/// All that was decided.
pub struct Choice<'a> {
    pub(crate) target: &'a Target,
    pub(crate) layout: &'a Layout,
    pub(crate) partitioning: &'a Partitioning,
    pub(crate) template: Option<&'a Template>,
    pub(crate) disk: Device,
    pub(crate) release: Vec<Action>,
    pub(crate) answers: Answers,
    pub(crate) places: Vec<String>,
    pub(crate) secrets: Secrets,
    pub(crate) hooks: &'a Hooks,
    pub(crate) hostname: String,
    pub(crate) on_done: OnDone,
}

/// Installs.
///
/// # Errors
///
/// Whatever stands in its way.
pub fn run(machine: &dyn Machine, run: &Run<'_>, ask: &mut dyn Ask) -> Result<Done, Error> {
    let inventory = inventory::take(machine, &run.plan.image.id)?;
    // The kernel itself refuses to give up what is held here, whatever the rest of the program does.
    let mut claims = claims(machine, &inventory);
    let given = answers::collect(machine, &inventory, run.plan, run.answers)?;
    let choice = if run.unattended {
        match decide::by_rule(machine, &inventory, run, given, ask)? {
            decide::ByRule::Choice(choice) => *choice,
            decide::ByRule::Already(text) => return Ok(Done::Already(text)),
        }
    } else {
        decide::by_dialogue(machine, &inventory, run, given, ask)?
    };
    // After `toram` somebody may have given up the medium itself.
    claims.remove(&choice.disk.kname);
    let report = (run.report)(choice.target);
    execute(machine, run, &choice, &report)?;
    Ok(Done::Installed(choice.on_done))
}

/// Opens the disks of the medium for itself alone. With `live-media-offset` only a loop device reads the stick, so
/// that the kernel would let anybody write to it.
fn claims(machine: &dyn Machine, inventory: &inventory::Inventory) -> BTreeMap<String, Claim> {
    let disks = inventory.medium.iter().filter_map(|name| inventory.device(name));
    disks.map(|disk| (disk.kname.clone(), machine.claim(&disk.path))).collect()
}

/// What keeps a disk; nothing if it is in use, which keeps it as well.
type Claim = Option<Box<dyn Held>>;

fn execute(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    report: &Report,
) -> Result<(), Error> {
    report.begin(Step::Verify);
    unpack::verify(machine, choice.target, report)?;
    fit::answers(machine, choice.target, &choice.answers)?;
    if machine.stopped() {
        return Err(Error::Stopped);
    }
    hooks::before(machine, run, choice, report)?;
    (run.begin)();
    let wrote = Cell::new(false);
    let result = write(machine, run, choice, &wrote, report);
    if result.is_err() {
        undo(machine, choice, run.keep_on_error || !wrote.get(), report);
    }
    result
}

/// Stops between two steps, if somebody asked for it.
fn begin(machine: &dyn Machine, report: &Report, step: Step) -> Result<(), Error> {
    if machine.stopped() {
        return Err(Error::Stopped);
    }
    report.begin(step);
    Ok(())
}

fn write(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    wrote: &Cell<bool>,
    report: &Report,
) -> Result<(), Error> {
    begin(machine, report, Step::Release)?;
    release::release(machine, &choice.disk, &choice.release, wrote)?;
    begin(machine, report, Step::Partition)?;
    let passphrase = choice.secrets.passphrase.as_deref();
    let made = layout::partition(machine, &choice.disk, choice.partitioning, passphrase)?;
    layout::mount(machine, &made, false)?;
    begin(machine, report, Step::Unpack)?;
    unpack::unpack(machine, choice.target, report)?;
    layout::mount(machine, &made, true)?;
    begin(machine, report, Step::Settle)?;
    settle_in(machine, run, choice, &made, report)?;
    begin(machine, report, Step::Loader)?;
    boots(machine, run, choice, &made, report)?;
    begin(machine, report, Step::Prove)?;
    prove::files(machine, choice.target, &made)?;
    settle::leave(machine)?;
    keep_log(machine)?;
    // Unmounting writes what was not written yet, but only this says whether that failed.
    machine.run(&Call::new("/usr/bin/sync").with(["-f", TARGET]))?;
    layout::put_away(machine, choice.partitioning)?;
    prove::file_systems(machine, &choice.disk, &made)
}

fn settle_in(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    made: &[Made],
    report: &Report,
) -> Result<(), Error> {
    settle::enter(machine)?;
    let setup = Setup {
        image_id: &run.plan.image.id,
        plan_digest: run.digest,
        initrd: &choice.target.kernel.initrd,
        kernel_parameters: &choice.target.kernel_parameters,
        hostname: &choice.hostname,
        answers: &choice.answers,
        password: choice.secrets.password.as_deref(),
        made,
    };
    settle::settle(machine, &setup)?;
    let files = choice.template.map(|template| template.files.as_slice()).unwrap_or_default();
    settle::copy(machine, run.folder, files)?;
    hooks::after(machine, run, choice, report)
}

fn boots(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    made: &[Made],
    report: &Report,
) -> Result<(), Error> {
    let loader = Loader {
        target: choice.target,
        disk: &choice.disk,
        made,
        label: &run.plan.image.name,
        order: choice.answers.boot_order.unwrap_or_default(),
        boot_next: choice.on_done == OnDone::Reboot,
    };
    loader::install(machine, &loader, report)
}

fn keep_log(machine: &dyn Machine) -> Result<(), Error> {
    let log = machine.read(LOG).unwrap_or_default();
    let path = format!("{TARGET}/var/log/isoplug-install.log");
    machine.write(&path, &log, 0o640).map_err(Error::file("write", path.as_str()))
}

/// Takes everything down again, and makes sure that nothing half-made boots; a disk that nothing was written to keeps
/// what it has.
fn undo(machine: &dyn Machine, choice: &Choice<'_>, keep: bool, report: &Report) {
    if let Err(error) = layout::put_away(machine, choice.partitioning) {
        report.warn(&format!("it could not be taken down: {error}"));
    }
    if keep {
        report.warn(&format!("{} stays as it is now", choice.disk.path));
        return;
    }
    let zeroed = machine.zero_ends(&choice.disk.path);
    if let Err(error) = zeroed {
        report.warn(&format!("{} may hold a half-made system: {error}", choice.disk.path));
    }
}
