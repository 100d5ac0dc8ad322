//! Writes JSON in one way only, so that equal documents have equal digests and signatures.
//!
//! No white space, members sorted by name, strings as RFC 8259 with the fewest escapes. For
//! documents without fractions this is the form of RFC 8785.

use serde_json::Value;

/// Writes a document.
#[must_use]
pub fn canonical(document: &Value) -> String {
    let mut text = String::new();
    write(document, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => list(text, '[', items, ']', write),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            list(text, '{', &members, '}', |(name, value), text| {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            });
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn list<T>(
    text: &mut String,
    open: char,
    items: &[T],
    close: char,
    each: impl Fn(&T, &mut String),
) {
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        each(item, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use serde_json::{Value, json};

    #[test]
    fn one_form() {
        let text = r#" {"b": [1, {"z":null ,"a":true}], "a\u00e9": "\u0001é\n\"", "a": {}} "#;
        let document: Value = serde_json::from_str(text).unwrap();
        let written = canonical(&document);
        assert_eq!(written, r#"{"a":{},"aé":"\u0001é\n\"","b":[1,{"a":true,"z":null}]}"#);
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), document);
        assert_eq!(canonical(&json!([])), "[]");
    }
}
