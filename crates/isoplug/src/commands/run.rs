//! `isoplug run`: boots an image in QEMU for a person.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use isoplug_vm::{
    Arch, Attach, Disk, DiskFormat, Display, Firmware, Forward, Host, Machine, Medium, Network,
    Share,
};

use super::build::build_one;
use super::select::{Locking, Select};
use super::test::accelerator;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Boot the ISO in QEMU
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug run                                  # Ctrl-A X ends it\n  \
    isoplug run --firmware secure-boot --medium usb\n  \
    isoplug run --window --ssh-port 2222\n  \
    isoplug run --network                        # it reaches the network\n  \
    isoplug run --share notes                    # /mnt/share in the image\n  \
    isoplug run --disk old.qcow2 --snapshot      # a disk that stays as it is\n  \
    isoplug run --iso out/rescue-1.0-amd64.iso   # an ISO that is there")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// Boot this ISO and build nothing
    #[arg(long, value_name = "FILE")]
    iso: Option<PathBuf>,
    /// What starts the boot loader
    #[arg(long, value_enum, default_value_t = FirmwareArg::Uefi)]
    firmware: FirmwareArg,
    /// Attach the ISO as a disc or a USB stick
    #[arg(long, value_enum, default_value_t = MediumArg::Cd)]
    medium: MediumArg,
    /// Open a window for the screen
    #[arg(long)]
    window: bool,
    /// Let the image reach the network, and with it the servers of this machine
    #[arg(long)]
    network: bool,
    /// Forward this port of this machine to the image's SSH server
    #[arg(long, value_name = "PORT", visible_alias = "ssh")]
    ssh_port: Option<u16>,
    /// Show the image this folder, as /mnt/share where it has systemd 254 or later; elsewhere
    /// `mount -t 9p -o trans=virtio share DIR` mounts it
    #[arg(long, value_name = "DIR")]
    share: Option<PathBuf>,
    /// Let the image write to that folder, as you
    #[arg(long, requires = "share")]
    share_writable: bool,
    /// Attach this disk, raw or qcow2, which the image may write; may be given several times
    #[arg(long, value_name = "FILE")]
    disk: Vec<PathBuf>,
    /// Leave the disks as they are: what is written to them is thrown away at the end
    #[arg(long, requires = "disk")]
    snapshot: bool,
    /// Memory of the machine, in MiB
    #[arg(long, default_value_t = 2048)]
    memory: u32,
}

/// What starts the boot loader.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FirmwareArg {
    /// A BIOS
    Bios,
    /// UEFI
    Uefi,
    /// UEFI with Secure Boot
    SecureBoot,
}

/// What the ISO is put into.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MediumArg {
    /// An optical drive
    Cd,
    /// A USB stick
    Usb,
}

impl From<FirmwareArg> for Firmware {
    fn from(firmware: FirmwareArg) -> Self {
        match firmware {
            FirmwareArg::Bios => Self::Bios,
            FirmwareArg::Uefi => Self::Uefi,
            FirmwareArg::SecureBoot => Self::SecureBoot,
        }
    }
}

