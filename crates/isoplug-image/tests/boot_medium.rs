//! Runs loaders, boot and iso over small made-up packages and asks foreign readers about the ISO.

#![cfg(test)]

#[allow(dead_code, reason = "another test uses the rest")]
mod given;

use std::path::Path;
use std::process::Command;

use given::{Case, deb};
use isoplug_engine::Digest;
use isoplug_formats::{cpio, iso};

fn text(iso: &Path, path: &str) -> String {
    String::from_utf8(iso::read_file(iso, path).unwrap()).unwrap()
}

fn identity(iso: &Path) -> String {
    text(iso, ".disk/live-uuid-isoplug").trim().to_owned()
}

fn tool(name: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(name).args(arguments).current_dir(folder).output();
    let Ok(output) = output else {
        isoplug_skip::skipped(&format!("{name} is not installed"));
        return None;
    };
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// What is on the medium, but for the file of its identity, which is the third.
const FILES: [&str; 19] = [
    ".disk/info",
    ".disk/live-uuid-isoplug",
    ".isoplug/image.json",
    "EFI/BOOT/BOOTX64.EFI",
    "EFI/BOOT/grubx64.efi",
    "EFI/BOOT/mmx64.efi",
    "README.txt",
    "big",
    "boot/boot.cat",
    "boot/grub/fonts/unicode.pf2",
    "boot/grub/grub.cfg",
    "boot/grub/i386-pc/eltorito.img",
    "boot/grub/i386-pc/normal.mod",
    "boot/grub/loopback.cfg",
    "boot/id.cpio",
    "boot/initrd",
    "boot/vmlinuz",
    "live/filesystem.squashfs",
    "sha256sum.txt",
];

#[test]
fn the_medium_has_all_that_boots() {
    let folder = tempfile::tempdir().unwrap();
    let iso = Case::new().build(folder.path()).unwrap();
    let identity = identity(&iso);
    assert!(identity.len() == 32 && identity.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let listed = iso::list(&iso).unwrap();
    let files: Vec<_> = listed.iter().filter(|entry| !entry.folder).map(|e| &*e.path).collect();
    let mark = format!(".isoplug/{identity}");
    let expected = [&FILES[..2], &[&mark], &FILES[2..]].concat();
    assert_eq!(files, expected);
    assert!(text(&iso, "boot/grub/grub.cfg").contains(&mark));
    assert_eq!(text(&iso, "EFI/BOOT/BOOTX64.EFI"), "signed shim");
    assert_eq!(text(&iso, "EFI/BOOT/grubx64.efi"), "signed GRUB");
    let initrd = iso::read_file(&iso, "boot/id.cpio").unwrap();
    assert_eq!(cpio::list(&*initrd).unwrap()[1].path, b"conf/uuid.conf");
    assert!(String::from_utf8_lossy(&initrd).contains(&identity));
}

/// live-boot takes the root hash from the kernel's command line, and from the file where somebody else's menu has none.
#[test]
fn every_entry_has_the_root_hash_of_the_squashfs() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case { verity: true, squashfs: vec![5; 4096 * 300], ..Case::new() };
    let iso = case.build(folder.path()).unwrap();
    let root = text(&iso, "live/filesystem.squashfs.roothash");
    let menu = text(&iso, "boot/grub/grub.cfg");
    let param = format!(
        " dm-verity-root-hash=filesystem.squashfs:{root} dm-verity-oncorruption=panic quiet "
    );
    let entries: Vec<&str> = menu.lines().filter(|line| line.contains("linux /boot/")).collect();
    assert!(entries.len() == 3 && entries.iter().all(|line| line.contains(&param)), "{menu}");
    let there = folder.path().join("tree");
    std::fs::write(&there, iso::read_file(&iso, "live/filesystem.squashfs.verity").unwrap())
        .unwrap();
    std::fs::write(folder.path().join("data"), case.squashfs).unwrap();
    if let Some(said) = tool("veritysetup", &["verify", "data", "tree", &root], folder.path()) {
        assert_eq!(said, "");
    }
    let half = Case { verity: true, squashfs: vec![5; 100], ..Case::new() };
    let said = half.build(&folder.path().join("half")).unwrap_err();
    assert!(said.contains("100 bytes are not whole blocks"), "{said}");
}

/// Returns where the ESP is, as mtools takes it.
fn esp(iso: &Path) -> String {
    let bytes = std::fs::read(iso).unwrap();
    let mut entries = (0..8).map(|index| 1024 + index * 128);
    let esp = entries.find(|&at| bytes[at..at + 4] == [0x28, 0x73, 0x2a, 0xc1]);
    let first = esp.expect("an ESP in the GPT") + 32;
    let start = u64::from_le_bytes(bytes[first..first + 8].try_into().unwrap()) * 512;
    format!("{}@@{start}", iso.display())
}

#[test]
fn checksums_and_esp_stand_up_to_foreign_tools() {
    let folder = tempfile::tempdir().unwrap();
    let iso = Case::new().build(folder.path()).unwrap();
    let (at, out) = (iso.to_str().unwrap(), folder.path().join("out"));
    let arguments = ["-osirrox", "on", "-indev", at, "-extract", "/", out.to_str().unwrap()];
    if tool("xorriso", &arguments, folder.path()).is_some() {
        let sums = tool("sha256sum", &["-c", "--strict", "sha256sum.txt"], &out).unwrap();
        assert_eq!(sums.lines().filter(|line| line.ends_with(": OK")).count(), 17, "{sums}");
        assert!(!sums.contains("FAILED"), "{sums}");
    }
    let esp = esp(&iso);
    if let Some(stub) = tool("mtype", &["-i", &esp, "::/boot/grub/grub.cfg"], folder.path()) {
        assert!(stub.contains(&format!("--file /.isoplug/{}", identity(&iso))), "{stub}");
        let listed = tool("mdir", &["-i", &esp, "-b", "::/EFI/BOOT"], folder.path()).unwrap();
        assert_eq!(listed.lines().count(), 3, "{listed}");
    }
}

#[test]
fn the_certificate_is_where_mok_manager_looks() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case { enrol: Some(b"a certificate".to_vec()), ..Case::new() };
    let iso = case.build(folder.path()).unwrap();
    assert_eq!(text(&iso, "EFI/isoplug/mok.der"), "a certificate");
    let menu = text(&iso, "boot/grub/grub.cfg");
    let (_, program) = menu.split_once("--id enrol-key { chainloader /").unwrap();
    let (program, _) = program.split_once(';').unwrap();
    assert_eq!(text(&iso, program), "keys");
    let esp = esp(&iso);
    if let Some(read) = tool("mtype", &["-i", &esp, "::/EFI/isoplug/mok.der"], folder.path()) {
        assert_eq!(read, "a certificate");
    }
}

