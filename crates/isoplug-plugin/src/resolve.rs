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
    let mut way = Way::new(path);
    let mut links = 0;
    while let Some(next) = way.next() {
        let is_kept = last == Last::Kept && way.rest.is_empty();
        let found = rootfs.look(&next).filter(|_| !is_kept);
        match found.filter(|found| found.kind == FoundKind::Symlink) {
            Some(_) if links == LINKS => return None,
            Some(link) => way.follow(&link.target),
            None => {
                way.place = next;
                continue;
            }
        }
        links += 1;
    }
    Some(if way.place.is_empty() { "/".to_owned() } else { way.place })
}

/// How far a path was walked: a folder, and the parts that come after it, the last first.
struct Way {
    place: String,
    rest: Vec<String>,
}

impl Way {
    fn new(path: &str) -> Self {
        Self { place: String::new(), rest: path.split('/').rev().map(str::to_owned).collect() }
    }

    /// Returns the path of the next part.
    fn next(&mut self) -> Option<String> {
        while let Some(part) = self.rest.pop() {
            match part.as_str() {
                "" | "." => {}
                ".." => self.place.truncate(self.place.rfind('/').unwrap_or(0)),
                _ => return Some(format!("{}/{part}", self.place)),
            }
        }
        None
    }

    /// Goes where a link in the folder leads.
    fn follow(&mut self, target: &str) {
        if target.starts_with('/') {
            self.place.clear();
        }
        self.rest.extend(target.split('/').rev().map(str::to_owned));
    }
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
