//! Tells dpkg which other architectures' packages may be there, as `dpkg --add-architecture` does.

use crate::{Command, Failure, Inside};

/// Adds the architectures.
///
/// # Errors
///
/// When dpkg refuses one.
pub(super) fn add(inside: &Inside, architectures: &[String]) -> Result<(), Failure> {
    for architecture in architectures {
        inside.run(&Command::new(["dpkg", "--add-architecture", architecture]))?;
    }
    Ok(())
}
