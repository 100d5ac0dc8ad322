//! Reads and writes the files of accounts: passwd(5), group(5), shadow(5), gshadow(5).
//!
//! A file is rows of texts, so what this program does not change is written as it was read.

use super::super::{Attrs, ContributeError, Rootfs};

/// `/etc/passwd`: name, `x`, uid, gid, comment, home, shell.
pub(crate) type Passwd = Rows<7>;
/// `/etc/group`: name, `x`, gid, members.
pub(crate) type Group = Rows<4>;
/// `/etc/shadow`: name, password, day of the last change, five limits, one unused.
pub(crate) type Shadow = Rows<9>;
/// `/etc/gshadow`: name, password, administrators, members.
pub(crate) type GroupShadow = Rows<4>;

/// The column of the uid in passwd and of the gid in group.
pub(crate) const ID: usize = 2;
/// The column of the members in group and gshadow.
pub(crate) const MEMBERS: usize = 3;

/// The rows of one file, each of so many columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows<const COLUMNS: usize>(pub(crate) Vec<[String; COLUMNS]>);

impl<const COLUMNS: usize> Rows<COLUMNS> {
    /// Reads a file's text. Empty lines go; a row with too many or few columns is an error.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, ContributeError> {
        let rows = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        rows.map(|(index, line)| {
            let columns: Vec<String> = line.split(':').map(str::to_owned).collect();
            columns.try_into().map_err(|_| ContributeError::Malformed {
                path: path.to_owned(),
                line: index + 1,
                reason: "not as many columns as the format has",
            })
        })
        .collect::<Result<_, _>>()
        .map(Self)
    }

    /// Returns the text of the file.
    pub(crate) fn emit(&self) -> String {
        self.0.iter().map(|row| row.join(":") + "\n").collect()
    }

    /// Reads a file of the image; `None` if it has none.
    pub(crate) fn read(rootfs: &dyn Rootfs, path: &str) -> Result<Option<Self>, ContributeError> {
        let Some(bytes) = rootfs.read(path)? else { return Ok(None) };
        Self::parse(path, &String::from_utf8_lossy(&bytes)).map(Some)
    }

    /// Writes a file of the image, with the owner and mode that it has.
    pub(crate) fn write(&self, rootfs: &mut dyn Rootfs, path: &str) -> Result<(), ContributeError> {
        let attrs = match rootfs.stat(path) {
            Some(entry) => Attrs::mode(entry.mode).owned_by(entry.uid, entry.gid),
            None => Attrs::mode(0o644),
        };
        rootfs.file(path, self.emit().as_bytes(), attrs.replacing())
    }

    /// Returns the row of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&[String; COLUMNS]> {
        self.0.iter().find(|row| row[0] == name)
    }

    /// Returns the row of a name, to change it.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut [String; COLUMNS]> {
        self.0.iter_mut().find(|row| row[0] == name)
    }

    /// Returns the name that has a number.
    pub(crate) fn with_id(&self, id: u32) -> Option<&str> {
        let id = id.to_string();
        self.0.iter().find(|row| row[ID] == id).map(|row| &row[0][..])
    }

    /// Returns the number of a name.
    pub(crate) fn id(&self, name: &str) -> Option<u32> {
        self.get(name)?[ID].parse().ok()
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, row: [&str; COLUMNS]) {
        self.0.push(row.map(str::to_owned));
    }

    /// Walks the names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|row| &row[0][..])
    }
}

/// Adds a name to a list of names parted by commas, once.
pub(crate) fn add_member(members: &mut String, name: &str) {
    if members.split(',').any(|member| member == name) {
        return;
    }
    if !members.is_empty() {
        members.push(',');
    }
    members.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_round_trip(rows in prop::collection::vec(prop::array::uniform7("[^:\n\r]{0,8}"), 0..9)) {
            let rows: Rows<7> = Rows(rows);
            prop_assert_eq!(Passwd::parse("p", &rows.emit()).unwrap(), rows);
        }

        #[test]
        fn texts_round_trip(lines in prop::collection::vec("[a-z]{1,8}:[!*x]:[0-9]{1,5}:([a-z]{1,3},?){0,3}", 0..9)) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            prop_assert_eq!(Group::parse("g", &text).unwrap().emit(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Shadow::parse("s", &text);
        }
    }

    #[test]
    fn a_short_row_is_refused_with_its_line() {
        let error = Group::parse("/etc/group", "root:x:0:\n\nadm:x\n").unwrap_err();
        insta::assert_snapshot!(error, @"/etc/group, line 3: not as many columns as the format has");
    }
}
