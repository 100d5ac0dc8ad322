//! Sets the time that a file made during the build names in its header to that of the image.
//!
//! gzip writes the time of what it packs (RFC 1952, 2.3: `MTIME`), Python that of the source that it compiled (PEP 552),
//! by which it finds that a compiled file is out of date: a source made during the build has the time of the image.

/// As many bytes as are looked at.
pub(crate) const LENGTH: u64 = 16;

/// Sets the time in the first bytes of a file to `epoch`, if it is not before `start`; both in seconds since 1970.
pub(crate) fn set_time(path: &[u8], head: &mut [u8], start: i64, epoch: u64) {
    let Some(at) = place(path, head) else { return };
    let Some(Ok(time)) = head.get(at..at + 4).map(<[u8; 4]>::try_from) else { return };
    let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
    if i64::from(u32::from_le_bytes(time)) >= start {
        head[at..at + 4].copy_from_slice(&epoch.to_le_bytes());
    }
}

/// Returns where the time stands that nothing else in the file depends on.
fn place(path: &[u8], head: &[u8]) -> Option<usize> {
    const HEADER_CHECKSUM: u8 = 1 << 1;
    match head {
        [0x1f, 0x8b, 8, flags, ..] if flags & HEADER_CHECKSUM == 0 => Some(4),
        // By the time of its source, and not by a hash of it.
        [_, _, b'\r', b'\n', 0, 0, 0, 0, ..] if path.ends_with(b".pyc") => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u32 = 1_793_491_200;

    fn set(path: &str, before: &[u8], time: u32, after: &[u8]) -> u32 {
        let mut head = [before, &time.to_le_bytes(), after].concat();
        set_time(path.as_bytes(), &mut head, START.into(), 7);
        assert_eq!((&head[..before.len()], &head[before.len() + 4..]), (before, after));
        u32::from_le_bytes(head[before.len()..][..4].try_into().unwrap())
    }

    #[test]
    fn a_time_of_the_build_becomes_that_of_the_image() {
        let (gzip, python) = (b"\x1f\x8b\x08\x08", b"\xf3\x0d\r\n\0\0\0\0");
        let of_gzip = |time| set("a/log.gz", gzip, time, b"\x02\x03log");
        let of_python = |time| set("a/x.pyc", python, time, b"\x05\0\0\0");
        for of in [&of_gzip as &dyn Fn(u32) -> u32, &of_python] {
            assert_eq!([START - 1, START, START + 60].map(of), [START - 1, 7, 7]);
        }
    }

    #[test]
    fn what_is_none_stays() {
        let with_checksum = b"\x1f\x8b\x08\x02";
        let by_hash = b"\xf3\x0d\r\n\x03\0\0\0";
        assert_eq!(set("a.gz", with_checksum, START, b"\x02\x03"), START);
        assert_eq!(set("a.pyc", by_hash, START, b"\0\0\0\0"), START);
        assert_eq!(set("a.txt", b"\xf3\x0d\r\n\0\0\0\0", START, b"\0\0\0\0"), START);
        let mut short = *b"\x1f\x8b\x08\x00\xff\xff";
        set_time(b"a.gz", &mut short, 0, 7);
        assert_eq!(&short, b"\x1f\x8b\x08\x00\xff\xff");
    }
}
