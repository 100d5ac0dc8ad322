//! Packages and folders by size, as lines and as JSON.

use std::fmt::Write as _;

use isoplug_engine::Unit;
use isoplug_image::stages::sizes::Report;
use serde_json::{Value as Json, json};

use super::{Total, by_folder, by_package};
use crate::progress::amount;

/// A folder that has nearly all of its size from one folder in it says nothing.
const NEARLY_ALL: u64 = 90;

/// Returns the largest packages and folders as lines of at most 80 columns, as far as names are not longer.
pub(crate) fn text(title: &str, report: &Report, top: usize) -> String {
    let all = Total::of(&report.files);
    let packages = by_package(&report.files);
    let folders = telling(by_folder(&report.files));
    let mut text = format!("{title}: {} in {} files\n", human(all.bytes), all.files);
    for (title, found) in [("packages", &packages), ("folders", &folders)] {
        let _ = writeln!(text, "\n{title}");
        for (name, total) in found.iter().take(top) {
            let _ = writeln!(text, "{}", line(name, *total, all));
        }
        let rest = found.len().saturating_sub(top);
        if rest > 0 && title == "packages" {
            let bytes = found.iter().skip(top).map(|(_, total)| total.bytes).sum();
            let _ =
                writeln!(text, "{}", line(&format!("{rest} more"), Total { bytes, files: 0 }, all));
        }
    }
    text
}

fn line(name: &str, total: Total, all: Total) -> String {
    let share = total.bytes * 1000 / all.bytes.max(1);
    format!("{:>10} {:>3}.{} %  {name}", human(total.bytes), share / 10, share % 10)
}

/// Leaves out folders that one folder in them nearly fills.
fn telling(folders: Vec<(&str, Total)>) -> Vec<(&str, Total)> {
    let is_filled = |(name, total): &(&str, Total)| {
        folders.iter().any(|(other, inner)| {
            let parent = other.rsplit_once('/').map(|(parent, _)| parent);
            parent == Some(*name) && inner.bytes * 100 >= total.bytes * NEARLY_ALL
        })
    };
    folders.iter().filter(|folder| !is_filled(folder)).copied().collect()
}

/// Returns all packages and folders.
pub(crate) fn json(title: &str, report: &Report) -> String {
    let all = Total::of(&report.files);
    let rows = |key: &str, found: Vec<(&str, Total)>| -> Vec<Json> {
        let row = |(name, total): (&str, Total)| json!({ key: name, "bytes": total.bytes, "files": total.files });
        found.into_iter().map(row).collect()
    };
    let report = json!({
        "image": title,
        "bytes": all.bytes,
        "files": all.files,
        "packages": rows("name", by_package(&report.files)),
        "folders": rows("path", by_folder(&report.files)),
    });
    report.to_string()
}

fn human(bytes: u64) -> String {
    amount(bytes, Unit::Bytes)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::files;
    use super::*;

    #[test]
    fn packages_and_folders_are_listed() {
        let files = files(&[
            ("/usr/lib/big/a", 8_000_000, Some("big")),
            ("/usr/lib/b", 500_000, Some("b")),
            ("/etc/c", 1500, None),
        ]);
        let report = Report { files, ..Report::default() };
        assert_snapshot!(text("p (amd64)", &report, 2), @r"
        p (amd64): 8.5 MB in 3 files

        packages
            8.0 MB  94.1 %  big
          500.0 kB   5.8 %  b
            1.5 kB   0.0 %  1 more

        folders
            8.0 MB  94.1 %  /usr/lib/big
            1.5 kB   0.0 %  /etc
        ");
        let json: Json = serde_json::from_str(&json("p (amd64)", &report)).unwrap();
        assert_eq!(json["packages"][0]["name"], "big");
        assert_eq!(json["folders"][0]["path"], "/usr");
    }
}
