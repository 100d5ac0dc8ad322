//! Turns a machine into QEMU's command line.
//!
//! Pure: the same machine and files give the same words. Knows nothing of what is installed.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::firmware::FirmwareFiles;
use crate::{Accelerator, Arch, Disk, DiskFormat, Display, Machine, Medium, Network, Share};

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// The files and connections of one start of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Parts<'a> {
    /// QEMU itself.
    pub(crate) qemu: PathBuf,
    /// The image.
    pub(crate) iso: &'a Path,
    /// UEFI firmware, with `variables` replaced by a copy that may be written.
    pub(crate) firmware: Option<FirmwareFiles>,
    /// What runs the guest.
    pub(crate) accelerator: Accelerator,
    /// Where the serial port leads.
    pub(crate) ports: Ports<'a>,
    /// systemd credentials by name.
    pub(crate) credentials: &'a [(String, String)],
}

/// Where the serial port and QEMU's own controls lead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ports<'a> {
    /// To the terminal (Ctrl-A X ends the machine).
    Terminal,
    /// To a tab of the window.
    Window,
    /// To sockets on which the test listens; the firmware's own messages to a file.
    Sockets {
        /// The serial port.
        serial: &'a Path,
        /// QMP.
        qmp: &'a Path,
        /// SeaBIOS's and OVMF's debug port; amd64 only.
        firmware_log: &'a Path,
    },
}

impl CommandLine {
    /// Builds the command line.
    pub(crate) fn new(machine: &Machine, parts: &Parts<'_>) -> Self {
        let mut line = Self { program: parts.qemu.clone(), arguments: Vec::new() };
        line.push("-no-user-config -nodefaults");
        line.processor(machine, parts);
        line.firmware(parts);
        line.credentials(parts.credentials);
        line.screen(machine);
        line.image(machine, parts.iso);
        line.disks(&machine.disks, machine.medium);
        line.share(machine.share.as_ref());
        line.network(&machine.network);
        line.ports(machine.arch, parts.ports);
        line
    }

