//! The keyboard of the initrd, so that the passphrase of a disk is typed at the boot as it was typed here.

use super::inside;
use crate::{Error, Machine, RUN, TARGET};

/// Returns the files of a target's keyboard, by their paths in an initrd. Its /run is that of the live system.
pub(crate) fn files(machine: &dyn Machine) -> Result<Vec<(String, Vec<u8>)>, Error> {
    if !machine.exists(&format!("{TARGET}/usr/bin/setupcon")) {
        return Ok(Vec::new());
    }
    let folder = format!("{RUN}/keyboard");
    machine.folder(&folder).map_err(Error::file("make", folder.as_str()))?;
    // What else it copies there, the initrd of the tree has.
    machine.run(&inside("/usr/bin/setupcon").with(["--setup-dir", &folder]))?;
    let mut files = Vec::new();
    for below in ["etc/default", "etc/console-setup"] {
        for name in machine.list(&format!("{folder}/{below}")).unwrap_or_default() {
            let path = format!("{folder}/{below}/{name}");
            let bytes = machine.read(&path).map_err(Error::file("read", path.as_str()))?;
            files.push((format!("{below}/{name}"), bytes));
        }
    }
    Ok(files)
}
