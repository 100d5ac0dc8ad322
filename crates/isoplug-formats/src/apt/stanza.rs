//! Splits deb822 text into stanzas, and a stanza into its fields (deb822(5)).

/// Returns the stanzas of a text without the blank lines between them.
pub fn stanzas(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(|stanza| stanza.trim_matches('\n')).filter(|stanza| !stanza.is_empty())
}

/// Returns name and value of each field; a value of several lines keeps its line ends, and
/// lines that are no field or a comment are passed over.
pub fn fields(stanza: &str) -> Fields<'_> {
    Fields { rest: stanza }
}

/// Returns the value of the first field of this name, in any case.
pub fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    fields(stanza).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The fields of a stanza; made by [`fields`].
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (field, rest) = split_field(self.rest);
            self.rest = rest;
            match field.split_once(':') {
                Some((name, value)) if is_name(name) => return Some((name, value.trim())),
                _ => {}
            }
        }
        None
    }
}

/// Splits after the line and the lines that continue it, which begin with a space or a tab.
fn split_field(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(length) = text[from..].find('\n') {
        from += length + 1;
        if !matches!(bytes.get(from), Some(b' ' | b'\t')) {
            return (&text[..from - 1], &text[from..]);
        }
    }
    (text, "")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '-', ' ', '\t']) && !name.contains([' ', '\n'])
}
