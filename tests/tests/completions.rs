//! `isoplug completions`: scripts that shells accept.
#![cfg(test)]

use std::io::Write;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use isoplug_tests::require;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["completions", "--help"]), @r"
    Print a completion script for a shell

    Usage: isoplug completions [OPTIONS] <SHELL>
    ");
}

/// Lets a shell read a script without running it.
fn accepts(shell: &str, script: &str) -> bool {
    let child = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

#[test]
fn shells_accept_them() {
    let space = Space::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = space.ok(&["completions", shell]);
        for word in ["build", "explain", "completions", "locked"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    require!(Command::new("bash").arg("--version").output().is_ok(), "no bash");
    assert!(accepts("bash", &space.ok(&["completions", "bash"])));
    assert!(!accepts("bash", "if"), "bash accepts everything");
}

#[test]
fn mistakes_of_typing() {
    let space = Space::new();
    assert_snapshot!(space.run(&["completions", "bsh"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'bsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'bash'

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["completions"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <SHELL>

    Usage: isoplug completions <SHELL>

    For more information, try '--help'.
    ");
}
