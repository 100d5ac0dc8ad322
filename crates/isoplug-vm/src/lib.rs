//! Boots an image in QEMU and checks over the serial port what the manifest promised.
//!
//! [`run`] shows a machine to a person; [`test`] boots an image once per firmware and medium, gets a
//! root shell without a secret in the image, checks each [`Promise`] and makes a [`Report`]. The
//! image's bytes are what is tested: nothing is added to it. Only this crate knows QEMU. It knows no
//! manifest and prints nothing; progress goes to [`Events`].

mod attach;
mod check;
mod command_line;
mod events;
#[cfg(test)]
mod fake;
mod firmware;
mod host;
mod kvm;
mod login;
mod machine;
mod pace;
mod plan;
mod qemu;
mod qmp;
mod report;
mod run;
mod serial;
mod shell;
mod test;
mod tiny;
mod trouble;

pub use isoplug_promise::{BootCheck, Firmware, Medium, Promise, Protocol, UnitState};

pub use attach::{Attach, Bus};
pub use events::{Event, Events, Silent};
pub use host::{Host, HostError};
pub use kvm::NoKvm;
pub use machine::{Accelerator, Arch, Disk, DiskFormat, Display, Forward, Machine, Network, Share};
pub use plan::{Installation, Limit, Login, Plan};
pub use qemu::StartError;
pub use report::{Boot, ComboReport, Outcome, Report, ReportError, TestResult, Verdict};
pub use run::run;
pub use test::{TestError, test};
pub use trouble::{Trouble, TroubleKind};
