//! The ways into a machine, and the systemd credentials that open each.

use crate::Login;

/// Which way in is used; the last is what is left for systems whose getty reads no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// agetty and login are told to let root in (systemd 257).
    Autologin,
    /// PAM is told to let anybody in (systemd 252).
    OpenPam,
    /// The manifest gave a password.
    Password(String, String),
}

impl Way {
    /// The way that a plan asks for.
    pub(crate) fn new(login: &Login) -> Self {
        match login {
            Login::Credentials => Self::Autologin,
            Login::OpenPam => Self::OpenPam,
            Login::Password { user, password } => Self::Password(user.clone(), password.clone()),
        }
    }

    /// The systemd credentials that the machine carries (systemd.system-credentials(7)). Only the
    /// serial port is opened: a session of another terminal stays what the image makes it.
    pub(crate) fn credentials(&self, port: &str) -> Vec<(String, String)> {
        let mut credentials = vec![
            ("getty.ttys.serial".to_owned(), port.to_owned()),
            (format!("systemd.unit-dropin.dev-{port}.device"), WAIT.to_owned()),
        ];
        match self {
            Self::Autologin => credentials.extend([
                (format!("tty.serial.{port}.agetty.autologin"), "root".to_owned()),
                (format!("tty.serial.{port}.login.noauth"), "yes".to_owned()),
            ]),
            Self::OpenPam => credentials.push(("tmpfiles.extra".to_owned(), OPEN_PAM.to_owned())),
            Self::Password(..) => {}
        }
        credentials
    }
}

/// However long udev takes to find the port: the limit of the test is another one (systemd 256; an older one
/// gives up after 90 seconds of the guest's clock).
const WAIT: &str = "[Unit]\nJobRunningTimeoutSec=infinity\n";

/// tmpfiles.d(5) reads `\n` as a line's end.
const OPEN_PAM: &str = "f+ /etc/pam.d/login 0644 root root - auth sufficient pam_permit.so\\n\
    account sufficient pam_permit.so\\nsession required pam_permit.so\\n";
