//! The two ends of an image of a run: it is put where it is to go, or it is told why there is none.
//!
//! Knows nothing of the other images.

use std::time::Instant;

use isoplug_engine::{Error, Options, Outcome, Outputs};
use isoplug_image::failed;
use isoplug_manifest::Diagnostics;

use super::Built;
use crate::export::{self, Output};
use crate::failure::Failure;
use crate::prepare::Prepared;
use crate::session::Session;
use crate::size::{self, smaller};
use crate::{outcome, plugins, secrets_found};

/// Puts a finished image where it is to go.
pub(super) fn finish(
    prepared: &Prepared,
    outputs: &Outputs,
    (output, begun): (&Output, Instant),
    session: &Session,
) -> (Vec<Diagnostics>, Result<Built, Failure>) {
    let mut warnings = vec![plugins::checked(&prepared.products.checks, outputs, &prepared.system)];
    match secrets_found::look(prepared, outputs) {
        Ok(found) => warnings.push(found),
        Err(failure) => return (warnings, Err(failure)),
    }
    let reports = outputs.reports();
    let cached = reports.iter().filter(|report| report.outcome == Outcome::Cached).count();
    let built = export::export(prepared, outputs, output, session).map(|iso| Built {
        iso,
        seconds: begun.elapsed().as_secs_f64(),
        cached,
        stages: reports.len(),
        tests: None,
    });
    (warnings, built)
}

/// Returns the failure for an error of a run; of an ISO that is too large, with what makes it smaller.
pub(super) fn failure(
    error: &Error,
    prepared: &Prepared,
    images: &str,
    options: &Options<'_>,
) -> Failure {
    let Prepared { system, image, store, .. } = prepared;
    let failure = outcome::failure_of(error, system, images);
    if !failed::is_too_large(error) {
        return failure;
    }
    // The root filesystem is there, or there would be no ISO.
    let report = size::measured(image, store, options).ok().flatten();
    smaller::hints(system, report.as_ref()).into_iter().fold(failure, Failure::hint)
}
