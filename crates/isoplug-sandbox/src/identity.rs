//! Maps users and groups of the sandbox to those of the build machine.
//!
//! For an ordinary user, root inside is the user itself and the other 65535 are its subordinate
//! ones (subuid(5), subgid(5)). For root they are numbers that are nobody's, so that root inside
//! is nobody outside; see [`super::nobody`]. Trees come out the same.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User};

use super::{Error, nobody};

/// How many users and groups there are inside.
pub(super) const COUNT: u32 = 65536;

/// The two tables of subordinate numbers, each with its program.
pub(super) const TABLES: [Table; 2] = [
    Table {
        file: "/etc/subuid",
        program: "newuidmap",
        map: "uid_map",
        names: "/etc/passwd",
        of_users: true,
    },
    Table {
        file: "/etc/subgid",
        program: "newgidmap",
        map: "gid_map",
        names: "/etc/group",
        of_users: false,
    },
];

/// A table of subordinate numbers.
pub(super) struct Table {
    pub(super) file: &'static str,
    pub(super) program: &'static str,
    pub(super) map: &'static str,
    /// Where the numbers stand that are in use.
    pub(super) names: &'static str,
    of_users: bool,
}

/// Gives the process, which has made a user namespace, its users and groups.
pub(super) fn map(process: u32) -> Result<(), Error> {
    for table in &TABLES {
        if Uid::effective().is_root() {
            let file = format!("/proc/{process}/{}", table.map);
            let written = std::fs::write(&file, table.map_of_root()?);
            written.map_err(|e| Error::Map(format!("{file}: {e}")))?;
        } else {
            table.map_by_program(process)?;
        }
    }
    Ok(())
}

/// Gives the folder to the one who is root inside.
pub(super) fn hand_over(folder: &Path) -> Result<(), Error> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let [user, group] = TABLES.map(|table| nobody::first(&table).unwrap_or(0));
    chown(folder, Some(user), Some(group)).map_err(Error::io("hand over", folder))
}

/// A file that belongs to who is root inside, until it is dropped.
pub(super) struct Lent<'a> {
    path: &'a Path,
    owner: (u32, u32),
}

impl<'a> Lent<'a> {
    /// Lends it.
    pub(super) fn new(path: &'a Path) -> Result<Self, Error> {
        let found = std::fs::metadata(path).map_err(Error::io("look at", path))?;
        hand_over(path)?;
        Ok(Self { path, owner: (found.uid(), found.gid()) })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if Uid::effective().is_root() {
            // Who took it away meanwhile has it.
            _ = chown(self.path, Some(self.owner.0), Some(self.owner.1));
        }
    }
}

impl Table {
    fn map_of_root(&self) -> Result<String, Error> {
        match nobody::first(self) {
            Some(first) => Ok(format!("0 {first} {COUNT}\n")),
            // In a container there may be no others; they are not the machine's then.
            None => nobody::same(self).map_err(|found| Error::FewNumbers { found }),
        }
    }

    fn map_by_program(&self, process: u32) -> Result<(), Error> {
        let own = if self.of_users { Uid::current().as_raw() } else { Gid::current().as_raw() };
        let first = self.range()?;
        let numbers = [process, 0, own, 1, 1, first, COUNT - 1].map(|number| number.to_string());
        let made = Command::new(self.program).args(numbers).stdin(Stdio::null()).output();
        match made {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::NoMapper { program: self.program })
            }
            Err(e) => Err(Error::Map(format!("{}: {e}", self.program))),
            Ok(made) if made.status.success() => Ok(()),
            // In a namespace with this user alone, the file of ranges tells of users that are not there.
            Ok(_) if let Err(found) = nobody::same(self) => Err(Error::FewNumbers { found }),
            Ok(made) => Err(Error::Map(String::from_utf8_lossy(&made.stderr).trim().to_owned())),
        }
    }

    /// Returns the first number of the first range that is long enough for the user.
    pub(super) fn range(&self) -> Result<u32, Error> {
        let (user, number) = user();
        let text = std::fs::read_to_string(Path::new(self.file)).unwrap_or_default();
        first_range(&text, &user, &number).ok_or_else(|| Error::NoRange {
            fix: format!(
                "run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
            ),
            user,
            file: self.file,
        })
    }
}

/// Returns the name and the number of the user.
pub(super) fn user() -> (String, String) {
    let number = Uid::current();
    let name = User::from_uid(number).ok().flatten().map(|user| user.name);
    (name.unwrap_or_else(|| number.to_string()), number.to_string())
}

fn first_range(text: &str, user: &str, number: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let (owner, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        let count: u32 = count.parse().ok()?;
        let is_ours = owner == user || owner == number;
        (is_ours && count >= COUNT - 1).then(|| first.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_that_is_long_enough_is_taken() {
        let text = "# x\nann:1:9\nbob:100000:65536\nann:200000:65535\n1000:7:65536\n";
        assert_eq!(first_range(text, "ann", "1001"), Some(200_000));
        assert_eq!(first_range(text, "eve", "1000"), Some(7));
        assert_eq!(first_range(text, "eve", "1001"), None);
        assert_eq!(first_range("ann:x:65536\nann\n", "ann", "1"), None);
    }
}
