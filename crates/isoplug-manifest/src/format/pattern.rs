//! Formats of the patterns in grants.

use super::{Finding, Verdict, path};

/// A tree, a colon and a pattern of absolute paths.
pub(super) fn tree(text: &str) -> Verdict {
    match text.split_once(':') {
        Some(("root" | "iso", pattern)) => path(pattern),
        _ => Verdict::Wrong(
            Finding::new("bad-pattern", format!("\"{text}\" does not say of which tree"))
                .help("begin with `root:/` for the root filesystem or `iso:/` for the medium"),
        ),
    }
}

/// A pattern of absolute paths.
pub(super) fn path(text: &str) -> Verdict {
    path::target(text)
}
