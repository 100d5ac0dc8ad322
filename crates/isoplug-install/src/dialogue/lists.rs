//! Keyboards, languages and time zones that the live system knows.

use super::Ask;
use crate::machine::Call;
use crate::{Error, Machine};

/// Returns layouts of keyboards.
pub(crate) fn keymaps(machine: &dyn Machine) -> Vec<String> {
    let text = machine.text("/usr/share/X11/xkb/rules/base.lst").unwrap_or_default();
    let lines = text.lines().skip_while(|line| !line.starts_with("! layout")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('!') && !line.trim().is_empty());
    lines.map(|line| line.trim().to_owned()).collect()
}

/// Returns locales in UTF-8.
pub(crate) fn locales(machine: &dyn Machine) -> Vec<String> {
    let text = machine.text("/usr/share/i18n/SUPPORTED").unwrap_or_default();
    let names = text.lines().filter(|line| line.ends_with(" UTF-8"));
    names.filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

/// Returns time zones.
pub(crate) fn timezones(machine: &dyn Machine) -> Vec<String> {
    let text = machine.text("/usr/share/zoneinfo/zone1970.tab").unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut zones: Vec<String> =
        lines.filter_map(|line| Some(line.split('\t').nth(2)?.to_owned())).collect();
    if !zones.is_empty() {
        zones.push("Etc/UTC".to_owned());
    }
    zones.sort();
    zones
}

/// Lets one be chosen; where the live system has no list, it is typed.
pub(crate) fn choose(
    ask: &mut dyn Ask,
    question: &str,
    items: &[String],
    preset: &str,
) -> Result<String, Error> {
    let word = |item: &String| item.split_whitespace().next().unwrap_or_default().to_owned();
    if items.is_empty() {
        let check = |text: &str| match text.contains(char::is_whitespace) {
            true => Err("expected one word".to_owned()),
            false => Ok(()),
        };
        return ask.text(question, preset, &check);
    }
    let first = items.iter().position(|item| word(item) == preset).unwrap_or_default();
    let chosen = ask.select(question, items, first)?;
    Ok(word(&items[chosen]))
}

/// Takes a keyboard for this dialogue, too, so that a passphrase is typed as it will be at the boot.
pub(crate) fn load_keymap(machine: &dyn Machine, keymap: &str) {
    // On a serial line there is no keyboard, and then it fails.
    let _ = machine.run(&Call::new("/usr/bin/loadkeys").with([keymap]));
}
