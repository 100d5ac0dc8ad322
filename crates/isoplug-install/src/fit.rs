//! Whether a target knows what was answered: its images are looked into before the disk is touched.
//!
//! Knows nothing of disks. What the installed system makes of an answer, `settle` knows.

use isoplug_install_plan::{Answers, Target};

use crate::machine::Call;
use crate::{Error, MEDIUM, Machine};

const LOCALES: &str = "usr/lib/locale";
const SUPPORTED: &str = "usr/share/i18n/SUPPORTED";

/// Looks for the time zone and the language in the images of a target.
///
/// # Errors
///
/// If it has not the one or neither has nor can make the other: nothing was changed.
pub fn answers(machine: &dyn Machine, target: &Target, answers: &Answers) -> Result<(), Error> {
    if let Some(zone) = &answers.timezone {
        let path = format!("usr/share/zoneinfo/{zone}");
        if !list(machine, target, &path)?.contains(&path) {
            let text = format!("the target does not know the time zone {zone}");
            return Err(Error::Answers(text));
        }
    }
    match &answers.locale {
        Some(locale) if !has_locale(machine, target, locale)? => Err(Error::Answers(format!(
            "{locale}: the target neither has this locale nor can make it; add the package `locales` to it"
        ))),
        _ => Ok(()),
    }
}

/// Tells whether a target has a locale or can make it. What an archive of locales holds, only its own programs tell.
fn has_locale(machine: &dyn Machine, target: &Target, locale: &str) -> Result<bool, Error> {
    let made = list(machine, target, LOCALES)?;
    let is_made = |path: &String| {
        let name = path.strip_prefix(LOCALES).unwrap_or_default().trim_start_matches('/');
        name == "locale-archive" || plain(name) == plain(locale)
    };
    if ["C", "POSIX"].contains(&locale) || made.iter().any(is_made) {
        return Ok(true);
    }
    let known = images(target).filter_map(|image| {
        // Most images do not have it.
        machine.run(&Call::new("/usr/bin/unsquashfs").with(["-cat", &image, SUPPORTED])).ok()
    });
    let mut lines = known.flat_map(|text| text.out.lines().map(str::to_owned).collect::<Vec<_>>());
    Ok(lines.any(|line| line.split(' ').next() == Some(locale)))
}

/// Returns the name of a locale as `locale -a` has it, in small letters.
pub(crate) fn plain(locale: &str) -> String {
    locale.to_lowercase().replace('-', "")
}

/// Returns what lies at a path, and below it, in any of a target's images.
fn list(machine: &dyn Machine, target: &Target, path: &str) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for image in images(target) {
        let call = Call::new("/usr/bin/unsquashfs").with(["-l", &image, path]);
        let said = machine.run(&call)?.out;
        found.extend(
            said.lines().filter_map(|line| line.strip_prefix("squashfs-root/")).map(str::to_owned),
        );
    }
    Ok(found)
}

fn images(target: &Target) -> impl Iterator<Item = String> {
    target.squashfs.iter().map(|each| format!("{MEDIUM}/{}", each.path))
}
