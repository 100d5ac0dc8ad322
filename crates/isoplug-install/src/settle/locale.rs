//! Language, keyboard and time zone of the target.

use isoplug_install_plan::Answers;

use super::{inside, put};
use crate::fit::plain;
use crate::{Error, Machine, TARGET};

/// Writes what was answered; what was not stays as the tree has it.
pub(crate) fn settle(machine: &dyn Machine, answers: &Answers) -> Result<(), Error> {
    if let Some(locale) = &answers.locale {
        language(machine, locale)?;
    }
    if let Some(keymap) = &answers.keymap {
        keyboard(machine, keymap)?;
    }
    if let Some(zone) = &answers.timezone {
        let file = format!("/usr/share/zoneinfo/{zone}");
        if !machine.exists(&format!("{TARGET}{file}")) {
            return Err(Error::Answers(format!("the target does not know the time zone {zone}")));
        }
        let path = format!("{TARGET}/etc/localtime");
        machine.link(&path, &file).map_err(Error::file("link", path.as_str()))?;
        put(machine, "/etc/timezone", &format!("{zone}\n"), 0o644)?;
    }
    Ok(())
}

fn language(machine: &dyn Machine, locale: &str) -> Result<(), Error> {
    put(machine, "/etc/locale.conf", &format!("LANG={locale}\n"), 0o644)?;
    // Since trixie, systemd-tmpfiles makes this link at each boot, in the place of a file.
    let path = format!("{TARGET}/etc/default/locale");
    machine.link(&path, "../locale.conf").map_err(Error::file("link", path.as_str()))?;
    let said = machine.run(&inside("/usr/bin/locale").with(["-a"]))?.out;
    if said.lines().any(|line| plain(line) == plain(locale)) {
        return Ok(());
    }
    let known = machine.text(&format!("{TARGET}/usr/share/i18n/SUPPORTED")).unwrap_or_default();
    let line = known.lines().find(|line| line.split(' ').next() == Some(locale));
    let line = line.ok_or_else(|| {
        let text =
            "the target neither has this locale nor can make it; add the package `locales` to it";
        Error::Answers(format!("{locale}: {text}"))
    })?;
    let old = machine.text(&format!("{TARGET}/etc/locale.gen")).unwrap_or_default();
    put(machine, "/etc/locale.gen", &format!("{old}\n{line}\n"), 0o644)?;
    machine.run(&inside("/usr/sbin/locale-gen"))?;
    Ok(())
}

fn keyboard(machine: &dyn Machine, keymap: &str) -> Result<(), Error> {
    let (layout, variant) = keymap.split_once(':').unwrap_or((keymap, ""));
    let text = format!(
        "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"{layout}\"\nXKBVARIANT=\"{variant}\"\nXKBOPTIONS=\"\"\nBACKSPACE=\"guess\"\n"
    );
    // Since trixie, /etc/vconsole.conf is a link to it.
    put(machine, "/etc/default/keyboard", &text, 0o644)
}
