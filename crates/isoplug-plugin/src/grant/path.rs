//! Paths that a plugin names, brought into their one form.

/// The longest path, in bytes: `PATH_MAX` without its NUL.
const LONGEST: usize = 4095;

/// The longest part of a path, in bytes: `NAME_MAX`.
const LONGEST_PART: usize = 255;

/// Returns a path in its shortest form: absolute, one slash between parts, no `.`; `/` for the root.
/// What could lead elsewhere is refused, not repaired.
pub(crate) fn normal(path: &str) -> Result<String, &'static str> {
    if !path.starts_with('/') {
        return Err("a path begins with `/`");
    }
    if path.chars().any(char::is_control) {
        return Err("a path has no NUL, line break or other control character");
    }
    let mut shortest = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => return Err("a path has no `..`"),
            _ if part.len() > LONGEST_PART => return Err("a part of a path has at most 255 bytes"),
            _ => shortest.extend(["/", part]),
        }
    }
    match shortest.len() {
        0 => Ok("/".to_owned()),
        1..=LONGEST => Ok(shortest),
        _ => Err("a path has at most 4095 bytes"),
    }
}

/// Folders that the running system fills by itself.
const VIRTUAL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Says why nothing may be put at a path of the root filesystem, if so.
pub(crate) fn refused_in_root(path: &str) -> Option<String> {
    let top = VIRTUAL.iter().find(|top| is_at_or_below(path, top))?;
    Some(format!("{top} belongs to the kernel of the running system"))
}

/// Says whether a path is a folder or something below it.
pub(crate) fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Folders of systemd's units that root's systemd reads.
const UNITS: [&str; 11] = [
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/etc/systemd/system.control",
    "/etc/systemd/system-generators",
    "/usr/lib/systemd/system-generators",
    "/lib/systemd/system-generators",
    "/usr/local/lib/systemd/system-generators",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/local/lib/systemd/system",
    "/run/systemd/system",
];

/// Returns the systemd unit that an entry defines or changes: `a.service` for `a.service`,
/// `a.service.d/x.conf` and `x.target.wants/a.service`; an empty name for a folder of units.
pub fn systemd_unit(path: &str) -> Option<&str> {
    let folder = UNITS.iter().find(|folder| is_at_or_below(path, folder))?;
    let rest = path[folder.len()..].trim_start_matches('/');
    let (first, below) = rest.split_once('/').unwrap_or((rest, ""));
    if let Some(changed) = first.strip_suffix(".d") {
        return Some(changed);
    }
    Some(if below.is_empty() { first } else { below })
}

/// Returns a path as a system with merged `/usr` has it: `/lib/x` is `/usr/lib/x`.
pub(crate) fn merged_usr(path: &str) -> String {
    let moved = ["/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"];
    if moved.iter().any(|top| is_at_or_below(path, top)) {
        return format!("/usr{path}");
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_have_one_form() {
        assert_eq!(normal("/etc//./motd/").unwrap(), "/etc/motd");
        assert_eq!(normal("///").unwrap(), "/");
        for path in ["", "etc", "../x", "/a/../b", "/a/..", "/a\0b", "/a\nb", "/\u{85}"] {
            assert!(normal(path).is_err(), "{path:?}");
        }
        assert!(normal(&format!("/{}", "a".repeat(256))).is_err());
        assert!(normal(&"/abc".repeat(1024)).is_err());
    }

    #[test]
    fn units_are_found() {
        let unit_of = |path| systemd_unit(path).unwrap_or("none");
        assert_eq!(unit_of("/etc/systemd/system/a.service"), "a.service");
        assert_eq!(unit_of("/lib/systemd/system/a.service.d/x.conf"), "a.service");
        assert_eq!(unit_of("/etc/systemd/system/x.target.wants/a.service"), "a.service");
        assert_eq!(unit_of("/etc/systemd/system"), "");
        assert_eq!(unit_of("/etc/systemd/user/a.service"), "none");
        assert_eq!(unit_of("/etc/systemd/system2/a.service"), "none");
    }

    proptest! {
        #[test]
        fn what_is_normal_is_safe_and_stays(path in "(/|/[a-z.\\x00-\\x1f*é]{0,3}){0,6}/?") {
            if let Ok(shortest) = normal(&path) {
                prop_assert!(shortest.starts_with('/'));
                prop_assert!(!shortest.contains("//"));
                prop_assert!(!shortest.contains('\0'));
                prop_assert!(shortest.split('/').all(|part| part != ".." && part != "."));
                prop_assert_eq!(normal(&shortest).unwrap(), shortest);
            }
        }
    }
}