#[test]
fn the_identity_is_what_the_medium_boots() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case::new();
    let mut other = case.clone();
    other.squashfs[0] = 6;
    let mut more = case.clone();
    more.contents.insert("more", vec![]);
    let isos = [&case, &case, &other, &more].map(|case| {
        let folder = tempfile::tempdir_in(folder.path()).unwrap();
        let iso = case.build(folder.path()).unwrap();
        (identity(&iso), Digest::of(&std::fs::read(&iso).unwrap()))
    });
    assert_eq!(isos[0], isos[1]);
    assert_ne!(isos[0].0, isos[2].0);
    assert_ne!(isos[0].0, isos[3].0);
}

#[test]
fn loaders_are_as_the_user_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case { bios: false, secure_boot: false, ..Case::new() };
    case.packages.retain(|name, _| *name == "grub-efi-amd64-signed");
    let iso = case.build(folder.path()).unwrap();
    assert_eq!(text(&iso, "EFI/BOOT/BOOTX64.EFI"), "signed GRUB");
    assert!(iso::read_file(&iso, "EFI/BOOT/grubx64.efi").is_err());
    let arguments = ["-indev", iso.to_str().unwrap(), "-report_el_torito", "plain"];
    let Some(report) = tool("xorriso", &arguments, folder.path()) else { return };
    assert!(report.contains("UEFI  y") && !report.contains("BIOS  y"), "{report}");
}

#[test]
fn the_memory_test_is_offered_where_its_package_is() {
    const FILES: [(&str, &[u8]); 2] =
        [("boot/memtest86+x64.bin", b"for a BIOS"), ("boot/memtest86+x64.efi", b"for UEFI")];
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::new();
    case.packages.insert("memtest86+", deb(&FILES));
    let iso = case.build(folder.path()).unwrap();
    assert_eq!(text(&iso, "boot/memtest86+/memtest86+.bin"), "for a BIOS");
    assert_eq!(text(&iso, "boot/memtest86+/memtest86+.efi"), "for UEFI");
    assert!(text(&iso, "boot/grub/grub.cfg").contains("menuentry 'Memory test'"));
    let folder = tempfile::tempdir().unwrap();
    let iso = Case { bios: false, ..case }.build(folder.path()).unwrap();
    assert!(iso::read_file(&iso, "boot/memtest86+/memtest86+.bin").is_err());
    assert!(
        text(&iso, "boot/grub/grub.cfg").contains("chainloader /boot/memtest86+/memtest86+.efi")
    );
}

#[test]
fn mistakes_name_their_cause() {
    let folder = tempfile::tempdir().unwrap();
    let failure = |case: &Case| case.build(folder.path()).unwrap_err();
    let mut case = Case::new();
    case.packages.remove("shim-signed");
    let message = failure(&case);
    assert!(message.contains("shim-signed is not among the fetched packages"), "{message}");
    case.packages.insert("shim-signed", deb(&[("usr/share/doc/x", b"")]));
    let message = failure(&case);
    let expected = "shim-signed has no file usr/lib/shim/shimx64.efi.signed";
    assert!(message.contains(expected), "{message}");
    let mut case = Case::new();
    case.contents.insert("boot/vmlinuz", b"mine".to_vec());
    let message = failure(&case);
    assert!(message.contains("boot/vmlinuz is on the medium already"), "{message}");
    let message = failure(&Case { max_size: Some(1000), ..Case::new() });
    assert!(message.contains("iso.max-size allows 1000"), "{message}");
}
