//! Compares what is read of this machine's programs with what readelf says.

#![cfg(test)]

use std::process::Command;

use isoplug_formats::elf::{Error, KernelModule, Linkage};
use isoplug_skip::skipped;
use proptest::prelude::*;

fn readelf(arguments: &[&str]) -> Option<String> {
    match Command::new("readelf").args(arguments).env("LC_ALL", "C").output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            skipped("readelf is not installed");
            None
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn readelf_names_the_same_libraries() {
    for program in ["/bin/sh", "/usr/bin/readelf", "/bin/mount"] {
        let Some(said) = readelf(&["-d", "-l", program]) else { return };
        let linkage = Linkage::read(&std::fs::read(program).unwrap()).unwrap();
        let needed = said.lines().filter(|line| line.contains("(NEEDED)"));
        let name = |line: &str| line.split(['[', ']']).nth(1).map(str::to_owned);
        let needed: Vec<String> = needed.filter_map(name).collect();
        assert_eq!(linkage.needed.iter().map(|name| text(name)).collect::<Vec<_>>(), needed);
        let interpreter = text(linkage.interpreter.as_deref().unwrap_or_default());
        assert!(said.contains(&format!("program interpreter: {interpreter}]")), "{interpreter}");
    }
}

#[test]
fn undefined_symbols_are_those_of_readelf() {
    // Any relocatable object has the tables of a kernel module.
    let find = |folder: &str| std::path::Path::new(folder).join("crt1.o");
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let Some(object) = folders.map(find).into_iter().find(|path| path.exists()) else { return };
    let Some(said) = readelf(&["-sW", object.to_str().unwrap()]) else { return };
    let undefined = said.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(6) == Some(&"UND")).then(|| fields.get(7).copied()).flatten()
    });
    let module = KernelModule::read(&std::fs::read(&object).unwrap()).unwrap();
    let symbols: Vec<String> = module.symbols.iter().map(|name| text(name)).collect();
    assert_eq!(symbols, undefined.collect::<Vec<_>>());
    assert!(module.firmware.is_empty());
}

#[test]
fn other_files_are_refused() {
    assert!(matches!(Linkage::read(b"#!/bin/sh"), Err(Error::Kind)));
    let zstd = zstd::encode_all(&zstd::encode_all(&b"\x7fELF"[..], 1).unwrap()[..], 1).unwrap();
    assert!(matches!(KernelModule::read(&zstd), Err(Error::Kind)));
}

proptest! {
    #[test]
    fn damaged_files_never_panic(at in 0..4096usize, bytes in prop::collection::vec(any::<u8>(), 1..9)) {
        let mut program = std::fs::read("/bin/sh").unwrap();
        program[at..at + bytes.len()].copy_from_slice(&bytes);
        let _ = (Linkage::read(&program), KernelModule::read(&program));
    }
}
