//! Takes out of ucf's list of configuration files those that are state of a machine.
//!
//! ucf(1) keeps the MD5 of each file that it put in place; of a file with a password that a script
//! made up, it is another one in each build.

use crate::state::known;

/// Where it is.
pub(super) const PATH: &[u8] = b"var/lib/ucf/hashfile";

/// Returns the list without those files; `None`: it has none.
pub(super) fn without_state(list: &[u8]) -> Option<Vec<u8>> {
    let lines = list.split_inclusive(|&byte| byte == b'\n');
    let kept: Vec<u8> = lines.filter(|line| !is_state(line)).flatten().copied().collect();
    (kept.len() < list.len()).then_some(kept)
}

/// `MD5  /path`
fn is_state(line: &[u8]) -> bool {
    let path = line.splitn(2, |&byte| byte == b'/').nth(1).unwrap_or_default();
    known().is_state(path.trim_ascii_end(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_state_goes() {
        let kept = "00112233445566778899aabbccddeeff  /etc/acme.conf\n";
        let gone = "ffeeddccbbaa99887766554433221100  /etc/dbconfig-common/opendmarc.conf\n";
        let list = [kept, gone].concat();
        assert_eq!(without_state(list.as_bytes()).unwrap(), kept.as_bytes());
        assert_eq!(without_state(kept.as_bytes()), None);
    }
}
