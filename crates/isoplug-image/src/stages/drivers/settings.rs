//! Takes out of a driver's package what belongs to its kernel modules: settings, rules of udev, firmware, its licence.

use std::ops::ControlFlow;

use isoplug_sandbox::dpkg::Package;

use super::{Error, OverlayFiles, packed};

/// Folders whose files go on to the image.
const FOLDERS: [&str; 8] = [
    "etc/modprobe.d/",
    "etc/modules-load.d/",
    "etc/udev/rules.d/",
    "usr/lib/firmware/",
    "usr/lib/modprobe.d/",
    "usr/lib/modules-load.d/",
    "usr/lib/udev/hwdb.d/",
    "usr/lib/udev/rules.d/",
];

/// Adds the files of a package that go on to the image.
pub(super) fn take(package: &Package, files: &mut OverlayFiles) -> Result<(), Error> {
    packed::each_of(package, |mut packed| {
        let Some(path) = target(&packed.path, &package.name) else {
            return Ok(ControlFlow::Continue(()));
        };
        if let Some(link) = packed.link() {
            files.link(&path, &link);
        } else if packed.is_file() {
            files.add(&path, packed.mode(), &packed.bytes()?)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Returns where a file of a package goes; `None` if it stays behind.
fn target(path: &str, package: &str) -> Option<String> {
    // As the link of every image leads there.
    let path = match path.strip_prefix("lib/") {
        Some(rest) => format!("usr/lib/{rest}"),
        None => path.to_owned(),
    };
    let is_licence = path == format!("usr/share/doc/{package}/copyright");
    let is_inside = |folder: &&str| path.len() > folder.len() && path.starts_with(*folder);
    (is_licence || FOLDERS.iter().any(is_inside)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_stay_behind() {
        let of = |path| target(path, "acme-dkms");
        assert_eq!(of("etc/modprobe.d/acme.conf").as_deref(), Some("etc/modprobe.d/acme.conf"));
        let rule = "usr/lib/udev/rules.d/60-acme.rules";
        assert_eq!(of("lib/udev/rules.d/60-acme.rules").as_deref(), Some(rule));
        assert!(of("usr/share/doc/acme-dkms/copyright").is_some());
        for path in
            ["./usr/src/acme-1/dkms.conf", "./etc/modprobe.d/", "./usr/share/doc/x/copyright"]
        {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
