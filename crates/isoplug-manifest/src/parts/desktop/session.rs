//! Writes what display managers and desktops read to log a user in and to leave that session alone.
//!
//! Sources: GDM's `daemon.conf`, lightdm.conf(5), sddm.conf(5), dconf(7), polkit(8), Xfce's xfconf channels,
//! KConfig's files below /etc/xdg. A program that is not there reads nothing of it.

use super::environment::{Known, Manager};
use crate::file::File;

/// Compiles the settings of /etc/dconf/db, those of the user's files too, before anybody reads them.
pub(super) const DCONF_UNIT: &str = "isoplug-dconf.service";

/// Returns what gives a session time to begin. From a slow medium or on an emulated machine a desktop takes longer
/// than the 90 seconds after which systemd ends it (systemd-user.conf(5)), and is not begun again.
pub(super) fn patience() -> File {
    File::text(
        "/etc/systemd/user.conf.d/50-isoplug-live.conf",
        "[Manager]\nDefaultTimeoutStartSec=15min\n",
    )
}

/// Returns the files for a user. `may_all`: whether the desktop asks that user for no password.
pub(super) fn files(user: &str, known: &Known, may_all: bool) -> Vec<File> {
    let mut files = vec![login(user, known)];
    if known.reads_dconf {
        files.push(File::text("/etc/dconf/profile/user", "user-db:user\nsystem-db:local\n"));
        files.push(File::text("/etc/dconf/db/local.d/50-isoplug-live", include_str!("live.dconf")));
        files.push(File::text(
            &format!("/usr/lib/systemd/system/{DCONF_UNIT}"),
            include_str!("dconf.service"),
        ));
    }
    files.extend(known.quiet.iter().map(|(path, text)| File::text(path, *text)));
    if may_all {
        files.push(File::text(
            "/etc/polkit-1/rules.d/50-isoplug-live.rules",
            include_str!("live.rules").replace("@USER@", user),
        ));
    }
    files
}

/// Returns what makes the display manager log a user in.
fn login(user: &str, known: &Known) -> File {
    let session = known.session;
    match known.manager {
        Manager::Gdm => File::text(
            "/etc/gdm3/daemon.conf",
            format!(
                "[daemon]\nAutomaticLoginEnable=true\nAutomaticLogin={user}\n\
                 InitialSetupEnable=false\n"
            ),
        ),
        Manager::Lightdm => File::text(
            "/etc/lightdm/lightdm.conf.d/50-isoplug-live.conf",
            format!("[Seat:*]\nautologin-user={user}\nautologin-session={session}\n"),
        ),
        Manager::Sddm => File::text(
            "/etc/sddm.conf.d/50-isoplug-live.conf",
            format!("[Autologin]\nUser={user}\nSession={session}\n"),
        ),
    }
}
