//! Turns Ctrl-C and termination signals into a cancelled run; the second one ends the process.

use std::process;

use isoplug_engine::CancelToken;

use crate::exit::Exit;

/// Returns the token that the first signal cancels.
pub(crate) fn token() -> CancelToken {
    let token = CancelToken::default();
    let seen = token.clone();
    let installed = ctrlc::set_handler(move || {
        if seen.is_cancelled() {
            process::exit(Exit::Interrupted as i32);
        }
        seen.cancel();
    });
    // Without a handler the signal simply ends the process, which the store survives as well.
    drop(installed);
    token
}
