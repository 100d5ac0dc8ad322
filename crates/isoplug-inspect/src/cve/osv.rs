//! Reads OSV's archive of Debian: one JSON for each vulnerability.

use std::collections::BTreeSet;
use std::io;

use serde_json::Value;

use crate::span::Span;

use super::{Data, Entry, zip};

/// Releases by the numbers that OSV has for them.
const RELEASES: [(&str, &str); 7] = [
    ("Debian:10", "buster"),
    ("Debian:11", "bullseye"),
    ("Debian:12", "bookworm"),
    ("Debian:13", "trixie"),
    ("Debian:14", "forky"),
    ("Debian:15", "duke"),
    ("Debian:unstable", "sid"),
];

/// Reads the archive.
pub(super) fn read(span: &Span, names: &BTreeSet<&str>) -> io::Result<Data> {
    let mut data = Data::new();
    zip::each(span, &mut |name, bytes| {
        if name.ends_with(".json") {
            add(&serde_json::from_slice(bytes)?, names, &mut data);
        }
        Ok(())
    })?;
    Ok(data)
}

fn add(record: &Value, names: &BTreeSet<&str>, data: &mut Data) {
    if record["withdrawn"].is_string() {
        return;
    }
    let Some(id) = number(record) else { return };
    for affected in record["affected"].as_array().into_iter().flatten() {
        let package = &affected["package"];
        let (name, system) = (package["name"].as_str().unwrap_or_default(), &package["ecosystem"]);
        let release =
            RELEASES.iter().find(|(number, _)| system == *number).map(|(_, release)| *release);
        if let Some(release) = release.filter(|_| names.contains(name)) {
            let of_id = data.entry(name.to_owned()).or_default().entry(id.clone()).or_default();
            of_id.insert(release.to_owned(), entry(affected));
        }
    }
}

/// Returns the number of the vulnerability, without what Debian's records have before it.
fn number(record: &Value) -> Option<String> {
    let id = record["id"].as_str()?;
    let own = id.strip_prefix("DEBIAN-").unwrap_or(id);
    Some(own.to_owned()).filter(|own| own.starts_with("CVE-"))
}

fn entry(affected: &Value) -> Entry {
    let ranges = affected["ranges"].as_array().into_iter().flatten();
    let mut events = ranges.flat_map(|range| range["events"].as_array().into_iter().flatten());
    let fixed = events.find_map(|event| event["fixed"].as_str()).map(str::to_owned);
    let urgency = affected["ecosystem_specific"]["urgency"].as_str().unwrap_or_default().to_owned();
    let status = if fixed.is_some() { "resolved" } else { "open" };
    Entry { status: status.to_owned(), fixed, urgency, ..Entry::default() }
}
