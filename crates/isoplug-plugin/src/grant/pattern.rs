//! Patterns of grants: of paths, words and option paths.

use http::Uri;

/// A pattern of absolute paths: `*` and `?` stand within one part, `**` for any number of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern(Vec<String>);

impl PathPattern {
    /// Reads a pattern.
    pub(crate) fn read(pattern: &str) -> Result<Self, String> {
        let Some(parts) = pattern.strip_prefix('/') else {
            return Err("a pattern of paths begins with `/`".to_owned());
        };
        let parts: Vec<&str> = parts.split('/').filter(|part| !part.is_empty()).collect();
        for part in &parts {
            if matches!(*part, "." | "..") {
                return Err(format!("a pattern has no `{part}`"));
            }
            if part.contains("**") && *part != "**" {
                return Err("`**` stands alone between slashes".to_owned());
            }
        }
        Ok(Self(parts.into_iter().map(str::to_owned).collect()))
    }

    /// Returns the pattern for a system with merged `/usr`.
    pub(crate) fn merged_usr(&self) -> Self {
        let mut merged = self.clone();
        let moved = ["bin", "sbin", "lib", "lib64", "lib32", "libx32"];
        if self.0.first().is_some_and(|first| moved.contains(&first.as_str())) {
            merged.0.insert(0, "usr".to_owned());
        }
        merged
    }

    /// Says whether it covers a path in its shortest form.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // Which beginnings of the pattern fit the parts so far; linear, whatever the pattern.
        let mut fits = vec![false; self.0.len() + 1];
        fits[0] = true;
        self.skip(&mut fits);
        for part in parts {
            let mut next = vec![false; fits.len()];
            for (index, pattern) in self.0.iter().enumerate().filter(|(index, _)| fits[*index]) {
                if pattern == "**" {
                    next[index] = true;
                    next[index + 1] = true;
                } else if covers_word(pattern, part) {
                    next[index + 1] = true;
                }
            }
            fits = next;
            self.skip(&mut fits);
        }
        fits[self.0.len()]
    }

    /// `**` also stands for no part, except at the end: `/etc/**` is what is below `/etc`.
    fn skip(&self, fits: &mut [bool]) {
        for (index, pattern) in self.0.iter().enumerate() {
            if fits[index] && pattern == "**" && index + 1 < self.0.len() {
                fits[index + 1] = true;
            }
        }
    }
}

/// Says whether a pattern covers a whole word: `*` stands for any characters, `?` for one.
pub fn covers_word(pattern: &str, word: &str) -> bool {
    let [pattern, word] = [pattern, word].map(|text| text.chars().collect::<Vec<_>>());
    let (mut at, mut star, mut next) = (0, None, 0);
    while next < word.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, next));
                at += 1;
            }
            Some(each) if *each == '?' || *each == word[next] => (at, next) = (at + 1, next + 1),
            _ => {
                // The last star takes one character more.
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken + 1));
                (at, next) = (back + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|each| *each == '*')
}

/// Says whether a pattern of addresses covers one. The pattern's path is one of paths; nothing in
/// the pattern reaches from the host's name into the path.
pub(crate) fn covers_url(pattern: &str, url: &str) -> bool {
    let (Some((scheme, host, pattern)), Some(url)) = (parts_of_pattern(pattern), uri(url)) else {
        return false;
    };
    let (Some(authority), Some(path)) = (url.authority(), url.path_and_query()) else {
        return false;
    };
    url.scheme_str() == Some(scheme)
        && covers_word(&host.to_lowercase(), &authority.as_str().to_lowercase())
        && PathPattern::read(pattern).is_ok_and(|pattern| pattern.covers(path.as_str()))
}

/// Splits a pattern, which may have what no address has, at the end of its host's name.
fn parts_of_pattern(pattern: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = pattern.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_http = matches!(scheme, "http" | "https");
    let path = if path.is_empty() { "/" } else { path };
    (is_http && !host.is_empty() && !host.contains(['@', '#'])).then_some((scheme, host, path))
}

/// Reads an address as the client that fetches it does; `None` for one that names a user, or whose path
/// leads up.
fn uri(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let is_up = |part: &str| matches!(&*part.to_lowercase().replace("%2e", "."), "." | "..");
    let is_odd = url.contains(['@', '\\', '#']) || uri.path().split('/').any(is_up);
    (!is_odd).then_some(uri)
}

