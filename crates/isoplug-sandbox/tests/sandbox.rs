//! Runs real programs in real sandboxes.
//!
//! Has a `main` of its own, for the sandbox executes its program again and must then be the first
//! thing that runs, on the only thread. Speaks as much of the language of test harnesses as
//! `cargo test` and nextest need.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic, and this one speaks to its runner itself"
)]

#[path = "sandbox/attacks.rs"]
mod attacks;
#[path = "sandbox/attributes.rs"]
mod attributes;
#[path = "sandbox/bounds.rs"]
mod bounds;
#[path = "sandbox/machine.rs"]
mod machine;
#[path = "sandbox/packages.rs"]
mod packages;
#[path = "sandbox/probe.rs"]
mod probe;
#[path = "sandbox/session.rs"]
mod session;

use std::ffi::OsString;
use std::time::Duration;

use isoplug_formats::tree::Kind;
use isoplug_sandbox::Error;

use machine::{Machine, Stopped, process_with};

type Test = (&'static str, fn(&Machine));

/// Makes tests of functions, named as these are.
macro_rules! tests {
    ($($test:path),* $(,)?) => { &[$((stringify!($test), $test)),*] };
}

const TESTS: &[Test] = tests![
    what_is_not_touched_is_not_stored_again,
    owners_links_and_times_come_out_right,
    the_machine_is_out_of_reach,
    addresses_are_the_same_each_time,
    names_come_in_order_on_every_file_system,
    a_failure_shows_the_last_lines,
    the_time_of_the_build_is_in_no_header,
    disk_and_memory_give_the_same,
    cancelling_kills_all,
    nothing_outlives_a_killed_caller,
    attacks::process_1_and_others_cannot_be_looked_into,
    attacks::no_socket_of_the_machine_is_reached,
    attacks::kernel_and_devices_stay_as_they_are,
    session::the_terminal_is_out_of_reach,
    session::descriptors_of_the_caller_are_not_there,
    session::keys_of_the_session_are_not_there,
    attacks::the_program_file_is_out_of_reach,
    attacks::owners_inside_are_nobody_outside,
    bounds::output_has_bounds,
    bounds::large_files_have_bounds,
    bounds::processes_and_time_have_bounds,
    attacks::what_is_hard_to_remove_is_removed,
    attacks::process_1_and_limits_stay,
    bounds::memory_has_bounds,
    attributes::attributes_that_an_image_cannot_have,
    attacks::changes_by_mapping_are_seen,
    attacks::links_in_place_of_mount_points_stay_inside,
    packages::packages_cannot_be_sent_elsewhere,
    packages::signs_cannot_be_sent_elsewhere,
    packages::bombs_in_scripts_end,
    packages::stubs_are_shown_but_not_kept,
    packages::the_machines_name_is_found_but_not_kept,
    probe::a_probe_finds_little_open,
];

fn main() -> std::process::ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = isoplug_sandbox::main(&arguments) {
        return code.into();
    }
    let arguments: Vec<String> =
        arguments.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match arguments.first().map(String::as_str) {
        Some("terminal") => at_a_terminal(),
        Some("keys") => println!("{}", session::take_the_key(&Machine::new())),
        Some("own-program") => attacks::change_own_program(),
        Some("sleeper") => machine::sleep_on_disk(&arguments[1], &arguments[2]),
        Some("--list") if arguments.contains(&"--ignored".to_owned()) => {}
        Some("--list") => TESTS.iter().for_each(|(name, _)| println!("{name}: test")),
        _ => run(&arguments),
    }
    std::process::ExitCode::SUCCESS
}

fn run(arguments: &[String]) {
    if let Some(missing) =
        isoplug_sandbox::diagnose().iter().find(|finding| !finding.ok && finding.needed)
    {
        return isoplug_skip::skipped(&format!("{missing:?}"));
    }
    let filters: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let mut failed = Vec::new();
    for (name, test) in TESTS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            let ended = std::panic::catch_unwind(|| test(&Machine::new()));
            println!("test {name} ... {}", if ended.is_ok() { "ok" } else { "FAILED" });
            failed.extend(ended.is_err().then_some(*name));
        }
    }
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

