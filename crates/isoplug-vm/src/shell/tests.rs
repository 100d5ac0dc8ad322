//! The protocol against a real shell on a socket.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::Silent;

fn shell_process(program: &str, before: &str) -> (Serial, Child) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let output: OwnedFd = theirs.try_clone().unwrap().into();
    let child = Command::new("sh")
        .args(["-c", &format!("{before} exec {program}")])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(output))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (Serial::new(ours, tempfile::tempfile().unwrap()), child)
}

fn run_in(program: &str, before: &str, script: &str) -> Output {
    let (mut serial, mut child) = shell_process(program, before);
    let mut shell = Shell::set_up(&mut serial, &Silent, Pace::begin(0, 1.0)).unwrap();
    let output = shell.run(script, Duration::from_secs(10)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    output
}

#[test]
fn runs_commands_in_any_shell() {
    for program in ["sh", "bash"] {
        let output = run_in(program, "", "echo \"out $((6 * 7))\"; echo 'é;@isoplug:' >&2; exit 5");
        assert_eq!(output, Output { status: 5, text: "out 42\né;@isoplug:\n".to_owned() });
    }
}

#[test]
fn long_commands_and_answers_arrive_whole() {
    let word = "0123456789abcdef".repeat(512);
    let output = run_in("sh", "", &format!("printf %s {word}"));
    assert_eq!(output, Output { status: 0, text: word });
}

#[test]
fn output_is_cut_at_64_kib_and_time_at_the_limit() {
    let output = run_in("sh", "", "head -c 100000 /dev/zero | tr '\\0' x");
    assert_eq!(output.text.len(), 65536);
    let (mut serial, mut child) = shell_process("sh", "");
    let mut shell = Shell::set_up(&mut serial, &Silent, Pace::begin(0, 1.0)).unwrap();
    assert_eq!(shell.run("sleep 30", Duration::from_secs(1)).unwrap().status, 124);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn survives_messages_in_between() {
    let noise = "(while sleep 0.003; do printf '[   12.345678] usb 1-1: new device\\n'; done) & ";
    let output = run_in("sh", noise, "seq 2000");
    let expected: String = (1..=2000).map(|number| format!("{number}\n")).collect();
    assert_eq!(output.text, expected);
}

#[test]
fn a_shell_that_ends_is_reported() {
    let (mut serial, mut child) = shell_process("sh", "");
    let mut shell = Shell::set_up(&mut serial, &Silent, Pace::begin(0, 1.0)).unwrap();
    shell.send("exit\n").unwrap();
    child.wait().unwrap();
    let halt = shell.run("true", Duration::from_secs(5)).unwrap_err();
    assert!(matches!(halt, Halt::Trouble(trouble)
        if matches!(trouble.kind, TroubleKind::Stopped | TroubleKind::ShellLost)));
}

/// Copies what the shell says, and tears the first 8 KB with kernel messages at odd places.
fn tear(mut from: UnixStream, mut to: UnixStream) {
    use std::io::{Read as _, Write as _};
    let (mut buffer, mut passed) = ([0; 97], 0);
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        passed += length;
        let sent = to.write_all(&buffer[..length]);
        if sent.is_err() || passed < 8192 && to.write_all(b"[  9.9] usb: reset\r\n").is_err() {
            return;
        }
    }
}

#[test]
fn what_is_torn_is_asked_for_again() {
    let (inner, mut child) = shell_process("sh", "");
    let inner = inner.into_stream();
    let (ours, outer) = UnixStream::pair().unwrap();
    let (from, to) = (inner.try_clone().unwrap(), outer.try_clone().unwrap());
    std::thread::spawn(move || tear(from, to));
    std::thread::spawn(move || std::io::copy(&mut &outer, &mut &inner));
    let mut serial = Serial::new(ours, tempfile::tempfile().unwrap());
    let mut shell = Shell::set_up(&mut serial, &Silent, Pace::begin(0, 1.0)).unwrap();
    let output = shell.run("seq 500", Duration::from_secs(10)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(output.text.lines().count(), 500);
    assert!(serial.since(0).matches(":end:0:").count() > 2, "nothing was asked for again");
}
