//! What starts the installer: on the first screen, on serial lines, or from the boot menu without questions.

use crate::file::File;
use crate::option::option;
use crate::part::{Contribution, MenuEntry};

use super::Dialogue;

/// The entry of the boot menu that installs without questions.
pub(crate) const UNATTENDED: &str = "unattended";

const TARGET: &str = "/usr/lib/systemd/system/isoplug-install.target";
const SERVICE: &str = "/usr/lib/systemd/system/isoplug-install.service";
const FAILED: &str = "/usr/lib/systemd/system/isoplug-install-failed.service";

/// Asks for the dialogue in place of log-ins. These files come after the one that logs somebody in.
pub(super) fn dialogue(dialogue: Dialogue, out: &mut Contribution) {
    let lines: &[&str] = match dialogue {
        Dialogue::None => &[],
        Dialogue::Screen => &["getty@tty1"],
        Dialogue::Everywhere => &["getty@tty1", "serial-getty@"],
    };
    let mut asked = out.because(option!(install.dialogue));
    for unit in lines {
        let path = format!("/etc/systemd/system/{unit}.service.d/20-isoplug-install.conf");
        asked.file(File::text(&path, include_str!("dialogue.conf")));
    }
}

/// Asks for the entry that installs without questions, and what it starts in place of everything else.
pub(super) fn unattended(out: &mut Contribution) {
    let params = ["isoplug.install=unattended", "systemd.unit=isoplug-install.target"];
    let (id, label) =
        (UNATTENDED.to_owned(), "install on this machine without questions".to_owned());
    let params = params.map(str::to_owned).to_vec();
    out.because(option!(install.unattended.enable))
        .menu_entry(MenuEntry { id, label, params, submenu: None })
        .file(File::text(TARGET, include_str!("install.target")))
        .file(File::text(SERVICE, include_str!("install.service")))
        .file(File::text(FAILED, include_str!("failed.service")));
}
