//! Installs from an image onto an empty disk, without a network card, before the disk is booted alone.
//!
//! What installs is the image's own program, by the image's own rule; a second disk with something on it must keep it.

use std::fs::{File, Metadata};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{Run, TestError, ask};
use crate::login::{Way, reach_shell};
use crate::qemu::Guest;
use crate::report::{Boot, ComboReport};
use crate::shell::{Output, Shell};
use crate::trouble::{Halt, Trouble, TroubleKind};
use crate::{Attach, Disk, DiskFormat, Event, Installation, Machine, Medium, Network};

/// The disks of one installation; they are gone with it.
pub(super) struct Disks {
    _folder: TempDir,
    own: PathBuf,
    other: Option<PathBuf>,
}

/// Tells why nothing was installed.
pub(super) struct NotInstalled {
    pub(super) trouble: Trouble,
    /// The last lines of the serial port.
    pub(super) tail: Vec<String>,
}

/// What lies on the other disk: a header of LUKS, which everybody knows.
const HEADER: &[u8] = b"LUKS\xba\xbe\x00\x01aes";

impl Disks {
    fn new(installation: &Installation, out: &Path) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("disks-").tempdir_in(out)?;
        let own = folder.path().join("own");
        File::create(&own)?.set_len(installation.bytes)?;
        let other = installation.beside_another.then(|| folder.path().join("other"));
        if let Some(path) = &other {
            let mut file = File::create(path)?;
            file.write_all(HEADER)?;
            file.set_len(installation.bytes * 2)?;
            file.sync_all()?;
        }
        Ok(Self { _folder: folder, own, other })
    }

    /// Tells whether the other disk has what it had: nothing was written where nothing was.
    fn other_is(&self, before: Option<&Metadata>) -> std::io::Result<bool> {
        let (Some(path), Some(before)) = (&self.other, before) else { return Ok(true) };
        let mut start = vec![0; HEADER.len()];
        let mut file = File::open(path)?;
        file.read_exact(&mut start)?;
        let now = file.metadata()?;
        Ok(start == HEADER && now.blocks() == before.blocks() && now.len() == before.len())
    }

    /// Returns the disks as a machine has them.
    fn plugged(&self, attach: &Attach, with_other: bool) -> Vec<Disk> {
        let disk = |path: &PathBuf, serial: Option<String>| Disk {
            path: path.clone(),
            format: DiskFormat::Raw,
            snapshot: false,
            attach: Attach { serial, ..attach.clone() },
        };
        let own = disk(&self.own, attach.serial.clone());
        let other = self.other.iter().filter(|_| with_other);
        [own].into_iter().chain(other.map(|path| disk(path, Some("OTHER".to_owned())))).collect()
    }
}

impl Run<'_> {
    /// Installs, and returns the machine that has the disk alone.
    pub(super) fn install(
        &self,
        installation: &Installation,
        machine: &Machine,
    ) -> Result<Result<(Machine, Disks), NotInstalled>, TestError> {
        let out = &self.plan.out_dir;
        let failed = |source| TestError::OutDir { path: out.clone(), source };
        let disks = Disks::new(installation, out).map_err(failed)?;
        let before = disks.other.as_ref().map(std::fs::metadata).transpose().map_err(failed)?;
        let (done, tail) = self.in_live_system(installation, machine, &disks)?;
        if let Err(halt) = done {
            return Ok(Err(NotInstalled { trouble: Trouble::from(halt), tail }));
        }
        if !disks.other_is(before.as_ref()).map_err(failed)? {
            let line = "a disk was written to that nobody chose";
            let trouble = Trouble::with(TroubleKind::NotInstalled, line);
            return Ok(Err(NotInstalled { trouble, tail }));
        }
        let plugged = disks.plugged(&installation.attach, false);
        Ok(Ok((Machine { disks: plugged, ..machine.clone() }, disks)))
    }

    /// Boots the image beside the disks and installs; returns how it ended, and the last lines of the serial port.
    fn in_live_system(
        &self,
        installation: &Installation,
        machine: &Machine,
        disks: &Disks,
    ) -> Result<(Result<(), Halt>, Vec<String>), TestError> {
        let disks = disks.plugged(&installation.attach, true);
        let (medium, network) = (Medium::Usb, Network::None);
        let live = Machine { medium, network, disks, ..machine.clone() };
        let log = self.plan.out_dir.join(format!("{}-install.log", machine.firmware));
        let way = Way::new(&installation.login);
        let mut guest = self.start(&live, &way, &log)?;
        let done = self.by_its_own_program(&mut guest, &way, installation);
        let tail = guest.serial.tail(12);
        let asked = guest.serial.send("systemctl poweroff\n").is_ok();
        guest.stop(Duration::from_secs(if asked { 120 } else { 0 }));
        Ok((done, tail))
    }

    /// Returns the report of a combo whose disk has no system.
    pub(super) fn not_installed(&self, machine: &Machine, failed: NotInstalled) -> ComboReport {
        let NotInstalled { trouble, tail } = failed;
        let boot = match trouble.kind.is_of_the_host() {
            true => Boot::Unfinished { trouble, tail },
            false => Boot::Failed { trouble, tail },
        };
        let &Machine { firmware, medium, .. } = machine;
        self.events.event(&Event::Finished { firmware, medium, boot: &boot });
        ComboReport {
            image: None,
            firmware,
            medium,
            accelerator: self.accelerator,
            seconds: 0.0,
            boot,
            results: ask::none(self.plan, machine),
            cut: None,
            note: None,
            serial_log: self.plan.out_dir.join(format!("{firmware}-install.log")),
            screenshot: None,
        }
    }

    fn by_its_own_program(
        &self,
        guest: &mut Guest,
        way: &Way,
        installation: &Installation,
    ) -> Result<(), Halt> {
        let limit = self.plan.limit;
        reach_shell(guest, way, limit, self.accelerator, self.events)?;
        let mut shell = Shell::set_up(&mut guest.serial, self.events, guest.pace)?;
        shell.run("systemctl is-system-running --wait", limit.usual() / 2)?;
        let output = shell.run(&script(&installation.answers), limit.usual() * 3)?;
        verdict(&output)
    }
}

