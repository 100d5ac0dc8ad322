//! Plain text out of what a serial port gets, which is meant for a terminal.

/// Drops what drives a terminal: escape sequences, carriage returns, other control characters, and
/// what is no UTF-8 (the frames that firmware draws). Where the cursor is moved, a line ends.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                if skip_sequence(&mut characters) && !plain.ends_with('\n') {
                    plain.push('\n');
                }
            }
            '\n' | '\t' => plain.push(character),
            char::REPLACEMENT_CHARACTER => {}
            character if character.is_control() => {}
            character => plain.push(character),
        }
    }
    plain
}

/// ECMA-48: `ESC [` parameters final; `ESC ]` or `ESC P` up to BEL or `ESC \`; else intermediates
/// and one final character. Returns whether it was `ESC [ … H`, which moves the cursor.
fn skip_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    match characters.peek() {
        Some('[') => {
            characters.next();
            characters.find(|character| ('@'..='~').contains(character)) == Some('H')
        }
        Some(']' | 'P') => {
            characters.find(|&character| matches!(character, '\u{7}' | '\u{1b}'));
            characters.next_if_eq(&'\\');
            false
        }
        _ => {
            characters.find(|character| !(' '..='/').contains(character));
            false
        }
    }
}
