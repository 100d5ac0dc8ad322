//! Whether what the boot menu names is there.

use crate::image::Image;
use crate::look::kernel;
use crate::look::menu::Entry;

use super::{Check, check, list};

/// Paths with variables are not known before they are run.
fn is_plain(path: &str) -> bool {
    !path.is_empty() && !path.contains(['$', '(', '*'])
}

/// Kernels and initrds that entries name must be there.
pub(super) fn menu(image: &Image) -> Check {
    let kernels: Vec<&Entry> = image.menu.iter().filter(|entry| !entry.kernel.is_empty()).collect();
    let mut faults: Vec<String> = kernels.iter().flat_map(|entry| missing(image, entry)).collect();
    if kernels.is_empty() {
        faults.push("no menu entry starts a kernel".to_owned());
    }
    for kernel in image.loaded.iter().filter(|it| it.role == "kernel") {
        let span = image.medium.find(&kernel.path).map(|entry| image.medium.part(entry));
        if span.and_then(|span| kernel::kind(&span).ok()).is_none_or(|kind| kind == "unknown") {
            faults.push(format!("/{} is not a kernel", kernel.path));
        }
    }
    faults.dedup();
    check("menu", faults, format!("{} entries start kernels that are there", kernels.len()))
}

fn missing(image: &Image, entry: &Entry) -> Vec<String> {
    let (title, file) = (&entry.title, &entry.file);
    let all = [&entry.kernel].into_iter().chain(&entry.initrds).filter(|path| is_plain(path));
    let is_there = |path: &str| image.medium.find(path).is_some();
    // isolinux names files beside its own.
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let gone = all.filter(|path| !is_there(path) && !is_there(&format!("{folder}/{path}")));
    gone.map(|path| format!("{title:?} in /{file} names {path}, which is not on the medium"))
        .collect()
}

/// Kernel parameters that name a medium, before its label.
const BEFORE: [&str; 5] = [
    "root=live:CDLABEL=",
    "root=live:LABEL=",
    "archisolabel=",
    "inst.stage2=hd:LABEL=",
    "live-media=/dev/disk/by-label/",
];

/// Labels and lists of checksums that kernel parameters rely on must be there.
pub(super) fn parameters(image: &Image) -> Check {
    let faults = image.menu.iter().flat_map(|entry| {
        let mut faults = other_labels(&image.medium.volume.id, entry);
        let verifies = entry.parameters.iter().any(|word| word.starts_with("verify-checksums"));
        if verifies && list(&image.medium).is_none() {
            let title = &entry.title;
            faults.push(format!(
                "{title:?} compares checksums, and no list of them is on the medium"
            ));
        }
        faults
    });
    check("parameters", faults.collect(), "what the menu relies on is there")
}

fn other_labels(id: &str, entry: &Entry) -> Vec<String> {
    let after = |word: &'_ String| {
        BEFORE.iter().find_map(|before| word.strip_prefix(before)).map(str::to_owned)
    };
    let labels = entry.parameters.iter().filter_map(after).map(|label| label.replace("\\x20", " "));
    let others = labels.filter(|label| is_plain(label) && label != id);
    others
        .map(|label| {
            format!("{:?} looks for a medium called {label:?}, this one is {id:?}", entry.title)
        })
        .collect()
}
