//! Reads TOML text into a tree of values that know their places.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::text::{Origin, TextId, Texts};
use crate::value::{Data, Key, Table, Value};

/// Parses one text as a TOML document, with every syntax error as a diagnostic.
pub(crate) fn parse(texts: &Texts, text: TextId, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let content = &texts.get(text).content;
    let (document, errors) = DeTable::parse_recoverable(content);
    let mut reader = Reader { text, end: content.len(), diagnostics };
    for error in &errors {
        let origin = reader.origin(error.span().unwrap_or(0..0));
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        reader.diagnostics.push(helped(Diagnostic::error("syntax", message).at(&origin, "")));
    }
    let origin = reader.origin(0..content.len());
    let data = Data::Table(reader.table(document.into_inner()));
    Value { data, origin }
}

/// TOML closes an inline table for good; people expect to add to it further down.
fn helped(diagnostic: Diagnostic) -> Diagnostic {
    if !diagnostic.message.contains("inline table with a dotted key") {
        return diagnostic;
    }
    diagnostic.help("TOML cannot add to `a = { b = 1 }` further down; write it as `a.b = 1`")
}

struct Reader<'a> {
    text: TextId,
    end: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn origin(&self, span: std::ops::Range<usize>) -> Origin {
        let start = span.start.min(self.end);
        Origin { text: self.text, span: start..span.end.clamp(start, self.end) }
    }

    fn table(&mut self, table: DeTable<'_>) -> Table {
        let mut entries: Table = table
            .into_iter()
            .map(|(key, value)| {
                let origin = self.origin(key.span());
                let key = Key { name: key.into_inner().into_owned(), origin };
                (key, self.value(value))
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.origin.span.start);
        entries
    }

    fn value(&mut self, value: Spanned<DeValue<'_>>) -> Value {
        let origin = self.origin(value.span());
        let data = match value.into_inner() {
            DeValue::String(text) => Data::String(text.into_owned()),
            DeValue::Integer(number) => Data::Integer(
                self.number(i64::from_str_radix(number.as_str(), number.radix()), &origin),
            ),
            DeValue::Float(number) => Data::Float(self.number(number.as_str().parse(), &origin)),
            DeValue::Boolean(flag) => Data::Bool(flag),
            DeValue::Datetime(datetime) => Data::Datetime(datetime.to_string()),
            DeValue::Array(items) => {
                Data::List(items.into_iter().map(|item| self.value(item)).collect())
            }
            DeValue::Table(table) => Data::Table(self.table(table)),
        };
        Value { data, origin }
    }

    fn number<T: Default, E>(&mut self, number: Result<T, E>, origin: &Origin) -> T {
        number.unwrap_or_else(|_| {
            let message = "this number does not fit into 64 bits";
            self.diagnostics.push(Diagnostic::error("syntax", message).at(origin, ""));
            T::default()
        })
    }
}
