//! Debian changelogs: the entries between two versions, and the vulnerabilities that they name.

use isoplug_formats::apt::version;

use super::PackageChange;

/// How many lines of a changelog are kept.
const MOST: usize = 60;

/// Adds to a change what the changelog of its newer version says.
pub fn add(change: &mut PackageChange, changelog: &str) {
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return };
    let is_between =
        |at: &str| version::compare(old, at).is_lt() && version::compare(at, new).is_le();
    let mut lines = Vec::new();
    let mut inside = false;
    for line in changelog.lines() {
        if let Some(at) = heading(line) {
            inside = is_between(at);
        }
        if inside && !line.trim().is_empty() && !line.starts_with(" -- ") {
            lines.push(line.to_owned());
        }
    }
    change.cves = cves(&lines.join("\n"));
    lines.truncate(MOST);
    change.changelog = lines;
}

/// Returns the version of a line such as `grub2 (2.12-9) unstable; urgency=medium`.
fn heading(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" (")?;
    let is_name = !name.is_empty() && !name.contains(' ');
    rest.split_once(')').map(|(version, _)| version).filter(|_| is_name)
}

/// Returns the numbers of vulnerabilities that a text names.
#[must_use]
pub fn cves(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("CVE-") {
        let number: String = text[at + 4..]
            .chars()
            .take_while(|each| each.is_ascii_digit() || *each == '-')
            .collect();
        let number = number.trim_end_matches('-');
        if number.split_once('-').is_some_and(|(year, rest)| year.len() == 4 && rest.len() >= 4) {
            found.push(format!("CVE-{number}"));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_between_two_versions_are_taken() {
        let text = "a (3) u; urgency=x\n\n  * CVE-2026-12345, CVE-2026-1.\n\n -- M\n\na (2) u; urgency=x\n\n  * two\n\na (1) u; urgency=x\n\n  * CVE-2020-0001\n";
        let version = |text: &str| Some(text.to_owned());
        let mut change =
            PackageChange { old: version("1"), new: version("3"), ..PackageChange::default() };
        add(&mut change, text);
        assert_eq!(change.cves, ["CVE-2026-12345"]);
        assert_eq!(change.changelog.len(), 4, "{:?}", change.changelog);
    }
}
