//! The files of a target: their digests first, before the disk is touched, then their unpacking.

use isoplug_install_plan::Target;

use crate::machine::Call;
use crate::report::Report;
use crate::{Error, MEDIUM, Machine, TARGET};

/// Compares the digest of each squashfs image with the plan's.
///
/// # Errors
///
/// If one differs or cannot be read: the medium is at fault, and nothing was changed.
pub fn verify(machine: &dyn Machine, target: &Target, report: &Report) -> Result<(), Error> {
    let all: u64 = target.squashfs.iter().map(|each| each.bytes).sum();
    let mut before = 0;
    for each in &target.squashfs {
        let path = format!("{MEDIUM}/{}", each.path);
        let digest = machine.digest(&path, &mut |read| report.progress(before + read, all));
        let digest = digest.map_err(|error| unreadable(&path, &error))?;
        if digest != each.sha256 {
            return Err(Error::Unexpected(format!(
                "{path} is not what it was when the image was made, so the medium is damaged or was written badly\n  \
                 expected {}\n  found    {digest}\n  The disk was not touched. Write the medium again, or take another.",
                each.sha256
            )));
        }
        before += each.bytes;
        if machine.stopped() {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

fn unreadable(path: &str, error: &std::io::Error) -> Error {
    Error::Unexpected(format!(
        "{path} cannot be read, so the medium is damaged or was taken out\n  because: {error}\n  \
         The disk was not touched. Write the medium again, or take another."
    ))
}

/// Unpacks the files.
///
/// # Errors
///
/// If unsquashfs fails.
pub fn unpack(machine: &dyn Machine, target: &Target, report: &Report) -> Result<(), Error> {
    let all = target.unpacked();
    let mut before = 0;
    for each in &target.squashfs {
        // Its queues take 540 MiB by default, more than a small machine has to spare.
        let call = Call::new("/usr/bin/unsquashfs")
            .words("-f -percentage -data-queue 128 -frag-queue 128 -d")
            .with([TARGET, &format!("{MEDIUM}/{}", each.path)]);
        machine.watch(&call, &mut |text| {
            if let Some(percent) = last_number(text) {
                report.progress(before + each.unpacked / 100 * percent.min(100), all);
            }
        })?;
        before += each.unpacked;
    }
    Ok(())
}

/// Returns the last whole number in a piece of output.
fn last_number(text: &str) -> Option<u64> {
    let mut words = text.split(|each: char| !each.is_ascii_digit()).rev();
    words.find(|word| !word.is_empty())?.parse().ok()
}
