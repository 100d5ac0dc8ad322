//! `isoplug shell`: what it shows of a root filesystem, and that nothing of it is kept.
#![cfg(test)]

use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::require;
use isoplug_tests::space::{Space, isoplug};

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["shell", "--help"]), @r"
    Look into the root filesystem of a build: a shell in a copy of it, of which nothing is kept

    Builds the root filesystem if it is not in the store yet. Where a stage fails, the shell is in the
    ");
}

#[test]
fn a_shell_needs_a_terminal_and_one_profile() {
    let space = Space::with_manifest("image.name = \"t\"\n[profiles.a]\n[profiles.b]\n");
    assert_snapshot!(space.run(&["shell"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there are several profiles
      try: --profile with one of a, b
    ");
    assert_snapshot!(space.run(&["shell", "-p", "a"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: a shell needs a terminal
      try: name a command: isoplug shell -- ls /etc
    ");
}

/// Runs a command in the minimal example's root filesystem.
fn shell(example: &real::Example, words: &[&str]) -> String {
    let (folder, store) = (example.path("").display().to_string(), example.store_path());
    Space::new().run(&[&["shell", "-q", &*folder, "--store", &*store, "--"], words].concat())
}

#[test]
fn a_command_sees_the_image_and_changes_nothing() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let script = "cat /etc/hostname; touch /usr/bin/new && ls /usr/bin/new; test -t 0 || echo no terminal; id -u";
    assert_snapshot!(shell(&minimal, &["sh", "-c", script]), @r"
    exit: 0
    --- stdout
    rescue
    /usr/bin/new
    no terminal
    0
    --- stderr
    ");
    assert_snapshot!(shell(&minimal, &["ls", "/usr/bin/new"]), @r"
    exit: 1
    --- stdout
    ls: cannot access '/usr/bin/new': No such file or directory
    --- stderr
    error: `ls /usr/bin/new` failed (exit status: 2)
    ");
}

#[test]
fn a_shell_has_a_terminal_of_its_own() {
    require!(Command::new("script").arg("--version").output().is_ok(), "script is not installed");
    let _turn = real::turn();
    let minimal = real::minimal();
    let line = format!(
        "'{}' shell '{}' --store '{}'",
        isoplug().display(),
        minimal.path("").display(),
        minimal.store_path()
    );
    // Attempt 24: the system call by which whoever has the caller's terminal types into it.
    let inject = "perl -e 'my $l = qq(X); print ioctl(STDIN, 0x5412, $l) ? qq(typed) : qq(refused: $!), qq(\\n)'";
    let typed = format!("test -t 0 && echo 'a term'inal; cat /etc/host*name; {inject}; exit 3\n");
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::piped());
    let mut child = script.stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("a terminal") && said.contains("rescue"), "{said}");
    assert!(said.contains("refused: Operation not permitted"), "{said}");
}

#[test]
fn a_failed_build_shows_the_layer_before_what_failed() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::new();
    let manifest = minimal.space.read("isoplug.toml");
    let wrong = "[profiles.minimal.scripts.hi]\ninterpreter = \"/opt/nothing\"\ntext = \"\"\n";
    space.write("isoplug.toml", &format!("{manifest}\n{wrong}"));
    std::fs::copy(minimal.path("isoplug.lock"), space.path("isoplug.lock")).unwrap();
    let store = minimal.store_path();
    let said = space.run(&["shell", "-q", "--store", &*store, "--", "ls", "-d", "/usr/bin/dpkg"]);
    assert!(said.starts_with("exit: 0\n--- stdout\n/usr/bin/dpkg\n"), "{said}");
    assert!(said.contains("its first line names /opt/nothing"), "{said}");
}
