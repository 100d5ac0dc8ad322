//! Says whether this machine lets the user make sandboxes, and what to change if not.

use std::path::Path;

use nix::unistd::Uid;

use super::identity::{self, TABLES};
use super::job::{Answer, Kept};
use super::launch::launch;
use super::{Error, clean};

/// One thing that sandboxes need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is needed.
    pub what: String,
    /// Whether it is there.
    pub ok: bool,
    /// What to do if it is not.
    pub fix: Option<String>,
}

/// Looks for all that a sandbox needs, by making one at last.
pub fn diagnose() -> Vec<Finding> {
    let mut findings = Vec::new();
    if !Uid::effective().is_root() {
        for table in &TABLES {
            findings.push(mapper(table.program));
            let range = table.range();
            findings.push(finding(&format!("65535 numbers in {}", table.file), range));
        }
    }
    let made = launch("probe", "", &clean::Blind);
    findings.push(finding("user namespaces", made));
    findings
}

/// Plays the role of a sandbox that only has to come to life.
pub(super) fn main() -> u8 {
    Answer::Done(Kept::default()).send();
    0
}

fn mapper(program: &'static str) -> Finding {
    let found = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists());
    let found = if found { Ok(()) } else { Err(Error::NoMapper { program }) };
    finding(program, found)
}

fn finding<T>(what: &str, found: Result<T, Error>) -> Finding {
    let fix = match &found {
        Ok(_) => None,
        Err(Error::Refused { fix, .. } | Error::NoRange { fix, .. }) => Some(fix.clone()),
        Err(error) => Some(error.to_string()),
    };
    Finding { what: what.to_owned(), ok: found.is_ok(), fix }
}

/// The switches by which kernels and distributions refuse user namespaces to ordinary users.
const SWITCHES: [(&str, &str); 3] = [
    ("kernel.apparmor_restrict_unprivileged_userns", "0"),
    ("kernel.unprivileged_userns_clone", "1"),
    ("user.max_user_namespaces", "15000"),
];

/// Names the switch that is in the way on this machine.
pub(super) fn how_to_allow_user_namespaces() -> String {
    let read = |name: &str| std::fs::read_to_string(switch_file(name)).unwrap_or_default();
    advice(&read, &identity::user().0)
}

fn switch_file(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

fn advice(read: &dyn Fn(&str) -> String, user: &str) -> String {
    let refuses = |name: &str| match (name, read(name).trim()) {
        ("kernel.apparmor_restrict_unprivileged_userns", value) => value == "1",
        (_, value) => value == "0",
    };
    match SWITCHES.iter().find(|(name, _)| refuses(name)) {
        Some((name, value)) => format!("run as root: sysctl -w {name}={value}"),
        None => format!(
            "a container or a security policy forbids them to {user}; allow it the system calls \
             unshare and mount, or build as root"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice_for(switches: &[(&str, &str)]) -> String {
        let read = |name: &str| {
            let found = switches.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| format!("{value}\n")).unwrap_or_default()
        };
        advice(&read, "ann")
    }

    #[test]
    fn the_switch_in_the_way_is_named() {
        insta::assert_snapshot!(
            advice_for(&[("kernel.apparmor_restrict_unprivileged_userns", "1")]),
            @"run as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        );
        insta::assert_snapshot!(
            advice_for(&[("kernel.unprivileged_userns_clone", "0")]),
            @"run as root: sysctl -w kernel.unprivileged_userns_clone=1"
        );
        insta::assert_snapshot!(
            advice_for(&[("user.max_user_namespaces", "0")]),
            @"run as root: sysctl -w user.max_user_namespaces=15000"
        );
        insta::assert_snapshot!(
            advice_for(&[("user.max_user_namespaces", "9000")]),
            @"a container or a security policy forbids them to ann; allow it the system calls unshare and mount, or build as root"
        );
    }
}
