//! Sets of packages as real machines have them.

use anyhow::{Context as _, Result};

use super::Set;

const SETS: &str = include_str!("named.toml");

/// Reads the sets.
pub fn sets() -> Result<Vec<Set>> {
    let table: toml::Table = SETS.parse()?;
    let set = |(name, value): (String, toml::Value)| {
        let install = value.get("install").and_then(toml::Value::as_str).context("install")?;
        Ok(Set {
            name,
            install: install.split_whitespace().map(str::to_owned).collect(),
            recommends: value.get("recommends").and_then(toml::Value::as_bool).unwrap_or(false),
        })
    };
    table.into_iter().map(set).collect()
}
