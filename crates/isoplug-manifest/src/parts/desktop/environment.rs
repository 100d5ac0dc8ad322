//! What each desktop environment is called by the programs of Debian: one row each. Knows no option beside its own.

use super::Environment;

/// What is known of a desktop environment.
pub(super) struct Known {
    /// What it is called in Debian's tasks: `task-NAME-desktop`.
    pub(super) name: &'static str,
    /// What people call it.
    pub(super) title: &'static str,
    /// What shows the login, and starts the session.
    pub(super) manager: Manager,
    /// The name of its session, a file in /usr/share/xsessions or wayland-sessions.
    pub(super) session: &'static str,
    /// The program that runs for as long as its session does; the kernel keeps 15 bytes of a name.
    pub(super) process: &'static str,
    /// Whether its programs read their settings by dconf.
    pub(super) reads_dconf: bool,
    /// Files that keep its screen unlocked and leave out its dialogs of a first login, beside those settings.
    pub(super) quiet: &'static [(&'static str, &'static str)],
}

/// A display manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// GNOME's.
    Gdm,
    /// LightDM.
    Lightdm,
    /// KDE's.
    Sddm,
}

impl Manager {
    /// Returns its package.
    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Gdm => "gdm3",
            Self::Lightdm => "lightdm",
            Self::Sddm => "sddm",
        }
    }
}

impl Environment {
    pub(super) fn known(self) -> Known {
        use Manager::{Gdm, Lightdm, Sddm};
        let (name, title, manager, session, process, reads_dconf) = match self {
            Self::Gnome => ("gnome", "GNOME", Gdm, "gnome", "gnome-shell", true),
            Self::Kde => ("kde", "KDE Plasma", Sddm, "plasma", "plasmashell", false),
            Self::Xfce => ("xfce", "Xfce", Lightdm, "xfce", "xfce4-session", true),
            Self::Lxqt => ("lxqt", "LXQt", Sddm, "lxqt", "lxqt-session", false),
            Self::Mate => ("mate", "MATE", Lightdm, "mate", "mate-session", true),
            Self::Cinnamon => ("cinnamon", "Cinnamon", Lightdm, "cinnamon", "cinnamon", true),
        };
        Known { name, title, manager, session, process, reads_dconf, quiet: self.quiet() }
    }

    fn quiet(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Gnome => &[("/etc/skel/.config/gnome-initial-setup-done", "yes\n")],
            Self::Kde => &[
                ("/etc/xdg/kscreenlockerrc", "[Daemon]\nAutolock=false\nLockOnResume=false\n"),
                // Its Welcome Center comes at the first login, and after an upgrade from the version seen last.
                ("/etc/xdg/plasma-welcomerc", "[General]\nLastSeenVersion=999\n"),
            ],
            Self::Xfce => &[(
                "/etc/xdg/xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml",
                include_str!("xfce4-screensaver.xml"),
            )],
            Self::Lxqt | Self::Mate | Self::Cinnamon => &[],
        }
    }
}
