//! Hands what libFuzzer tries to the reader that the variable READER names.
#![no_main]

use std::sync::LazyLock;

use isoplug_tests::readers::{READERS, Reader};
use libfuzzer_sys::fuzz_target;

static READER: LazyLock<&'static Reader> = LazyLock::new(|| {
    let name = std::env::var("READER").expect("READER names a reader");
    READERS.iter().find(|reader| reader.name == name).expect("there is such a reader")
});

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= READER.longest {
        (READER.read)(bytes);
    }
});
