//! The kernel parameters of a system, whatever boots it.

use isoplug_manifest::System;

/// Returns what parts need and then what the user says, which comes last, where it wins.
pub(crate) fn kernel_params(system: &System) -> Vec<String> {
    let listed = &system.options.boot.kernel_params;
    let needed = system.needs.kernel_params.iter().map(|needed| needed.what.clone());
    let needed = needed.filter(|param| !listed.contains(param));
    needed.chain(listed.iter().cloned()).collect()
}
