//! Boots an image once per combo and checks each time what must hold.

mod ask;
mod install;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ask::Answers;

use crate::login::{Way, reach_shell};
use crate::qemu::{Guest, Start, StartError};
use crate::report::{Boot, ComboReport, Report, Verdict};
use crate::trouble::{Halt, Trouble, TroubleKind};
use crate::{Accelerator, Event, Events, Firmware, Host, Login, Machine, Medium, NoKvm, Plan};

/// A test could not be made; what the image does wrong is in the report instead.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// A machine could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The folder for logs could not be made.
    #[error("cannot make {path}")]
    OutDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The image is not there.
    #[error("cannot read the image {path}")]
    Image {
        /// The image.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Makes the test. One machine runs at a time. Everything that is not installed is reported before
/// the first is started. What was seen until the user stops it is in the report, too.
///
/// # Errors
///
/// When the image is not there, the folder for logs cannot be made, or a machine cannot be started. A test that does
/// not pass is in the report.
pub fn test(host: &Host, plan: &Plan, events: &dyn Events) -> Result<Report, TestError> {
    prepare(host, plan)?;
    let arch = plan.machine.arch;
    let accelerator = plan.machine.accelerator.unwrap_or_else(|| host.accelerator(arch));
    let mut run = Run { host, plan, events, accelerator, way: Way::new(&plan.login) };
    let mut combos = Vec::new();
    for &(firmware, medium) in &plan.combos {
        let combo = run.combo(firmware, medium)?;
        let stopped = combo.trouble().is_some_and(|t| t.kind == TroubleKind::Interrupted);
        combos.push(combo);
        if stopped {
            break;
        }
    }
    let image = plan.iso.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Report { image, combos })
}

fn prepare(host: &Host, plan: &Plan) -> Result<(), TestError> {
    let (iso, out) = (&plan.iso, &plan.out_dir);
    std::fs::File::open(iso).map_err(|source| TestError::Image { path: iso.clone(), source })?;
    for &(firmware, _) in &plan.combos {
        host.supports(plan.machine.arch, firmware).map_err(StartError::from)?;
    }
    std::fs::create_dir_all(out).map_err(|source| TestError::OutDir { path: out.clone(), source })
}

/// What one machine has taught, the next one uses.
struct Run<'a> {
    host: &'a Host,
    plan: &'a Plan,
    events: &'a dyn Events,
    accelerator: Accelerator,
    way: Way,
}

