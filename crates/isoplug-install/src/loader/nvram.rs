//! The boot entries of a UEFI firmware, as `efibootmgr` prints and changes them.

use crate::machine::{Call, Failed};
use crate::{Error, Machine};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: `0003`.
    pub number: String,
    /// What people read.
    pub label: String,
    /// UUID of the GPT partition that it leads to, in small letters.
    pub partition: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The entry that the machine was started by.
    pub current: Option<String>,
    /// The order in which the firmware tries them.
    pub order: Vec<String>,
    /// The entries.
    pub entries: Vec<Entry>,
}

fn tool() -> Call {
    Call::new("/usr/bin/efibootmgr")
}

/// Asks the firmware.
pub(crate) fn read(machine: &dyn Machine) -> Result<Entries, Failed> {
    Ok(entries(&machine.run(&tool().with(["-v"]))?.out))
}

/// Reads what `efibootmgr -v` prints.
#[must_use]
pub fn entries(text: &str) -> Entries {
    let mut all = Entries::default();
    for line in text.lines() {
        if let Some(current) = line.strip_prefix("BootCurrent: ") {
            all.current = Some(current.trim().to_owned());
        } else if let Some(order) = line.strip_prefix("BootOrder: ") {
            all.order = order.trim().split(',').map(str::to_owned).collect();
        } else if let Some(entry) = line.strip_prefix("Boot").and_then(entry) {
            all.entries.push(entry);
        }
    }
    all
}

/// `0003* debian<TAB>HD(2,GPT,<UUID>,0x1000,0x100000)/File(...)`
fn entry(line: &str) -> Option<Entry> {
    let number =
        line.get(..4).filter(|number| number.bytes().all(|each| each.is_ascii_hexdigit()))?;
    let rest = line[4..].trim_start_matches('*').trim_start();
    let (label, path) = rest.split_once('\t').unwrap_or((rest, ""));
    let partition = path.split_once(",GPT,").and_then(|(_, rest)| rest.split(',').next());
    let partition = partition.map(str::to_lowercase);
    Some(Entry { number: number.to_owned(), label: label.trim().to_owned(), partition })
}

pub(crate) fn remove(machine: &dyn Machine, number: &str) -> Result<(), Error> {
    machine.run(&tool().with(["-q", "-b", number, "-B"]))?;
    Ok(())
}

/// Adds an entry, which the firmware then tries first.
pub(crate) fn add(
    machine: &dyn Machine,
    disk: &str,
    partition: u32,
    label: &str,
    path: &str,
) -> Result<(), Error> {
    let partition = partition.to_string();
    let call = tool().with(["-q", "-c", "-d", disk, "-p", &partition, "-L", label, "-l", path]);
    machine.run(&call)?;
    Ok(())
}

/// Puts an entry behind the one that the machine was started by.
pub(crate) fn order(machine: &dyn Machine, all: &Entries, new: &str) -> Result<(), Error> {
    let others =
        all.order.iter().filter(|each| *each != new && Some(*each) != all.current.as_ref());
    let first = all.current.iter().map(String::as_str).chain([new]);
    let order: Vec<&str> = first.chain(others.map(String::as_str)).collect();
    machine.run(&tool().with(["-q", "-o", &order.join(",")]))?;
    Ok(())
}

/// Lets the next start, and only that, take an entry.
pub(crate) fn next(machine: &dyn Machine, number: &str) -> Result<(), Error> {
    machine.run(&tool().with(["-q", "-n", number]))?;
    Ok(())
}
