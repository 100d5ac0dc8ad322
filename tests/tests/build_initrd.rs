//! Compares the initrd that is put together in Rust with the one that the image's own mkinitramfs
//! makes of the same packages.

#![cfg(test)]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use isoplug_formats::{cpio, iso};
use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::real::{self, Example, events};

/// By path: mode, and the bytes of what is no folder.
type Entries = BTreeMap<String, (u32, Vec<u8>)>;

/// Those whose hooks are known, and what plymouth draws with.
const PACKAGES: &[&str] = &[
    "amd64-microcode",
    "btrfs-progs",
    "cryptsetup-initramfs",
    "desktop-base",
    "fonts-dejavu",
    "fonts-cantarell",
    "intel-microcode",
    "lvm2",
    "mdadm",
    "ntfs-3g",
    "plymouth",
    "plymouth-themes",
    "xfsprogs",
];

#[test]
fn mkinitramfs_makes_the_same_initrd() {
    compare_with_mkinitramfs("trixie", PACKAGES);
}

#[test]
fn mkinitramfs_of_debian_12_makes_the_same_initrd() {
    compare_with_mkinitramfs("bookworm", PACKAGES);
}

/// A theme that borrows another's pictures, in place of the usual one of Debian's desktops.
#[test]
fn mkinitramfs_makes_the_same_initrd_with_another_theme() {
    let packages =
        ["plymouth", "plymouth-themes", "fonts-cantarell", "fonts-noto-core", "bgrt-theme"];
    compare_with_mkinitramfs("trixie", &packages);
}

fn compare_with_mkinitramfs(suite: &str, packages: &[&str]) {
    let _turn = real::shared_turn();
    let built = real::minimal();
    // The hook of this package is unknown, so mkinitramfs runs; it does nothing.
    let hook = Package::new("idle-hook", "1").file("usr/share/initramfs-tools/hooks/idle", HOOK);
    let default = "usr/share/plymouth/themes/default.plymouth";
    let theme = Package::new("bgrt-theme", "1").link(default, "bgrt/bgrt.plymouth");
    let archive = Archive::with("stable", &[hook, theme]).unwrap();
    let server = archive.serve().unwrap();
    let build = |more: &[&str], warns: bool| {
        let example = with_packages_more(&[packages, more].concat(), &built);
        // Both have the same sources, and so the same epoch.
        let sources = format!(
            "suite = \"{suite}\"\ncomponents = [\"main\", \"non-free-firmware\"]\n\n\
             [sources.tiny]\nsuite = \"stable\"\nmirrors = [{:?}]\nkeyring = \"archive.asc\"",
            server.url()
        );
        let manifest = example.space.read("isoplug.toml");
        // The hooks ask for all drivers.
        let drivers = "extends = \"isoplug:minimal\"\ninitrd = { network = true, graphics = true }";
        let manifest = manifest.replace("suite = \"trixie\"", &sources);
        let manifest = manifest.replace("extends = \"isoplug:minimal\"", drivers);
        example.space.write("isoplug.toml", &manifest);
        example.space.write("archive.asc", &archive.key.public().unwrap());
        entries(&example, warns)
    };
    compare(&build(&[], false), &build(&["idle-hook"], true));
}

const HOOK: &[u8] = b"#!/bin/sh\n";