/// Says whether a grant of options covers one: the option that it names and all below it.
pub(crate) fn covers_option(pattern: &[String], option: &[String]) -> bool {
    pattern.len() <= option.len()
        && pattern.iter().zip(option).all(|(pattern, key)| covers_word(pattern, key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(pattern: &str, path: &str) -> bool {
        PathPattern::read(pattern).unwrap().covers(path)
    }

    #[test]
    fn paths_are_covered() {
        assert!(covers("/etc/motd", "/etc/motd"));
        assert!(covers("/etc/**", "/etc/a/b"));
        assert!(!covers("/etc/**", "/etcetera"));
        assert!(!covers("/etc/*", "/etc/a/b"));
        assert!(covers("/**/x", "/x") && covers("/**/x", "/a/b/x"));
        assert!(covers("/etc/*.d/**", "/etc/sysctl.d/a"));
        assert!(covers("/**", "/a") && covers("/", "/"));
        assert!(PathPattern::read("/a**").is_err() && PathPattern::read("etc").is_err());
        assert!(PathPattern::read("/a/../b").is_err());
    }

    #[test]
    fn a_folder_is_not_below_itself() {
        assert!(!covers("/etc/**", "/etc"));
        assert!(!covers("/**", "/"));
        assert!(covers("/**/etc", "/etc"));
    }

    /// Addresses that `https://*.example.com/**` does not cover.
    const OTHERS: [&str; 14] = [
        "http://example.com/a",
        "https://evil.org/a",
        "https://evil.org/.example.com/a",
        "https://a@evil.org/a",
        "https://x.example.com/a/../b",
        "https://x.example.com/a/%2E%2e/b",
        "file:///etc/passwd",
        // Whatever ends the host's name for the client ends it here.
        "https://127.0.0.1:8904?x.example.com/a",
        "https://127.0.0.1:8904#x.example.com/a",
        "https://127.0.0.1\\.example.com/a",
        "https://127.0.0.1%2f.example.com/a",
        "https://127.0.0.1/?.example.com/a",
        "https:/x.example.com/a",
        "https://x.example.com:443@127.0.0.1/a",
    ];

    #[test]
    fn addresses_are_covered() {
        assert!(covers_url("https://example.com/**", "https://example.com/a/b.tar"));
        assert!(covers_url("https://*.example.com/a/*", "https://x.example.com/a/b"));
        for url in OTHERS {
            assert!(!covers_url("https://*.example.com/**", url), "{url}");
        }
        assert!(covers_url("https://*.example.com/**", "https://X.Example.com/a?b=c"));
        assert!(!covers_url("https://example.com/a", "https://example.com/a?b"));
    }

    /// The same, as slowly as it can be said.
    fn slowly(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**"], rest) => !rest.is_empty(),
            (["**", pattern @ ..], rest) => {
                (0..=rest.len()).any(|skip| slowly(pattern, &rest[skip..]))
            }
            ([first, pattern @ ..], [part, rest @ ..]) => {
                word_slowly(first.as_bytes(), part.as_bytes()) && slowly(pattern, rest)
            }
            _ => false,
        }
    }

    fn word_slowly(pattern: &[u8], word: &[u8]) -> bool {
        match (pattern, word) {
            ([], []) => true,
            ([b'*', pattern @ ..], word) => {
                (0..=word.len()).any(|skip| word_slowly(pattern, &word[skip..]))
            }
            ([b'?', pattern @ ..], [_, word @ ..]) => word_slowly(pattern, word),
            ([a, pattern @ ..], [b, word @ ..]) => a == b && word_slowly(pattern, word),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn fast_and_slow_agree(
            pattern in prop::collection::vec("\\*\\*|[ab*?]{1,4}", 0..5),
            path in prop::collection::vec("[ab]{1,4}", 0..6),
        ) {
            let text = format!("/{}", pattern.join("/"));
            let path_text = format!("/{}", path.join("/"));
            let Ok(read) = PathPattern::read(&text) else { return Ok(()) };
            let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            prop_assert_eq!(read.covers(&path_text), slowly(&pattern, &path));
        }

        #[test]
        fn words_agree(pattern in "[ab*?]{0,8}", word in "[ab]{0,10}") {
            let slowly = word_slowly(pattern.as_bytes(), word.as_bytes());
            prop_assert_eq!(covers_word(&pattern, &word), slowly);
        }
    }
}
