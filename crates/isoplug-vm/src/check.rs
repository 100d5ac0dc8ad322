//! Turns a promise into a question for the guest's shell, and its answer into a verdict.
//!
//! Pure: knows no connection. Questions are POSIX `sh` and need only what every Debian system has.

use crate::shell::Output;
use crate::{Firmware, Outcome, Promise, Protocol, UnitState};

/// What an answer means.
pub(crate) type Verdict = (Outcome, String);

/// The text that the guest's shell runs for a promise.
pub(crate) fn question(promise: &Promise) -> String {
    match promise {
        Promise::Unit { name, state } => unit(name, *state),
        Promise::User { name, .. } => {
            let name = quote(name);
            format!("getent passwd -- {name} && id -nG -- {name}")
        }
        Promise::File { path, sha256, contains, .. } => {
            file(path, sha256.is_some(), contains.as_deref())
        }
        Promise::Hostname { .. } => "cat /proc/sys/kernel/hostname".to_owned(),
        Promise::KernelParam { .. } => "cat /proc/cmdline".to_owned(),
        Promise::Port { protocol, .. } => sockets(*protocol).to_owned(),
        Promise::Package { name, .. } => {
            format!("dpkg-query -W -f '${{db:Status-Status}} ${{Version}}\\n' -- {}", quote(name))
        }
        Promise::Command { run, .. } => run.clone(),
        Promise::System => SYSTEM.to_owned(),
        Promise::Firmware => FIRMWARE.to_owned(),
        Promise::LiveMedium { id } => live_medium(id),
    }
}

fn sockets(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null || :",
        Protocol::Udp => "cat /proc/net/udp; cat /proc/net/udp6 2>/dev/null || :",
    }
}

/// Whether the answer is what the promise says.
pub(crate) fn judge(promise: &Promise, firmware: Firmware, output: &Output) -> Verdict {
    let said = output.text.trim();
    match promise {
        Promise::Unit { state, .. } => equal("state", state.name(), said),
        Promise::User { groups, uid, .. } => user(groups, *uid, output),
        Promise::File { sha256, mode, owner, .. } => {
            judge_file(sha256.as_deref(), *mode, owner.as_deref(), output)
        }
        Promise::Hostname { name } => equal("host name", name, said),
        Promise::KernelParam { param } => kernel_param(param, said),
        Promise::Port { port, protocol } => listens(*port, *protocol, said),
        Promise::Package { version, .. } => package(version.as_deref(), output),
        Promise::Command { exit, contains, .. } => command(*exit, contains.as_deref(), output),
        Promise::System => verdict(said.lines().next() == Some("running"), said.to_owned()),
        Promise::Firmware => equal("firmware", &firmware.to_string(), said),
        Promise::LiveMedium { id } => {
            verdict(output.status == 0, format!("/.isoplug/{id}: {said}"))
        }
    }
}

fn kernel_param(param: &str, said: &str) -> Verdict {
    let wanted = words(param);
    let found = words(said).iter().any(|word| wanted.first() == Some(word));
    verdict(found, format!("the command line is {said}"))
}

/// Takes a command line apart as the kernel does: at blanks outside of double quotes, which go if they
/// are around a parameter or its value (Linux, `next_arg` in lib/cmdline.c).
fn words(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let ends = |each: char| {
        is_quoted ^= each == '"';
        each.is_ascii_whitespace() && !is_quoted
    };
    line.split(ends).filter(|word| !word.is_empty()).map(unquoted).collect()
}

fn unquoted(word: &str) -> String {
    let inside = |text: &str| Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    let value = word.split_once('=').and_then(|(name, value)| Some((name, inside(value)?)));
    match (inside(word), value) {
        (Some(whole), _) => whole,
        (None, Some((name, value))) => format!("{name}={value}"),
        (None, None) => word.to_owned(),
    }
}

/// Whether time may still make it true: services come up after the system says it is up.
pub(crate) fn may_come(promise: &Promise) -> bool {
    matches!(promise, Promise::Unit { state: UnitState::Active, .. } | Promise::Port { .. })
}

/// Prints the state, and for a system that did not come up whole, why.
const SYSTEM: &str = "s=$(systemctl is-system-running --wait); echo $s; [ $s = running ] && exit
systemctl list-units --failed --plain --no-legend
for u in $(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1); do
journalctl -b -o cat -n 8 --no-pager -u $u; done
systemctl list-jobs --no-legend --no-pager";

