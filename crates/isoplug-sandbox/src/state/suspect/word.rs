//! Finds words that nobody chose: UUIDs, hashes of passwords, passwords, cookies.
//!
//! A random word changes between capitals, small letters and digits far more often than names do.

use super::entropy;

/// How hashes of passwords begin (crypt(5), and LDAP's forms).
const HASHES: [&str; 10] =
    ["$1$", "$5$", "$6$", "$y$", "$gy$", "$7$", "$2a$", "$2b$", "{SSHA}", "{CRYPT}"];

/// Whether a text holds the hash of a password.
pub(super) fn has_password_hash(text: &str) -> bool {
    HASHES.iter().any(|start| {
        text.match_indices(start).any(|(at, _)| {
            let rest = &text[at + start.len()..];
            let is_part = |c: char| c.is_ascii_alphanumeric() || "./$+=".contains(c);
            rest.find(|c| !is_part(c)).unwrap_or(rest.len()) >= 20
        })
    })
}

/// Whether a text holds a UUID of version 1 or 4 (RFC 9562), made of the time or of random numbers.
pub(super) fn has_uuid(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    text.split(|c| !is_part(c)).any(is_uuid)
}

fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    let bytes = word.as_bytes();
    lengths.eq([8, 4, 4, 4, 12]) && b"14".contains(&bytes[14]) && b"89abAB".contains(&bytes[19])
}

/// Whether a text names a machine.
pub(super) fn has_name(text: &str, name: &str) -> bool {
    let mut found = text.match_indices(name);
    let part = |c: char| c.is_alphanumeric() || "-_/+".contains(c);
    found.any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// Words that look random and are the same everywhere: what marks a folder as a cache.
const FAMOUS: [&str; 1] = ["8a477f597d28d172789f06886806bc55"];

/// Whether a text has a word that looks random.
pub(super) fn has_random_word(text: &str) -> bool {
    is_lone_word(text.trim()) || text.lines().any(has_random_word_in_line)
}

/// A file of nothing but one word: what cookies and identities are kept in.
fn is_lone_word(text: &str) -> bool {
    let is_word =
        (16..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_wild = is_mixed(text) || is_random(text, 16, true) || most_without_vowel(text) >= 6;
    is_word && is_wild && entropy(text.as_bytes()) >= 3.0 && !is_ordered(text)
}

/// Returns how many characters follow each other of which none is a vowel: in words, few.
fn most_without_vowel(text: &str) -> usize {
    let parts = text.split(|c: char| "aeiouAEIOU".contains(c));
    parts.map(str::len).max().unwrap_or_default()
}

fn has_random_word_in_line(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let of_secret = ["pass", "pwd", "secret", "key", "cookie", "token", "initiatorname", "uuid"]
        .iter()
        .any(|word| lower.contains(word));
    let shortest = if of_secret { 12 } else { 20 };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+=".contains(c);
    line.split(|c| !is_part(c)).any(|word| is_random(word.trim_matches('='), shortest, of_secret))
        // Base64 with its slashes; without, a path.
        || of_secret && line.split(|c: char| !is_part(c) && c != '/').any(is_base64)
}

fn is_base64(word: &str) -> bool {
    let bare = word.trim_end_matches('=');
    word.len().is_multiple_of(4) && word.len() >= 16 && !word.starts_with('/') && is_mixed(bare)
}

fn is_random(word: &str, shortest: usize, of_secret: bool) -> bool {
    if word.len() < shortest || word.len() > 512 || FAMOUS.contains(&word) {
        return false;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_hex =
        word.bytes().all(|byte| byte.is_ascii_hexdigit()) && digits > 0 && digits < word.len();
    let long = if of_secret { 12 } else { 32 };
    is_hex && word.len() >= long && entropy(word.as_bytes()) >= 2.5 && !is_ordered(word)
        || is_mixed(word)
}

/// Whether capitals, small letters and digits come in a wild order.
fn is_mixed(word: &str) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let classes: Vec<u8> = word.bytes().map(class).collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let has = |wanted: u8| classes.contains(&wanted);
    word.len() >= 12 && has(0) && has(1) && has(2) && changes * 100 >= (word.len() - 1) * 42
}

/// Whether most characters follow the one before them, as in an alphabet.
fn is_ordered(text: &str) -> bool {
    let bytes = text.as_bytes();
    let next = bytes.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count();
    next * 2 > bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        assert!(has_name("dc_other_hostnames='isoplug'", "isoplug"));
        assert!(has_name("@isoplug.example.org", "isoplug"));
        assert!(!has_name("/run/isoplug/x isoplug-live isoplugs", "isoplug"));
    }

    #[test]
    fn names_of_things_are_not_random() {
        for text in [
            "Gtk4LayerShellSurfaceProtocolVersion2",
            "lib/x86_64/libQt6WaylandCompositor",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "Signature: 8a477f597d28d172789f06886806bc55",
            "key=TRUSTED_KEYRING_FOLDER_OF_APT",
            "keyboard-configuration/xkb-keymap",
            "0123456789abcdef0123456789abcdef",
            "KEYMAP=/usr/share/keymaps/i386/qwerty/us.kmap.gz",
        ] {
            assert!(!has_random_word(text), "{text}");
        }
    }
}
