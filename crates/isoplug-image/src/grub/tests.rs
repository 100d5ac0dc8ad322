//! Tests of what GRUB reads, by GRUB itself where it is there.

mod further;

use super::*;

fn plain() -> Menu {
    Menu {
        label: "ACME Debian's 13".to_owned(),
        kernel_params: ["acpi_osi=!", "dyndbg=\"file a.c +p\"", "memmap=64M$0x1000", "quiet"]
            .map(str::to_owned)
            .to_vec(),
        timeout: 5,
        text_mode: true,
        safe_graphics: false,
        copy_to_ram: false,
        local_disk: false,
        entries: Vec::new(),
        default: None,
        serial: None,
    }
}

fn text_of(menu: &Menu, look: &Look, machine: Machine, memory_test: bool) -> String {
    let on = OnMedium { identity: "0f", memory_test, ..OnMedium::default() };
    super::menu(&shown(menu, look, machine), on)
}

fn shown(menu: &Menu, look: &Look, machine: Machine) -> Shown {
    let (menu, look) = (menu.clone(), look.clone());
    Shown { menu, look, machine, enrol: false, kernels: Vec::new() }
}

#[test]
fn who_copies_the_system_to_memory_is_told_how_much_that_takes() {
    let text = |copy_to_ram, bytes| {
        let menu = Menu { copy_to_ram, ..plain() };
        let on = OnMedium { bytes, identity: "0f", ..OnMedium::default() };
        super::menu(&shown(&menu, &Look::default(), Machine::Pc), on)
    };
    assert!(text(true, 400 << 20).contains("(copy to RAM, with 1.0 GiB or more)"));
    assert!(text(true, 600 << 20).contains("(copy to RAM, with 1.5 GiB or more)"));
    assert!(text(true, 0).contains("(copy to RAM)"));
    assert!(!text(false, 600 << 20).contains("copy to RAM"));
}

#[test]
fn a_key_is_enrolled_by_mok_manager() {
    let of = |machine, enrol| {
        let shown = Shown { enrol, ..shown(&plain(), &Look::default(), machine) };
        super::menu(&shown, OnMedium::default())
    };
    let entry = "menuentry 'Enrol the key of the drivers' --id enrol-key { chainloader /EFI/BOOT/";
    assert!(of(Machine::Pc, true).contains(&format!("{entry}mmx64.efi; }}")));
    assert!(of(Machine::Arm64, true).contains(&format!("{entry}mmaa64.efi; }}")));
    assert!(!of(Machine::Pc, false).contains("enrol-key"));
}

#[test]
fn each_further_kernel_has_an_entry() {
    let kernels = vec!["6.12.117+deb13-rt-amd64".to_owned()];
    let shown = Shown { kernels, ..shown(&plain(), &Look::default(), Machine::Pc) };
    let text = super::menu(&shown, OnMedium::default());
    let (_, entry) = text.split_once("--id kernel-6-12-117-deb13-rt-amd64 {").unwrap();
    let (entry, _) = entry.split_once('}').unwrap();
    assert!(
        entry.contains("linux /boot/kernels/6.12.117+deb13-rt-amd64/vmlinuz boot=live "),
        "{entry}"
    );
    assert!(
        entry.contains("initrd /boot/kernels/6.12.117+deb13-rt-amd64/initrd /boot/id.cpio"),
        "{entry}"
    );
    assert!(text.contains("(kernel 6.12.117+deb13-rt-amd64)"), "{text}");
}

#[test]
fn a_plain_menu() {
    insta::assert_snapshot!(text_of(&plain(), &Look::default(), Machine::Pc, false), @r#"
    # Written by isoplug.
    if [ -z "$iso_path" ]; then
      search --no-floppy --set=root --file /.isoplug/0f
    fi

    set screen=console
    terminal_output $screen

    set default=0
    set timeout=5

    menuentry 'ACME Debian'\''s 13' --id live {
      echo 'Loading the kernel ...'
      linux /boot/vmlinuz boot=live 'acpi_osi=!' 'dyndbg=file a.c +p' 'memmap=64M$0x1000' quiet $iso_params
      echo 'Loading the initrd ...'
      initrd /boot/initrd /boot/id.cpio
    }
    if [ "$grub_platform" = efi ]; then
      menuentry 'Firmware setup' --id firmware { fwsetup; }
    fi
    menuentry 'Power off' --id power-off { halt; }
    "#);
}

#[test]
fn everything() {
    let all = Menu {
        label: "Live".to_owned(),
        kernel_params: vec!["console=tty0".to_owned()],
        text_mode: false,
        safe_graphics: true,
        copy_to_ram: true,
        serial: Some(Serial { port: 0, speed: 115_200 }),
        ..plain()
    };
    assert_eq!(
        text_of(&all, &Look::default(), Machine::Pc, true),
        include_str!("tests/everything.cfg")
    );
    assert!(!text_of(&all, &Look::default(), Machine::Arm64, false).contains("serial --unit"));
}

