//! Compares values with the shape they must have: unknown keys, wrong types, words out of a
//! choice, missing keys and wrong formats. What is wrong is reported and left out.

mod known;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::format::{self, Verdict};
use crate::known_option;
use crate::manifest::DOWNLOAD;
use crate::secret::is_secret;
use crate::shape::{Kind, Shape, Spelling};
use crate::shared;
use crate::strength::Strength;
use crate::text::{Origin, Texts};
use crate::value::{Data, Key, Table, Value};

pub(crate) use known::did_you_mean;
pub use known::most_similar;
use known::unknown_key;

/// Checks values of one text.
pub(crate) struct ShapeCheck<'a> {
    /// The texts, to find paths relative to the text that has them.
    pub(crate) texts: &'a Texts,
    /// Where mistakes go.
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
    /// Whether values can merge with others: they may have a strength, and miss keys.
    pub(crate) merges: bool,
    /// Whether the text may name files of the build machine; a plugin's may not.
    pub(crate) names_files: bool,
}

impl ShapeCheck<'_> {
    /// Returns what is right of a value.
    pub(crate) fn value(&mut self, value: Value, shape: &Shape) -> Option<Value> {
        let Value { data, origin } = value;
        if let Some(strength) = Strength::of_table(&data).filter(|_| self.merges) {
            return self.strong(strength, data, shape).map(|data| Value { data, origin });
        }
        let found = Value { data: as_written(data, shape), origin };
        if !fits(&found.data, &shape.kind) {
            self.wrong_type(&found, shape);
            return None;
        }
        if let Some(diagnostic) = shared::secret(&found, shape, self.texts) {
            self.report(diagnostic);
            return None;
        }
        self.content(found, shape)
    }

    fn strong(&mut self, strength: Strength, data: Data, shape: &Shape) -> Option<Data> {
        let Data::Table(mut table) = data else { return None };
        let (key, value) = table.pop()?;
        let value = self.value(value, shape)?;
        if Strength::of_table(&value.data).is_some() {
            let message = format!("`{}` inside `{strength}`", value.as_table()?[0].0.name);
            self.report(Diagnostic::error("strength", message).at(&value.origin, ""));
            return None;
        }
        Some(Data::Table(vec![(key, value)]))
    }

    fn content(&mut self, value: Value, shape: &Shape) -> Option<Value> {
        let Value { data, origin } = value;
        let data = match (data, &shape.kind) {
            (Data::Table(table), Kind::Object { fields, required, spelling }) => {
                self.missing(&table, required, &origin);
                Data::Table(self.object(table, fields, spelling))
            }
            (Data::Table(table), Kind::Map { values, keys }) => {
                Data::Table(self.map(table, values, keys.as_deref()))
            }
            (Data::List(items), Kind::List(shape)) => Data::List(self.list(items, shape)),
            (Data::String(word), Kind::Choice(_)) => self.choice(word, shape, &origin)?,
            (Data::String(text), Kind::String(Some(format))) => {
                Data::String(self.format(text, format, &origin)?)
            }
            (Data::Integer(number), Kind::Integer(min, max)) => {
                self.integer(number, *min, *max, &origin)?
            }
            (data, _) => data,
        };
        Some(Value { data, origin })
    }

    fn object(
        &mut self,
        table: Table,
        fields: &BTreeMap<String, Shape>,
        spelling: &Spelling,
    ) -> Table {
        let known = |check: &mut Self, (key, value): (Key, Value)| {
            let known = fields
                .get_key_value(&key.name)
                .or_else(|| fields.get_key_value(spelling.known(&key.name, fields.keys())?));
            let Some((name, shape)) = known else {
                check.report(unknown_key(&key, fields.keys(), spelling));
                return None;
            };
            Some((Key { name: name.clone(), ..key }, check.value(value, shape)?))
        };
        table.into_iter().filter_map(|entry| known(self, entry)).collect()
    }

    fn missing(&mut self, table: &Table, required: &BTreeSet<String>, origin: &Origin) {
        let has = |name: &&String| table.iter().any(|(key, _)| key.name == **name);
        let missing: Vec<String> =
            required.iter().filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
        if !missing.is_empty() && !self.merges {
            let message = format!("{} is missing", missing.join(" and "));
            self.report(Diagnostic::error("missing-key", message).at(origin, ""));
        }
    }

    fn map(&mut self, table: Table, values: &Shape, keys: Option<&str>) -> Table {
        let entry = |(key, value): (Key, Value)| {
            if let Some(format) = keys {
                self.format(key.name.clone(), format, &key.origin)?;
            }
            let value = self.value(value, values)?;
            Some((key, value))
        };
        table.into_iter().filter_map(entry).collect()
    }

    fn list(&mut self, items: Vec<Value>, shape: &Shape) -> Vec<Value> {
        let mut whole = ShapeCheck { merges: false, diagnostics: &mut *self.diagnostics, ..*self };
        items.into_iter().filter_map(|item| whole.value(item, shape)).collect()
    }

    fn choice(&mut self, word: String, shape: &Shape, at: &Origin) -> Option<Data> {
        let Kind::Choice(words) = &shape.kind else { return None };
        if words.iter().any(|(known, _)| *known == word) {
            return Some(Data::String(word));
        }
        let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let message = format!("found \"{word}\", expected one of {}", known.join(", "));
        let diagnostic = Diagnostic::error("unknown-value", message).at(at, "");
        let same = words.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word));
        let meant = same.map_or(&word, |(known, _)| known);
        let near = did_you_mean(diagnostic, meant, words.iter().map(|(word, _)| word));
        let help = near.help.clone().or_else(|| shape.hint.clone());
        self.report(Diagnostic { help, ..near });
        None
    }

    fn integer(&mut self, number: i64, min: i64, max: i64, at: &Origin) -> Option<Data> {
        if (min..=max).contains(&number) {
            return Some(Data::Integer(number));
        }
        let message = format!("found {number}, expected an integer from {min} to {max}");
        self.report(Diagnostic::error("out-of-range", message).at(at, ""));
        None
    }

    fn format(&mut self, text: String, format: &str, at: &Origin) -> Option<String> {
        let verdict = match format {
            "local-path" => return self.local_path(&text, at),
            known_option::FORMAT => known_option::check(&text),
            format => format::check(format, &text),
        };
        let (severity, finding, kept) = match verdict {
            Verdict::Fine => return Some(text),
            Verdict::Same(other) => return Some(other),
            Verdict::Doubtful(finding) => (Severity::Warning, finding, Some(text)),
            Verdict::Alias(other, finding) => (Severity::Warning, finding, Some(other)),
            Verdict::Wrong(finding) => (Severity::Error, finding, None),
        };
        let diagnostic = Diagnostic::error(finding.code, finding.message).at(at, "");
        self.report(Diagnostic { severity, help: finding.help, ..diagnostic });
        kept
    }

    /// Returns a path of the build machine, which lies beside the text that names it; one of a download as it is.
    fn local_path(&mut self, path: &str, at: &Origin) -> Option<String> {
        let found = match self.names_files {
            true if path.starts_with(DOWNLOAD) => Ok(path.to_owned()),
            true => shared::named(&self.texts.get(at.text).name, path),
            false => {
                let message = "a plugin cannot name a file of the build machine";
                Err(Diagnostic::error("foreign-path", message))
            }
        };
        found.map_err(|diagnostic| self.report(diagnostic.at(at, ""))).ok()
    }

    fn wrong_type(&mut self, value: &Value, shape: &Shape) {
        let message = format!("found {}, expected {}", value.type_name(), shape.type_name());
        let mut diagnostic = Diagnostic::error("wrong-type", message).at(&value.origin, "");
        if let (Kind::List(_), Some(text)) = (&shape.kind, value.as_str()) {
            diagnostic = diagnostic.help(format!("write [\"{text}\"]"));
        }
        if let (Kind::Bool, Some(is)) = (&shape.kind, value.as_str().and_then(truth)) {
            diagnostic = diagnostic.help(format!("write {is}"));
        }
        if is_secret(shape) {
            let help = "write `{ env = \"NAME\" }`, `{ file = \"PATH\" }` or `{ plain = \"…\" }`";
            diagnostic = diagnostic.help(help);
        }
        let help = diagnostic.help.take().or_else(|| shape.hint.clone());
        self.report(Diagnostic { help, ..diagnostic });
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// Tells whether a value is of a kind.
fn fits(data: &Data, kind: &Kind) -> bool {
    matches!(
        (data, kind),
        (_, Kind::Any)
            | (Data::Table(_), Kind::Object { .. } | Kind::Map { .. })
            | (Data::List(_), Kind::List(_))
            | (Data::String(_), Kind::String(_) | Kind::Choice(_))
            | (Data::Bool(_), Kind::Bool)
            | (Data::Integer(_), Kind::Integer(..) | Kind::Number)
            | (Data::Float(_), Kind::Number)
    )
}

/// What a word says that is true or false.
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" => Some(true),
        "no" | "off" | "false" => Some(false),
        _ => None,
    }
}

/// Returns a number or a truth as the text that it stands for, where a program reads it as a word.
fn as_written(data: Data, shape: &Shape) -> Data {
    let text = |is: bool| Data::String(if is { "yes" } else { "no" }.to_owned());
    match (data, &shape.kind) {
        (Data::Bool(is), Kind::Choice(words)) if has(words, "yes") && has(words, "no") => text(is),
        (Data::Bool(is), Kind::String(Some(format))) if format::takes_scalars(format) => text(is),
        (Data::Integer(number), Kind::String(Some(format))) if format::takes_scalars(format) => {
            Data::String(number.to_string())
        }
        (data, _) => data,
    }
}

fn has(words: &[(String, String)], wanted: &str) -> bool {
    words.iter().any(|(word, _)| word == wanted)
}
