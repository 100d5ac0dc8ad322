//! How much a plugin may use: fuel, memory, tables, time, and what it hands over.
//!
//! Fuel is the budget that decides results, since it is the same on every machine. Time only ends
//! what hangs; it never changes what a plugin makes.

use std::time::Duration;

use wasmtime::{Error as Trap, ResourceLimiter};

use crate::{Error, Grants};

/// What a plugin may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Units of fuel.
    pub(crate) fuel: u64,
    /// Bytes, over all memories.
    pub(crate) memory: usize,
    /// Time that it runs itself; waiting for the host does not count.
    pub(crate) time: Duration,
}

/// Elements, over all tables.
const TABLE_ELEMENTS: usize = 1 << 20;

/// Bytes of a log.
pub(crate) const LOG: usize = 1 << 20;

/// Diagnostics.
pub(crate) const DIAGNOSTICS: usize = 1000;

/// Files, folders, links, removals, hooks and fragments.
pub(crate) const ENTRIES: usize = 100_000;

/// Modules.
pub(crate) const MODULES: usize = 1000;

/// Bytes of files.
pub(crate) const BYTES: u64 = 4 << 30;

/// Pieces in which bytes are handed over: each may become a file of the store.
pub(crate) const PIECES: usize = 1_000_000;

/// Bytes of one text: a path, message, fragment or JSON document.
pub(crate) const TEXT: usize = 1 << 20;

/// Handles that are open at once.
pub(crate) const HANDLES: usize = 200_000;

impl Default for Budget {
    fn default() -> Self {
        Self { fuel: 10_000_000_000, memory: 256 << 20, time: Duration::from_secs(60) }
    }
}

impl Budget {
    /// What a plugin may use to say what it is.
    pub(crate) fn to_describe() -> Self {
        Self { fuel: 1_000_000_000, ..Self::default() }
    }

    /// Reads the limits that the manifest sets.
    pub(crate) fn of(plugin: &str, grants: &Grants) -> Result<Self, Error> {
        let wrong = |name| Error::Limit { plugin: plugin.to_owned(), name };
        let (limits, mut budget) = (&grants.limits, Self::default());
        if limits.fuel.is_some() {
            budget.fuel = limits.fuel_units().ok_or_else(|| wrong("fuel"))?;
        }
        if limits.memory.is_some() {
            let bytes = limits.memory_bytes().and_then(|bytes| usize::try_from(bytes).ok());
            budget.memory = bytes.ok_or_else(|| wrong("memory"))?;
        }
        if limits.time.is_some() {
            budget.time = Duration::from_secs(limits.seconds().ok_or_else(|| wrong("time"))?);
        }
        Ok(budget)
    }
}

/// Counts memories and tables while they grow.
#[derive(Debug)]
pub(crate) struct Growth {
    limit: usize,
    memory: usize,
    elements: usize,
}

impl Growth {
    /// Begins with nothing.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, memory: 0, elements: 0 }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, Trap> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit {
            let (wanted, limit) = (mebibytes(wanted), mebibytes(self.limit));
            return Err(Trap::msg(format!(
                "it asked for {wanted} of memory, and {limit} is the limit"
            )));
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, Trap> {
        let wanted = self.elements.saturating_add(desired.saturating_sub(current));
        if wanted > TABLE_ELEMENTS {
            return Err(Trap::msg(format!(
                "it asked for tables of {wanted} elements, and {TABLE_ELEMENTS} is the limit"
            )));
        }
        self.elements = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        1000
    }

    fn tables(&self) -> usize {
        1000
    }

    fn memories(&self) -> usize {
        100
    }
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_manifest::plugin::Limits;

    #[test]
    fn limits_of_the_manifest_hold() {
        let limits = Limits {
            fuel: Some("2M".to_owned()),
            memory: Some("64MiB".to_owned()),
            time: Some("3s".to_owned()),
        };
        let grants = Grants { limits, ..Grants::default() };
        let budget = Budget::of("a", &grants).unwrap();
        assert_eq!(
            budget,
            Budget { fuel: 2_000_000, memory: 64 << 20, time: Duration::from_secs(3) }
        );
        assert_eq!(Budget::of("a", &Grants::default()).unwrap(), Budget::default());
        let limits = Limits { fuel: Some("lots".to_owned()), ..Limits::default() };
        let error = Budget::of("a", &Grants { limits, ..Grants::default() }).unwrap_err();
        assert_eq!(error.to_string(), "`limits.fuel` in [grants.a] cannot be read");
    }

    #[test]
    fn memories_share_one_limit() {
        let mut growth = Growth::new(100);
        assert!(growth.memory_growing(0, 60, None).unwrap());
        assert!(growth.memory_growing(0, 40, None).unwrap());
        assert!(growth.memory_growing(40, 41, None).is_err());
    }
}