/// Plays the caller that has a terminal.
fn at_a_terminal() {
    println!("{}", session::type_into_the_terminal(&Machine::new()));
    let is_there = std::fs::File::open("/dev/tty").is_ok();
    println!("the terminal was {}", if is_there { "there" } else { "not there" });
}

fn what_is_not_touched_is_not_stored_again(machine: &Machine) {
    let (parent, pack) = machine.parent();
    let (tree, kept) = machine.run("true").unwrap();
    assert_eq!(kept.pack, None);
    assert_eq!(tree, parent);
    let (tree, kept) = machine.run("echo changed >> /etc/word; echo new > /etc/new").unwrap();
    let new = kept.pack.expect("there are new contents");
    assert_eq!(machine.pack_of(&tree, "bin/sh"), pack);
    assert_eq!(machine.pack_of(&tree, "etc/word"), new);
    assert_eq!(machine.pack_of(&tree, "etc/new"), new);
    assert_eq!(machine.new_contents(), "new\nword\nchanged\n");
}

fn owners_links_and_times_come_out_right(machine: &Machine) {
    let script = "cd /etc; umask; echo a > a; ln a b; ln -s a c; mkdir d; chown 4:65534 a; \
                  chmod 4750 a; touch -d @100 old; echo x > /tmp/x; echo x > /run/x";
    let (tree, _) = machine.run(script).unwrap();
    let a = tree.get("etc/a").unwrap();
    assert_eq!((a.uid, a.gid, a.mode, a.mtime), (4, 65534, 0o4750, machine::EPOCH));
    assert_eq!(tree.get("etc/b").unwrap().kind, Kind::HardLink(b"etc/a".to_vec()));
    assert_eq!(tree.get("etc/c").unwrap().kind, Kind::Symlink(b"a".to_vec()));
    assert_eq!(tree.get("etc").unwrap().mtime, machine::EPOCH);
    assert_eq!(tree.get("etc/d").unwrap().mode, 0o755);
    assert_eq!(tree.get("etc/old").unwrap().mtime, 100);
    assert!(tree.get("tmp/x").is_none() && tree.get("run/x").is_none());
}

/// What a program sees of a machine.
const SEEN: &str = "\
no folders of the machine
isoplug
denied
3
DEBCONF_NONINTERACTIVE_SEEN=true
DEBCONF_NOWARNINGS=yes
DEBIAN_FRONTEND=noninteractive
FORCE_SOURCE_DATE=1
HOME=/root
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
PERL_HASH_SEED=0
PWD=/
PYTHONHASHSEED=0
SOURCE_DATE_EPOCH=1000000000
TERM=dumb
TZ=UTC
0
";

fn the_machine_is_out_of_reach(machine: &Machine) {
    let script = "ls -d /home /sys 2>/dev/null || echo no folders of the machine; \
                  cat /proc/sys/kernel/hostname; ls /proc/1/root 2>/dev/null || echo denied; \
                  cat /proc/swaps /proc/cmdline; cat /proc/net/dev | wc -l; env | sort; id -u";
    machine.run(script).unwrap();
    let lines = machine.lines().join("\n");
    assert_eq!(lines, SEEN.trim_end());
}

/// Reads a small folder, one with more names than readers take at once, and one of them twice, from a place in it.
const LISTING: &str = r#"mkdir /few /many; cd /few; touch c B a .x z m; ls -U; cd /many;
perl -e 'open F, ">", join "-", "name", ($_ * 7919) % 9973, "x" x 40 or die for 1 .. 9972';
perl -e 'opendir D, "."; @a = readdir D; rewinddir D; @b = readdir D;
  print "@a" eq join(" ", sort @a) && "@a" eq "@b" ? "in order: " : "not: ", scalar @a, "
