//! What keeps maintainer scripts from starting daemons, and from making what is made elsewhere.

use std::path::PathBuf;

use crate::{Bind, Failure, Inside};

/// The file that forbids daemons, and the stub that stands for programs.
pub(super) struct Policy {
    stub: PathBuf,
}

const FILE: &str = "usr/sbin/policy-rc.d";
const TEXT: &str = "#!/bin/sh\nexit 101\n";

/// Programs that do nothing while packages are configured: a stage of its own makes the initrd,
/// once, and each machine makes its own keys when it boots first.
const STUBS: [&str; 3] = ["/usr/sbin/update-initramfs", "/usr/bin/dracut", "/usr/bin/ssh-keygen"];

impl Policy {
    /// Forbids daemons.
    pub(super) fn new(inside: &Inside) -> Result<Self, Failure> {
        inside.write(FILE, 0o755, TEXT)?;
        Ok(Self { stub: inside.file("stub", 0o755, "#!/bin/sh\nexit 0\n")? })
    }

    /// Returns what hides the programs, wherever they are now: a package may have moved one away
    /// to call it from its own (dpkg-divert(1)), as live-tools does.
    pub(super) fn stubs(&self, inside: &Inside) -> Vec<Bind> {
        let diversions = inside.text("var/lib/dpkg/diversions").unwrap_or_default();
        let places = STUBS.iter().flat_map(|path| places(path, &diversions));
        places.map(|over| Bind { from: self.stub.clone(), over }).collect()
    }

    /// Takes the file away, unless a package has put its own in its place.
    pub(super) fn remove(&self, inside: &Inside) -> Result<(), Failure> {
        if inside.text(FILE).is_ok_and(|text| text == TEXT) {
            inside.remove(FILE)?;
        }
        Ok(())
    }
}

/// Returns the places where a program may be. dpkg's list has three lines for each diversion: from,
/// to, and whose it is.
fn places(path: &str, diversions: &str) -> Vec<String> {
    let lines: Vec<&str> = diversions.lines().collect();
    let moved = lines.chunks_exact(3).filter(|diversion| diversion[0] == path);
    let places = moved.map(|diversion| diversion[1].to_owned());
    places.chain([path.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_where_a_package_moved_it() {
        let diversions = "/usr/sbin/update-initramfs\n\
                          /usr/sbin/update-initramfs.orig.initramfs-tools\nlive-tools\n\
                          /usr/bin/x\n/usr/bin/x.real\n:\n";
        assert_eq!(
            places("/usr/sbin/update-initramfs", diversions),
            ["/usr/sbin/update-initramfs.orig.initramfs-tools", "/usr/sbin/update-initramfs"]
        );
        assert_eq!(places("/usr/bin/dracut", diversions), ["/usr/bin/dracut"]);
        assert_eq!(places("/usr/bin/x", ""), ["/usr/bin/x"]);
    }
}
