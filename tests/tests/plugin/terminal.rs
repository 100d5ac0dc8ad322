//! Runs the command on a terminal, which `script` plays, and types what a person would.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use isoplug_tests::space::{Space, isoplug};

/// Ctrl-C, as a terminal sends it.
pub(crate) const CTRL_C: &str = "\u{3}";
/// Ctrl-D, as a terminal sends it.
pub(crate) const CTRL_D: &str = "\u{4}";

/// Tells whether there is a program that plays a terminal.
pub(crate) fn can_be_played() -> bool {
    let mut command = Command::new("script");
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs the command, types the keys once it asks, and returns its exit code with what stands on
/// the terminal in the end.
pub(crate) fn typed(space: &Space, arguments: &str, keys: &str) -> String {
    let mut script = Command::new("script");
    let command = format!("{} {arguments}", isoplug().display());
    script.args(["-q", "-e", "-c", &command, "/dev/null"]).current_dir(space.path(""));
    script.env("ISOPLUG_STORE", space.path("store")).env("NO_COLOR", "1");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = script.spawn().expect("script starts");
    let (mut screen, mut shown) = (script.stdout.take().expect("a screen"), Vec::new());
    let mut keyboard = script.stdin.take().expect("a keyboard");
    let mut byte = [0];
    while screen.read(&mut byte).is_ok_and(|read| read == 1) {
        shown.push(byte[0]);
        if shown.ends_with(b"[y/N] ") {
            keyboard.write_all(keys.as_bytes()).expect("the keys are typed");
        }
    }
    let code = script.wait().expect("it ends").code().expect("an exit code");
    let shown = String::from_utf8_lossy(&shown).replace('\r', "");
    format!("exit: {code}\n{shown}")
}
