//! Which bytes of a text are secrets, so that nothing that is drawn of it shows one.
//!
//! Goes by the names of keys, wherever they stand: a secret under a key that is mistyped or in the wrong table is
//! drawn as well, and is one all the same. Hides too much rather than too little.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::parts::Options;
use crate::secret::is_secret;
use crate::shape::{Kind, Shape};

/// Returns a text with `*` for each byte of a secret, so that places in it stay where they are.
pub(crate) fn concealed(content: &str, more: &BTreeSet<String>) -> String {
    let (document, errors) = DeTable::parse_recoverable(content);
    let mut search = Search { content, more, found: Vec::new() };
    search.table(document.get_ref(), false);
    if !errors.is_empty() {
        search.behind_keys();
    }
    search.users_of_addresses();
    let mut bytes = content.as_bytes().to_vec();
    for span in search.found {
        let secret = bytes.get_mut(span).unwrap_or_default().iter_mut();
        secret.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the names of the keys whose values are secrets.
pub(crate) fn names(shape: &Shape) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(shape, &mut found);
    found
}

fn collect(shape: &Shape, found: &mut BTreeSet<String>) {
    match &shape.kind {
        Kind::Object { fields, .. } => {
            for (name, field) in fields {
                // What is given as a table of its own may be written as the secret by mistake.
                if field.secret || is_secret(field) {
                    found.insert(name.clone());
                }
                collect(field, found);
            }
        }
        Kind::Map { values: inner, .. } | Kind::List(inner) => collect(inner, found),
        _ => {}
    }
}

struct Search<'a> {
    content: &'a str,
    /// Names beside those of the options.
    more: &'a BTreeSet<String>,
    found: Vec<Range<usize>>,
}

impl Search<'_> {
    fn table(&mut self, table: &DeTable<'_>, secret: bool) {
        for (key, value) in table {
            let secret = secret || self.is_secret(key.get_ref());
            self.value(value, secret);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, secret: bool) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, secret),
            DeValue::Array(items) => items.iter().for_each(|item| self.value(item, secret)),
            _ if secret => self.found.push(self.unquoted(value.span())),
            _ => {}
        }
    }

    /// Leaves the quotes around a text.
    fn unquoted(&self, span: Range<usize>) -> Range<usize> {
        let text = self.content.get(span.clone()).unwrap_or_default();
        let is_quoted = |quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
        if is_quoted('"') || is_quoted('\'') { span.start + 1..span.end - 1 } else { span }
    }

    fn is_secret(&self, name: &str) -> bool {
        static OPTIONS: OnceLock<BTreeSet<String>> = OnceLock::new();
        let options = OPTIONS.get_or_init(|| names(Options::shape()));
        let name = name.to_lowercase();
        // A slip of the finger in every fourth letter.
        let is = |known: &String| strsim::osa_distance(&name, known) <= known.len() / 4;
        options.iter().chain(self.more).any(is)
    }

    /// What comes behind such a key in a text that is not TOML: the rest of its line, or a text of several lines.
    fn behind_keys(&mut self) {
        let is_word = |each: char| each.is_alphanumeric() || matches!(each, '_' | '-');
        let mut at = 0;
        for word in self.content.split_inclusive(|each| !is_word(each)) {
            let end = at + word.trim_end_matches(|each| !is_word(each)).len();
            if self.is_secret(&self.content[at..end]) {
                self.found.extend(self.assigned(end));
            }
            at += word.len();
        }
    }

    /// Returns what is assigned to a key that ends here, if something is.
    fn assigned(&self, end: usize) -> Option<Range<usize>> {
        let line = self.content[end..].lines().next()?;
        let (before, value) = line.split_once('=')?;
        let is_key = |each: char| each.is_alphanumeric() || "_-.\"' \t".contains(each);
        let start = end + before.len() + 1;
        let long = ["\"\"\"", "'''"].into_iter().find(|quotes| value.trim().starts_with(quotes));
        let stop = match long {
            Some(quotes) => {
                let open = start + self.content[start..].find(quotes)? + quotes.len();
                self.content[open..].find(quotes).map_or(self.content.len(), |close| open + close)
            }
            None => start + value.len(),
        };
        before.chars().all(is_key).then_some(start..stop)
    }

    /// Who asks a mirror, and with what password: `https://USER:PASSWORD@HOST/`.
    fn users_of_addresses(&mut self) {
        for (at, _) in self.content.match_indices("://") {
            let start = at + "://".len();
            let rest = &self.content[start..];
            let ends = |each: char| each.is_whitespace() || matches!(each, '/' | '"' | '\'' | ',');
            let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
            self.found.extend(authority.rfind('@').map(|user| start..start + user));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let shown = concealed(text, &BTreeSet::from(["pin".to_owned()]));
        assert_eq!(shown.len(), text.len(), "places move");
        shown
    }

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (text, expected) in [
            ("a.password = \"sesame\" # x", "a.password = \"******\" # x"),
            ("a = { user = \"me\", password = 'é' }", "a = { user = \"me\", password = '**' }"),
            ("hashed-password = { force = \"s\" }", "hashed-password = { force = \"*\" }"),
            (
                "[users.me.hashed-password]\nforce = \"s\"",
                "[users.me.hashed-password]\nforce = \"*\"",
            ),
            ("\"password\" = [\"a\", 12]", "\"password\" = [\"*\", **]"),
            ("password = \"\"\"a\nbc\"\"\"", "password = \"***\n****\""),
            ("pin = 1234", "pin = ****"),
            ("name = \"password\"", "name = \"password\""),
            ("password-authentication = true", "password-authentication = true"),
            ("mirrors = [\"https://u:p@h/a@b\"]", "mirrors = [\"https://***@h/a@b\"]"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_slip_of_the_finger_shows_nothing() {
        for key in ["pasword", "Password", "passwort", "hashed_password", "hashed-pasword"] {
            let shown = shown(&format!("[usr.me]\n{key} = \"sesame\""));
            assert!(!shown.contains("sesame"), "{shown}");
        }
    }

    #[test]
    fn what_is_not_toml_shows_nothing_either() {
        for text in [
            "password = \"sesame",
            "password = sesame",
            "x = { password = \"sesame\", ",
            "a.\"password\".force = \"sesame\nb = 1",
            "password = '''\nsesame\nb = 1",
            "= 1\npassword = \"\"\"\nsesame\"\"\"\nb = 1",
        ] {
            let shown = shown(text);
            assert!(!shown.contains("sesame") && shown.contains("password"), "{shown}");
        }
        assert_eq!(shown("[a\nname = \"x\""), "[a\nname = \"x\"");
    }
}
