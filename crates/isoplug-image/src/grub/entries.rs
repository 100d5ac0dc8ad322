//! Writes the entries of the menu: what boots the live system, and what else can be started.

use std::collections::BTreeSet;
use std::fmt::Write;

use isoplug_manifest::kernel_param;

use super::{Entry, Machine, Menu, Serial, paths, quoted, quoted_if_needed};

/// Returns what GRUB calls the entry that boots by itself: one in a submenu by both names.
pub(super) fn default(menu: &Menu) -> String {
    let Some(name) = &menu.default else { return "0".to_owned() };
    let of = menu.entries.iter().find(|entry| entry.id == *name);
    match of.and_then(|entry| entry.submenu.as_ref()) {
        Some(submenu) => quoted_if_needed(&format!("{}>{name}", submenu_id(submenu))),
        None => name.clone(),
    }
}

/// GRUB takes a `>` in a name for the way into a submenu. Two labels never give one name.
fn submenu_id(label: &str) -> String {
    let mut id = String::from("submenu-");
    for byte in label.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => id.push(char::from(byte)),
            false => {
                let _ = write!(id, "_{byte:02x}");
            }
        }
    }
    id
}

/// Returns the ways to start the image, which boots so many bytes; those of one submenu together.
pub(super) fn live_entries(menu: &Menu, machine: Machine, bytes: u64) -> String {
    let entries = with_room(offered(menu), bytes);
    let text = |entry: &Entry| {
        let params = kernel_params(menu, machine, entry);
        live_entry(&entry.id, &label(menu, entry), &params, [paths::KERNEL, paths::INITRD])
    };
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut all = String::new();
    for entry in &entries {
        match entry.submenu.as_deref() {
            None => all.push_str(&text(entry)),
            Some(submenu) if done.insert(submenu) => {
                let is_in = |other: &&Entry| other.submenu.as_deref() == Some(submenu);
                let inside: String = entries.iter().filter(is_in).map(text).collect();
                let _ =
                    write!(all, "submenu {} {{\n{inside}}}\n", head(&submenu_id(submenu), submenu));
            }
            Some(_) => {}
        }
    }
    all
}

/// Says of the copy to memory how much of that it takes.
fn with_room(mut entries: Vec<Entry>, bytes: u64) -> Vec<Entry> {
    let halves = copy_needs(bytes);
    if let Some(copied) = entries.iter_mut().find(|entry| entry.id == COPY).filter(|_| bytes > 0) {
        let label = &copied.label;
        copied.label = format!("{label}, with {}.{} GiB or more", halves / 2, halves % 2 * 5);
    }
    entries
}

/// Returns how many halves of a GiB of memory a machine needs for a copy: live-boot asks for a twentieth more than the
/// medium has (`copy_live_to`), and falls back to the medium where that is not free; half a GiB is the system's.
fn copy_needs(bytes: u64) -> u64 {
    const HALF: u64 = 1 << 29;
    (bytes + bytes / 20 + HALF).div_ceil(HALF)
}

/// In a submenu a label stands alone.
fn label(menu: &Menu, entry: &Entry) -> String {
    match &entry.label[..] {
        own if entry.submenu.is_some() => own.to_owned(),
        "" => menu.label.clone(),
        own => format!("{} ({own})", menu.label),
    }
}

const COPY: &str = "copy-to-ram";

/// Returns what boots the live system: the first without a label of its own.
pub(super) fn offered(menu: &Menu) -> Vec<Entry> {
    let entry = |id: &str, label: &str, params: &[&str]| Entry {
        id: id.to_owned(),
        label: label.to_owned(),
        params: params.iter().map(|param| (*param).to_owned()).collect(),
        submenu: None,
    };
    let safe = menu.safe_graphics.then(|| entry("safe-graphics", "safe graphics", &["nomodeset"]));
    let to_ram = menu.copy_to_ram.then(|| entry(COPY, "copy to RAM", &["toram"]));
    let first = [entry("live", "", &[])];
    first.into_iter().chain(safe).chain(to_ram).chain(menu.entries.iter().cloned()).collect()
}

