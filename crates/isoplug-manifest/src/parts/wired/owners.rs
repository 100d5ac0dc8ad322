//! Who owns an interface: two settings for one, and one that is a part of two others.

use super::{Interface, Interfaces, Which, at};
use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::part::Lint;

/// Returns the interfaces that this one is a port of, or carries, with the key that says so.
pub(super) fn users<'i>(
    interfaces: &'i Interfaces,
    name: &'i str,
) -> impl Iterator<Item = (&'i String, &'static str)> {
    interfaces.iter().filter_map(move |(user, interface)| {
        let is_port = interface.ports().iter().any(|port| port == name);
        let carries = interface.vlan.as_ref().is_some_and(|vlan| vlan.interface == name);
        let key = match (is_port, carries) {
            (true, _) if interface.bond.is_some() => "bond",
            (true, _) => "bridge",
            (_, true) => "vlan",
            _ => return None,
        };
        Some((user, key))
    })
}

/// Reports what two settings want of one interface.
pub(super) fn lint(interfaces: &Interfaces, lint: &mut Lint<'_>) {
    for (name, interface) in interfaces {
        unknown(interfaces, name, interface, lint);
        busy(interfaces, name, interface, lint);
    }
    let all: Vec<(&String, &Interface)> = interfaces.iter().collect();
    for (index, (name, interface)) in all.iter().enumerate() {
        for (other, second) in &all[..index] {
            if may_be_one(interface.which(name), second.which(other)) {
                let message =
                    format!("`{other}` and `{name}` can be one interface, with two settings");
                let help = "a name, a MAC address, or a driver of its own for each";
                let diagnostic = Diagnostic::error("two-owners", message).help(help);
                let diagnostic = lint.at(diagnostic, &at(name));
                lint.report_at(diagnostic, &at(other));
            }
        }
    }
}

/// An interface is made of those that have a table, so that it is said which they are.
fn unknown(interfaces: &Interfaces, name: &str, interface: &Interface, lint: &mut Lint<'_>) {
    let key = if interface.bond.is_some() { "bond" } else { "bridge" };
    let ports = interface.ports().iter().map(|port| (port, key));
    let carrier = interface.vlan.iter().map(|vlan| (&vlan.interface, "vlan"));
    let carrier = carrier.filter(|(carrier, _)| !carrier.is_empty());
    for (part, key) in ports.chain(carrier) {
        let is_known = interfaces.contains_key(part) && part != name;
        if !is_known {
            let message = format!("`{name}` is made of `{part}`, and there is no such table");
            let diagnostic = Diagnostic::error("unknown-interface", message);
            let diagnostic = did_you_mean(diagnostic, part, interfaces.keys());
            let help = format!("add `networking.interfaces.{part} = {{}}`");
            let known = diagnostic.help.is_some();
            let diagnostic = if known { diagnostic } else { diagnostic.help(help) };
            lint.report_at(diagnostic, &at(name).below(key));
        }
    }
}

/// A port belongs to one other interface, which has the addresses.
fn busy(interfaces: &Interfaces, name: &str, interface: &Interface, lint: &mut Lint<'_>) {
    let ports: Vec<_> = users(interfaces, name).filter(|(_, key)| *key != "vlan").collect();
    let Some((user, _)) = ports.first() else { return };
    if let Some((second, key)) = ports.get(1) {
        let message = format!("`{name}` cannot be a part of both `{user}` and `{second}`");
        lint.report_at(Diagnostic::error("two-owners", message), &at(second).below(key));
    }
    let Interface { addresses, gateways, routes, .. } = interface;
    let asks = interface.asks_v4() || interface.asks_v6();
    if asks || !addresses.is_empty() || !gateways.is_empty() || !routes.is_empty() {
        let message = format!("`{name}` is a part of `{user}`, which has the addresses");
        let help = format!("move them to `networking.interfaces.{user}`");
        lint.report_at(Diagnostic::error("two-owners", message).help(help), &at(name));
    }
}

/// Says whether both fit one interface and none of them is meant to come first.
fn may_be_one(one: Which<'_>, other: Which<'_>) -> bool {
    if one.rank() != other.rank() {
        return false;
    }
    match (one, other) {
        (Which::Name(one), Which::Name(other)) => overlap(one.as_bytes(), other.as_bytes()),
        (Which::Mac(one), Which::Mac(other)) => one.eq_ignore_ascii_case(other),
        (Which::Driver(one), Which::Driver(other)) => one == other,
        (Which::First, Which::First) => true,
        _ => false,
    }
}

/// Says whether there is a text that fits both patterns.
fn overlap(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            overlap(rest, other) || (!other.is_empty() && overlap(one, &other[1..]))
        }
        (_, [b'*', ..]) => overlap(other, one),
        ([first, one @ ..], [second, other @ ..]) => first == second && overlap(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_fit_one_name_are_found() {
        for (one, other, expected) in [
            ("en*", "enp*", true),
            ("en*", "eth*", false),
            ("*p1", "en*", true),
            ("*", "lan0", true),
            ("enp1s0", "enp1s0", true),
            ("enp1s0", "enp1s1", false),
            ("a*b", "a*c", false),
        ] {
            assert_eq!(overlap(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            assert_eq!(overlap(other.as_bytes(), one.as_bytes()), expected, "{other} {one}");
        }
    }
}
