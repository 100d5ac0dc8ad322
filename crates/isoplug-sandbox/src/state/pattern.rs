//! Patterns of paths, made so that most paths are told apart by their folder alone.
//!
//! `/etc/x/*_key`: files of a folder (`*`, `?` and `[]` stand for no slash). `/var/lib/x/**`: all
//! below a folder, folders too.

use std::collections::BTreeMap;

use isoplug_formats::tree::{file_name, parent};

/// Patterns of absolute paths.
#[derive(Default)]
pub struct Patterns {
    in_folder: BTreeMap<Vec<u8>, Vec<glob::Pattern>>,
    below: Vec<Vec<u8>>,
    /// Those with a pattern among their folders, each with what stands before it, and whether
    /// folders count.
    others: Vec<(Vec<u8>, glob::Pattern, bool)>,
}

const OPTIONS: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Patterns {
    /// Reads patterns; what is none matches nothing.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        patterns.into_iter().for_each(|pattern| all.add(pattern.trim_start_matches('/')));
        all
    }

    fn add(&mut self, text: &str) {
        let plain = |text: &str| !text.contains(['*', '?', '[']);
        let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
        if name == "**" && plain(folder) {
            return self.below.push(format!("{folder}/").into_bytes());
        }
        let whole = if plain(folder) { name } else { text };
        let Ok(pattern) = glob::Pattern::new(whole) else { return };
        if plain(folder) {
            self.in_folder.entry(folder.into()).or_default().push(pattern);
        } else {
            let before = text.split(['*', '?', '[']).next().unwrap_or_default();
            self.others.push((before.into(), pattern, name == "**"));
        }
    }

    /// Tells whether a path below the root matches one of them.
    pub fn has(&self, path: &[u8], is_folder: bool) -> bool {
        if self.below.iter().any(|folder| path.len() > folder.len() && path.starts_with(folder)) {
            return true;
        }
        let matches = |pattern: &glob::Pattern, text: &[u8]| {
            std::str::from_utf8(text).is_ok_and(|text| pattern.matches_with(text, OPTIONS))
        };
        let in_folder = || {
            let patterns = self.in_folder.get(parent(path).unwrap_or_default());
            let name = file_name(path);
            patterns.is_some_and(|patterns| patterns.iter().any(|one| matches(one, name)))
        };
        let other = || {
            let mut near = self.others.iter().filter(|(before, ..)| path.starts_with(before));
            near.any(|(_, pattern, folders)| (*folders || !is_folder) && matches(pattern, path))
        };
        !is_folder && in_folder() || other()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_no_slash_and_two_for_all_below() {
        let patterns = Patterns::new(["/etc/ssh/ssh_host_*_key", "/var/lib/x/**", "/etc/*/id"]);
        let has = |path: &str| patterns.has(path.as_bytes(), false);
        assert!(has("etc/ssh/ssh_host_rsa_key") && has("var/lib/x/a/b") && has("etc/a/id"));
        assert!(!has("etc/ssh/ssh_host_rsa_key.pub") && !has("var/lib/x") && !has("etc/a/b/id"));
        let all = Patterns::new(["/var/lib/db/*/main/**"]);
        assert!(
            all.has(b"var/lib/db/17/main/base", true) && all.has(b"var/lib/db/17/main/a/b", false)
        );
        assert!(!all.has(b"var/lib/db/17/main", true) && !all.has(b"var/lib/db/17/x/a", false));
        assert!(!patterns.has(b"etc/a/id", true) && patterns.has(b"var/lib/x/a", true));
        assert!(!Patterns::new(["/etc/["]).has(b"etc/[", false));
    }
}
