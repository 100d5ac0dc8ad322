//! Any bytes as a package: an error or data, never a panic.
#![no_main]

use std::io::{Cursor, Read, copy, sink};

use isoplug_formats::deb::Deb;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(deb) = Deb::open(bytes) else { return };
    let _ = deb.control();
    if let Ok(data) = deb.data() {
        // A few bytes may decompress to gigabytes.
        let small = copy(&mut data.take(1 << 20), &mut sink()).is_ok_and(|read| read < 1 << 20);
        if small {
            let _ = deb.repack_uncompressed(Cursor::new(Vec::new()));
        }
    }
});
