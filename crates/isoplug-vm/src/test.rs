//! Boots an image once per combo and checks each time what must hold.

mod ask;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::login::{Way, reach_shell};
use crate::qemu::{Guest, Start, StartError};
use crate::report::{Boot, ComboReport, Report};
use crate::trouble::{Halt, Trouble, TroubleKind};
use crate::{Accelerator, Event, Events, Firmware, Host, Login, Machine, Medium, Plan};

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
    /// The user asked to stop.
    #[error("the test was stopped")]
    Cancelled,
}

/// Makes the test. One machine runs at a time. Everything that is not installed is reported before
/// the first is started.
pub fn test(host: &Host, plan: &Plan, events: &dyn Events) -> Result<Report, TestError> {
    prepare(host, plan)?;
    let arch = plan.machine.arch;
    let accelerator = plan.machine.accelerator.unwrap_or_else(|| host.accelerator(arch));
    let mut run = Run { host, plan, events, accelerator, way: Way::new(&plan.login) };
    let mut combos = Vec::new();
    for &(firmware, medium) in &plan.combos {
        combos.push(run.combo(firmware, medium)?);
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
        let machine = Machine { firmware, medium, ..self.plan.machine.clone() };
        loop {
            match self.boot(&machine) {
                Ok(report) => match self.another_way(&report.boot) {
                    Some(reason) => self.events.event(&Event::Again { reason }),
                    None => return Ok(report),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Some failures are the machine's, not the image's: then the next start goes another way.
    fn another_way(&mut self, boot: &Boot) -> Option<String> {
        let Boot::Failed { trouble, .. } = boot else { return None };
        let chosen = self.plan.machine.accelerator.is_some();
        let machine_failed = matches!(trouble.kind, TroubleKind::InternalError);
        if machine_failed && self.accelerator == Accelerator::Kvm && !chosen {
            self.accelerator = Accelerator::Tcg;
            return Some(format!("{trouble}: trying without KVM"));
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
        let mut guest = self.start(machine, &serial_log)?;
        let up = reach_shell(&mut guest, &self.way, self.plan.timeout, self.events);
        let (boot, results) = self.observe(up, &mut guest, machine)?;
        let mut report = ComboReport {
            firmware: machine.firmware,
            medium: machine.medium,
            accelerator: self.accelerator,
            seconds: guest.started.elapsed().as_secs_f64(),
            boot,
            results,
            serial_log,
            screenshot: None,
        };
        if self.plan.pictures || !report.passed() {
            report.screenshot = picture(&mut guest, &stem);
        }
        self.finish(guest, &report);
        Ok(report)
    }

    fn start(&self, machine: &Machine, serial_log: &Path) -> Result<Guest, TestError> {
        let Self { host, plan, events, accelerator, way } = self;
        events.event(&Event::Started {
            firmware: machine.firmware,
            medium: machine.medium,
            accelerator: *accelerator,
            timeout: plan.timeout,
        });
        let start = Start {
            host,
            machine,
            iso: &plan.iso,
            accelerator: *accelerator,
            credentials: &way.credentials(machine.arch.serial_port()),
            serial_log,
        };
        Ok(Guest::start(&start)?)
    }

    /// How the boot ended, and what the checks gave.
    fn observe(
        &self,
        up: Result<(), Halt>,
        guest: &mut Guest,
        machine: &Machine,
    ) -> Result<(Boot, Vec<crate::TestResult>), TestError> {
        match up {
            Ok(()) => {
                let seconds = guest.started.elapsed().as_secs_f64();
                let results = ask::all(self.plan, machine, guest, self.events)?;
                Ok((Boot::Up { seconds }, results))
            }
            Err(Halt::Trouble(trouble)) => {
                let skipped = ask::none(self.plan, machine);
                Ok((Boot::Failed { trouble, tail: guest.serial.tail(12) }, skipped))
            }
            Err(Halt::Cancelled) => Err(TestError::Cancelled),
        }
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

/// Trouble ends the checks, but not the report.
pub(crate) fn trouble_of(halt: Halt) -> Result<Trouble, TestError> {
    match halt {
        Halt::Trouble(trouble) => Ok(trouble),
        Halt::Cancelled => Err(TestError::Cancelled),
    }
}
