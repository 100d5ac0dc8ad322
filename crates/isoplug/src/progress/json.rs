//! Prints each event as one line of JSON on standard error.

use std::io::Write as _;

use isoplug_engine::{Event, Reporter};
use isoplug_manifest::plain;

/// The face for machines.
pub(crate) struct Json;

impl Reporter for Json {
    fn report(&self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            // A closed pipe must not stop the build.
            let _ = writeln!(std::io::stderr().lock(), "{}", plain::escaped(&line));
        }
    }
}
