//! Looks at the texts of answers that become parts of files and paths.

use super::{Answers, Fault, User, is_password_hash};

/// A field, its text, what is right, and how that is told.
type Check<'a> = (&'a str, &'a Option<String>, fn(&str) -> bool, &'a str);

impl Answers {
    /// Returns what is wrong with its texts.
    pub(crate) fn text_faults(&self, at: &str) -> Vec<Fault> {
        let checks: [Check; 4] = [
            ("hostname", &self.hostname, is_hostname, "expected letters, digits and `-`"),
            ("locale", &self.locale, is_word, "expected a locale such as `de_DE.UTF-8`"),
            (
                "keymap",
                &self.keymap,
                is_word,
                "expected a keyboard such as `de` or `de:nodeadkeys`",
            ),
            ("timezone", &self.timezone, is_word, "expected a time zone such as `Europe/Berlin`"),
        ];
        let given = checks.into_iter().filter_map(|(field, text, is_right, expected)| {
            let text = text.as_deref().filter(|text| !is_right(text))?;
            Some(Fault::new(format!("{at}.{field}"), &format!("{expected}, found `{text}`")))
        });
        given.collect()
    }
}

/// Tells whether a text is a host name; it may have `{serial}` and `{mac}` in it.
#[must_use]
pub fn is_hostname(text: &str) -> bool {
    let text = text.replace("{serial}", "s").replace("{mac}", "m");
    let is_part = |each: char| each.is_ascii_alphanumeric() || "-.".contains(each);
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(is_part)
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
}

/// Tells whether a text can be part of a path and of a line of a shell's settings.
fn is_word(text: &str) -> bool {
    let is_part = |each: char| each.is_ascii_alphanumeric() || "-_.@:,+/".contains(each);
    !text.is_empty()
        && text.chars().all(is_part)
        && text.split('/').all(|part| !part.is_empty() && part != "..")
}

/// Tells whether a text can be the name of a user.
#[must_use]
pub fn is_user_name(text: &str) -> bool {
    let is_part =
        |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || "-_".contains(each);
    let begins = text.starts_with(|each: char| each.is_ascii_lowercase() || each == '_');
    begins && text.chars().all(is_part) && text.len() <= 32
}

impl User {
    /// Returns what is wrong with it.
    pub(crate) fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !is_user_name(&self.name) {
            let text = "expected small letters, digits, `-` and `_`, found";
            faults.push(Fault::new(format!("{at}.name"), &format!("{text} `{}`", self.name)));
        }
        if self.password.as_deref().is_some_and(|password| !is_password_hash(password)) {
            let text = "expected a hash, as `mkpasswd` prints it; others could read a password in plain text";
            faults.push(Fault::new(format!("{at}.password"), text));
        }
        if self.full_name.contains([':', '\n', ',']) {
            let text = "a full name cannot have a colon, a comma or a line end";
            faults.push(Fault::new(format!("{at}.full-name"), text));
        }
        if self.authorized_keys.iter().any(|key| key.contains('\n')) {
            let text = "expected one key in each text";
            faults.push(Fault::new(format!("{at}.authorized-keys"), text));
        }
        faults
    }
}
