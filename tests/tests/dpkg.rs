//! Installs hand-made packages over the real base of trixie with its own dpkg: their order, and what
//! is said of those that fail.
//!
//! Has a `main` of its own: the sandbox executes its program again and must then be the first thing
//! that runs. Speaks as much of the language of test harnesses as `cargo test` and nextest need.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and speak")]

#[path = "dpkg/architectures.rs"]
mod architectures;

use std::error::Error as _;
use std::ffi::OsString;
use std::path::Path;

use insta::assert_snapshot;
use isoplug_image::stages::layer;
use isoplug_manifest::manifest;
use isoplug_packages::apt::AptSource;
use isoplug_packages::{Mirrors, Request, Resolvo, Universe, resolve};
use isoplug_sandbox as sandbox;
use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::sets::Set;
use isoplug_tests::sets::layers::{Layers, Made};

type Test = (&'static str, fn());

const TESTS: [Test; 12] = [
    ("a_wave_is_closed", a_wave_is_closed),
    ("a_folder_where_a_link_leads", a_folder_where_a_link_leads),
    ("interpreters_are_whole", interpreters_are_whole),
    ("packages_of_two_architectures", architectures::packages_of_two_architectures),
    ("triggers_wait_and_run_once", triggers_wait_and_run_once),
    ("scripts_see_the_times_of_the_image", scripts_see_the_times_of_the_image),
    ("two_packages_with_one_file", two_packages_with_one_file),
    ("one_that_fails_before_others", one_that_fails_before_others),
    ("a_script_that_wants_the_network", a_script_that_wants_the_network),
    ("a_script_that_wants_an_answer", a_script_that_wants_an_answer),
    ("a_trigger_that_fails", a_trigger_that_fails),
    ("memory_that_is_too_small", memory_that_is_too_small),
];

fn main() -> std::process::ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = sandbox::main(&arguments) {
        return code.into();
    }
    let words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let filters: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let chosen = |name: &str| {
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    if has("--list") {
        let tests = TESTS.iter().filter(|_| !has("--ignored"));
        tests.for_each(|(name, _)| println!("{name}: test"));
    } else if sandbox::diagnose().iter().any(|finding| !finding.ok) {
        isoplug_tests::skipped("this machine has no sandboxes");
    } else {
        for (name, test) in TESTS.into_iter().filter(|(name, _)| chosen(name)) {
            test();
            println!("test {name} ... ok");
        }
    }
    std::process::ExitCode::SUCCESS
}

/// Installs these packages; those of i386 beside the others.
fn install(packages: &[Package]) -> anyhow::Result<Made> {
    let archive = Archive::with("stable", packages)?;
    let server = archive.serve()?;
    let source = manifest::Source {
        suite: "stable".to_owned(),
        mirrors: vec![server.url()],
        ..manifest::Source::default()
    };
    let key = archive.key.public()?;
    let own = AptSource::new("own", &source, Some(key.as_bytes()), &Mirrors::default())?;
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layers");
    let layers = Layers::new(&store, vec![own])?;
    let install = packages.iter().map(architectures::wish).collect();
    let set = Set { name: "own".to_owned(), install, recommends: false };
    let request = Request { foreign: vec!["i386".to_owned()], ..set.request() };
    let universe = Universe::of(&layers.indices, &request);
    layers.make(&resolve(&request, &universe, &Resolvo, None)?)
}

/// Returns what is said when packages cannot be installed, and what to try.
fn failure(packages: &[Package]) -> String {
    let Err(error) = install(packages) else { panic!("they were installed") };
    let error = error.downcast_ref::<isoplug_engine::Error>().expect("a stage failed");
    let error: &layer::Error =
        error.find().unwrap_or_else(|| panic!("{error} {:?}", error.source()));
    let hints = error.hints().into_iter().map(|hint| format!("\ntry: {hint}"));
    format!("{error}{}", hints.collect::<String>())
}

fn text(made: &Made, path: &str) -> String {
    use isoplug_formats::tree::Kind;
    use isoplug_formats::tree::pack::Contents as _;
    let entry = made.tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    let Kind::File(content) = entry.kind else { panic!("{path} is no file") };
    let mut bytes = vec![0; content.size as usize];
    made.packs.read_at(&content, 0, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// As `cron` in a desktop: what waits for another package keeps those back that depend on it.
fn a_wave_is_closed() {
    let made = install(&[
        Package::new("zz-cron", "1")
            .field("Pre-Depends", "zz-helpers")
            .field("Depends", "zz-common"),
        Package::new("zz-common", "1").field("Depends", "zz-systemd | zz-sysusers"),
        Package::new("zz-init", "1").field("Pre-Depends", "zz-common, zz-systemd"),
        Package::new("zz-helpers", "1"),
        Package::new("zz-libsystemd", "1"),
        Package::new("zz-systemd", "1")
            .field("Pre-Depends", "zz-libsystemd")
            .field("Provides", "zz-sysusers (= 1)"),
    ])
    .unwrap();
    let status = text(&made, "var/lib/dpkg/status");
    assert_eq!(status.matches("Package: zz-").count(), 6);
    assert_eq!(
        status.matches("\nStatus: install ok installed").count(),
        status.matches("\nStatus:").count()
    );
}

/// As `drbd-utils`: `/var/lock` is a link of base-files to a folder that is not in the image.
fn a_folder_where_a_link_leads() {
    let made = install(&[Package::new("zz-locks", "1").file("var/lock/zz/note", b"")]).unwrap();
    assert!(text(&made, "var/lib/dpkg/status").contains("Package: zz-locks"));
    let link = &made.tree.get("var/lock").unwrap().kind;
    assert_eq!(*link, isoplug_formats::tree::Kind::Symlink(b"/run/lock".to_vec()));
}

/// As `mariadb-server`: its preinst needs the halves of an interpreter, or none of them.
fn interpreters_are_whole() {
    let preinst =
        "#!/bin/sh\nset -e\ntest -e /usr/share/zz/program\ntest -e /usr/share/zz/modules\n";
    let made = install(&[
        Package::new("aa-server", "1").field("Depends", "zz-program").script("preinst", preinst),
        Package::new("mm-common", "1"),
        Package::new("zz-modules", "1").file("usr/share/zz/modules", b"x"),
        Package::new("zz-program", "1")
            .field("Depends", "zz-modules, mm-common")
            .file("usr/share/zz/program", b"x"),
    ]);
    assert!(made.unwrap().tree.get("usr/share/zz/program").is_some());
}

fn triggers_wait_and_run_once() {
    let postinst = "#!/bin/sh\n[ \"$1\" != triggered ] || echo ran >> /usr/share/zz-ran\n";
    let made = install(&[
        Package::new("zz-index", "1")
            .script("triggers", "interest-noawait /usr/share/zz\n")
            .script("postinst", postinst),
        Package::new("zz-early", "1").file("usr/share/zz/early", b"x"),
        Package::new("zz-first", "1").field("Pre-Depends", "zz-early, zz-index"),
        Package::new("zz-late", "1")
            .field("Pre-Depends", "zz-first")
            .file("usr/share/zz/late", b"x"),
    ]);
    assert_eq!(text(&made.unwrap(), "usr/share/zz-ran"), "ran\n");
}

/// As fontconfig, which notes the time of each folder of fonts and looks through it anew if it has another one.
fn scripts_see_the_times_of_the_image() {
    let postinst = "#!/bin/sh\nset -e\nstat -c %Y /usr/share/zz > /usr/share/zz-seen\n";
    let made = install(&[
        Package::new("zz-fonts", "1").file("usr/share/zz/font", b"x"),
        Package::new("zz-index", "1").script("postinst", postinst),
    ]);
    let made = made.unwrap();
    let folder = made.tree.get("usr/share/zz").unwrap();
    assert_eq!(text(&made, "usr/share/zz-seen"), format!("{}\n", folder.mtime));
}

fn two_packages_with_one_file() {
    let said = failure(&[
        Package::new("zz-one", "1").file("usr/share/zz/same", b"1"),
        Package::new("zz-two", "1").file("usr/share/zz/same", b"2"),
    ]);
    assert_snapshot!(said, @r"
    the packages zz-two and zz-one both have the file /usr/share/zz/same
      Preparing to unpack /run/isoplug/zz-two_all.deb ...
      Unpacking zz-two (1) ...
      dpkg: error processing archive /run/isoplug/zz-two_all.deb (--unpack):
       trying to overwrite '/usr/share/zz/same', which is also in package zz-one (1)
    try: one of the two: leave zz-two or zz-one out of `packages.install`
    try: if they are yours: `Replaces: zz-one` in zz-two, or another path
    ");
}

fn one_that_fails_before_others() {
    let fails = "#!/bin/sh\necho first step\necho the reason is this >&2\nexit 3\n";
    let mut packages = vec![
        Package::new("zz-bad", "1").script("postinst", fails),
        Package::new("zz-needs-bad", "1").field("Depends", "zz-bad"),
        Package::new("zz-worse", "1").script("postinst", "#!/bin/sh\nexit 4\n"),
    ];
    let talks = "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do echo all is well $i; done\n";
    for number in 0..20 {
        let name = format!("zz-z{number}");
        packages.push(Package::new(&name, "1").script("postinst", talks));
    }
    assert_snapshot!(failure(&packages), @r"
    the package zz-worse cannot be installed, nor can zz-bad
      Setting up zz-worse (1) ...
      dpkg: error processing package zz-worse (--configure):
       installed zz-worse package post-installation script subprocess returned error exit status 4
      Setting up zz-bad (1) ...
      first step
      the reason is this
      dpkg: error processing package zz-bad (--configure):
       installed zz-bad package post-installation script subprocess returned error exit status 3
    ");
}

fn a_script_that_wants_the_network() {
    let postinst = "#!/bin/bash\nset -e\n: < /dev/tcp/fonts.example.org/80\n";
    let said = failure(&[Package::new("zz-fonts", "1").script("postinst", postinst)]);
    assert_snapshot!(said, @r"
    the package zz-fonts cannot be installed: its script wants the network
      Setting up zz-fonts (1) ...
      /var/lib/dpkg/info/zz-fonts.postinst: line 3: fonts.example.org: Temporary failure in name resolution
      /var/lib/dpkg/info/zz-fonts.postinst: line 3: /dev/tcp/fonts.example.org/80: Invalid argument
      dpkg: error processing package zz-fonts (--configure):
       installed zz-fonts package post-installation script subprocess returned error exit status 1
    try: scripts of packages have no network, so that an image is always the same: bring what it would load with `files`
    try: without it: leave zz-fonts out, or name it in `packages.remove`
    ");
}

fn a_script_that_wants_an_answer() {
    let templates =
        "Template: zz-game/license\nType: select\nChoices: yes, no\nDescription: well?\n";
    let package = Package::new("zz-game", "1")
        .script("templates", templates)
        .script("preinst", "#!/bin/sh\necho license not accepted\nexit 1\n");
    assert_snapshot!(failure(&[package]), @r"
    the package zz-game cannot be installed
      Preparing to unpack /run/isoplug/zz-game_all.deb ...
      license not accepted
      dpkg: error processing archive /run/isoplug/zz-game_all.deb (--unpack):
       new zz-game package pre-installation script subprocess returned error exit status 1
    try: if it wants an answer: `packages.debconf` gives answers to zz-game/license
    try: without it: leave zz-game out, or name it in `packages.remove`
    ");
}

fn a_trigger_that_fails() {
    let postinst = "#!/bin/sh\n[ \"$1\" != triggered ] || { echo no index; exit 1; }\n";
    let said = failure(&[
        Package::new("zz-index", "1")
            .script("triggers", "interest-noawait /usr/share/zz\n")
            .script("postinst", postinst),
        Package::new("zz-user", "1")
            .field("Pre-Depends", "zz-index")
            .file("usr/share/zz/file", b"x"),
    ]);
    assert_snapshot!(said, @r"
    the package zz-index cannot be installed
      Processing triggers for zz-index (1) ...
      no index
      dpkg: error processing package zz-index (--configure):
       installed zz-index package post-installation script subprocess returned error exit status 1
    ");
}

/// A script that needs more than memory has is run again with the disk.
fn memory_that_is_too_small() {
    let postinst = "#!/bin/sh\n[ \"$(stat -f -c %T /)\" != tmpfs ] && exit\n\
                    echo 'cp: /big: No space left on device'\nexit 1\n";
    let made = install(&[Package::new("zz-big", "1").script("postinst", postinst)]);
    assert!(text(&made.unwrap(), "var/lib/dpkg/status").contains("Package: zz-big\n"));
}
