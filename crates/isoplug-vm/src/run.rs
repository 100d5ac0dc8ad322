//! Boots an image for a person to look at.

use std::path::Path;
use std::process::ExitStatus;

use crate::command_line::{CommandLine, Parts, Ports};
use crate::qemu::{StartError, private_folder, with_own_variables};
use crate::{Accelerator, Display, Host, Machine};

/// Boots `iso` and waits until the machine is shut. Without a display the serial port is this
/// terminal (Ctrl-A X ends the machine); with one it is a tab of the window. UEFI variables are
/// forgotten afterwards.
///
/// # Errors
///
/// When something is not installed, a file of the start cannot be made, or QEMU does not start.
pub fn run(host: &Host, machine: &Machine, iso: &Path) -> Result<ExitStatus, StartError> {
    let folder = private_folder()?;
    let firmware = host.firmware(machine.arch, machine.firmware)?;
    let accelerator = machine.accelerator.unwrap_or_else(|| host.accelerator(machine.arch));
    let mut machine = machine.clone();
    if accelerator == Accelerator::Tcg {
        // See the test's machines: emulated processors disturb each other.
        machine.cpus = 1;
    }
    let parts = Parts {
        qemu: host.qemu(machine.arch)?,
        iso,
        firmware: with_own_variables(firmware, folder.path())?,
        accelerator,
        ports: match machine.display {
            Display::None => Ports::Terminal,
            Display::Gtk => Ports::Window,
        },
        credentials: &[],
    };
    let status = CommandLine::new(&machine, &parts).command().status();
    status.map_err(|source| StartError::Prepare { path: parts.qemu, source })
}
