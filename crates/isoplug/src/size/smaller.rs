//! What makes an image smaller: the packages that take most of it, and options that leave things out.

use isoplug_image::stages::sizes::Report;
use isoplug_manifest::System;
use isoplug_manifest::options::Preset;

use super::{OTHERS, by_package};

/// How many packages are named.
const NAMED: usize = 5;

/// Returns what to try where an ISO is too large.
pub(crate) fn hints(system: &System, report: Option<&Report>) -> Vec<String> {
    let options = &system.options;
    let settings = [
        (options.packages.recommends, "packages.recommends = false"),
        (options.packages.docs, "packages.docs = false"),
        (options.squashfs.preset != Preset::Small, "squashfs.preset = \"small\""),
    ];
    let settings = settings.into_iter().filter_map(|(is_of_use, text)| is_of_use.then_some(text));
    let settings: Vec<String> = settings.map(|text| format!("`{text}`")).collect();
    let of_settings = (!settings.is_empty()).then(|| settings.join(", "));
    largest(report).into_iter().chain(of_settings).collect()
}

fn largest(report: Option<&Report>) -> Option<String> {
    let packages = by_package(&report?.files);
    let packages = packages.into_iter().filter(|(name, _)| *name != OTHERS).take(NAMED);
    let named = packages.map(|(name, total)| format!("{name} ({} MiB)", total.bytes >> 20));
    let named: Vec<String> = named.collect();
    let (first, _) = named.first()?.split_once(' ')?;
    Some(format!(
        "leave out what takes most before compression: {}; `isoplug size --why {first}` tells why it is there",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::files;

    #[test]
    fn the_largest_packages_are_named() {
        let files = files(&[
            ("/a", 3 << 20, Some("a")),
            ("/b", 9 << 20, Some("b")),
            ("/c", 99 << 20, None),
        ]);
        let named = largest(Some(&Report { files, ..Report::default() })).unwrap();
        insta::assert_snapshot!(named, @"leave out what takes most before compression: b (9 MiB), a (3 MiB); `isoplug size --why b` tells why it is there");
        assert_eq!(largest(None), None);
    }
}