impl From<MediumArg> for Medium {
    fn from(medium: MediumArg) -> Self {
        match medium {
            MediumArg::Cd => Self::Cd,
            MediumArg::Usb => Self::Usb,
        }
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let machine = machine(args)?;
    let iso = match iso(args, session)? {
        Ok(iso) => iso,
        Err(exit) => return Ok(exit),
    };
    let host = Host::discover();
    session.note(&format!("booting {}", iso.display()));
    // What is missing is told by the start itself.
    if host.supports(machine.arch, machine.firmware).is_ok() {
        accelerator(&host, machine.arch, session);
        hints(args, session);
    }
    boot(&host, &machine, &iso, session)
}

/// Says how to use what comes.
fn hints(args: &Args, session: &Session) {
    if !args.network {
        session.note("the image reaches no network; --network lets it");
    }
    if !args.window {
        session.note("the console is this terminal; Ctrl-A X ends the machine");
    }
}

fn boot(host: &Host, machine: &Machine, iso: &Path, session: &Session) -> Result<Exit, Failure> {
    let is_stopped = || session.cancel.is_cancelled();
    let status = isoplug_vm::run(host, machine, iso, &is_stopped).map_err(|error| {
        Failure::new(Exit::Host, "QEMU could not be started")
            .because(&error)
            .hint("`isoplug doctor --test` tells what is missing")
    })?;
    match status.success() {
        _ if is_stopped() => Err(Failure::new(Exit::Interrupted, "stopped; the machine is off")),
        true => Ok(Exit::Done),
        false => Ok(Exit::Failed),
    }
}

/// Returns the ISO that was named, or builds that of the one profile; the exit code if that was told to fail.
fn iso(args: &Args, session: &Session) -> Result<Result<PathBuf, Exit>, Failure> {
    let Some(iso) = &args.iso else {
        let (project, pick) = args.select.open_one()?;
        let lock_use = args.locking.into();
        return build_one(&project, &pick, lock_use, session);
    };
    if iso.is_file() {
        return Ok(Ok(iso.clone()));
    }
    let what = if iso.exists() { "is not a file" } else { "is not there" };
    Err(Failure::new(Exit::Manifest, format!("{} {what}", iso.display()))
        .hint("name an ISO, or leave --iso out to build one"))
}

fn machine(args: &Args) -> Result<Machine, Failure> {
    let arch = arch(&args.select.one_arch()?)?;
    let mut machine = Machine::new(arch, args.firmware.into(), args.medium.into());
    machine.memory = args.memory;
    machine.display = if args.window { Display::Gtk } else { Display::None };
    let forward = args.ssh_port.map(|host| Forward { host, guest: 22 });
    machine.share = share(args)?;
    machine.disks =
        args.disk.iter().map(|path| disk(path, args.snapshot)).collect::<Result<_, _>>()?;
    machine.network =
        Network::User { isolated: !args.network, forward: forward.into_iter().collect() };
    Ok(machine)
}

/// Returns the folder that the image is to see.
fn share(args: &Args) -> Result<Option<Share>, Failure> {
    let Some(path) = &args.share else { return Ok(None) };
    let found = path.canonicalize().ok().filter(|path| path.is_dir());
    let path = found.ok_or_else(|| {
        Failure::new(Exit::Manifest, format!("{} is not a folder", path.display()))
            .hint("name the folder that the image is to see")
    })?;
    Ok(Some(Share { path, writable: args.share_writable }))
}

/// Returns a disk. Its name and its first bytes tell its format and must agree: a guest could write the start of a qcow2
/// file to a raw disk, which then names other files of this machine.
fn disk(path: &Path, snapshot: bool) -> Result<Disk, Failure> {
    let failed = |reason: String| {
        Failure::new(Exit::Manifest, format!("cannot use the disk {}: {reason}", path.display()))
            .hint("`truncate -s 8G FILE` makes an empty one")
    };
    let mut start = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    read.map_err(|error| failed(error.to_string()))?;
    let is_qcow2 = start == *b"QFI\xfb";
    let is_named_so = path.extension().is_some_and(|extension| extension == "qcow2");
    let disk =
        |format| Ok(Disk { path: path.to_owned(), format, snapshot, attach: Attach::default() });
    match (is_qcow2, is_named_so) {
        (true, false) => Err(failed("it is in the format qcow2 and not called so".to_owned())),
        (false, true) => Err(failed("it is not in the format qcow2".to_owned())),
        (true, true) => disk(DiskFormat::Qcow2),
        (false, false) => disk(DiskFormat::Raw),
    }
}

/// Returns QEMU's machine for an architecture.
pub(crate) fn arch(name: &str) -> Result<Arch, Failure> {
    Arch::find(name).ok_or_else(|| {
        let known: Vec<String> = Arch::ALL.iter().map(Arch::to_string).collect();
        Failure::new(Exit::Manifest, format!("cannot boot images for {name}"))
            .hint(format!("{} can be booted", known.join(" and ")))
    })
}
