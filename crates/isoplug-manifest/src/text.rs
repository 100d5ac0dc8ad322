//! Keeps every text that was read, so that a value can say where it was written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::conceal::concealed;

/// Names one text of [`Texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(usize);

/// The place of a key or value: a byte range of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The text it is in.
    pub text: TextId,
    /// The bytes it takes there.
    pub span: Range<usize>,
}

impl Origin {
    /// Returns what sorts origins by text and place.
    pub(crate) fn order(&self) -> (TextId, usize, usize) {
        (self.text, self.span.start, self.span.end)
    }
}

/// One text and the name to show for it: a path as the user wrote it, or `isoplug:minimal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The name to show.
    pub name: String,
    /// All of it.
    pub content: String,
}

/// Every text that took part in an evaluation, in the order of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    list: Vec<Text>,
    /// Names of keys whose values are secrets, beside those of the options.
    secrets: BTreeSet<String>,
}

impl Texts {
    /// Keeps a text and returns its id. Line ends become plain ones, so that those of an editor on
    /// Windows do not reach the files that a manifest writes; an escaped `\r` is not one of them.
    pub fn add(&mut self, name: impl Into<String>, content: impl Into<String>) -> TextId {
        let content = content.into().replace("\r\n", "\n");
        self.list.push(Text { name: name.into(), content });
        TextId(self.list.len() - 1)
    }

    /// Returns the text that [`Texts::add`] gave this id.
    ///
    /// # Panics
    ///
    /// When the id comes from another `Texts`.
    #[must_use]
    pub fn get(&self, id: TextId) -> &Text {
        &self.list[id.0]
    }

    /// Returns every text, in the order of reading.
    pub fn all(&self) -> impl Iterator<Item = &Text> {
        self.list.iter()
    }

    /// Returns a text as it may be drawn: each byte of a secret is a `*`, and places are where they were.
    ///
    /// # Panics
    ///
    /// As [`Texts::get`].
    #[must_use]
    pub fn shown(&self, id: TextId) -> String {
        concealed(&self.get(id).content, &self.secrets)
    }

    /// Takes the values of keys with these names for secrets, too.
    pub(crate) fn conceal(&mut self, names: BTreeSet<String>) {
        self.secrets.extend(names);
    }

    /// Returns line and column (both from 1, the column in characters) of the origin's start.
    #[must_use]
    pub fn position(&self, origin: &Origin) -> (usize, usize) {
        let content = &self.get(origin.text).content;
        let before = &content[..content.floor_char_boundary(origin.span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Writes an origin as `file:line:column`.
    #[must_use]
    pub fn place(&self, origin: &Origin) -> String {
        let (line, column) = self.position(origin);
        format!("{}:{line}:{column}", self.get(origin.text).name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_plain() {
        let mut texts = Texts::default();
        let text = texts.add("a.toml", "a = \"\"\"\r\n#!/bin/sh\r\n\"\"\"\r\n");
        assert_eq!(texts.get(text).content, "a = \"\"\"\n#!/bin/sh\n\"\"\"\n");
    }

    #[test]
    fn counts_lines_and_characters_from_one() {
        let mut texts = Texts::default();
        let text = texts.add("a.toml", "α = 1\nβγ = 2\n");
        let at = |needle| {
            let start = texts.get(text).content.find(needle).unwrap();
            texts.place(&Origin { text, span: start..start + 1 })
        };
        assert_eq!(at("1"), "a.toml:1:5");
        assert_eq!(at("2"), "a.toml:2:6");
    }
}
