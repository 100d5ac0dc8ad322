//! Every reader of foreign bytes takes its seeds and thousands of changed ones: no panic, bounded memory, bounded time.
//!
//! A short run without a view of the code; `tests/long.sh fuzz` has libFuzzer look for more.
//! `ISOPLUG_READERS_SEED` and `ISOPLUG_READERS_SECONDS` repeat or lengthen it.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a test may be told its seed and how long it runs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use isoplug_engine::cpu_time;
use isoplug_formats::tree::sorted_names;
use isoplug_tests::readers::{READERS, Reader};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// No reader of a few kilobytes needs more of the machine's memory, in bytes.
const MEMORY: u64 = 2 << 30;
/// No reader of a few kilobytes needs more of the processor.
const TIME: Duration = Duration::from_secs(5);

#[test]
fn readers_take_any_bytes() {
    let limit = rustix::process::Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    rustix::process::setrlimit(rustix::process::Resource::As, limit).unwrap();
    let seconds = number("ISOPLUG_READERS_SECONDS").unwrap_or(1);
    let seed = number("ISOPLUG_READERS_SEED").unwrap_or(20_261_129);
    for reader in &READERS {
        let seeds = seeds(reader);
        assert!(!seeds.is_empty(), "{} has no seeds", reader.name);
        seeds.iter().for_each(|bytes| read(reader, bytes));
        let (mut random, begin) = (StdRng::seed_from_u64(seed), Instant::now());
        while begin.elapsed() < Duration::from_secs(seconds) {
            read(reader, &changed(&seeds, reader.longest, &mut random));
        }
    }
}

#[test]
fn seeds_are_of_a_reader() {
    for name in sorted_names(&folder()).unwrap() {
        assert!(READERS.iter().any(|reader| name == reader.name), "{name:?} is of no reader");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

fn seeds(reader: &Reader) -> Vec<Vec<u8>> {
    let folder = folder().join(reader.name);
    let names = sorted_names(&folder).expect("a folder of seeds");
    names.iter().map(|name| fs::read(folder.join(name)).expect("a seed")).collect()
}

/// Reads; what fails leaves its bytes behind for whoever looks into it.
fn read(reader: &Reader, bytes: &[u8]) {
    let before = cpu_time("self", false);
    let read = std::panic::catch_unwind(|| (reader.read)(bytes));
    let spent = cpu_time("self", false).unwrap_or_default() - before.unwrap_or_default();
    if read.is_err() || spent > TIME {
        let path = std::env::temp_dir().join(format!("isoplug-{}.bytes", reader.name));
        fs::write(&path, bytes).expect("the bytes are kept");
        panic!("{} failed or took {spent:?}; the bytes are in {}", reader.name, path.display());
    }
}

/// Returns one of the seeds with a few changes.
fn changed(seeds: &[Vec<u8>], longest: usize, random: &mut StdRng) -> Vec<u8> {
    let mut bytes = seeds[random.gen_range(0..seeds.len())].clone();
    for _ in 0..random.gen_range(1..6) {
        let at = random.gen_range(0..=bytes.len());
        let end = (at + random.gen_range(0..32)).min(bytes.len());
        match random.gen_range(0..6) {
            0 => bytes[at..end]
                .iter_mut()
                .take(1)
                .for_each(|byte| *byte ^= 1 << random.gen_range(0..8)),
            1 => bytes[at..end].iter_mut().take(8).for_each(|byte| *byte = random.r#gen()),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let piece = piece.repeat(random.gen_range(1..40));
                bytes.splice(at..at, piece);
            }
            4 => bytes[at..end].fill([0, 0x7f, 0xff, b'"', b'\n'][random.gen_range(0..5)]),
            _ => {
                let other = &seeds[random.gen_range(0..seeds.len())];
                let from = random.gen_range(0..=other.len());
                let to = (from + random.gen_range(0..256)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    bytes.truncate(longest);
    bytes
}