/// Returns what installs in a shell of the live system.
fn script(answers: &str) -> String {
    let file = "/run/isoplug-test.toml";
    format!(
        "cat >{file} <<'ANSWERS'\n{answers}ANSWERS\nisoplug-install --unattended --plain --answers {file}"
    )
}

fn verdict(output: &Output) -> Result<(), Halt> {
    if output.status == 0 && output.text.contains("Done. The system is installed.") {
        return Ok(());
    }
    let late = if output.ran_out_of_time() { "it did not end in time: " } else { "" };
    let lines: Vec<&str> = output.text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(4)..].join("; ");
    Err(Halt::Trouble(Trouble::with(TroubleKind::NotInstalled, format!("{late}{last}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bus, Login};

    fn installation() -> Installation {
        let attach = Attach { bus: Bus::Nvme, ..Attach::default() };
        let (answers, login) = ("on-done = \"shell\"\n".to_owned(), Login::Credentials);
        Installation { answers, bytes: 1 << 30, attach, beside_another: true, login }
    }

    #[test]
    fn a_write_to_the_other_disk_is_seen_wherever_it_is() {
        let out = tempfile::tempdir().unwrap();
        let disks = Disks::new(&installation(), out.path()).unwrap();
        let path = disks.other.clone().unwrap();
        let before = std::fs::metadata(&path).unwrap();
        assert!(disks.other_is(Some(&before)).unwrap());
        for at in [0, 1 << 30] {
            let file = File::options().write(true).open(&path).unwrap();
            std::os::unix::fs::FileExt::write_all_at(&file, &[0; 4096], at).unwrap();
            file.sync_all().unwrap();
            assert!(!disks.other_is(Some(&before)).unwrap(), "{at}");
            std::os::unix::fs::FileExt::write_all_at(&file, HEADER, 0).unwrap();
        }
        assert_eq!(disks.plugged(&installation().attach, false).len(), 1);
        assert_eq!(disks.plugged(&installation().attach, true)[1].attach.bus, Bus::Nvme);
    }

    #[test]
    fn what_an_installer_says_last_is_the_trouble() {
        let output = |status, text: &str| Output { status, text: text.to_owned() };
        assert!(verdict(&output(0, "Done. The system is installed.\n")).is_ok());
        let Err(Halt::Trouble(trouble)) = verdict(&output(0, "a\n\nerror: no disk fits\n")) else {
            panic!("it was not installed");
        };
        assert_eq!(
            (trouble.kind, &*trouble.line),
            (TroubleKind::NotInstalled, "a; error: no disk fits")
        );
        assert!(
            script("x = 1\n").contains("<<'ANSWERS'\nx = 1\nANSWERS\nisoplug-install --unattended")
        );
    }
}
