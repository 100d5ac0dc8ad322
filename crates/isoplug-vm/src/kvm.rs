//! Whether KVM works on this machine, and if not, why: from a device that is not there to one behind which
//! no guest ever runs.

use std::fmt;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::tiny::{self, Why};
use crate::{Accelerator, Arch};

/// No device that works takes so long to open.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why KVM cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKvm {
    /// The guest is of another architecture than this machine.
    OtherArch,
    /// There is no `/dev/kvm`.
    Missing,
    /// `/dev/kvm` is no device.
    NoDevice,
    /// It may not be opened, or not now; what the system says.
    Closed(String),
    /// Opening it takes for ever.
    Hangs,
    /// QEMU ends when it is to use it; what it says.
    Refused(String),
    /// QEMU starts, and the guest never runs.
    NeverRuns,
    /// The guest runs slower than an emulated one would.
    Crawls,
}

impl NoKvm {
    /// What may help; none where nothing does.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::OtherArch => return None,
            Self::Missing => "switch on virtualization in this machine's firmware or its host",
            Self::Closed(_) => "sudo usermod -aG kvm $USER, then log in again",
            Self::NoDevice => "remove it, then sudo modprobe kvm_intel (or kvm_amd)",
            Self::Hangs | Self::Refused(_) | Self::NeverRuns | Self::Crawls => {
                "have this machine's host allow nested virtualization"
            }
        })
    }
}

impl fmt::Display for NoKvm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherArch => f.write_str("the image is for another processor"),
            Self::Missing => f.write_str("there is no /dev/kvm"),
            Self::NoDevice => f.write_str("/dev/kvm is not a device"),
            Self::Closed(why) => write!(f, "/dev/kvm cannot be opened: {why}"),
            Self::Hangs => f.write_str("opening /dev/kvm does not end"),
            Self::Refused(said) => write!(f, "QEMU cannot use /dev/kvm: {}", shortened(said)),
            Self::NeverRuns => f.write_str("QEMU starts with /dev/kvm, but no guest runs"),
            Self::Crawls => f.write_str("guests with /dev/kvm are slower than emulated ones"),
        }
    }
}

/// QEMU begins its lines with its own path, and some with `error`.
fn shortened(said: &str) -> String {
    let mut line = said.trim();
    while let Some((start, rest)) = line.split_once(": ") {
        if start.contains("qemu") || start == "error" {
            line = rest.trim();
        } else {
            break;
        }
    }
    line.chars().take(120).collect()
}

/// Opens the device, runs the smallest guest, and says what is wrong, if anything is.
pub(crate) fn trouble(device: &Path, qemu: &Path, arch: Arch) -> Option<NoKvm> {
    if std::env::consts::ARCH != arch.qemu_name() {
        return Some(NoKvm::OtherArch);
    }
    let opened = opens(device, |device| {
        std::fs::File::options().read(true).write(true).open(device).map(drop)
    });
    opened.err().or_else(|| runs(qemu, arch).err())
}

/// Tells whether the device opens, on a thread that is left to itself if it does not come back.
fn opens(
    device: &Path,
    open: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
) -> Result<(), NoKvm> {
    let (sender, receiver) = channel();
    let device = device.to_owned();
    thread::spawn(move || {
        let looked = std::fs::metadata(&device).map_err(closed).and_then(|metadata| {
            if metadata.file_type().is_char_device() { Ok(()) } else { Err(NoKvm::NoDevice) }
        });
        // Nobody listens after the time is up.
        let _ = sender.send(looked.and_then(|()| open(&device).map_err(closed)));
    });
    receiver.recv_timeout(PATIENCE).unwrap_or(Err(NoKvm::Hangs))
}

fn closed(error: io::Error) -> NoKvm {
    match error.kind() {
        io::ErrorKind::NotFound => NoKvm::Missing,
        io::ErrorKind::PermissionDenied => NoKvm::Closed("permission denied".to_owned()),
        _ => NoKvm::Closed(error.to_string()),
    }
}

fn runs(qemu: &Path, arch: Arch) -> Result<(), NoKvm> {
    match tiny::run(qemu, arch, Accelerator::Kvm) {
        // A processor of its own is never slower than an emulated one.
        Ok(slowness) if slowness > 2.0 => Err(NoKvm::Crawls),
        Ok(_) => Ok(()),
        Err(Why::Ended(said)) => Err(NoKvm::Refused(said)),
        Err(Why::Silent) => Err(NoKvm::NeverRuns),
        Err(Why::Crawls) => Err(NoKvm::Crawls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    fn open_fails(kind: io::ErrorKind) -> NoKvm {
        opens(Path::new("/dev/null"), move |_| Err(io::Error::from(kind))).unwrap_err()
    }

    #[test]
    fn each_broken_device_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let missing = opens(&folder.path().join("kvm"), |_| panic!("it is not opened"));
        assert_eq!(missing, Err(NoKvm::Missing));
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        assert_eq!(opens(&plain, |_| panic!("it is not opened")), Err(NoKvm::NoDevice));
        assert_eq!(opens(folder.path(), |_| panic!("it is not opened")), Err(NoKvm::NoDevice));
        assert_eq!(opens(Path::new("/dev/null"), |_| Ok(())), Ok(()));
        let denied = open_fails(io::ErrorKind::PermissionDenied);
        assert_eq!(denied, NoKvm::Closed("permission denied".to_owned()));
        assert!(denied.advice().unwrap().contains("usermod -aG kvm"));
        assert!(matches!(open_fails(io::ErrorKind::Other), NoKvm::Closed(_)));
    }

    #[test]
    fn a_device_that_hangs_is_left() {
        let (sender, receiver) = channel::<()>();
        let hangs = move |_: &Path| {
            let _ = receiver.recv();
            Ok(())
        };
        assert_eq!(opens(Path::new("/dev/null"), hangs), Err(NoKvm::Hangs));
        drop(sender);
    }

    #[test]
    fn a_guest_that_never_runs_is_told_from_a_slow_one() {
        let told = |mode| runs(&fake::qemu(mode).path, Arch::Amd64);
        assert_eq!(told(fake::GOOD), Ok(()));
        assert_eq!(told(fake::NEVER_RUNS), Err(NoKvm::NeverRuns));
        assert_eq!(told(fake::CRAWLS), Err(NoKvm::Crawls));
        let refused = told(fake::REFUSES).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "QEMU cannot use /dev/kvm: failed to set MSR 0x10a to 0x69"
        );
    }
}
