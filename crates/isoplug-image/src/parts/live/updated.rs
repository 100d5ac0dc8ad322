//! Tells systemd that what it makes of the files below /usr after an update is there already.
//!
//! Units with `ConditionNeedsUpdate` (systemd.unit(5)) compare the times of `/usr` and of `/etc/.updated` and
//! `/var/.updated`; without these files a live system would run them at every boot. What they make, the packages'
//! scripts made while the image was built: the cache of ld.so, the database of hardware, the catalog of the
//! journal, the users of packages. Where somebody else added what they read, or there is such a unit that is not
//! known here, they run.

use super::super::{ContributeError, Rootfs};
use super::unless_set;

/// Their times are those of the update.
pub(super) const FILES: [&str; 2] = ["/etc/.updated", "/var/.updated"];

/// The units of systemd that wait for an update.
const UNITS: [&str; 5] = [
    "ldconfig.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-sysusers.service",
    "systemd-update-done.service",
];

/// What they read.
const READ: [&str; 7] = [
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/sysusers.d",
    "/etc/udev/hwdb.d",
    "/usr/lib/systemd/catalog",
    "/usr/lib/sysusers.d",
    "/usr/lib/udev/hwdb.d",
];

/// Where ld.so finds libraries, beside the folders of an architecture in them.
const LIBRARIES: [&str; 2] = ["/usr/lib", "/usr/local/lib"];

/// Writes both files, unless one of the units has something to do.
pub(super) fn mark(rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
    if has_more_to_read(rootfs) || has_libraries(rootfs) || has_other_units(rootfs)? {
        return Ok(());
    }
    for path in FILES {
        unless_set(rootfs, path, "# Made with the image; see systemd-update-done(8).\n", 0o644)?;
    }
    Ok(())
}

fn has_more_to_read(rootfs: &dyn Rootfs) -> bool {
    let is_added = |path: &str| rootfs.set_by(path).is_some();
    READ.iter().any(|path| {
        is_added(path) || rootfs.list(path).iter().any(|name| is_added(&format!("{path}/{name}")))
    })
}

fn has_libraries(rootfs: &dyn Rootfs) -> bool {
    let is_added = |folder: &str| {
        let mut libraries = rootfs.list(folder).into_iter().filter(|name| name.contains(".so"));
        libraries.any(|name| rootfs.set_by(&format!("{folder}/{name}")).is_some())
    };
    LIBRARIES.iter().any(|folder| {
        let of_architecture = |name: &String| name.contains("-linux-gnu");
        let mut inner = rootfs.list(folder).into_iter().filter(of_architecture);
        is_added(folder) || inner.any(|name| is_added(&format!("{folder}/{name}")))
    })
}

fn has_other_units(rootfs: &dyn Rootfs) -> Result<bool, ContributeError> {
    for folder in ["/etc/systemd/system", "/usr/lib/systemd/system"] {
        for name in rootfs.list(folder) {
            if UNITS.contains(&&name[..]) || !name.ends_with(".service") {
                continue;
            }
            let text = rootfs.read(&format!("{folder}/{name}"))?.unwrap_or_default();
            if text.windows(WAITS.len()).any(|window| window == WAITS) {
                rootfs.log(&format!("{name} waits for an update, so such units run at boot"));
                return Ok(true);
            }
        }
    }
    Ok(false)
}

const WAITS: &[u8] = b"\nConditionNeedsUpdate=";

#[cfg(test)]
mod tests {
    use isoplug_engine::Key;
    use isoplug_manifest::By;

    use super::super::super::rootfs_of_tests::TestRootfs;
    use super::super::Live;
    use crate::contribute::{Attrs, ContributeError, Contributor, Rootfs};

    const WAITING: &str = "[Unit]\nConditionNeedsUpdate=/etc\n";

    struct Adds<'a>(&'a str);

    impl Contributor for Adds<'_> {
        fn by(&self) -> By {
            By::User
        }

        fn version(&self) -> u32 {
            1
        }

        fn key(&self, _: &mut dyn Key) {}

        fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
            rootfs.file(self.0, b"", Attrs::mode(0o644))
        }
    }

    fn marked(files: &[(&str, &str)], added: &[&str]) -> [bool; 2] {
        let passwd = ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        let mut rootfs = TestRootfs::with(&[&[passwd], files].concat());
        for path in added {
            rootfs.add(&Adds(path)).unwrap();
        }
        rootfs.add(&Live::default()).unwrap();
        ["etc/.updated", "var/.updated"].map(|path| rootfs.merged().get(path.as_bytes()).is_some())
    }

    #[test]
    fn a_boot_does_not_make_again_what_is_there() {
        let known = "/usr/lib/systemd/system/systemd-hwdb-update.service";
        let library = "/usr/lib/x86_64-linux-gnu/libc.so.6";
        assert_eq!(marked(&[(known, WAITING), (library, "")], &["/usr/lib/readme"]), [true, true]);
    }

    #[test]
    fn what_somebody_added_is_made_at_boot() {
        for path in [
            "/etc/ld.so.conf.d/acme.conf",
            "/etc/sysusers.d/acme.conf",
            "/usr/lib/udev/hwdb.d/acme.hwdb",
            "/usr/lib/x86_64-linux-gnu/libacme.so.1",
            "/usr/local/lib/libacme.so",
        ] {
            assert_eq!(
                marked(&[("/usr/lib/x86_64-linux-gnu/libc.so.6", "")], &[path]),
                [false; 2],
                "{path}"
            );
        }
    }

    #[test]
    fn a_unit_that_nobody_knows_still_runs() {
        assert_eq!(marked(&[("/usr/lib/systemd/system/acme.service", WAITING)], &[]), [false; 2]);
    }
}
