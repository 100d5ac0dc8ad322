//! A plugin makes the same under all conditions of the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use isoplug_plugin::{Contribution, EntryKind, Runtime};

use crate::guest::Guest;
use crate::space::{Space, etc};

/// Hashes what it knows into a file: options, facts, seeds, floating-point numbers with a NaN.
fn toy() -> Guest {
    let mut guest = Guest::contributor().fact("image.name");
    let label = guest.text("label");
    guest
        .does(&format!("(call $seed {label} (i32.const 32) (i32.const 16))"))
        .does("(call $from_bytes (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 16))")
        .does("(local.set $b (i32.load (i32.const 20)))")
        .module("a")
        .place_blob("/etc/seed")
        .does("(f64.store (i32.const 200) (f64.div (f64.const 0) (f64.sub (f64.const 1) (f64.const 1))))")
        .does("(call $from_bytes (i32.const 200) (i32.const 8) (i32.const 16))")
        .does("(local.set $b (i32.load (i32.const 20)))")
        .place_blob("/etc/nan")
        .does("(loop $spin (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $spin (i32.lt_u (local.get $i) (i32.const 1000))))")
}

/// How often each process runs the plugin.
const RUNS: usize = 100;

/// Tells a process which of the conditions are its own.
const CONDITIONS: &str = "ISOPLUG_TEST_CONDITIONS";

/// What differs between processes.
struct Conditions {
    /// Set in the environment.
    env: &'static [(&'static str, &'static str)],
    /// What a shell does before.
    shell: &'static str,
    /// The name of the folder that it works in.
    folder: &'static str,
    threads: usize,
    /// How much memory it holds besides, in MiB.
    ballast: usize,
    /// How many threads keep the processors busy.
    load: usize,
}

const QUIET: Conditions =
    Conditions { env: &[], shell: "", folder: "a", threads: 1, ballast: 0, load: 0 };

const ALL: [Conditions; 10] = [
    QUIET,
    Conditions { threads: 8, ..QUIET },
    Conditions { env: &[("TZ", "Asia/Tokyo"), ("LC_ALL", "C")], ..QUIET },
    Conditions { env: &[("TZ", "America/New_York"), ("LC_ALL", "tr_TR.UTF-8")], ..QUIET },
    Conditions { shell: "umask 077", threads: 3, ..QUIET },
    Conditions { shell: "umask 000", folder: "with spaces/and ümläuts", ..QUIET },
    Conditions { ballast: 400, threads: 2, ..QUIET },
    Conditions { load: 6, threads: 2, ..QUIET },
    Conditions { shell: "renice -n 19 $$ >/dev/null", load: 3, ..QUIET },
    Conditions {
        env: &[("TZ", "Pacific/Chatham"), ("LANG", "ja_JP.eucJP"), ("HOME", "/nonexistent")],
        shell: "umask 027; ulimit -s 2048; ulimit -n 256",
        folder: "deep/deep/deep/deep",
        threads: 5,
        ballast: 100,
        load: 2,
    },
];

/// 1,000 runs, in ten processes under conditions that differ: threads, time zone, locale, umask,
/// folder, memory, load; in each with cold and warm folders, with a result that is made and with
/// one that is kept.
#[test]
fn a_thousand_runs_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let made = (0..ALL.len()).map(|index| run(index, folder.path())).collect::<BTreeSet<String>>();
    assert_eq!(made.len(), 1, "{made:#?}");
    assert!(made.iter().all(|made| made.contains("/etc/nan")), "{made:#?}");
}

/// Runs the next test in a process of its own, and returns what it says that the plugin made.
fn run(index: usize, folder: &Path) -> String {
    let Conditions { env, shell, folder: name, .. } = &ALL[index];
    let (folder, made) = (folder.join(name).join(index.to_string()), format!("{index}.made"));
    fs::create_dir_all(&folder).unwrap();
    let script = format!("{}\nexec \"$0\" \"$@\"", if shell.is_empty() { ":" } else { shell });
    let status = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sameness::under_conditions", "--ignored", "--quiet"])
        .current_dir(&folder)
        .env("TMPDIR", &folder)
        .env(CONDITIONS, index.to_string())
        .envs(env.iter().copied())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "conditions {index}");
    fs::read_to_string(folder.join(made)).unwrap()
}

#[test]
#[ignore = "a part of a_thousand_runs_are_one, which starts it"]
#[expect(clippy::disallowed_methods, reason = "the test that starts this one says so")]
fn under_conditions() {
    let index: usize = std::env::var(CONDITIONS).unwrap().parse().unwrap();
    let Conditions { threads, ballast, load, .. } = ALL[index];
    let ballast = vec![1u8; ballast << 20];
    let done = AtomicBool::new(false);
    let made = thread::scope(|scope| {
        for _ in 0..load {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let made = rounds(threads);
        done.store(true, Ordering::Relaxed);
        made
    });
    assert!(ballast.iter().all(|byte| *byte == 1));
    fs::write(format!("{index}.made"), made).unwrap();
}

/// Returns a runtime that lost all that was kept, or what was made, or nothing: in turn.
fn forgetful(caches: &Path, round: usize) -> Runtime {
    match round % 3 {
        0 => fs::remove_dir_all(caches).unwrap(),
        1 => fs::remove_dir_all(caches.join("results")).unwrap(),
        _ => {}
    }
    Runtime::new(caches).unwrap()
}

/// Runs the plugin; returns what it made, which was the same each time.
fn rounds(threads: usize) -> String {
    let bytes = toy().bytes();
    let mut space = Space::new();
    let made = Mutex::new(BTreeSet::new());
    for round in 0..10 {
        space.runtime = forgetful(&space.folder.path().join("plugins"), round);
        let plugin = space.plugin(&bytes, etc());
        let left = AtomicUsize::new(RUNS / 10);
        let run = || {
            let one = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one).is_ok() {
                let once = space.runtime.contribute(&plugin, &space.answers).unwrap();
                assert!(once.fuel > 3000);
                made.lock().unwrap().insert(told(&once));
            }
        };
        thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(run)));
    }
    let made = made.into_inner().unwrap();
    assert_eq!(made.len(), 1, "{made:#?}");
    made.into_iter().collect()
}

/// Tells everything of a contribution, contents too.
fn told(made: &Contribution) -> String {
    let entries = made.modules.iter().flat_map(|module| &module.entries);
    let contents = entries.map(|entry| match &entry.kind {
        EntryKind::File(content, _) => content.to_vec().unwrap(),
        _ => Vec::new(),
    });
    format!("{made:?}\n{:?}\n", contents.collect::<Vec<_>>())
}
