//! `isoplug run`: boots an image in QEMU for a person.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use isoplug_vm::{Arch, Display, Firmware, Forward, Host, Machine, Medium, Network};

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
    #[arg(long, value_name = "PORT")]
    ssh_port: Option<u16>,
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
    let iso = iso(args, session)?;
    let machine = machine(args)?;
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

/// Returns the ISO that was named, or builds that of the one profile.
fn iso(args: &Args, session: &Session) -> Result<PathBuf, Failure> {
    let Some(iso) = &args.iso else {
        let (project, profiles) = args.select.open()?;
        let [profile] = profiles.as_slice() else {
            return Err(Failure::new(Exit::Manifest, "there are several profiles")
                .hint(format!("--profile with one of {}", profiles.join(", "))));
        };
        let lock_use = args.locking.into();
        return Ok(build_one(&project, profile, &args.select.arch(), lock_use, session)?.1);
    };
    if iso.is_file() {
        return Ok(iso.clone());
    }
    let what = if iso.exists() { "is not a file" } else { "is not there" };
    Err(Failure::new(Exit::Manifest, format!("{} {what}", iso.display()))
        .hint("name an ISO, or leave --iso out to build one"))
}

fn machine(args: &Args) -> Result<Machine, Failure> {
    let arch = arch(&args.select.arch())?;
    let mut machine = Machine::new(arch, args.firmware.into(), args.medium.into());
    machine.memory = args.memory;
    machine.display = if args.window { Display::Gtk } else { Display::None };
    let forward = args.ssh_port.map(|host| Forward { host, guest: 22 });
    machine.network =
        Network::User { isolated: !args.network, forward: forward.into_iter().collect() };
    Ok(machine)
}

/// Returns QEMU's machine for an architecture.
pub(crate) fn arch(name: &str) -> Result<Arch, Failure> {
    Arch::find(name).ok_or_else(|| {
        let known: Vec<String> = Arch::ALL.iter().map(Arch::to_string).collect();
        Failure::new(Exit::Manifest, format!("cannot boot images for {name}"))
            .hint(format!("{} can be booted", known.join(" and ")))
    })
}
