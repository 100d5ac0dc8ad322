//! The boot loader, by Debian's own tools in the target. The entry in the firmware comes last and may fail.

use isoplug_install_plan::{BootOrder, Firmware, INSTALLED, Target};

use crate::inventory::Device;
use crate::layout::Made;
use crate::machine::Call;
use crate::report::Report;
use crate::settle::{inside, put};
use crate::{Error, Machine, TARGET};

mod nvram;

pub use nvram::{Entries, Entry, entries};

/// The signed GRUB of Debian looks for its settings here and nowhere else.
const VENDOR: &str = "debian";

/// What the loader is installed for.
pub struct Loader<'a> {
    /// The target.
    pub target: &'a Target,
    /// The disk.
    pub disk: &'a Device,
    /// The partitions.
    pub made: &'a [Made],
    /// What the firmware's entry is called.
    pub label: &'a str,
    /// Where the entry goes.
    pub order: BootOrder,
    /// Whether the next start must leave the medium.
    pub boot_next: bool,
}

impl Loader<'_> {
    /// The partition for UEFI's loaders, if there is one.
    #[must_use]
    pub fn esp(&self) -> Option<&Made> {
        self.made.iter().find(|each| each.partition.mount.as_deref() == Some("/boot/efi"))
    }

    /// Names of a loader: GRUB's word for the architecture, and UEFI's.
    fn names(&self) -> (&'static str, &'static str) {
        match self.target.architecture.as_str() {
            "arm64" => ("arm64-efi", "aa64"),
            _ => ("x86_64-efi", "x64"),
        }
    }
}

/// Installs it.
///
/// # Errors
///
/// If a tool of the target fails; the firmware's entry alone is only warned of.
pub fn install(machine: &dyn Machine, it: &Loader<'_>, report: &Report) -> Result<(), Error> {
    menu(machine)?;
    report.progress(1, 3);
    if it.target.firmware == Firmware::Hybrid && it.target.architecture == "amd64" {
        let call = inside("/usr/sbin/grub-install").with(["--target=i386-pc", &it.disk.path]);
        machine.run(&call)?;
    }
    report.progress(2, 3);
    if it.esp().is_some() {
        let (platform, _) = it.names();
        // With the removable path, so that a firmware that knows no entry finds it, too.
        let call = inside("/usr/sbin/grub-install").with([format!("--target={platform}")]).words(
            "--no-nvram --uefi-secure-boot --force-extra-removable --efi-directory=/boot/efi",
        );
        machine.run(&call)?;
    }
    it.esp().map_or(Ok(()), |esp| in_firmware(machine, it, esp, report))
}

/// Writes the menu and all else that a started system relies on. The loaders come after it: whenever the power goes, a
/// disk that starts has a whole system.
fn menu(machine: &dyn Machine) -> Result<(), Error> {
    let (from, to) =
        (format!("{TARGET}/usr/share/grub/unicode.pf2"), "/boot/grub/fonts/unicode.pf2");
    // grub-install puts it there as well, but the menu is written before, and names it only if it is there.
    if let Ok(font) = machine.read(&from) {
        let to = format!("{TARGET}{to}");
        machine.write(&to, &font, 0o644).map_err(Error::file("write", to.as_str()))?;
    }
    let folder = format!("{TARGET}/boot/grub");
    machine.folder(&folder).map_err(Error::file("make", folder.as_str()))?;
    machine.run(&inside("/usr/sbin/update-grub"))?;
    // From here on its package installs both loaders anew whenever GRUB or shim changes.
    if machine.exists(&format!("{TARGET}/var/lib/dpkg/info/grub-cloud-amd64.list")) {
        put(machine, "/etc/grub.d/enable_cloud", "", 0o644)?;
    }
    machine.run(&Call::new("/usr/bin/sync"))?;
    Ok(())
}

/// Says on the ESP what is installed, and in the firmware where, which may fail.
fn in_firmware(
    machine: &dyn Machine,
    it: &Loader<'_>,
    esp: &Made,
    report: &Report,
) -> Result<(), Error> {
    let mark = machine.text(&format!("{TARGET}{INSTALLED}")).unwrap_or_default();
    put(machine, "/boot/efi/EFI/isoplug/installed", &format!("{mark}\n"), 0o644)?;
    if !machine.exists("/sys/firmware/efi/efivars") {
        return Ok(());
    }
    if let Err(error) = register(machine, it, esp) {
        report.warn(&format!(
            "the firmware did not take an entry for this system: {error}\n  \
             It finds the system by its usual path, too; nothing has to be done."
        ));
    }
    Ok(())
}

/// Adds an entry to the firmware, once entries of the same name whose partition is gone were removed.
fn register(machine: &dyn Machine, it: &Loader<'_>, esp: &Made) -> Result<(), Error> {
    let before = nvram::read(machine)?;
    let is_gone = |uuid: &String| !machine.exists(&format!("/dev/disk/by-partuuid/{uuid}"));
    let old = before.entries.iter().filter(|entry| entry.label == it.label);
    for entry in old.filter(|entry| entry.partition.as_ref().is_some_and(is_gone)) {
        nvram::remove(machine, &entry.number)?;
    }
    let (_, arch) = it.names();
    let path = format!("\\EFI\\{VENDOR}\\shim{arch}.efi");
    nvram::add(machine, &it.disk.path, esp.number, it.label, &path)?;
    let after = nvram::read(machine)?;
    let is_new = |entry: &&Entry| {
        entry.label == it.label && before.entries.iter().all(|old| old.number != entry.number)
    };
    let Some(new) = after.entries.iter().find(is_new) else { return Ok(()) };
    place(machine, it, &after, new)
}

/// Puts a new entry where it is wanted, and the next start with it.
fn place(
    machine: &dyn Machine,
    it: &Loader<'_>,
    after: &Entries,
    new: &Entry,
) -> Result<(), Error> {
    if it.order == BootOrder::KeepCurrentFirst {
        nvram::order(machine, after, &new.number)?;
    }
    if it.boot_next {
        nvram::next(machine, &new.number)?;
    }
    Ok(())
}
