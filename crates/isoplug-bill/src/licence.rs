//! What the copyright file of a package says, as expressions of SPDX.
//!
//! Reads the machine-readable form (copyright-format 1.0). Only words that its own table of short names has become
//! identifiers of SPDX's list; every other word is `LicenseRef-Debian-WORD` with the text that the file gives for it.
//! A file of another form says nothing here: nobody guesses.

mod expression;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::stanza;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use expression::Expression;

/// Under which licences a package is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Licence {
    /// The expression; none where the file is not machine-readable, or there is none.
    pub expression: Option<String>,
    /// The identifiers in it, each once, sorted.
    pub words: Vec<String>,
    /// The texts of those that begin with `LicenseRef-`, by identifier; some have none.
    pub texts: BTreeMap<String, String>,
    /// The SHA-256 of the copyright file; empty if there is none.
    pub sha256: String,
}

/// Reads a copyright file.
#[must_use]
pub fn read(copyright: &[u8]) -> Licence {
    let sha256 = crate::hex(&Sha256::digest(copyright));
    let text = String::from_utf8_lossy(copyright).replace("\r\n", "\n");
    let paragraphs: Vec<&str> = stanzas(&text);
    let is_readable =
        paragraphs.first().is_some_and(|first| stanza::field(first, "Format").is_some());
    if !is_readable {
        return Licence { sha256, ..Licence::default() };
    }
    let (parts, mut texts) = said(&paragraphs);
    let expression = Expression::all(parts);
    let words: BTreeSet<String> = expression.iter().flat_map(Expression::words).collect();
    texts.retain(|id, _| words.contains(id));
    let expression = expression.map(|expression| expression.to_string());
    Licence { expression, words: words.into_iter().collect(), texts, sha256 }
}

/// Returns what files are under, and the texts of words that SPDX's list does not have.
fn said(paragraphs: &[&str]) -> (Vec<Expression>, BTreeMap<String, String>) {
    let (mut parts, mut texts) = (Vec::new(), BTreeMap::new());
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let Some(licence) = stanza::field(paragraph, "License") else { continue };
        let (synopsis, rest) = licence.split_once('\n').unwrap_or((licence, ""));
        if index == 0 || stanza::field(paragraph, "Files").is_some() {
            parts.extend(expression::parse(synopsis));
        }
        note_text(synopsis, rest, &mut texts);
    }
    (parts, texts)
}

/// Splits at lines with nothing but spaces, too: people write them.
fn stanzas(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            all.push(text[start..at].trim_matches('\n'));
            start = at + line.len();
        }
        at += line.len();
    }
    all.push(text[start..].trim_matches('\n'));
    all.retain(|stanza| !stanza.trim().is_empty());
    all
}

/// Keeps the text of a licence of one word that SPDX's list does not have.
fn note_text(synopsis: &str, text: &str, texts: &mut BTreeMap<String, String>) {
    let Some(Expression::Word(id)) = expression::parse(synopsis) else { return };
    if text.trim().is_empty() || !id.starts_with(words::OTHER) || texts.contains_key(&id) {
        return;
    }
    let line = |line: &str| match line.trim() {
        "." => String::new(),
        _ => line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned(),
    };
    texts.insert(id, text.lines().map(line).collect::<Vec<_>>().join("\n"));
}

#[cfg(test)]
mod tests;
