//! Tests the engine with toy stages: what runs, what is cached, and what faults do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cache;
mod fault;
mod goals;
mod process;
mod race;
mod random;
mod toys;
mod use_of_context;
