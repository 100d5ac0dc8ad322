//! `isoplug schema`: the JSON schema of a manifest and the page of all options.
#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use insta::assert_snapshot;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["schema", "--help"]), @r"
    Print the JSON schema of isoplug.toml, for editors

    Usage: isoplug schema [OPTIONS] [FOLDER]
    ");
}

#[test]
fn it_is_json() {
    let text = Space::new().ok(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["type"], "object");
    assert!(schema["properties"]["profiles"].is_object());
    assert_eq!(text, Space::new().ok(&["schema", "--quiet", "--json"]), "results are results");
}

#[test]
fn the_reference_lists_the_options() {
    let page = Space::new().ok(&["schema", "--reference"]);
    for option in
        ["networking.hostname", "packages.install", "iso.volume-id", "services.openssh.enable"]
    {
        assert!(page.contains(&format!("`{option}`")), "{option} is missing");
    }
}

/// Whoever reads may stop reading, as in `isoplug schema | head -1`.
#[test]
fn a_full_disk_behind_the_output_is_told() {
    let space = Space::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = space.command(&["schema"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r"
    error: cannot write to standard output
      because: No space left on device (os error 28)
    ");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let space = Space::new();
    let mut command = space.command(&["schema"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "{\n");
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty() && output.status.code() == Some(0), "{output:?}");
}
