//! Tells the user's files that other contributors look at from all others.

use std::collections::BTreeMap;

use isoplug_manifest::options::User;
use isoplug_manifest::path::in_image;

use super::source::{Item, Source};
use super::{FileContent, NewFile};
use crate::parts::users::home_of;

/// Files, and folders with a slash at their end, that contributors look at, as they are in an image. The
/// tests of contributors compare it with what each asks for.
const LOOKED_AT: [&str; 22] = [
    "etc/console-setup/",
    "etc/default/keyboard",
    "etc/default/locale",
    "etc/group",
    "etc/gshadow",
    "etc/init.d/",
    "etc/passwd",
    "etc/shadow",
    "etc/skel/",
    "etc/ssh/",
    "etc/ssl/certs/",
    "etc/systemd/",
    "etc/timezone",
    "usr/bin/sudo",
    "usr/bin/sudo-rs",
    "usr/lib/locale/",
    "usr/lib/modules/",
    "usr/lib/systemd/",
    "usr/local/lib/systemd/",
    "usr/sbin/",
    "usr/share/X11/xkb/",
    "usr/share/i18n/",
];
/// Below it lie many files, and one of them is looked at by its name.
const ZONES: &str = "usr/share/zoneinfo/";

/// Divides files into those that others look at and all else. What belongs to a user whom the manifest
/// adds, or lies in such a user's home, cannot be there before the user.
pub(super) fn split(files: Vec<NewFile>, users: &BTreeMap<String, User>) -> [Vec<NewFile>; 2] {
    let [mut early, mut late] = [Vec::new(), Vec::new()];
    for file in files {
        let is_owned = users.keys().any(|name| [&file.user, &file.group].contains(&name));
        let is_early = |path: &str| {
            let is_shell = users.values().any(|user| !user.system && user.shell == path);
            !is_owned && (is_shell || is_looked_at(path)) && !is_in_home(path, users)
        };
        let [first, rest] = divide(file, is_early);
        early.extend(first);
        late.extend(rest);
    }
    [early, late]
}

/// Divides what one entry gives by its paths.
fn divide(file: NewFile, is_early: impl Fn(&str) -> bool) -> [Option<NewFile>; 2] {
    let source = match &file.from {
        FileContent::Source(source) => source,
        _ if is_early(&file.target) => return [Some(file), None],
        _ => return [None, Some(file)],
    };
    let is_first = |item: &&Item| is_early(&item.path_in(&file.target));
    let (first, rest): (Vec<&Item>, Vec<&Item>) = source.items.iter().partition(is_first);
    [first, rest].map(|items| {
        let items: Vec<Item> = items.into_iter().cloned().collect();
        let from = FileContent::Source(Source { path: source.path.clone(), items });
        let is_empty = matches!(&from, FileContent::Source(source) if source.items.is_empty());
        (!is_empty).then(|| NewFile { from, ..file.clone() })
    })
}

fn is_in_home(path: &str, users: &BTreeMap<String, User>) -> bool {
    users.iter().any(|(name, user)| {
        let home = home_of(name, user);
        let rest = path.strip_prefix(home.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Tells whether a contributor may look at a path.
pub(crate) fn is_looked_at(path: &str) -> bool {
    let path = in_image(path);
    LOOKED_AT.iter().chain([&ZONES]).any(|listed| match listed.strip_suffix('/') {
        Some(folder) => path == folder || path.starts_with(listed),
        None => path == *listed,
    })
}
