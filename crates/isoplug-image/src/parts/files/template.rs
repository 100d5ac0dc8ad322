//! Fills in the facts that only the installed packages tell.

use isoplug_formats::tree::Kind;
use isoplug_manifest::template::{Fact, Template};

use super::super::{ContributeError, Rootfs};
use crate::facts::newest_kernel;

/// Returns the text of a template whose other facts are filled in.
pub(super) fn filled(
    rootfs: &dyn Rootfs,
    path: &str,
    template: &Template,
) -> Result<String, ContributeError> {
    with_kernel(template, kernel(rootfs).as_deref()).ok_or_else(|| {
        let reason = "it wants the kernel's version, and the image has no kernel";
        ContributeError::refused(path, reason)
    })
}

/// Returns the text of a template, with the version of the kernel that the image boots.
pub(crate) fn with_kernel(template: &Template, kernel: Option<&str>) -> Option<String> {
    let mut know = |fact: &Fact| match fact {
        Fact::Kernel => kernel.map(|kernel| Some(kernel.to_owned())).ok_or(()),
        _ => Ok(None),
    };
    template.clone().fill(&mut know).ok()?.text()
}

/// Returns the version of the kernel that is booted: the newest, as for the medium.
fn kernel(rootfs: &dyn Rootfs) -> Option<String> {
    let is_kernel = |name: &&String| {
        let entry = rootfs.entry(&format!("/boot/{name}"));
        entry.is_some_and(|entry| matches!(entry.kind, Kind::File(_)))
    };
    let names = rootfs.list("/boot");
    newest_kernel(names.iter().filter(is_kernel).map(String::as_str)).map(str::to_owned)
}
