//! Asks fsck.fat and mtools what the FAT writer wrote.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use isoplug_formats::fat::{self, Error, Volume};
use isoplug_skip::skipped;

fn tool(name: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(name).args(arguments).env("TZ", "UTC").output();
    let Ok(output) = output else {
        skipped(&format!("{name} is not installed"));
        return None;
    };
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Some((output.status.success(), text))
}

fn volume(sizes: &[usize]) -> Volume {
    let name = |index: usize| format!("EFI/BOOT/file number {index}.efi");
    let content = |size: usize| (0..size).map(|at| at as u8).collect();
    let mut files: BTreeMap<String, Vec<u8>> =
        sizes.iter().enumerate().map(|(index, &size)| (name(index), content(size))).collect();
    files.insert("boot/grub/grub.cfg".to_owned(), b"search".to_vec());
    Volume { label: "ESP".to_owned(), epoch: 1_700_000_000, serial: 0x1234_abcd, files }
}

fn write(path: &Path, volume: &Volume) -> u64 {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    fat::write(&file.unwrap(), volume).unwrap()
}

#[test]
fn volumes_of_all_sizes_are_clean_and_readable() {
    let folder = tempfile::tempdir().unwrap();
    let many = [5_000; 300];
    for sizes in [&[][..], &[0, 1, 512, 4096], &[6_000_000], &[20_000_000, 9_000_000], &many] {
        let (path, volume) = (folder.path().join("fat.img"), volume(sizes));
        let size = write(&path, &volume);
        assert_eq!(size, path.metadata().unwrap().len());
        let at = path.to_str().unwrap();
        if let Some((clean, text)) = tool("fsck.fat", &["-n", "-v", at]) {
            assert!(clean, "{sizes:?}: {text}");
            assert!(!text.contains("Dirty"), "{text}");
        }
        for (name, bytes) in &volume.files {
            let copy = folder.path().join("copy");
            let arguments = ["-o", "-n", "-i", at, &format!("::{name}"), copy.to_str().unwrap()];
            let Some((copied, text)) = tool("mcopy", &arguments) else { return };
            assert!(copied, "{text}");
            assert!(std::fs::read(&copy).unwrap() == *bytes, "{name} differs");
        }
    }
}

#[test]
fn label_serial_and_times_are_what_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fat.img");
    write(&path, &volume(&[10]));
    let Some((_, text)) = tool("mdir", &["-i", path.to_str().unwrap(), "::/boot/grub"]) else {
        return;
    };
    assert!(text.contains("Volume in drive : is ESP"), "{text}");
    assert!(text.contains("Volume Serial Number is 1234-ABCD"), "{text}");
    assert!(text.contains("2023-11-14"), "{text}");
}

#[test]
fn the_bytes_depend_on_the_volume_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = ["a", "b"].map(|name| {
        let path = folder.path().join(name);
        write(&path, &volume(&[70_000, 3]));
        std::fs::read(path).unwrap()
    });
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn mistakes_name_their_cause() {
    let out = tempfile::tempfile().unwrap();
    let good = volume(&[1]);
    let label = Volume { label: "much too long".to_owned(), ..good.clone() };
    let message = fat::write(&out, &label).unwrap_err().to_string();
    assert_eq!(
        message,
        "\"much too long\" is not a FAT volume label, which has up to 11 ASCII characters"
    );
    let old = Volume { epoch: 0, ..good };
    assert!(matches!(fat::write(&out, &old), Err(Error::Epoch(0))));
    assert!(matches!(fat::write(&out, &volume(&[40_000_000])), Err(Error::TooLarge(_))));
}

/// FAT makes no difference of case, so one of the two would hide the other.
#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let out = tempfile::tempfile().unwrap();
    let mut volume = volume(&[]);
    for names in
        [["EFI/boot.cfg", "EFI/BOOT.CFG"], ["EFI/stra\u{df}e \u{e9}", "EFI/stra\u{df}e \u{c9}"]]
    {
        volume.files = names.map(|name| (name.to_owned(), name.into())).into();
        let error = fat::write(&out, &volume).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let said = format!("{error}: {}", cause.unwrap_or_default());
        let lower = names.map(str::to_lowercase);
        assert_eq!(
            said.to_lowercase(),
            format!("cannot write the fat image: already exists: /{}", lower[0])
        );
    }
}

/// Letters that are composed or not are different names; both are there with their bytes.
#[test]
fn names_that_differ_in_form_alone_are_both_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fat.img");
    let names = ["caf\u{e9}.txt", "cafe\u{301}.txt"];
    let files = names.map(|name| (name.to_owned(), name.into())).into();
    write(&path, &Volume { files, ..volume(&[]) });
    let (at, out) = (path.to_str().unwrap(), folder.path().join("out"));
    std::fs::create_dir(&out).unwrap();
    if let Some((clean, text)) = tool("fsck.fat", &["-n", "-v", at]) {
        assert!(clean, "{text}");
    }
    for name in names {
        let copy = out.join("copy");
        let arguments = ["-o", "-n", "-i", at, &format!("::{name}"), copy.to_str().unwrap()];
        let Some((copied, text)) = tool("mcopy", &arguments) else { return };
        assert!(copied, "{text}");
        assert_eq!(std::fs::read(&copy).unwrap(), name.as_bytes());
    }
}
