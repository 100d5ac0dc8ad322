//! Follows the links of a root filesystem.

use crate::{FoundKind, Rootfs};

/// What happens to a link at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is followed.
    Followed,
    /// It is what is meant.
    Kept,
}

/// The most links that the kernel follows on one way.
const LINKS: usize = 40;

/// Returns where a path leads, links on the way followed inside the root filesystem; what is not
/// there leads where the path says. `None` for a loop.
pub(crate) fn resolve(rootfs: &dyn Rootfs, path: &str, last: Last) -> Option<String> {
    let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let (mut place, mut links) = (String::new(), 0);
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                place.truncate(place.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let next = format!("{place}/{part}");
        let is_kept = last == Last::Kept && rest.is_empty();
        let found = rootfs.look(&next).filter(|_| !is_kept);
        let Some(link) = found.filter(|found| found.kind == FoundKind::Symlink) else {
            place = next;
            continue;
        };
        links += 1;
        if links > LINKS {
            return None;
        }
        if link.target.starts_with('/') {
            place.clear();
        }
        rest.extend(link.target.split('/').rev().map(str::to_owned));
    }
    Some(if place.is_empty() { "/".to_owned() } else { place })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Content, Found, Unseen};

    /// Links by path; what has no target is a folder.
    struct Links(BTreeMap<&'static str, &'static str>);

    impl Rootfs for Links {
        fn look(&self, path: &str) -> Option<Found> {
            let target = (*self.0.get(path)?).to_owned();
            let kind = if target.is_empty() { FoundKind::Folder } else { FoundKind::Symlink };
            Some(Found { kind, mode: 0o755, uid: 0, gid: 0, size: 0, target })
        }

        fn names(&self, _: &str) -> Vec<String> {
            Vec::new()
        }

        fn open(&self, _: &str) -> Result<Option<Content>, Unseen> {
            Ok(None)
        }
    }

    #[test]
    fn links_are_followed_inside() {
        let links = [
            ("/lib", "usr/lib"),
            ("/usr", ""),
            ("/usr/lib", ""),
            ("/usr/lib/out", "../../../../etc"),
            ("/etc", ""),
            ("/loop", "/loop"),
        ];
        let links = Links(BTreeMap::from(links));
        let resolve = |path, follow: bool| {
            let last = if follow { Last::Followed } else { Last::Kept };
            resolve(&links, path, last).unwrap_or("none".to_owned())
        };
        assert_eq!(resolve("/lib/x", false), "/usr/lib/x");
        assert_eq!(resolve("/lib", false), "/lib");
        assert_eq!(resolve("/lib", true), "/usr/lib");
        assert_eq!(resolve("/lib/out/passwd", false), "/etc/passwd");
        assert_eq!(resolve("/loop/x", false), "none");
        assert_eq!(resolve("/nothing/x", false), "/nothing/x");
        assert_eq!(resolve("/", true), "/");
    }
}
