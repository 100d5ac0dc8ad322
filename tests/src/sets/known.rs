//! What may differ between two installations of one set, each with its reason.

/// How a path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// All of it counts.
    Whole,
    /// It is not looked at.
    Ignored,
    /// It must be there, and its content may differ.
    Contents,
    /// The order of its lines does not count.
    Lines,
    /// The order of its paragraphs does not count.
    Paragraphs,
    /// The order of its lines and all numbers do not count.
    Names,
}

/// Beginnings of paths, the rule and its reason. The first that fits counts.
const RULES: &[(&str, Rule, &str)] = &[
    ("dev/", Rule::Ignored, "the kernel makes them"),
    ("proc/", Rule::Ignored, "the kernel makes them"),
    ("run/", Rule::Ignored, "memory"),
    ("tmp/", Rule::Ignored, "memory"),
    ("var/log/", Rule::Ignored, "logs hold the time of day"),
    ("var/lib/apt/", Rule::Ignored, "apt's own state"),
    ("var/cache/apt/", Rule::Ignored, "apt's own state"),
    ("boot/initrd.img", Rule::Ignored, "a stage of its own makes it"),
    ("etc/passwd", Rule::Names, "numbers go by the order of configuration"),
    ("etc/group", Rule::Names, "numbers go by the order of configuration"),
    ("etc/shadow", Rule::Names, "numbers go by the order of configuration"),
    ("etc/gshadow", Rule::Names, "numbers go by the order of configuration"),
    ("etc/subuid", Rule::Names, "numbers go by the order of configuration"),
    ("etc/subgid", Rule::Names, "numbers go by the order of configuration"),
    ("etc/hosts", Rule::Ignored, "isoplug has it before the first package, as an installer does"),
    (
        "var/cache/fontconfig/",
        Rule::Ignored,
        "fontconfig calls it invalid where a folder is younger than SOURCE_DATE_EPOCH, as apt's are",
    ),
    ("usr/share/info/dir", Rule::Lines, "lines go by the order of configuration"),
    ("usr/share/octave/octave_packages", Rule::Names, "items go by the order of configuration"),
    ("etc/shells", Rule::Lines, "lines go by the order of configuration"),
    ("var/lib/dpkg/status", Rule::Paragraphs, "paragraphs go by the order of configuration"),
    (
        "var/lib/dpkg/alternatives/",
        Rule::Paragraphs,
        "alternatives go by the order of configuration",
    ),
    ("var/lib/dpkg/", Rule::Lines, "lines go by the order of configuration"),
    ("var/cache/debconf/", Rule::Paragraphs, "paragraphs go by the order of configuration"),
    ("var/lib/ucf/", Rule::Lines, "lines go by the order of configuration"),
];

/// Returns how a path is compared.
pub fn rule(path: &[u8]) -> Rule {
    let fits = |(start, ..): &&(&str, Rule, &str)| path.starts_with(start.as_bytes());
    RULES.iter().find(fits).map_or(Rule::Whole, |(_, rule, _)| *rule)
}

/// Returns a content without what does not count.
pub fn settled(rule: Rule, bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let sorted = |text: &str, between: &str| {
        let mut parts: Vec<&str> = text.trim_end().split(between).collect();
        parts.sort_unstable();
        parts.join(between).into_bytes()
    };
    match rule {
        Rule::Whole | Rule::Ignored | Rule::Contents => bytes.to_vec(),
        Rule::Lines => sorted(&text, "\n"),
        Rule::Paragraphs => sorted(&text, "\n\n"),
        Rule::Names => sorted(&text.replace(|c: char| c.is_ascii_digit(), ""), "\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_do_not_count_where_they_may_not() {
        assert_eq!(rule(b"etc/passwd"), Rule::Names);
        assert_eq!(rule(b"var/lib/dpkg/diversions"), Rule::Lines);
        assert_eq!(rule(b"usr/bin/sh"), Rule::Whole);
        let passwd = |text: &str| settled(Rule::Names, text.as_bytes());
        assert_eq!(passwd("a:x:1:2:\nb:x:3:4:\n"), passwd("b:x:11:2:\na:x:5:6:\n"));
        assert_ne!(passwd("a:x:1:2:\n"), passwd("a:x:1:2:/\n"));
        assert_ne!(settled(Rule::Whole, b"1"), settled(Rule::Whole, b"2"));
    }
}
