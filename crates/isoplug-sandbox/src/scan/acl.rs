//! Reads access control lists (acl(5)), which no squashfs can hold, for the mode that a file has without its list.
//!
//! With a list, the bits of the group are the most that anybody named in it may do. A file that keeps these bits and loses
//! its list lets in its group, whom the list may have kept out.

/// The attribute of a list, as the kernel shows it (`linux/posix_acl_xattr.h`).
pub(super) const NAME: &[u8] = b"system.posix_acl_access";

/// The bytes of the version before the entries.
const VERSION: usize = 4;
/// The bytes of an entry: tag, permissions, and the number of who is meant.
const ENTRY: usize = 8;
/// Tags of entries.
const OWNING_GROUP: u16 = 4;
const MASK: u16 = 16;

/// Returns a mode whose group may do what the list lets the owning group do, and nobody named in the list more than
/// others.
pub(super) fn mode_without(list: &[u8], mode: u16) -> u16 {
    let entries = list.get(VERSION..).unwrap_or_default().chunks_exact(ENTRY);
    let number = |entry: &[u8], at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
    let allowed = |tag: u16| {
        let mut of_tag = entries.clone().filter(|entry| number(entry, 0) == tag);
        of_tag.next().map(|entry| number(entry, 2) & 7)
    };
    let group = allowed(OWNING_GROUP).unwrap_or(0) & allowed(MASK).unwrap_or(7);
    mode & !0o070 | group << 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16)]) -> Vec<u8> {
        let entry = |(tag, allowed): &(u16, u16)| {
            [&tag.to_le_bytes()[..], &allowed.to_le_bytes(), &[0xff; 4]].concat()
        };
        [2_u32.to_le_bytes().to_vec(), entries.iter().flat_map(entry).collect()].concat()
    }

    #[test]
    fn the_group_gets_what_the_list_gave_it() {
        // As `setfacl -m u:33:rw` makes of 0600, of 0640, and with a mask of r.
        let with =
            |group, mask| list(&[(1, 6), (2, 6), (OWNING_GROUP, group), (MASK, mask), (32, 0)]);
        assert_eq!(mode_without(&with(0, 6), 0o660), 0o600);
        assert_eq!(mode_without(&with(4, 6), 0o4664), 0o4644);
        assert_eq!(mode_without(&with(6, 4), 0o640), 0o640);
        assert_eq!(mode_without(&list(&[(1, 7), (OWNING_GROUP, 5), (32, 5)]), 0o755), 0o755);
    }

    #[test]
    fn a_list_that_is_none_keeps_the_group_out() {
        for list in [&b""[..], b"\x02\0\0", &[0xff; 11]] {
            assert_eq!(mode_without(list, 0o2775), 0o2705);
        }
    }
}