impl Run<'_> {
    fn combo(&mut self, firmware: Firmware, medium: Medium) -> Result<ComboReport, TestError> {
        let mut machine = Machine { firmware, medium, ..self.plan.machine.clone() };
        let mut note = None;
        loop {
            if self.accelerator == Accelerator::Tcg {
                // Emulated processors see half-patched code of each other now and then, and the
                // kernel panics with "Oops: int3": one of them is slower and sure.
                machine.cpus = 1;
            }
            let reason = match self.boot(&machine) {
                Ok(report) => match self.another_way(&report.boot) {
                    Some(reason) => reason,
                    None => return Ok(ComboReport { note, ..report }),
                },
                Err(TestError::Start(StartError::Qemu { said })) if self.can_emulate() => {
                    self.emulate_instead(said)
                }
                Err(error) => return Err(error),
            };
            self.events.event(&Event::Again { reason: reason.clone() });
            note = Some(reason);
        }
    }

    /// Goes on without KVM, with which QEMU did not start; returns why.
    fn emulate_instead(&mut self, said: String) -> String {
        let reason = format!("QEMU does not start with KVM ({said}): emulating");
        self.emulate(NoKvm::Refused(said));
        reason
    }

    /// Whether there is still something slower and surer.
    fn can_emulate(&self) -> bool {
        self.accelerator == Accelerator::Kvm && self.plan.machine.accelerator.is_none()
    }

    /// Does without KVM from now on; the machine's other tests, too.
    fn emulate(&mut self, why: NoKvm) {
        self.accelerator = Accelerator::Tcg;
        self.host.distrust_kvm(self.plan.machine.arch, why);
    }

    /// Some failures are the machine's, not the image's: then the next start goes another way.
    fn another_way(&mut self, boot: &Boot) -> Option<String> {
        let trouble = boot.trouble()?;
        let machine_failed = matches!(
            trouble.kind,
            TroubleKind::InternalError | TroubleKind::QemuBroke | TroubleKind::NeverRan
        );
        if machine_failed && self.can_emulate() {
            self.emulate(match trouble.kind {
                TroubleKind::QemuBroke => NoKvm::Refused(trouble.line.clone()),
                _ => NoKvm::NeverRuns,
            });
            return Some(format!("{trouble}: emulating, without KVM"));
        }
        let automatic = self.plan.login == Login::Credentials;
        if trouble.kind == TroubleKind::LoginRefused && automatic && self.way == Way::Autologin {
            self.way = Way::OpenPam;
            return Some("its getty takes no credentials: opening PAM instead".to_owned());
        }
        None
    }

    fn boot(&self, machine: &Machine) -> Result<ComboReport, TestError> {
        let stem = self.plan.out_dir.join(format!("{}-{}", machine.firmware, machine.medium));
        let serial_log = stem.with_extension("log");
        let (machine, _disks) = match (&self.plan.installation, machine.medium) {
            (Some(installation), Medium::Disk) => match self.install(installation, machine)? {
                Ok((machine, disks)) => (&machine.clone(), Some(disks)),
                Err(failed) => return Ok(self.not_installed(machine, failed)),
            },
            _ => (machine, None),
        };
        let mut guest = self.start(machine, &self.way, &serial_log)?;
        let up = reach_shell(&mut guest, &self.way, self.plan.limit, self.accelerator, self.events);
        let (boot, answers) = self.observe(up, &mut guest, machine);
        let mut report = self.report(machine, boot, answers, serial_log, &guest);
        if self.plan.pictures || report.verdict() != Verdict::Passed {
            report.screenshot = picture(&mut guest, &stem);
        }
        self.finish(guest, &report);
        Ok(report)
    }

    fn report(
        &self,
        machine: &Machine,
        boot: Boot,
        Answers { results, cut }: Answers,
        serial_log: PathBuf,
        guest: &Guest,
    ) -> ComboReport {
        ComboReport {
            image: None,
            firmware: machine.firmware,
            medium: machine.medium,
            accelerator: self.accelerator,
            seconds: guest.pace.wall().as_secs_f64(),
            boot,
            results,
            cut,
            note: None,
            serial_log,
            screenshot: None,
        }
    }

    fn start(&self, machine: &Machine, way: &Way, serial_log: &Path) -> Result<Guest, TestError> {
        let Self { host, plan, events, accelerator, way: _ } = self;
        let &Machine { firmware, medium, arch, .. } = machine;
        let is_chosen = plan.machine.accelerator.is_some();
        let no_kvm = if is_chosen { None } else { host.no_kvm(arch) };
        let accelerator = *accelerator;
        events.event(&Event::Started { firmware, medium, accelerator, no_kvm });
        let start = Start {
            host,
            machine,
            iso: &plan.iso,
            accelerator,
            credentials: &way.credentials(&arch.serial_port()),
            serial_log,
            // Measured each time: the machine may be slower than a minute ago.
            slowness: if accelerator == Accelerator::Tcg { host.slowness(arch) } else { 1.0 },
        };
        Ok(Guest::start(&start)?)
    }

    /// How the boot ended, and what the checks gave.
    fn observe(
        &self,
        up: Result<(), Halt>,
        guest: &mut Guest,
        machine: &Machine,
    ) -> (Boot, Answers) {
        let trouble = match up {
            Ok(()) => {
                let seconds = guest.pace.wall().as_secs_f64();
                let answers = ask::all(self.plan, machine, guest, self.events);
                return (Boot::Up { seconds }, answers);
            }
            Err(halt) => Trouble::from(halt),
        };
        let results = ask::none(self.plan, machine);
        let tail = guest.serial.tail(12);
        let boot = match trouble.kind.is_of_the_host() {
            true => Boot::Unfinished { trouble, tail },
            false => Boot::Failed { trouble, tail },
        };
        (boot, Answers { results, cut: None })
    }

    /// Disks that may be looked at again are left in order; a read-only medium needs no farewell.
    fn finish(&self, mut guest: Guest, report: &ComboReport) {
        let up = matches!(report.boot, Boot::Up { .. });
        let clean = up && !self.plan.machine.disks.is_empty();
        let clean = clean && guest.serial.send("systemctl poweroff\n").is_ok();
        guest.stop(Duration::from_secs(if clean { 90 } else { 0 }));
        let &ComboReport { firmware, medium, ref boot, .. } = report;
        self.events.event(&Event::Finished { firmware, medium, boot });
    }
}

/// A picture is a help; that there is none fails nothing.
fn picture(guest: &mut Guest, stem: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(stem).ok()?;
    guest.qmp.screendump(&absolute).ok()
}

#[cfg(test)]
mod tests;
