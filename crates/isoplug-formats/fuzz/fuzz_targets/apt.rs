//! Any text as each format of an archive: an error or data, never a panic.
#![no_main]

use isoplug_formats::apt::{Release, clearsign, packages, relation, version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Release::parse(text);
    let _ = clearsign::split(text);
    for package in packages::packages(text) {
        let _ = relation::parse(package.depends);
        let _ = version::compare(package.version, text);
    }
    if let Ok(groups) = relation::parse(text) {
        let printed = groups.iter().flatten().map(ToString::to_string);
        assert!(printed.into_iter().all(|one| relation::parse_one(&one).is_ok()));
    }
});
