//! Reads any bytes as a program and as a kernel module.

#![no_main]

use isoplug_formats::elf::{KernelModule, Linkage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = (Linkage::read(bytes), KernelModule::read(bytes));
});
