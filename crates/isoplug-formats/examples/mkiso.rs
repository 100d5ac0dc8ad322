//! Writes files as an ISO 9660 image: `mkiso OUT FILE...`. Prints its length and SHA-256.
#![expect(clippy::print_stdout, reason = "a program for people who measure")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use isoplug_formats::iso::{Hadris, Image, IsoWriter, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, files @ ..] = arguments.as_slice() else { return Err("mkiso OUT FILE...".into()) };
    let mut image = Image {
        volume_id: "FILES".to_owned(),
        epoch: 1_700_000_000,
        identity: 1,
        files: BTreeMap::new(),
        bios: None,
        esp: None,
    };
    for file in files {
        let name = Path::new(file).file_name().ok_or("a file has no name")?;
        image.files.insert(name.to_string_lossy().into_owned(), Source::File(file.into()).into());
    }
    let out = File::options().read(true).write(true).create(true).truncate(true).open(out)?;
    let report = Hadris.write(&out, &image, &mut |_| Ok(()))?;
    println!("{} {}", report.size, blake3::Hash::from_bytes(report.sha256));
    Ok(())
}