";
  unlink grep { /^name/ } @a; rewinddir D; print join(" ", readdir D), "
"';
mkdir gone; cd gone; perl -e "rmdir q(../gone)"; ls -a | wc -l; perl -e 'opendir D, "/proc/self/fd"; print grep({ /^0$/ } readdir D), "
"'"#;

fn names_come_in_order_on_every_file_system(machine: &Machine) {
    for machine in [machine, &Machine::on_disk()] {
        machine.run(LISTING).unwrap();
        let lines = machine.lines();
        let lines = lines[lines.len() - 9..].join(" ");
        assert_eq!(lines, "B a c m z in order: 9974 . .. 0 0");
    }
}

/// As gzip and Python write it.
fn the_time_of_the_build_is_in_no_header(machine: &Machine) {
    let script = "mkdir /new; perl -e 'print pack(q(CCCCVCC), 31, 139, 8, 0, time, 2, 3)' > /new/log.gz; \
                  perl -e 'print pack(q(nnVVV), 0xf30d, 0x0d0a, 0, time, 5)' > /new/x.pyc";
    let (tree, _) = machine.run(script).unwrap();
    assert!(tree.get("new/log.gz").is_some() && tree.get("new/x.pyc").is_some());
    let time = machine::EPOCH.to_le_bytes();
    let python = [&b"\xf3\r\r\n\0\0\0\0"[..], &time, &[5, 0, 0, 0]].concat();
    let gzip = [&b"\x1f\x8b\x08\0"[..], &time, &[2, 3]].concat();
    let bytes = machine.new_bytes();
    for header in [python, gzip] {
        assert!(bytes.windows(header.len()).any(|part| part == header), "{bytes:?}");
    }
}

fn addresses_are_the_same_each_time(machine: &Machine) {
    let script = "ulimit -s; cat /proc/self/maps";
    machine.run(script).unwrap();
    machine.run(script).unwrap();
    let lines = machine.lines();
    let addresses: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let (once, again) = addresses.split_at(addresses.len() / 2);
    assert_eq!(once[0], "8192");
    assert_eq!(once, again);
}

fn a_failure_shows_the_last_lines(machine: &Machine) {
    let error = machine.run("echo one; echo two >&2; exit 3").unwrap_err();
    insta::assert_snapshot!(error, @r"
    sh -c failed (exit status: 3)
      one
      two
    ");
    assert!(machine.is_clean());
}

fn cancelling_kills_all(machine: &Machine) {
    let stopped = Stopped::after(Duration::from_millis(500));
    let error = machine.run_watched("sleep 98761 & sleep 98762", &stopped).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert!(machine.is_clean());
    assert!(!process_with("98761") && !process_with("98762"));
}

fn disk_and_memory_give_the_same(machine: &Machine) {
    let script = "mkdir -m 700 /d; chown 33:34 /d; echo x > /d/x; ln /d/x /y; cat /etc/word > /z";
    let in_memory = machine.run(script).unwrap();
    let on_disk = Machine::on_disk();
    assert_eq!(on_disk.run(script).unwrap(), in_memory);
    assert!(on_disk.is_clean());
}

fn nothing_outlives_a_killed_caller(machine: &Machine) {
    let mut caller = std::process::Command::new("/proc/self/exe");
    let mut caller = caller.args(["sleeper", "98763"]).arg(machine.work()).spawn().unwrap();
    machine::wait_until("the sandbox sleeps", || process_with("sleep\u{0}98763"));
    caller.kill().unwrap();
    caller.wait().unwrap();
    machine::wait_until("the sandbox is gone", || !process_with("98763"));
    assert!(!machine.is_clean());
    isoplug_sandbox::clean(&machine.work()).unwrap();
    assert!(machine.is_clean());
}
