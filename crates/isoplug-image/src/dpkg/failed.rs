//! Tells from the lines of dpkg which package failed.

/// Returns the package that dpkg's last complaint names.
pub fn failed_package(lines: &[String]) -> Option<String> {
    lines.iter().rev().find_map(|line| {
        let (_, rest) = line.split_once("error processing ")?;
        if let Some(rest) = rest.strip_prefix("package ") {
            return rest.split_whitespace().next().map(str::to_owned);
        }
        let path = rest.strip_prefix("archive ")?.split_whitespace().next()?;
        let file = path.rsplit('/').next()?;
        file.split('_').next().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_by_both_kinds_of_complaint() {
        let name = |line: &str| failed_package(&[line.to_owned(), "Errors were".to_owned()]);
        let configure = "dpkg: error processing package bad:amd64 (--configure):";
        let unpack = "dpkg: error processing archive /run/isoplug/worse_all.deb (--unpack):";
        assert_eq!(name(configure).as_deref(), Some("bad:amd64"));
        assert_eq!(name(unpack).as_deref(), Some("worse"));
        assert_eq!(name("Setting up good"), None);
    }
}
