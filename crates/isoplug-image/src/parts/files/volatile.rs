//! Keeps files where the running system mounts an empty file system over them, or cleans up.
//!
//! What is below `/run` and `/tmp` of the medium is not seen once the system runs. So a copy lies
//! elsewhere, and systemd-tmpfiles puts it there at each boot (tmpfiles.d(5)). What is in
//! `/var/tmp` is kept from being removed for its age.

use super::super::{Attrs, ContributeError, Rootfs};

/// Where the copies lie.
const COPIES: &str = "/usr/lib/isoplug/files";
/// Folders that are empty at each boot, and what leads there.
const EMPTIED: [(&str, &str); 4] =
    [("/run/", "/run/"), ("/tmp/", "/tmp/"), ("/var/run/", "/run/"), ("/var/lock/", "/run/lock/")];
const AGED: &str = "/var/tmp/";

/// The lines for systemd-tmpfiles so far.
#[derive(Debug, Default)]
pub(super) struct Volatile(Vec<String>);

impl Volatile {
    /// Notes a file; returns where a copy of it must lie, if one must.
    pub(super) fn file(&mut self, path: &str, attrs: Attrs) -> Option<String> {
        if path.starts_with(AGED) {
            self.0.push(format!("x {}", word(path)));
        }
        let place = place(path)?;
        let copy = format!("{COPIES}{place}");
        let Attrs { mode, uid, gid, .. } = attrs;
        let line = format!("C {} {mode:04o} {uid} {gid} - {}", word(&place), rest(&copy));
        self.0.push(line);
        Some(copy)
    }

    /// Notes a folder.
    pub(super) fn folder(&mut self, path: &str, attrs: Attrs) {
        let Attrs { mode, uid, gid, .. } = attrs;
        if let Some(place) = place(path) {
            self.0.push(format!("d {} {mode:04o} {uid} {gid}", word(&place)));
        }
    }

    /// Notes a symbolic link.
    pub(super) fn link(&mut self, path: &str, target: &str) {
        if let Some(place) = place(path) {
            self.0.push(format!("L {} - - - - {}", word(&place), rest(target)));
        }
    }

    /// Writes the lines into a file that is named after the contributor.
    pub(super) fn finish(
        self,
        rootfs: &mut dyn Rootfs,
        contributor: &str,
    ) -> Result<(), ContributeError> {
        if self.0.is_empty() {
            return Ok(());
        }
        if rootfs.stat("/usr/bin/systemd-tmpfiles").is_none() {
            rootfs.tell(
                "files below /run and /tmp are not seen once the system runs: without \
                 systemd-tmpfiles nothing puts them there",
            );
            return Ok(());
        }
        let path = format!("/usr/lib/tmpfiles.d/isoplug-{}.conf", contributor.replace(' ', "-"));
        let text = self.0.join("\n") + "\n";
        rootfs.file(&path, text.as_bytes(), Attrs::mode(0o644))
    }
}

/// Returns where a path that is emptied at each boot really is.
fn place(path: &str) -> Option<String> {
    EMPTIED.iter().find_map(|(begin, real)| Some(format!("{real}{}", path.strip_prefix(begin)?)))
}

/// Writes a path as one word of a line, in quotes if it needs them.
fn word(path: &str) -> String {
    let escaped = rest(path).replace('"', "\\\"");
    match path.contains(|c: char| c.is_whitespace() || "\"'\\".contains(c)) {
        true => format!("\"{escaped}\""),
        false => escaped,
    }
}

/// Writes what a line ends with, where quotes are themselves: with C's escapes, specifiers turned off.
fn rest(path: &str) -> String {
    path.replace('\\', "\\\\").replace('%', "%%")
}