#[test]
fn labels_and_parameters_hold_anything() {
    let odd = "-$x; # ! ' \\ \" { } & | < > * ~ `ls` %\tä\n";
    let params = ["a=$b;c", "#d", "e={f}", "g=\"h i\"", "j=*", "k=`l`", "m=&|<>!%~"];
    let params = params.map(str::to_owned).to_vec();
    let odd = Menu { label: odd.to_owned(), kernel_params: params, ..plain() };
    check(&odd).unwrap();
    let text = text_of(&odd, &Look::default(), Machine::Pc, false);
    assert!(
        text.contains(
            "menuentry --id live -- '-$x; # ! '\\'' \\ \" { } & | < > * ~ `ls` % ä ' {\n"
        )
    );
    let line = "linux /boot/vmlinuz boot=live 'a=$b;c' '#d' 'e={f}' 'g=h i' 'j=*' 'k=`l`' \
                'm=&|<>!%~' $iso_params\n";
    assert!(text.contains(line), "{text}");
    grub_reads(&text);
    let words = grub_words(&text);
    let expected = ["a=$b;c", "#d", "e={f}", "g=h i", "j=*", "k=`l`", "m=&|<>!%~"];
    assert!(words.is_none_or(|words| words[2..] == expected), "GRUB reads other words");
}

/// Returns the words that GRUB itself reads in the first line that boots a kernel; `None`
/// without its emulator.
fn grub_words(text: &str) -> Option<Vec<String>> {
    if !["grub-emu", "script"].iter().all(|tool| isoplug_skip::has(tool)) {
        return None;
    }
    let line = text.lines().find_map(|line| line.trim().strip_prefix("linux ")).unwrap();
    let show = "function show { for word in \"$@\"; do echo \"[$word]\"; done; }";
    let said = said_by_grub(&format!("{show}\nshow {line}\nreboot\n"));
    let word = |line: &str| {
        let (_, word) = line.split_once('[').filter(|(lead, _)| !lead.contains(']'))?;
        Some(word.trim_end().strip_suffix(']')?.to_owned())
    };
    let lines = said.lines().map(without_escapes);
    Some(lines.filter_map(|line| word(&line)).collect())
}

/// Returns what GRUB's emulator shows while it runs a script.
fn said_by_grub(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("grub.cfg"), script).unwrap();
    let folder = folder.path().display();
    let command = format!("grub-emu -d {folder} -m /dev/null -r host");
    let said = std::process::Command::new("timeout")
        .args(["60", "script", "-qec", &command, "/dev/null"])
        .env("TERM", "vt100")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// Takes out the colours of a terminal (ECMA-48).
fn without_escapes(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    text.extend(
        parts.map(|part| part.trim_start_matches(|c: char| c != 'm').get(1..).unwrap_or("")),
    );
    text
}

/// Lets GRUB's own parser read a menu.
fn grub_reads(text: &str) {
    if !isoplug_skip::has("grub-script-check") {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let check = std::process::Command::new("grub-script-check").arg(file.path()).output();
    let said = check.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn what_grub_would_change_is_refused() {
    let menu = Menu { kernel_params: vec!["a='b'".to_owned()], ..plain() };
    insta::assert_snapshot!(check(&menu).unwrap_err(), @"the kernel parameter `a='b'`: GRUB writes a backslash before each `'`, so the kernel would not get it as it is");
}

#[test]
fn the_ways_in() {
    assert_eq!(
        stub("0f"),
        "search --no-floppy --set=root --file /.isoplug/0f\n\
         set prefix=($root)/boot/grub\nsource $prefix/grub.cfg\n"
    );
    insta::assert_snapshot!(loopback(), @r#"
    set iso_params="findiso=${iso_path}"
    export iso_params
    source /boot/grub/grub.cfg
    "#);
}

#[test]
fn further_entries_have_parameters_of_their_own() {
    let entry = |id: &str, param: &str| Entry {
        id: id.to_owned(),
        label: "with persistence".to_owned(),
        params: vec![param.to_owned()],
        submenu: None,
    };
    let with = |entry| Menu { entries: vec![entry], ..plain() };
    let text = text_of(&with(entry("keep", "persistence")), &Look::default(), Machine::Pc, false);
    assert!(text.contains("menuentry 'ACME Debian'\\''s 13 (with persistence)' --id keep {\n"));
    assert_eq!(text.matches("boot=live persistence ").count(), 1);
    assert_eq!(check(&with(entry("keep", "persistence"))), Ok(()));
    for (id, param) in [("keep", "a='b'"), ("keep {", "a"), ("live", "a"), ("", "a")] {
        assert!(check(&with(entry(id, param))).is_err(), "{id} {param}");
    }
}
