//! Text of others, and what of it may reach a terminal, a page or a log.
//!
//! Control characters move the cursor, rename the window or fill the clipboard; format characters turn the
//! direction of a line, so that it reads other than it is (CWE-150, CVE-2021-42574). Knows no terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value as Json;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Says whether a text is one line of characters that show as what they are.
#[must_use]
pub fn is_plain_line(text: &str) -> bool {
    !text.contains(is_special)
}

/// Says whether a text is lines of characters that show as what they are; tabs may be in it.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.contains(|each| is_special(each) && !matches!(each, '\n' | '\t'))
}

/// Returns where in a document the first name or text is that [`is_plain`] refuses: `requests.files[0]`.
#[must_use]
pub fn unplain(document: &Json) -> Option<String> {
    match document {
        Json::String(text) => (!is_plain(text)).then(String::new),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| unplain(item).map(|rest| format!("[{index}]{rest}"))),
        Json::Object(table) => table.iter().find_map(|(name, value)| {
            let found = if is_plain(name) { unplain(value)? } else { String::new() };
            Some(format!(".{}{found}", shown(name)))
        }),
        _ => None,
    }
}

/// Returns a text of others as it may be shown: each character that would do something else than show
/// becomes its escape, `\u{1b}`. Lines and tabs stay.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for each in text.chars() {
        match each {
            '\n' | '\t' => shown.push(each),
            // Programs end lines so on terminals; nothing is lost that could be seen.
            '\r' => {}
            each if is_special(each) => {
                // Writing to a string has no way to fail.
                let _ = write!(shown, "{}", each.escape_unicode());
            }
            each => shown.push(each),
        }
    }
    Cow::Owned(shown)
}

/// Returns a text of others as it may be shown within a line: ends of lines become escapes, too.
#[must_use]
pub fn shown_line(text: &str) -> Cow<'_, str> {
    match shown(text) {
        text if text.contains('\n') => Cow::Owned(text.replace('\n', "\\n")),
        text => text,
    }
}

/// Returns a document in JSON with such characters as escapes of JSON: they stand in its texts alone.
#[must_use]
pub fn escaped(json: &str) -> Cow<'_, str> {
    if is_plain(json) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 8);
    for each in json.chars() {
        if is_special(each) && !matches!(each, '\n' | '\t' | '\r') {
            for unit in each.encode_utf16(&mut [0; 2]) {
                // Writing to a string has no way to fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(each);
        }
    }
    Cow::Owned(escaped)
}

/// Controls (Cc), formats (Cf), and the two separators that end a line (Zl, Zp).
fn is_special(each: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    let special = [Control, Format, LineSeparator, ParagraphSeparator];
    !matches!(each, ' '..='~') && special.contains(&each.general_category())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_of_a_document_that_hides_something_is_named() {
        let of = |document| unplain(&document).unwrap_or_default();
        assert_eq!(of(serde_json::json!({ "a": ["x", { "b": "\u{1b}c" }] })), ".a[1].b");
        assert_eq!(of(serde_json::json!({ "a\u{202e}": 1 })), ".a\\u{202e}");
        assert_eq!(of(serde_json::json!({ "a": "lines\nand\ttabs", "b": [1, null] })), "");
    }

    #[test]
    fn a_name_stays_within_its_line() {
        assert_eq!(shown_line("a\nb\u{1b}"), "a\\nb\\u{1b}");
        assert_eq!(shown_line("plain"), "plain");
    }

    #[test]
    fn escapes_of_json_are_read_back_as_what_they_were() {
        let document = Json::from("a\u{202e}b\u{9b}c\u{e0041}d\u{1b}e\nf");
        let text = document.to_string();
        assert!(is_plain_line(&escaped(&text)), "{text:?}");
        assert_eq!(serde_json::from_str::<Json>(&escaped(&text)).unwrap(), document);
    }

    #[test]
    fn what_does_not_show_is_escaped() {
        assert_eq!(shown("ok\tfine\nßé→日本"), "ok\tfine\nßé→日本");
        assert_eq!(shown("\u{1b}[2J\u{7}"), "\\u{1b}[2J\\u{7}");
        assert_eq!(shown("a\r\nb"), "a\nb");
        // C1 controls, bidirectional overrides and isolates, zero width, tags.
        for each in
            ['\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{e0041}', '\u{2028}', '\u{7f}']
        {
            let text = format!("a{each}b");
            assert!(!is_plain(&text) && !is_plain_line(&text), "{each:?}");
            assert!(is_plain_line(&shown(&text)), "{each:?}");
        }
        assert!(is_plain("a\nb") && !is_plain_line("a\nb") && !is_plain_line("a\tb"));
    }
}
