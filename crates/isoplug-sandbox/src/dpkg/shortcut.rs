//! Programs that stand before others of the same name while packages are configured, and answer
//! at once what those would only answer after a long start. They change nothing of the result.

use std::io::Write;

use super::depmod;
use crate::{Command, Failure, Inside};

/// The folder beside the packages, first in the path of maintainer scripts.
const FOLDER: &str = "shortcuts";

/// Each by the name of the program that it stands before.
const SHORTCUTS: [(&str, &str); 2] = [("deb-systemd-helper", UNITS), ("depmod", depmod::SHORTCUT)];

/// Answers for deb-systemd-helper(1p), a Perl program that each package with a unit calls three
/// times or more, what is decided by files that are not there: a unit that no state file knows
/// counts as enabled, and one without a file in `/etc` is not masked. Everything else it leaves to
/// the program itself.
const UNITS: &str = r#"#!/bin/sh
program=/usr/bin/deb-systemd-helper
quiet= user= of=system verb= unit=
for word do
  case $word in
  --quiet) quiet=yes ;;
  --user) user=-user of=user ;;
  -* | */*) exec $program "$@" ;;
  *)
    if [ -z "$verb" ]; then verb=$word
    elif [ -z "$unit" ]; then unit=$word
    else exec $program "$@"; fi ;;
  esac
done
state=/var/lib/systemd/deb-systemd
known=$state$user-helper-enabled/$unit.dsh-also
if [ -n "$unit" ] && [ -n "$DPKG_MAINTSCRIPT_PACKAGE" ] && [ -z "$DPKG_ROOT$_DEB_SYSTEMD_HELPER_DEBUG" ]; then
  case $verb in
  debian-installed) [ -f "$known" ]; exit ;;
  was-enabled) [ -n "$quiet" ] && [ ! -e "$known" ] && exit 0 ;;
  unmask) [ -e $state-helper-masked ] || [ -e $state-user-helper-masked ] || [ -e "/etc/systemd/$of/$unit" ] || exit 0 ;;
  esac
fi
exec $program "$@"
"#;

/// Stands before dkms(8) where drivers are compiled elsewhere: packages are noted down, and nothing is compiled.
const DKMS: (&str, &str) = (
    "dkms",
    r#"#!/bin/sh
case $1 in
build | install | autoinstall | kernel_postinst) exit 0 ;;
esac
exec /usr/sbin/dkms "$@"
"#,
);

/// Makes the programs.
pub(super) fn make(inside: &Inside, drivers_apart: bool) -> Result<(), Failure> {
    let packages = inside.packages();
    packages.make_folder(FOLDER).map_err(Failure::of("make the folder of shortcuts"))?;
    for (name, text) in SHORTCUTS.into_iter().chain(drivers_apart.then_some(DKMS)) {
        let made = packages.create(&format!("{FOLDER}/{name}"), 0o755);
        let written = made.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(Failure::of(format!("write the shortcut {name}")))?;
    }
    Ok(())
}

/// Lets a command find them before the programs of the tree.
pub(super) fn put_first(command: &mut Command) {
    let path = format!("/run/isoplug/{FOLDER}:/usr/sbin:/usr/bin:/sbin:/bin");
    command.environment.push(("PATH".to_owned(), path));
}
