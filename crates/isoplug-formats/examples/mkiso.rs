//! Writes a folder as an ISO 9660 image: `mkiso OUT FOLDER`. Prints its length and SHA-256.
#![expect(clippy::print_stdout, reason = "a program for people who measure")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use isoplug_formats::iso::{Entry, Hadris, Image, IsoWriter, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, folder] = arguments.as_slice() else { return Err("mkiso OUT FOLDER".into()) };
    let mut image = Image {
        volume_id: "FILES".to_owned(),
        epoch: 1_700_000_000,
        identity: 1,
        files: BTreeMap::new(),
        bios: None,
        esp: None,
    };
    add(Path::new(folder), "", &mut image.files)?;
    let out = File::options().read(true).write(true).create(true).truncate(true).open(out)?;
    let report = Hadris.write(&out, &image, &mut |_| Ok(()))?;
    println!("{} {}", report.size, blake3::Hash::from_bytes(report.sha256));
    Ok(())
}

/// Adds the files below a folder; what a link points to counts as a file.
fn add(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Entry>) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().display()));
        if entry.file_type()?.is_dir() {
            add(&path, &format!("{name}/"), files)?;
        } else {
            files.insert(name, Source::File(path).into());
        }
    }
    Ok(())
}
