//! Finds secrets in files: private keys, tokens of known shapes, passwords of programs.
//!
//! The shapes are the table `secrets/rules.toml`. Tells which rule and which line, never what stands there. Knows no stage.

use std::sync::LazyLock;

use glob::Pattern;
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The table of rules.
pub const TABLE: &str = include_str!("secrets/rules.toml");

/// How much of a file is looked at, in bytes.
pub const MOST: u64 = 16 << 20;

/// A token has at least so many different characters; examples repeat one.
const DIFFERENT: usize = 8;

/// A secret in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Found {
    /// The rule's name.
    pub rule: String,
    /// What it is, to follow "holds".
    pub what: String,
    /// The line, if the file is a text and not itself the secret.
    pub line: Option<u64>,
}

/// One rule of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    what: String,
    #[serde(rename = "from")]
    _from: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    regex: Option<String>,
    #[serde(default)]
    files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rule: Vec<Row>,
}

struct Rule {
    row: Row,
    regex: Option<Regex>,
    files: Vec<Vec<Pattern>>,
}

struct Rules {
    rules: Vec<Rule>,
    /// Any keyword: most files have none, and are done with after it.
    keywords: Regex,
}

/// A table that cannot be read finds nothing; a test holds that it can.
static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| Rules::read(TABLE));

/// Returns the secrets of a file, each rule once; `path` has no slash at its start.
#[must_use]
pub fn scan(path: &str, bytes: &[u8]) -> Vec<Found> {
    RULES.as_ref().map_or_else(Vec::new, |rules| rules.scan(path, bytes))
}

impl Rules {
    fn read(text: &str) -> Option<Self> {
        let rows = toml::from_str::<Table>(text).ok()?.rule;
        let keywords: Vec<String> = rows
            .iter()
            .flat_map(|row| &row.keywords)
            .map(|keyword| regex::escape(keyword))
            .collect();
        let rules = rows.into_iter().map(Rule::new).collect::<Option<Vec<_>>>()?;
        Some(Self { rules, keywords: built(&keywords.join("|"))? })
    }

    fn scan(&self, path: &str, bytes: &[u8]) -> Vec<Found> {
        if bytes.is_empty() {
            return Vec::new();
        }
        let has_keyword = self.keywords.is_match(bytes);
        let found = self.rules.iter().filter_map(|rule| {
            let is_worth_it = rule.row.keywords.is_empty() || has_keyword;
            let at = (is_worth_it && rule.is_for(path)).then(|| rule.find(bytes))??;
            let line = at.filter(|_| is_text(bytes)).map(|at| line_of(bytes, at));
            Some(Found { rule: rule.row.id.clone(), what: rule.row.what.clone(), line })
        });
        found.collect()
    }
}

fn built(regex: &str) -> Option<Regex> {
    RegexBuilder::new(regex).unicode(false).build().ok()
}

impl Rule {
    fn new(row: Row) -> Option<Self> {
        let regex = match &row.regex {
            Some(regex) => Some(built(regex)?),
            None => None,
        };
        let ends = |end: &String| end.split('/').map(|part| Pattern::new(part).ok()).collect();
        let files = row.files.iter().map(ends).collect::<Option<Vec<_>>>()?;
        Some(Self { row, regex, files })
    }

    /// Tells whether it is for a file: each part of a pattern is one of the path, from the end.
    fn is_for(&self, path: &str) -> bool {
        let ends = |end: &Vec<Pattern>| {
            let mut parts = path.rsplit('/');
            end.iter().rev().all(|part| parts.next().is_some_and(|found| part.matches(found)))
        };
        self.files.is_empty() || self.files.iter().any(ends)
    }

    /// Returns where the first secret begins; nothing where the file is the secret.
    fn find(&self, bytes: &[u8]) -> Option<Option<usize>> {
        let Some(regex) = &self.regex else { return Some(None) };
        let mut all = regex.captures_iter(bytes).filter(is_real);
        all.next().map(|found| found.get(0).map(|whole| whole.start()))
    }
}

/// Tells a secret from what stands for one in examples.
fn is_real(found: &Captures<'_>) -> bool {
    let group = |name| found.name(name).map(|group| group.as_bytes());
    group("token").is_none_or(looks_random) && group("password").is_none_or(is_no_example)
}

fn looks_random(token: &[u8]) -> bool {
    let mut seen = [false; 256];
    token.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let has = |text: &[u8]| token.windows(text.len()).any(|part| part == text);
    different >= DIFFERENT && !has(b"EXAMPLE") && !has(b"xxxx") && !has(b"XXXX")
}

fn is_no_example(password: &[u8]) -> bool {
    const WORDS: [&str; 12] = [
        "password",
        "passwd",
        "pass",
        "passphrase",
        "secret",
        "changeme",
        "change-me",
        "example",
        "token",
        "xxx",
        "xxxx",
        "none",
    ];
    let text = String::from_utf8_lossy(password).to_lowercase();
    let stands_for = text.starts_with(['$', '<', '{', '%', '*', '[', '!', '@'])
        || text.bytes().all(|byte| byte == b'*' || byte == b'x' || byte == b'.');
    !stands_for && !WORDS.contains(&text.trim_end_matches([',', ';', '"', '\'']))
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(8192)].contains(&0)
}

fn line_of(bytes: &[u8], at: usize) -> u64 {
    // A match may begin with the line end before it.
    let begin = bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    bytes[..at + begin].iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

#[cfg(test)]
mod tests;
