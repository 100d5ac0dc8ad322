//! Formats of the network: interfaces and addresses.

use std::net::IpAddr;

use super::{Finding, Verdict, made_of, require};

/// The name of an interface, with `*` for any text: Linux takes 15 characters.
pub(super) fn interface(text: &str) -> Verdict {
    let old = text.strip_prefix("eth").or_else(|| text.strip_prefix("wlan"));
    if old.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
        let message = format!(
            "Debian does not call an interface `{text}`: names tell the place, as `enp1s0`"
        );
        let finding = Finding::new("old-interface-name", message);
        return Verdict::Doubtful(finding.help("write \"en*\" for every wired interface"));
    }
    let allowed = |each: char| each.is_ascii_alphanumeric() || "*-_.".contains(each);
    require(made_of(text, allowed) && text.len() <= 15, || {
        let message = format!("\"{text}\" cannot be the name of an interface");
        Finding::new("bad-name", message).help("such as `enp1s0`, or `en*` for several")
    })
}

/// A machine by its name or address.
pub(super) fn host(text: &str) -> Verdict {
    let is_right = text.parse::<IpAddr>().is_ok() || super::name::hostname(text) == Verdict::Fine;
    require(is_right, || {
        let message = format!("\"{text}\" is neither a name of a machine nor an address");
        Finding::new("bad-host", message).help("such as `ntp.example.org` or `192.168.1.1`")
    })
}

pub(super) fn ip(text: &str) -> Verdict {
    require(text.parse::<IpAddr>().is_ok(), || {
        let finding = Finding::new("bad-address", format!("\"{text}\" is not an IP address"));
        finding.help("such as `192.168.1.1` or `fd00::1`, without a prefix")
    })
}

/// The hardware address of a network card.
pub(super) fn mac(text: &str) -> Verdict {
    let usual = text.replace('-', ":").to_ascii_lowercase();
    if is_mac(text) {
        return if usual == text { Verdict::Fine } else { Verdict::Same(usual) };
    }
    let finding = Finding::new("bad-mac", format!("\"{text}\" is not a hardware address"));
    Verdict::Wrong(match is_mac(&usual) {
        true => finding.help(format!("write \"{usual}\"")),
        false => finding.help("six bytes, such as \"52:54:00:12:34:56\""),
    })
}

fn is_mac(text: &str) -> bool {
    let is_byte = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(is_byte)
}

/// An address with the length of its prefix.
pub(super) fn prefix(text: &str) -> Verdict {
    let finding = || {
        let finding = Finding::new(
            "bad-address",
            format!("\"{text}\" is not an IP address with the length of its prefix"),
        );
        finding.help("such as `192.168.1.100/24` or `fd00::2/64`")
    };
    require(read_prefix(text).is_some(), finding)
}

/// Reads an address and the length of its prefix in bits.
pub(crate) fn read_prefix(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.parse().ok().filter(|length| *length <= longest)?;
    Some((address, length))
}