/// The variable is 4 bytes of attributes and one of value (UEFI 2.10, section 3.3). Firmware that knows no Secure Boot,
/// such as one of the two that Debian 13 has for QEMU, has no such variable among its own.
const FIRMWARE: &str = "[ -d /sys/firmware/efi ] || { echo bios; exit; }
d=/sys/firmware/efi/efivars v=$d/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
[ -e $v ] || mount -t efivarfs efivarfs $d
[ -e $v ] || { set -- $d/*; [ -e $1 ] && echo uefi || echo unknown; exit; }
case $(od -An -t u1 -j 4 -N 1 $v) in *1) echo secure-boot;; *0) echo uefi;; *) echo unknown;; esac";

fn unit(name: &str, state: UnitState) -> String {
    let verb = match state {
        UnitState::Active | UnitState::Inactive => "is-active",
        UnitState::Enabled | UnitState::Disabled | UnitState::Masked => "is-enabled",
    };
    format!("systemctl {verb} -- {}", quote(name))
}

/// The first line is the mode and owner; then the digest; a missing text makes status 3.
fn file(path: &str, digest: bool, contains: Option<&str>) -> String {
    let path = quote(path);
    let mut script = format!("p={path}\nstat -L -c '%a %U:%G %u:%g' -- \"$p\" || exit 2\n");
    if digest {
        script.push_str("sha256sum <\"$p\" || exit 2\n");
    }
    if let Some(text) = contains {
        // Command substitution drops final newlines, so both sides end with a dot.
        script.push_str(&format!("n={}\n", quote(text)));
        script.push_str("t=$(head -c 1048576 -- \"$p\" | tr '\\0' '?'; echo .)\n");
        script.push_str("case $t in *\"$n\"*) ;; *) echo 'the text is not in it'; exit 3;; esac\n");
    }
    script
}

fn live_medium(id: &str) -> String {
    let id = quote(id);
    format!(
        "for m in /run/live/medium $(grep -E ' (iso9660|udf) ' /proc/mounts | cut -d' ' -f2); do
[ -e $m/.isoplug/{id} ] && {{ echo \"on $m\"; exit 0; }}; done
echo 'on no mounted medium'; exit 1"
    )
}

/// Makes one word of `sh` out of any text.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn verdict(holds: bool, detail: String) -> Verdict {
    (if holds { Outcome::Pass } else { Outcome::Fail }, detail)
}

fn equal(what: &str, expected: &str, found: &str) -> Verdict {
    if expected == found {
        return verdict(true, found.to_owned());
    }
    verdict(false, format!("{what}: expected {expected}, found {found}"))
}

fn user(groups: &[String], uid: Option<u32>, output: &Output) -> Verdict {
    let mut lines = output.text.lines();
    let (passwd, member) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if output.status != 0 {
        return verdict(false, format!("no such user {}", output.text.trim()).trim().to_owned());
    }
    let found = passwd.split(':').nth(2).unwrap_or_default();
    if let Some(uid) = uid.filter(|uid| uid.to_string() != found) {
        return equal("uid", &uid.to_string(), found);
    }
    let member: Vec<&str> = member.split(' ').collect();
    match groups.iter().find(|group| !member.contains(&group.as_str())) {
        Some(group) => {
            verdict(false, format!("not in group {group}, only in {}", member.join(" ")))
        }
        None => verdict(true, passwd.to_owned()),
    }
}

fn judge_file(
    sha256: Option<&str>,
    mode: Option<u16>,
    owner: Option<&str>,
    output: &Output,
) -> Verdict {
    let mut lines = output.text.lines();
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let &[found_mode, names, numbers] = words.as_slice() else {
        return verdict(false, output.text.trim().to_owned());
    };
    if let Some(mode) = mode.filter(|mode| format!("{mode:o}") != found_mode) {
        return equal("mode", &format!("{mode:o}"), found_mode);
    }
    let owned = |owner: &str| [names, numbers].iter().any(|found| owns(owner, found));
    if let Some(owner) = owner.filter(|owner| !owned(owner)) {
        return equal("owner", owner, names);
    }
    if let Some(sha256) = sha256 {
        let found = lines.next().and_then(|line| line.split(' ').next()).unwrap_or_default();
        if !found.eq_ignore_ascii_case(sha256) {
            return equal("sha256", sha256, found);
        }
    }
    let last = output.text.lines().last().unwrap_or_default();
    verdict(output.status == 0, last.to_owned())
}

/// Whether `expected`, with or without a group, is the pair that was found.
fn owns(expected: &str, found: &str) -> bool {
    expected == found || found.split_once(':').is_some_and(|(user, _)| user == expected)
}

/// Lines of proc_net(5): `sl local_address rem_address st …`, all in hex; a TCP listener's state is
/// 0A, an unconnected UDP socket's 07.
fn listens(port: u16, protocol: Protocol, table: &str) -> Verdict {
    let state = match protocol {
        Protocol::Tcp => "0A",
        Protocol::Udp => "07",
    };
    let mut ports: Vec<u16> = table.lines().filter_map(|line| listener(line, state)).collect();
    ports.sort_unstable();
    ports.dedup();
    let known: Vec<String> = ports.iter().map(u16::to_string).collect();
    let open = if known.is_empty() { "no port".to_owned() } else { known.join(", ") };
    verdict(ports.contains(&port), format!("listening: {open}"))
}

fn listener(line: &str, state: &str) -> Option<u16> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let &[_, local, _, found, ..] = words.as_slice() else { return None };
    let (_, port) = local.rsplit_once(':')?;
    if found == state { u16::from_str_radix(port, 16).ok() } else { None }
}

/// One that is there for two architectures has a line for each, with the same version.
fn package(version: Option<&str>, output: &Output) -> Verdict {
    let said = output.text.trim();
    let lines = said.lines().map(|line| line.strip_prefix("installed "));
    match lines.collect::<Option<Vec<&str>>>().unwrap_or_default()[..] {
        [found, ..] => equal("version", version.unwrap_or(found), found),
        [] if said.is_empty() => verdict(false, "not installed".to_owned()),
        [] => verdict(false, said.to_owned()),
    }
}

fn command(exit: u8, contains: Option<&str>, output: &Output) -> Verdict {
    let said = last_lines(&output.text);
    if output.status != i32::from(exit) {
        let status = output.status;
        let late = if status == 124 { " (out of time)" } else { "" };
        return verdict(false, format!("exit status {status}{late}, expected {exit}\n{said}"));
    }
    match contains.filter(|text| !output.text.contains(text)) {
        Some(text) => verdict(false, format!("its output does not contain \"{text}\"\n{said}")),
        None => verdict(true, format!("exit status {exit}")),
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests;