    /// The command, ready to be spawned.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    fn push(&mut self, words: &str) {
        self.arguments.extend(words.split(' ').map(OsString::from));
    }

    fn option(&mut self, option: &str, value: impl Into<OsString>) {
        self.arguments.extend([option.into(), value.into()]);
    }

    /// An option whose value ends with a path.
    fn path(&mut self, option: &str, start: &str, path: &Path) {
        let mut value = OsString::from(start);
        value.push(escape(path));
        self.option(option, value);
    }

    fn processor(&mut self, machine: &Machine, parts: &Parts<'_>) {
        let kvm = parts.accelerator == Accelerator::Kvm;
        let smm = parts.firmware.as_ref().is_some_and(|files| files.smm);
        self.push(match (machine.arch, &parts.firmware) {
            (Arch::Amd64, None) => "-machine pc",
            (Arch::Amd64, Some(_)) if smm => "-machine q35,smm=on",
            (Arch::Amd64, Some(_)) => "-machine q35",
            (Arch::Arm64, _) if kvm => "-machine virt,gic-version=host",
            (Arch::Arm64, _) => "-machine virt",
        });
        self.push(&format!("-accel {}", parts.accelerator));
        self.push(match (machine.arch, kvm) {
            (_, true) => "-cpu host",
            // The last without AVX: programs that draw crash with what QEMU 7.2 makes of it (Mesa's llvmpipe, and so
            // GNOME's shell), and it has no five-level page tables, which only make emulation slower.
            (Arch::Amd64, false) => "-cpu Nehalem",
            (Arch::Arm64, false) => "-cpu cortex-a57",
        });
        self.push(&format!("-smp {} -m {}", machine.cpus, machine.memory));
        self.push("-device virtio-rng-pci");
    }

    fn firmware(&mut self, parts: &Parts<'_>) {
        let Some(files) = &parts.firmware else { return };
        let format = files.format.name();
        if files.smm {
            self.push("-global driver=cfi.pflash01,property=secure,value=on");
        }
        let start = format!("if=pflash,unit=0,format={format},readonly=on,file=");
        self.path("-drive", &start, &files.code);
        self.path("-drive", &format!("if=pflash,unit=1,format={format},file="), &files.variables);
    }

    fn credentials(&mut self, credentials: &[(String, String)]) {
        for (name, value) in credentials {
            // A table of SMBIOS has texts of one line.
            let (kind, value) = match value.contains('\n') {
                true => ("credential.binary", BASE64_STANDARD.encode(value)),
                false => ("credential", value.replace(',', ",,")),
            };
            self.option("-smbios", format!("type=11,value=io.systemd.{kind}:{name}={value}"));
        }
    }

    fn screen(&mut self, machine: &Machine) {
        self.push(match machine.arch {
            Arch::Amd64 => "-vga std",
            Arch::Arm64 => "-device virtio-gpu-pci",
        });
        self.push(match machine.display {
            Display::None => "-display none",
            Display::Gtk => "-display gtk",
        });
        self.push("-device qemu-xhci");
        if machine.display == Display::Gtk || machine.arch == Arch::Arm64 {
            self.push("-device usb-kbd -device usb-tablet");
        }
    }

    fn image(&mut self, machine: &Machine, iso: &Path) {
        if machine.medium == Medium::Disk {
            return;
        }
        let kind = if machine.medium == Medium::Cd { "media=cdrom," } else { "" };
        let start = format!("if=none,id=image,{kind}format=raw,readonly=on,file=");
        self.path("-drive", &start, iso);
        self.push(match (machine.medium, machine.arch) {
            (Medium::Cd, Arch::Amd64) => "-device ide-cd,drive=image,bootindex=0",
            (Medium::Cd, Arch::Arm64) => {
                "-device virtio-scsi-pci -device scsi-cd,drive=image,bootindex=0"
            }
            (Medium::Usb | Medium::Disk, _) => "-device usb-storage,drive=image,bootindex=0",
        });
    }

    fn disks(&mut self, disks: &[Disk], medium: Medium) {
        for (number, disk) in disks.iter().enumerate() {
            let format = disk.format.name();
            let snapshot = if disk.snapshot { "snapshot=on," } else { "" };
            let start = format!("if=none,id=disk{number},{snapshot}format={format},file=");
            self.path("-drive", &start, &disk.path);
            for device in disk.attach.devices(number) {
                // Of the disks only the first boots, and only where no medium does.
                let first = medium == Medium::Disk && number == 0 && device.contains("drive=");
                let order = if first { ",bootindex=0" } else { "" };
                self.option("-device", format!("{device}{order}"));
            }
        }
    }

    /// Files that the guest makes are those of the user who runs QEMU, whatever owner it gives them.
    fn share(&mut self, share: Option<&Share>) {
        let Some(Share { path, writable }) = share else { return };
        let access = if *writable { "" } else { "readonly=on," };
        let start = format!("local,id=share,security_model=none,{access}path=");
        self.path("-fsdev", &start, path);
        self.push(&format!("-device virtio-9p-pci,fsdev=share,mount_tag={}", Share::TAG));
    }

    fn network(&mut self, network: &Network) {
        let Network::User { isolated, forward } = network else { return self.push("-nic none") };
        let mut value = "user,model=virtio-net-pci".to_owned();
        if *isolated {
            value.push_str(",restrict=on");
        }
        for port in forward {
            value.push_str(&format!(",hostfwd=tcp:127.0.0.1:{}-:{}", port.host, port.guest));
        }
        self.option("-nic", value);
    }

    fn ports(&mut self, arch: Arch, ports: Ports<'_>) {
        match ports {
            Ports::Terminal => self.push("-serial mon:stdio"),
            Ports::Window => self.push("-serial vc -monitor vc"),
            Ports::Sockets { serial, qmp, firmware_log } => {
                self.path("-chardev", "socket,id=serial,path=", serial);
                self.path("-chardev", "socket,id=qmp,path=", qmp);
                self.push("-serial chardev:serial -mon chardev=qmp,mode=control -no-reboot");
                if arch == Arch::Amd64 {
                    self.path("-chardev", "file,id=firmware,path=", firmware_log);
                    self.push("-device isa-debugcon,iobase=0x402,chardev=firmware");
                }
            }
        }
    }
}

/// QEMU's options end at a comma; a comma in a value is written twice.
fn escape(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut bytes = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        bytes.push(byte);
        if byte == b',' {
            bytes.push(byte);
        }
    }
    OsString::from_vec(bytes)
}

impl DiskFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// One line, an option and its value on each, for logs.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        for argument in &self.arguments {
            let argument = argument.to_string_lossy();
            let gap = if argument.starts_with('-') { " \\\n  " } else { " " };
            write!(f, "{gap}{argument}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