/// A BIOS numbers the disk that it booted from first, so the machine's own is the second then. UEFI goes on by itself
/// with what stands next in its own list.
pub(super) fn local_disk(menu: &Menu, machine: Machine) -> String {
    if !menu.local_disk {
        return String::new();
    }
    let head = head("local-disk", "Start the system on the disk");
    let efi = format!("menuentry {head} {{ exit; }}\n");
    if machine != Machine::Pc {
        return efi;
    }
    format!(
        "if [ \"$grub_platform\" = efi ]; then\n  {efi}else\n  menuentry {head} {{\n    \
           regexp --set=1:medium '^(hd[0-9]+)' \"$root\"\n    \
           if [ \"$medium\" = hd0 ]; then set root=hd1; else set root=hd0; fi\n    \
           chainloader +1\n  \
         }}\nfi\n"
    )
}

/// Returns the parameters of an entry, each once: what the user said stays last, where it wins.
fn kernel_params(menu: &Menu, machine: Machine, entry: &Entry) -> Vec<String> {
    let mut params = vec!["boot=live".to_owned()];
    params.extend(entry.params.iter().cloned());
    if let Some(Serial { port, speed }) = menu.serial {
        let line = if machine == Machine::Pc { "ttyS" } else { "ttyAMA" };
        params.extend(["console=tty0".to_owned(), format!("console={line}{port},{speed}")]);
    }
    params.retain(|param| !menu.kernel_params.contains(param));
    params.extend(menu.kernel_params.iter().cloned());
    params
}

/// Returns what starts the image with another of its kernels.
pub(super) fn kernel_entry(menu: &Menu, machine: Machine, version: &str) -> String {
    let plain = |each: char| if each.is_ascii_alphanumeric() { each } else { '-' };
    let entry = Entry {
        id: format!("kernel-{}", version.chars().map(plain).collect::<String>()),
        label: format!("kernel {version}"),
        params: Vec::new(),
        submenu: None,
    };
    let params = kernel_params(menu, machine, &entry);
    let [kernel, initrd] = [paths::kernel_of(version), paths::initrd_of(version)];
    live_entry(&entry.id, &label(menu, &entry), &params, [&kernel, &initrd])
}

fn live_entry(id: &str, label: &str, params: &[String], [kernel, initrd]: [&str; 2]) -> String {
    let params: Vec<String> = params.iter().map(|param| argument(param)).collect();
    format!(
        "menuentry {head} {{\n  \
           echo 'Loading the kernel ...'\n  \
           linux /{kernel} {params} $iso_params\n  \
           echo 'Loading the initrd ...'\n  \
           initrd /{initrd} /{identity}\n\
         }}\n",
        head = head(id, label),
        params = params.join(" "),
        identity = paths::IDENTITY_INITRD,
    )
}

/// No signature of Memtest86+ is known to shim, so GRUB hides it where it is locked down.
pub(super) fn memory_test_entries(menu: &Menu) -> String {
    let serial = menu.serial.map(|Serial { port, speed }| format!(" console=ttyS{port},{speed}"));
    let serial = serial.unwrap_or_default();
    let (bios, uefi) = (paths::MEMORY_TEST_BIOS, paths::MEMORY_TEST_UEFI);
    format!(
        "if [ \"$grub_platform\" = pc ]; then\n  \
           menuentry 'Memory test' --id memory-test {{ linux /{bios}{serial}; }}\n\
         elif [ \"$lockdown\" != y ]; then\n  \
           menuentry 'Memory test' --id memory-test {{ chainloader /{uefi}{serial}; }}\n\
         fi\n"
    )
}

/// Returns what starts MokManager, which shim's signature lets GRUB do where Secure Boot is on.
pub(super) fn enrolment(machine: Machine) -> String {
    let program = match machine {
        Machine::Pc => "mmx64.efi",
        Machine::Arm64 => "mmaa64.efi",
    };
    format!(
        "if [ \"$grub_platform\" = efi ]; then\n  \
           menuentry 'Enrol the key of the drivers' --id enrol-key {{ chainloader /EFI/BOOT/{program}; }}\n\
         fi\n"
    )
}

/// Returns a kernel parameter as one word of GRUB's, of which the kernel gets what was written.
fn argument(param: &str) -> String {
    let word = kernel_param::word(param);
    quoted_if_needed(word.as_deref().unwrap_or(param))
}

/// Returns the label and the id of an entry. A dash at the label's beginning must not make it an
/// option.
fn head(id: &str, label: &str) -> String {
    let label = quoted(label);
    match label.starts_with("'-") {
        true => format!("--id {id} -- {label}"),
        false => format!("{label} --id {id}"),
    }
}