fn compare(ours: &Entries, theirs: &Entries) {
    let only = |these: &Entries, others: &Entries| {
        let paths = these.keys().filter(|path| !others.contains_key(*path));
        paths.map(|path| path.trim_end_matches('-').to_owned()).collect::<Vec<_>>()
    };
    // The libraries lie where ld.so finds them without a cache, and fontconfig's is empty. mdadm's hook leaves something
    // behind when it cannot look for arrays, and each moves the microcode in its own way.
    let expected = [
        "etc/ld.so.cache",
        "etc/mdadm/mdadm.conf.tmp",
        "kernel/x86/microcode/.enuineIntel.align.0123456789abc",
        "var/cache/fontconfig/CACHEDIR.TAG",
    ];
    let other = |paths: Vec<String>, expected: &[&str]| -> Vec<String> {
        paths.into_iter().filter(|path| !expected.contains(&&path[..])).collect()
    };
    assert_eq!(other(only(theirs, ours), &expected), [""; 0]);
    assert_eq!(other(only(ours, theirs), &["kernel/x86/microcode/.filler"]), [""; 0]);
    for (path, (mode, bytes)) in ours {
        let Some((other_mode, other)) = theirs.get(path) else { continue };
        assert_eq!(mode, other_mode, "{path}");
        let is_same = match path.rsplit_once("/modules.").map(|(_, list)| list) {
            // Of modules that do not need each other, any may come first.
            Some("dep") => words(bytes) == words(other),
            // Sorted by what is in one initrd; the same length tells that all of it is there.
            Some(list) if list.ends_with(".bin") => bytes.len() == other.len(),
            _ => bytes == other,
        };
        assert!(is_same, "{path}");
    }
}

#[test]
fn other_packages_do_not_make_it_again() {
    let _turn = real::shared_turn();
    let built = real::minimal();
    let other = with_packages_more(&["tree"], &built);
    let ran = real::stages_that_ran(&events(&other.space, &["build"]));
    assert!(!ran.iter().any(|title| title == "initrd"), "{ran:?}");
    let initrd = |example: &Example| iso::read_file(&example.iso(), "/boot/initrd").unwrap();
    assert!(initrd(&built) == initrd(&other));
}

#[test]
fn drivers_are_there_for_whom_they_serve() {
    let _turn = real::shared_turn();
    let built = real::minimal();
    let drivers = ["/net/ethernet/intel/e1000e/e1000e.ko", "/gpu/drm/i915/i915.ko", "/ata/ahci.ko"];
    let has = |example: &Example| {
        let entries = entries(example, false);
        drivers.map(|driver| entries.keys().any(|path| path.contains(driver)))
    };
    assert_eq!(has(&built), [false, false, true]);
    let with_also = |packages: &[&str], line: &str| {
        let example = with_packages_more(packages, &built);
        let manifest = example.space.read("isoplug.toml");
        let extends = "extends = \"isoplug:minimal\"";
        let more = manifest.replace(extends, &format!("{extends}\n{line}"));
        example.space.write("isoplug.toml", &more);
        has(&example)
    };
    let with = |line: &str| with_also(&[], line);
    assert_eq!(
        with("boot.kernel-params = [\"fetch=http://boot.example.com/x\"]"),
        [true, false, true]
    );
    assert_eq!(with("initrd.graphics = true"), [false, true, true]);
    assert_eq!(with("initrd.network = true"), [true, false, true]);
    assert_eq!(with_also(&["plymouth"], ""), [false, true, true]);
    assert_eq!(with_also(&["plymouth"], "initrd.graphics = false"), [false, false, true]);
}

