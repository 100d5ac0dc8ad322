//! Questions with arrow keys, on a terminal that can move its cursor; typing shortens a list.

use console::{Key, Term, style};

use super::{Ask, Check};
use crate::Error;

/// Lines of a list that are shown at a time.
const SHOWN: usize = 12;

/// Asks with arrow keys.
pub struct Keys(Term);

impl Keys {
    /// Asks on the terminal.
    #[must_use]
    pub fn new() -> Self {
        Self(Term::stdout())
    }

    /// Draws the items that have the text, and returns how many lines that took.
    fn draw(&self, items: &[String], state: &List) -> Result<usize, Error> {
        let first = state.at.saturating_sub(SHOWN / 2).min(state.found.len().saturating_sub(SHOWN));
        let width = usize::from(self.0.size().1).saturating_sub(3);
        let mut lines = 1;
        self.line(&format!("{} {}", style(&state.question).bold(), state.typed))?;
        for (place, at) in state.found.iter().enumerate().skip(first).take(SHOWN) {
            let item: String = items[*at].chars().take(width).collect();
            let is_it = place == state.at;
            self.line(&match is_it {
                true => format!("{} {}", style(">").cyan(), style(item).cyan()),
                false => format!("  {item}"),
            })?;
            lines += 1;
        }
        Ok(lines)
    }

    fn line(&self, text: &str) -> Result<(), Error> {
        self.0.write_line(text).map_err(|_| Error::Stopped)
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

/// A list, where somebody is in it, and what was typed.
struct List {
    question: String,
    typed: String,
    found: Vec<usize>,
    at: usize,
}

impl List {
    fn search(&mut self, items: &[String]) {
        let text = self.typed.to_lowercase();
        let has = |at: &usize| items[*at].to_lowercase().contains(&text);
        self.found = (0..items.len()).filter(has).collect();
        self.at = 0;
    }

    /// Takes a key; returns what was chosen.
    fn key(&mut self, key: &Key, items: &[String]) -> Option<usize> {
        let last = self.found.len().saturating_sub(1);
        match key {
            Key::ArrowUp => self.at = self.at.checked_sub(1).unwrap_or(last),
            Key::ArrowDown => self.at = if self.at >= last { 0 } else { self.at + 1 },
            Key::PageUp => self.at = self.at.saturating_sub(SHOWN),
            Key::PageDown => self.at = (self.at + SHOWN).min(last),
            Key::Enter => return self.found.get(self.at).copied(),
            Key::Backspace => {
                self.typed.pop();
                self.search(items);
            }
            Key::Char(each) if !each.is_control() => {
                self.typed.push(*each);
                self.search(items);
            }
            _ => {}
        }
        None
    }
}

impl Ask for Keys {
    fn say(&mut self, text: &str) -> Result<(), Error> {
        self.line(text)
    }

    fn select(&mut self, question: &str, items: &[String], first: usize) -> Result<usize, Error> {
        let (question, found) = (format!("{question}:"), (0..items.len()).collect());
        let mut list = List { question, typed: String::new(), found, at: first };
        loop {
            let lines = self.draw(items, &list)?;
            let key = self.0.read_key().map_err(|_| Error::Stopped)?;
            self.0.clear_last_lines(lines).map_err(|_| Error::Stopped)?;
            if let Some(chosen) = list.key(&key, items) {
                self.line(&format!("{} {}", style(&list.question).bold(), items[chosen]))?;
                return Ok(chosen);
            }
        }
    }

    fn text(&mut self, question: &str, preset: &str, check: Check<'_>) -> Result<String, Error> {
        let hint = if preset.is_empty() { String::new() } else { format!(" [{preset}]") };
        loop {
            let prompt = format!("{}{hint}: ", style(question).bold());
            self.0.write_str(&prompt).map_err(|_| Error::Stopped)?;
            let line = self.0.read_line().map_err(|_| Error::Stopped)?;
            let line = if line.is_empty() { preset.to_owned() } else { line };
            match check(&line) {
                Ok(()) => return Ok(line),
                Err(why) => self.line(&format!("  {}", style(why).red()))?,
            }
        }
    }

    fn secret(&mut self, question: &str) -> Result<String, Error> {
        self.0.write_str(&format!("{}: ", style(question).bold())).map_err(|_| Error::Stopped)?;
        self.0.read_secure_line().map_err(|_| Error::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_and_letters_search() {
        let items: Vec<String> = ["Berlin", "Paris", "Bern"].map(str::to_owned).to_vec();
        let found = (0..3).collect();
        let mut list = List { question: String::new(), typed: String::new(), found, at: 0 };
        assert_eq!(list.key(&Key::ArrowUp, &items), None);
        assert_eq!(list.key(&Key::Enter, &items), Some(2));
        for each in "ber".chars() {
            list.key(&Key::Char(each), &items);
        }
        assert_eq!(list.found, [0, 2]);
        list.key(&Key::ArrowDown, &items);
        assert_eq!(list.key(&Key::Enter, &items), Some(2));
        list.key(&Key::Char('x'), &items);
        assert_eq!(list.key(&Key::Enter, &items), None);
        list.key(&Key::Backspace, &items);
        assert_eq!(list.key(&Key::Enter, &items), Some(0));
    }
}
