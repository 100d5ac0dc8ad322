//! Puts the MD5 of an image into its volume descriptor, where `checkisomd5` looks for it (isomd5sum 1.2: libimplantisomd5.c,
//! utilities.c).
//!
//! The sum is of all but the last sectors, with blanks in its own place; and of its beginnings, so that a damaged medium is
//! told early. It finds damage, not forgery. Knows no file of the image.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use md5::{Digest as _, Md5};
use sha2::{Digest as _, Sha256};

use super::{Error, Watch};

const SECTOR: u64 = 2048;
/// Where the primary volume descriptor begins (ECMA-119 6.2.1, 8.4).
const DESCRIPTOR: u64 = 16 * SECTOR;
/// Where the number of sectors lies in it, the big-endian one (8.4.8).
const SECTORS: u64 = 84;
/// Where the area for applications lies in it (8.4.32).
const AREA: u64 = 883;
const AREA_LENGTH: usize = 512;
/// The last sectors, which some drives cannot read.
const SKIPPED: u64 = 15;
const FRAGMENTS: u64 = 20;
/// How many digits of each fragment's sum are kept.
const DIGITS: usize = 3;
/// Sums of fragments are taken where a block of this length ends, so it belongs to the format.
const BLOCK: usize = 16 * SECTOR as usize;

/// Puts the sum into a finished image and returns the SHA-256 that the image has now.
///
/// # Errors
///
/// When the image cannot be read or written, or is too small to have one.
pub fn implant(image: &File, watch: Watch<'_>) -> Result<[u8; 32], Error> {
    implanted(image, watch).map_err(Error::Write)
}

fn implanted(image: &File, watch: Watch<'_>) -> io::Result<[u8; 32]> {
    let mut sectors = [0; 4];
    image.read_exact_at(&mut sectors, DESCRIPTOR + SECTORS)?;
    let length = u64::from(u32::from_be_bytes(sectors)) * SECTOR;
    let Some(length) = length.checked_sub(SKIPPED * SECTOR).filter(|it| *it > DESCRIPTOR + SECTOR)
    else {
        return Err(io::Error::other("the image is too small for a checksum of its own"));
    };
    image.write_all_at(&[b' '; AREA_LENGTH], DESCRIPTOR + AREA)?;
    let (sum, fragments) = sums(image, length, watch)?;
    image.write_all_at(&area(&sum, &fragments), DESCRIPTOR + AREA)?;
    sha256(image, watch)
}

/// Returns the MD5 of the first bytes, and digits of those of its beginnings.
fn sums(image: &File, length: u64, watch: Watch<'_>) -> io::Result<(String, String)> {
    let mut md5 = Md5::new();
    let mut fragments = vec![b'0'; FRAGMENTS as usize * DIGITS];
    let (mut buffer, mut at, mut before) = (vec![0; BLOCK], 0, 0);
    while at < length {
        let part = &mut buffer[..BLOCK.min((length - at) as usize)];
        image.read_exact_at(part, at)?;
        md5.update(&*part);
        let fragment = at / (length / (FRAGMENTS + 1));
        if fragment != before {
            let place = (fragment as usize - 1) * DIGITS;
            note(md5.clone(), fragments.get_mut(place..place + DIGITS).unwrap_or_default());
            before = fragment;
        }
        at += part.len() as u64;
        watch(at)?;
    }
    let sum = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((sum, String::from_utf8_lossy(&fragments).into_owned()))
}

/// Writes the first digit that `%01x` writes of each byte.
fn note(md5: Md5, digits: &mut [u8]) {
    for (digit, byte) in digits.iter_mut().zip(md5.finalize()) {
        *digit = format!("{byte:x}").as_bytes()[0];
    }
}

fn area(sum: &str, fragments: &str) -> [u8; AREA_LENGTH] {
    let text = format!(
        "ISO MD5SUM = {sum};SKIPSECTORS = {SKIPPED};RHLISOSTATUS=0;FRAGMENT SUMS = {fragments};\
         FRAGMENT COUNT = {FRAGMENTS};THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!"
    );
    let mut area = [b' '; AREA_LENGTH];
    area[..text.len()].copy_from_slice(text.as_bytes());
    area
}

fn sha256(image: &File, watch: Watch<'_>) -> io::Result<[u8; 32]> {
    let (mut sha256, mut buffer, mut at) = (Sha256::new(), vec![0; 8 * BLOCK], 0);
    loop {
        let read = image.read_at(&mut buffer, at)?;
        if read == 0 {
            return Ok(sha256.finalize().into());
        }
        sha256.update(&buffer[..read]);
        at += read as u64;
        watch(at)?;
    }
}
