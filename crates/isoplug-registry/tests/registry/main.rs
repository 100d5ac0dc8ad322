//! Plugins in registries and folders: one suite against a small registry of our own, that of
//! Debian and a folder; what happens when a registry misbehaves; and what other tools make of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod debian;
mod endless;
mod faults;
mod folder;
mod foreign;
mod made;
mod mini;
mod suite;
mod tampered;
