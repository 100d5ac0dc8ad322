//! What to do where this machine or a container refuses what a sandbox needs: the switch, the filter or the
//! policy that is in the way.

use std::fs;

use super::identity;

/// The switches by which kernels and distributions refuse user namespaces to ordinary users.
const SWITCHES: [(&str, &str); 3] = [
    ("kernel.apparmor_restrict_unprivileged_userns", "0"),
    ("kernel.unprivileged_userns_clone", "1"),
    ("user.max_user_namespaces", "15000"),
];

/// What container engines are told, so that a container in it can be made.
const ENGINES: &str = "`docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --security-opt systempaths=unconfined`, or `podman run --security-opt seccomp=unconfined \
    --security-opt unmask=ALL`; it needs no --privileged";

/// Files that container engines put into a container.
const MARKS: [&str; 3] = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];

/// Names what is in the way on this machine.
pub(super) fn how_to_allow() -> String {
    let read = |name: &str| fs::read_to_string(switch_file(name)).unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let walls = Walls {
        is_filtered: is_filtered(&status),
        is_container: MARKS.iter().any(|mark| fs::exists(mark).unwrap_or(false)),
    };
    advice(&read, &walls, &identity::user().0)
}

/// What is around this process.
struct Walls {
    /// A filter of system calls.
    is_filtered: bool,
    /// A container.
    is_container: bool,
}

fn switch_file(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

/// Reads proc_pid_status(5): mode 2 is a filter.
fn is_filtered(status: &str) -> bool {
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() == "2")
}

fn advice(read: &dyn Fn(&str) -> String, walls: &Walls, user: &str) -> String {
    let refuses = |name: &str| match (name, read(name).trim()) {
        ("kernel.apparmor_restrict_unprivileged_userns", value) => value == "1" && user != "root",
        (_, value) => value == "0",
    };
    let switch = SWITCHES.iter().find(|(name, _)| refuses(name));
    let Walls { is_container, is_filtered } = *walls;
    match switch.filter(|_| !is_filtered) {
        Some((name, value)) => format!("run as root: sysctl -w {name}={value}"),
        None if is_container => format!("this container forbids it; start it with {ENGINES}"),
        None if is_filtered => format!(
            "a filter of system calls (seccomp) is around this process; in a container, start that with {ENGINES}; \
             in a service of systemd, leave SystemCallFilter and RestrictNamespaces out"
        ),
        None => format!(
            "a security policy forbids it to {user}, or /proc is hidden in part, as in a container: \
             start that with {ENGINES}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Walls = Walls { is_filtered: false, is_container: false };

    fn advice_for(switches: &[(&str, &str)], walls: &Walls) -> String {
        let read = |name: &str| {
            let found = switches.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| format!("{value}\n")).unwrap_or_default()
        };
        advice(&read, walls, "ann")
    }

    #[test]
    fn the_switch_in_the_way_is_named() {
        insta::assert_snapshot!(
            advice_for(&[("kernel.apparmor_restrict_unprivileged_userns", "1")], &OPEN),
            @"run as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        );
        insta::assert_snapshot!(
            advice_for(&[("kernel.unprivileged_userns_clone", "0")], &OPEN),
            @"run as root: sysctl -w kernel.unprivileged_userns_clone=1"
        );
        insta::assert_snapshot!(
            advice_for(&[("user.max_user_namespaces", "0")], &OPEN),
            @"run as root: sysctl -w user.max_user_namespaces=15000"
        );
    }

    #[test]
    fn so_is_what_is_around() {
        let switches = [("user.max_user_namespaces", "9000")];
        let says =
            |is_filtered, is_container| advice_for(&switches, &Walls { is_filtered, is_container });
        assert!(says(false, false).starts_with("a security policy forbids it to ann"));
        assert!(says(true, false).starts_with("a filter of system calls (seccomp) is around"));
        for filtered in [false, true] {
            assert!(
                says(filtered, true)
                    .starts_with("this container forbids it; start it with `docker")
            );
        }
        // The switch of a machine does not count where a filter comes before it.
        let apparmor = [("kernel.apparmor_restrict_unprivileged_userns", "1")];
        let walls = Walls { is_filtered: true, is_container: true };
        assert!(advice_for(&apparmor, &walls).starts_with("this container forbids it"));
    }

    #[test]
    fn a_filter_is_seen() {
        assert!(is_filtered("NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!is_filtered("Seccomp:\t0\nSeccomp_filters:\t2\n") && !is_filtered(""));
    }
}
