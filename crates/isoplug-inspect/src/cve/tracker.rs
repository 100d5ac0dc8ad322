//! Reads the JSON of Debian's security tracker, of which only the wanted source packages are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufReader, Read};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{Data, Entry};

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: String,
    #[serde(default)]
    nodsa: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
}

/// Reads the file.
pub(super) fn read(reader: impl Read, names: &BTreeSet<&str>) -> io::Result<Data> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    json.deserialize_map(Wanted(names)).map_err(io::Error::other)
}

/// Keeps what is of these names.
struct Wanted<'a>(&'a BTreeSet<&'a str>);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Data;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(
            "source packages with their vulnerabilities, as Debian's tracker writes them",
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut data = Data::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.0.contains(&*name) {
                let all: BTreeMap<String, Vulnerability> = map.next_value()?;
                data.insert(name, all.into_iter().map(|(id, one)| (id, entries(one))).collect());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(data)
    }
}

fn entries(one: Vulnerability) -> BTreeMap<String, Entry> {
    let remote = one.scope.as_deref() == Some("remote");
    let entry = |release: Release| Entry {
        status: release.status,
        fixed: release.fixed_version,
        urgency: release.urgency,
        nodsa: release.nodsa.is_some(),
        reason: release.nodsa_reason.unwrap_or_default(),
        remote,
    };
    one.releases.into_iter().map(|(name, release)| (name, entry(release))).collect()
}
