//! Boots an image for a person to look at.

use std::io;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::Duration;

use crate::command_line::{CommandLine, Parts, Ports};
use crate::qemu::{StartError, private_folder, with_own_variables};
use crate::{Accelerator, Display, Host, Machine};

/// Boots `iso` and waits until the machine is shut. Without a display the serial port is this
/// terminal (Ctrl-A X ends the machine); with one it is a tab of the window. UEFI variables are
/// forgotten afterwards. A shared folder is at `/mnt/share`, where the guest's systemd reads that from a credential.
/// Once `is_stopped` says so, the machine is switched off.
///
/// # Errors
///
/// When something is not installed, a file of the start cannot be made, or QEMU does not start.
pub fn run(
    host: &Host,
    machine: &Machine,
    iso: &Path,
    is_stopped: &dyn Fn() -> bool,
) -> Result<ExitStatus, StartError> {
    let folder = private_folder()?;
    let firmware = host.firmware(machine.arch, machine.firmware)?;
    let accelerator = machine.accelerator.unwrap_or_else(|| host.accelerator(machine.arch));
    let mut machine = machine.clone();
    if accelerator == Accelerator::Tcg {
        // See the test's machines: emulated processors disturb each other.
        machine.cpus = 1;
    }
    let fstab = machine.share.as_ref().map(|share| ("fstab.extra".to_owned(), share.fstab()));
    let credentials: Vec<_> = fstab.into_iter().collect();
    let parts = Parts {
        qemu: host.qemu(machine.arch)?,
        iso,
        firmware: with_own_variables(firmware, folder.path())?,
        accelerator,
        ports: ports(machine.display),
        credentials: &credentials,
    };
    let started = CommandLine::new(&machine, &parts).command().spawn();
    let ended = started.and_then(|mut child| wait(&mut child, is_stopped));
    ended.map_err(|source| StartError::Prepare { path: parts.qemu, source })
}

fn ports(display: Display) -> Ports<'static> {
    match display {
        Display::None => Ports::Terminal,
        Display::Gtk => Ports::Window,
    }
}

/// How often to look whether the machine is to be stopped.
const LOOK: Duration = Duration::from_millis(100);

fn wait(child: &mut Child, is_stopped: &dyn Fn() -> bool) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if is_stopped() {
            child.kill()?;
            return child.wait();
        }
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_machine_is_waited_for_until_it_is_stopped() {
        let start = |seconds| Command::new("sleep").arg(seconds).spawn().unwrap();
        assert!(wait(&mut start("0.3"), &|| false).unwrap().success());
        assert!(!wait(&mut start("100"), &|| true).unwrap().success());
    }
}
