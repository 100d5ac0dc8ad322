//! The benches say what they lack before they begin, not in the middle.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use insta::assert_snapshot;
use isoplug_tests::require;

fn bench(name: &str, arguments: &[&str], path: &Path) -> Output {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../benches").join(name);
    let python = ["/usr/bin/python3", "/usr/local/bin/python3"].map(Path::new);
    let python = python.into_iter().find(|path| path.exists()).expect("there is Python");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).args(arguments).env("PATH", path);
    command.env("CARGO_TARGET_DIR", path.join("target")).output().expect("Python starts")
}

/// A machine with no tool at all, and nothing built.
#[test]
fn everything_that_is_missing_is_told_at_once() {
    require!(Path::new("/usr/bin/python3").exists(), "there is no Python");
    let empty = tempfile::tempdir().unwrap();
    let told = |name: &str, arguments: &[&str]| {
        let output = bench(name, arguments, empty.path());
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.is_empty(), "{name} has begun");
        let text = String::from_utf8(output.stderr).unwrap();
        let text = text.replace(&empty.path().canonicalize().unwrap().display().to_string(), "DIR");
        let lines =
            text.lines().filter(|l| !l.contains("must run as root") && !l.contains("GB free"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told("compare.py", &["--live-build"]), @r"
    this bench cannot run:
      mmdebstrap is not installed: apt install mmdebstrap
      mksquashfs is not installed: apt install squashfs-tools
      xorriso is not installed: apt install xorriso
      openssl is not installed: apt install openssl
      lb is not installed: apt install live-build
      DIR/target/release/isoplug is not built: cargo build --release
      DIR/target/release/examples/mksquash is not built: cargo build --release -p isoplug-formats --examples
      DIR/target/release/examples/mkiso is not built: cargo build --release -p isoplug-formats --examples
    ");
    assert_snapshot!(told("plugins.py", &[]), @r"
    this bench cannot run:
      DIR/target/release/isoplug is not built: cargo build --release
    ");
    assert_snapshot!(told("squashfs.py", &[]), @r"
    this bench cannot run:
      mksquashfs is not installed: apt install squashfs-tools
      DIR/target/release/examples/mksquash is not built: cargo build --release -p isoplug-formats --example mksquash
    ");
}

#[test]
fn help_needs_nothing() {
    require!(Path::new("/usr/bin/python3").exists(), "there is no Python");
    let empty = tempfile::tempdir().unwrap();
    let output = bench("compare.py", &["--help"], empty.path());
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("mmdebstrap")
    );
}
