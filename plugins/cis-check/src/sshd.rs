//! Looks at the SSH server's settings (CIS Debian Linux Benchmark, section 5.1; sshd_config(5)).
//!
//! The first value of a keyword counts; Debian reads `sshd_config.d` before the main file's own.

use std::collections::BTreeMap;

use isoplug_sdk::prelude::*;

use crate::Breach;

const MAIN: &str = "/etc/ssh/sshd_config";
const FOLDER: &str = "/etc/ssh/sshd_config.d";

/// Returns the breaches of the rules about SSH; none if there is no server.
pub(crate) fn breaches(rootfs: Rootfs) -> Result<Vec<Breach>> {
    let Some(main) = rootfs.text(MAIN)? else { return Ok(Vec::new()) };
    let mut settings = BTreeMap::new();
    for name in rootfs.names(FOLDER)?.iter().filter(|name| name.ends_with(".conf")) {
        let text = rootfs.text(&format!("{FOLDER}/{name}"))?.unwrap_or_default();
        read(&text, &mut settings);
    }
    read(&main, &mut settings);
    let is = |keyword: &str, value: &str| settings.get(keyword).is_some_and(|it| it == value);
    let rules = [
        (
            is("permitrootlogin", "yes"),
            "sshd-root-login",
            "root may log in over SSH with a password",
            "set services.openssh.settings.permit-root-login = \"no\"",
        ),
        (
            is("permitemptypasswords", "yes"),
            "sshd-empty-passwords",
            "empty passwords are accepted over SSH",
            "set PermitEmptyPasswords no",
        ),
        (
            is("x11forwarding", "yes"),
            "sshd-x11",
            "X11 is forwarded over SSH",
            "set X11Forwarding no",
        ),
    ];
    let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
    Ok(broken
        .map(|(_, rule, message, help)| Breach { rule, message: message.to_owned(), help })
        .collect())
}

/// Keeps the first value of each keyword. What stands in a Match block holds for some only.
fn read(text: &str, settings: &mut BTreeMap<String, String>) {
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((keyword, value)) = line.split_once([' ', '\t', '=']) else { continue };
        let keyword = keyword.to_ascii_lowercase();
        if keyword == "match" {
            return;
        }
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        settings.entry(keyword).or_insert(value);
    }
}
