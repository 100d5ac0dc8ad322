//! Questions as plain numbered lines: for serial lines, simple terminals, braille and speech, and tests.

use std::io::{BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};

use super::{Ask, Check};
use crate::Error;

/// More items than this are not shown before somebody says what is looked for.
const SHOWN: usize = 40;

/// Asks by lines.
pub struct Plain<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Plain<R, W> {
    /// Asks on an output, and reads an input.
    pub fn new(input: R, output: W) -> Self {
        Self { input, output }
    }

    /// Returns the output.
    pub fn into_output(self) -> W {
        self.output
    }

    fn prompt(&mut self, text: &str) -> Result<String, Error> {
        let gone = |_| Error::Stopped;
        write!(self.output, "{text}").and_then(|()| self.output.flush()).map_err(gone)?;
        let mut line = String::new();
        // No line at all: nobody is there any more.
        if self.input.read_line(&mut line).map_err(gone)? == 0 {
            return Err(Error::Stopped);
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    fn number(&mut self, items: &[String], shown: &[usize], first: usize) -> Result<Found, Error> {
        for (number, at) in shown.iter().enumerate() {
            self.say(&format!("  {}) {}", number + 1, items[*at]))?;
        }
        let preset = shown.iter().position(|at| *at == first);
        let hint = preset.map(|at| format!(" [{}]", at + 1)).unwrap_or_default();
        let line = self.prompt(&format!("Number, or part of a name{hint}: "))?;
        let number = line.trim().parse::<usize>().ok().and_then(|each| each.checked_sub(1));
        match (number.and_then(|number| shown.get(number)), preset, line.trim()) {
            (Some(at), ..) => Ok(Found::One(*at)),
            (None, Some(at), "") => Ok(Found::One(shown[at])),
            (None, _, text) => Ok(Found::Part(text.to_lowercase())),
        }
    }
}

enum Found {
    One(usize),
    Part(String),
}

impl<R: BufRead, W: Write> Ask for Plain<R, W> {
    fn say(&mut self, text: &str) -> Result<(), Error> {
        writeln!(self.output, "{text}").map_err(|_| Error::Stopped)
    }

    fn select(&mut self, question: &str, items: &[String], first: usize) -> Result<usize, Error> {
        self.say(&format!("{question}:"))?;
        let all: Vec<usize> = (0..items.len()).collect();
        let mut shown = if items.len() > SHOWN { vec![first] } else { all.clone() };
        loop {
            match self.number(items, &shown, first)? {
                Found::One(at) => return Ok(at),
                Found::Part(text) => {
                    let has = |at: &usize| items[*at].to_lowercase().contains(&text);
                    let found: Vec<usize> = all.iter().copied().filter(has).take(SHOWN).collect();
                    if found.is_empty() {
                        self.say("Nothing of that name.")?;
                    } else {
                        shown = found;
                    }
                }
            }
        }
    }

    fn text(&mut self, question: &str, preset: &str, check: Check<'_>) -> Result<String, Error> {
        let hint = if preset.is_empty() { String::new() } else { format!(" [{preset}]") };
        loop {
            let line = self.prompt(&format!("{question}{hint}: "))?;
            let line = if line.is_empty() { preset.to_owned() } else { line };
            match check(&line) {
                Ok(()) => return Ok(line),
                Err(why) => self.say(&format!("  {why}"))?,
            }
        }
    }

    fn secret(&mut self, question: &str) -> Result<String, Error> {
        let _hidden = Hidden::begin();
        let line = self.prompt(&format!("{question}: "));
        self.say("")?;
        line
    }
}

/// While it is there, the terminal does not show what is typed.
struct Hidden(Option<rustix::termios::Termios>);

impl Hidden {
    fn begin() -> Self {
        let input = std::io::stdin();
        let before = isatty(&input).then(|| tcgetattr(&input).ok()).flatten();
        if let Some(mut now) = before.clone() {
            now.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(&input, OptionalActions::Flush, &now);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
