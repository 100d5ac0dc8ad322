//! Lets this machine's shellcheck look at the scripts of a manifest, where it was asked to.
//!
//! It only reads: what it says decides no byte of an image.

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use isoplug_manifest::options::Script;
use isoplug_manifest::path::join;
use isoplug_manifest::{Diagnostic, Diagnostics, System};
use serde::Deserialize;

use crate::exit::Exit;
use crate::failure::Failure;

/// Shells whose scripts it reads.
const SHELLS: [&str; 4] = ["bash", "dash", "ksh", "sh"];

/// One thing that it found.
#[derive(Debug, Deserialize)]
struct Comment {
    line: usize,
    level: String,
    code: u32,
    message: String,
}

/// Returns what it says of the scripts of shells.
pub(crate) fn look(system: &System) -> Result<Diagnostics, Failure> {
    let mut list = Vec::new();
    for (name, script) in &system.options.scripts {
        // What cannot be read is told before.
        let Some((shell, text)) = of_shell(script) else { continue };
        let comments = comments(shell, &text).map_err(|error| {
            Failure::new(Exit::Host, "shellcheck could not be run")
                .because(&error)
                .hint("install the package `shellcheck`, or leave --shellcheck out")
        })?;
        let given = text.lines().count() - lines_of(script);
        list.extend(comments.into_iter().map(|comment| drawn(name, comment, given, system)));
    }
    Ok(Diagnostics { list, texts: system.texts.clone() })
}

/// Returns a script with its first line, if a shell runs it.
fn of_shell(script: &Script) -> Option<(&'static str, String)> {
    let own = match (&script.text, &script.source) {
        (Some(text), _) => text.clone(),
        (None, Some(source)) => fs::read_to_string(source).ok()?,
        (None, None) => return None,
    };
    let text = if own.starts_with("#!") { own } else { script.first_line() + &own };
    let line = text.lines().next()?;
    let words = line.trim_start_matches("#!").split([' ', '/']);
    let shell = words.filter(|word| !word.starts_with('-')).rfind(|word| !word.is_empty())?;
    Some((SHELLS.into_iter().find(|known| *known == shell)?, text))
}

/// Returns how many lines a script has as it was given; only the first can be added.
fn lines_of(script: &Script) -> usize {
    let text = script.text.clone();
    let text = text.or_else(|| fs::read_to_string(script.source.as_ref()?).ok());
    text.unwrap_or_default().lines().count()
}

fn comments(shell: &str, text: &str) -> io::Result<Vec<Comment>> {
    // Neither a file of settings of this machine nor another script counts.
    let mut command = Command::new("shellcheck");
    command.args(["--norc", "--format=json", "--shell", shell, "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}

/// `given`: how many lines stand before its own first one.
fn drawn(name: &str, comment: Comment, given: usize, system: &System) -> Diagnostic {
    let Comment { line, level, code, message } = comment;
    let line = line.saturating_sub(given);
    let message = format!("the script `{name}`, line {line}: {message}");
    let drawn = match level.as_str() {
        "error" => Diagnostic::error("shellcheck", message),
        _ => Diagnostic::warning("shellcheck", message),
    };
    let help = format!(
        "shellcheck calls this SC{code}; `# shellcheck disable=SC{code}` above the line allows it"
    );
    match system.origin(&join(&["scripts", name])) {
        Some(origin) => drawn.at(origin, "").help(help),
        None => drawn.help(help),
    }
}
