//! Takes out of a driver's package what belongs to its kernel modules: settings, rules of udev, firmware, its licence.

use std::fs::File;
use std::io::Read;

use isoplug_formats::deb::Deb;
use isoplug_sandbox::dpkg::Package;

use super::{Error, OverlayFiles};

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
    let damaged = |source| Error::Deb { package: package.name.clone(), source };
    let failed = || Error::io(&package.name);
    let file = File::open(&package.deb).map_err(failed())?;
    // The store compared its digest when it came.
    let deb = Deb::open(file).map_err(damaged)?.known();
    let mut archive = tar::Archive::new(deb.data().map_err(damaged)?);
    for entry in archive.entries().map_err(failed())? {
        let mut entry = entry.map_err(failed())?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(path) = target(&path, &package.name) else { continue };
        let (kind, mode) = (entry.header().entry_type(), entry.header().mode().unwrap_or(0o644));
        if kind.is_symlink() {
            let link = entry.link_name_bytes().unwrap_or_default().into_owned();
            files.link(&path, &link);
        } else if kind.is_file() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(failed())?;
            files.add(&path, u16::try_from(mode & 0o7777).unwrap_or(0o644), &bytes)?;
        }
    }
    Ok(())
}

/// Returns where a file of a package goes; `None` if it stays behind.
fn target(path: &str, package: &str) -> Option<String> {
    let path = path.trim_start_matches("./");
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
        assert_eq!(of("./etc/modprobe.d/acme.conf").as_deref(), Some("etc/modprobe.d/acme.conf"));
        let rule = "usr/lib/udev/rules.d/60-acme.rules";
        assert_eq!(of("./lib/udev/rules.d/60-acme.rules").as_deref(), Some(rule));
        assert!(of("./usr/share/doc/acme-dkms/copyright").is_some());
        for path in
            ["./usr/src/acme-1/dkms.conf", "./etc/modprobe.d/", "./usr/share/doc/x/copyright"]
        {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
