//! Matches a text with `*` and `?`, letters of either case being the same.

/// Tells whether a pattern matches the whole of a text: `*` is any text, `?` any one character.
#[must_use]
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let lower = |text: &str| text.trim().to_lowercase().chars().collect::<Vec<char>>();
    let (pattern, text) = (lower(pattern), lower(text));
    // reached[n]: the pattern so far matches the first n characters.
    let mut reached: Vec<bool> = (0..=text.len()).map(|at| at == 0).collect();
    for each in pattern {
        let before = reached.clone();
        for at in 0..reached.len() {
            reached[at] = match each {
                '*' => before[..=at].contains(&true),
                _ => at > 0 && before[at - 1] && (each == '?' || each == text[at - 1]),
            };
        }
    }
    reached[text.len()]
}
