//! How a run is shown while it goes on: bars on a terminal, lines off it, JSON for machines.
//!
//! Each face is a reader of the engine's events; none knows what a stage does.

mod bars;
mod json;
mod lines;

use std::io::IsTerminal;

use isoplug_engine::{NullReporter, Reporter, Unit};

use crate::boot_test::UNFINISHED;
use crate::cli::Global;

/// Chooses the face that fits the arguments and the terminal.
#[expect(clippy::disallowed_methods, reason = "what a terminal can do is told by its environment")]
pub(crate) fn reporter(global: &Global) -> Box<dyn Reporter> {
    let plain = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if global.json {
        Box::new(json::Json)
    } else if global.quiet {
        Box::new(NullReporter)
    } else if global.verbose || plain || !std::io::stderr().is_terminal() {
        Box::new(lines::Lines::new(global.verbose))
    } else {
        Box::new(bars::Bars::new())
    }
}

/// Says in a word or two that a stage did not succeed.
fn ended(message: &str) -> &str {
    if message == UNFINISHED { UNFINISHED } else { "failed" }
}

/// Writes an amount for people: bytes in decimal units, other things as a number.
pub(crate) fn amount(amount: u64, unit: Unit) -> String {
    match unit {
        Unit::Items => amount.to_string(),
        Unit::Bytes => {
            let scale = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
            let bytes = amount as f64;
            scale
                .iter()
                .find(|(size, _)| bytes >= *size)
                .map_or(format!("{amount} bytes"), |(size, name)| {
                    format!("{:.1} {name}", bytes / size)
                })
        }
    }
}
