//! Files where the running system mounts something over them.

use super::Lint;
use crate::diagnostic::{Diagnostic, Severity};
use crate::path::in_image;

/// File systems of the kernel: nothing of an image is seen below them.
const OF_KERNEL: [&str; 3] = ["dev", "proc", "sys"];
/// File systems that are empty at each boot.
const EMPTIED: [&str; 2] = ["run", "tmp"];

pub(super) fn files(lint: &mut Lint<'_>) {
    for (file, origin) in lint.options.files.iter().zip(lint.items(&["files"])) {
        let path = in_image(&file.target);
        let (top, below) = path.split_once('/').unwrap_or((&path, ""));
        if OF_KERNEL.contains(&top) {
            let message = format!(
                "\"{}\" is never seen: the kernel mounts a file system of its own at /{top}",
                file.target
            );
            lint.report(Diagnostic::error("unseen-file", message).at(origin, ""));
        } else if EMPTIED.contains(&top) && !below.is_empty() {
            let message = format!(
                "/{top} is empty when the system boots, so systemd-tmpfiles puts \"{}\" there then",
                file.target
            );
            let note = Diagnostic::warning("made-at-boot", message).at(origin, "");
            lint.report(Diagnostic { severity: Severity::Note, ..note });
        }
    }
}