/// What options, the user's files and hooks add, as far as an initrd reads it.
#[test]
fn what_is_added_reaches_the_initrd() {
    let _turn = real::shared_turn();
    let built = real::minimal();
    let example = with_packages_more(&[], &built);
    let manifest = example.space.read("isoplug.toml");
    let with = |files: &[(&str, &str, &str)]| {
        let file = |(target, mode, text): &(&str, &str, &str)| {
            format!(
                "\n[[profiles.minimal.files]]\ntarget = {target:?}\nmode = {mode:?}\ntext = {text:?}\n"
            )
        };
        let files: String = files.iter().map(file).collect();
        let option = "[profiles.minimal]\nkernel.modules.blacklist = [\"floppy\"]";
        let manifest = manifest.replace("[profiles.minimal]", option);
        example.space.write("isoplug.toml", &format!("{manifest}{files}"));
    };
    let rules = ("/etc/udev/rules.d/99-acme.rules", "0644", "# acme\n");
    let settings = ("/etc/modprobe.d/acme.conf", "0644", "options loop max_loop=9\n");
    let script = ("/etc/initramfs-tools/scripts/init-top/acme", "0755", SCRIPT);
    with(&[rules, settings, script]);
    let text = |entries: &Entries, path: &str| {
        let (_, bytes) = entries.get(path).unwrap_or_else(|| panic!("no {path}"));
        String::from_utf8_lossy(bytes).into_owned()
    };
    let ours = entries(&example, false);
    assert_eq!(text(&ours, "etc/modprobe.d/isoplug-blacklist.conf"), "blacklist floppy\n");
    assert_eq!(text(&ours, "etc/modprobe.d/acme.conf"), "options loop max_loop=9\n");
    assert_eq!(text(&ours, "usr/lib/udev/rules.d/99-acme.rules"), "# acme\n");
    assert!(text(&ours, "scripts/init-top/ORDER").contains("/scripts/init-top/acme"));

    // The store may know what an earlier run of this test built.
    let new = format!("{:?}\n", std::time::Instant::now());
    let unrelated = ("/etc/unrelated", "0644", new.as_str());
    with(&[unrelated, rules, settings, script]);
    let ran = real::stages_that_ran(&events(&example.space, &["build"]));
    assert!(ran.iter().any(|title| title == "rootfs"), "{ran:?}");
    assert!(!ran.iter().any(|title| ["initrd files", "initrd"].contains(&&**title)), "{ran:?}");

    let conf = ("/etc/acme.conf", "0644", "from the user\n");
    let hook = ("/etc/initramfs-tools/hooks/acme", "0755", COPYING_HOOK);
    with(&[conf, hook, settings]);
    let theirs = entries(&example, false);
    assert_eq!(text(&theirs, "etc/acme.conf"), "from the user\n");
    assert_eq!(text(&theirs, "etc/modprobe.d/isoplug-blacklist.conf"), "blacklist floppy\n");
    assert_eq!(text(&theirs, "etc/modprobe.d/acme.conf"), "options loop max_loop=9\n");
}

const SCRIPT: &str = "#!/bin/sh\nPREREQ=\"\"\nprereqs()\n{\n\techo \"$PREREQ\"\n}\ncase $1 in\n\
                      prereqs)\n\tprereqs\n\texit 0\n\t;;\nesac\n";
const COPYING_HOOK: &str = "#!/bin/sh\ncase $1 in prereqs) exit 0;; esac\n\
                            . /usr/share/initramfs-tools/hook-functions\n\
                            copy_file acme /etc/acme.conf\n";

fn with_packages_more(packages: &[&str], of: &Example) -> Example {
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let asked = r#"["vim-tiny", "htop"]"#;
    assert!(manifest.contains(asked));
    let more = format!("{:?}", [&["vim-tiny", "htop"][..], packages].concat());
    let more = manifest.replace(asked, &more);
    example.space.write("isoplug.toml", &more);
    std::fs::copy(of.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(of.store_path(), example.path("store")).unwrap();
    example
}

/// Builds and returns what is in the initrd. Whoever waits for mkinitramfs is told why.
fn entries(example: &Example, warns: bool) -> Entries {
    let output = example.space.command(&["build"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let warning = "warning: initrd files: the image's own mkinitramfs makes the initrd: \
                   usr/share/initramfs-tools/hooks/idle: only its own mkinitramfs can run it";
    let was_made_now = said.contains("initrd files: done");
    assert_eq!(said.contains(warning), warns && was_made_now, "{said}");
    let initrd = iso::read_file(&example.iso(), "/boot/initrd").unwrap();
    let mut entries = Entries::new();
    cpio::walk(&initrd[..], &mut |entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        entries.insert(path, (entry.mode, bytes));
        Ok(())
    })
    .unwrap();
    entries
}

/// The words of a text, each line's sorted.
fn words(text: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(text).into_owned();
    let line = |line: &str| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    text.lines().map(line).collect()
}
