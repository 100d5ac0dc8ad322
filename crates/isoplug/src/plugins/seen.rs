//! Which index of each registry was seen last, so that none older is taken for today's: it would not know what
//! was yanked since. Kept in the user's own state folder; without one, nothing is remembered.

use std::path::PathBuf;

use isoplug_engine::Digest;
use serde::{Deserialize, Serialize};

use crate::place;
use crate::read::read_text;
use crate::session::Session;

/// The indices that were seen.
pub(crate) struct Seen {
    folder: Option<PathBuf>,
}

/// What is remembered of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// Where it is.
    pub(crate) index: String,
    /// Its number, which each change raises.
    pub(crate) serial: u64,
    /// Whose key signed it, if a policy knows that.
    pub(crate) signed_by: Option<String>,
}

impl Seen {
    pub(crate) fn new(session: &Session) -> Self {
        Self { folder: session.state().map(|state| state.join("indices")) }
    }

    /// Returns what is remembered of an index.
    pub(crate) fn last(&self, index: &str) -> Option<Last> {
        let text = read_text(&self.file(index)?).ok()?;
        serde_json::from_str(&text).ok().filter(|last: &Last| last.index == index)
    }

    /// Remembers an index. Where that is not possible, less is noticed next time, and nothing else is worse.
    pub(crate) fn remember(&self, last: &Last) {
        let Some(file) = self.file(&last.index) else { return };
        let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        _ = made.and_then(|()| place::write(&file, &serde_json::json!(last).to_string()));
    }

    fn file(&self, index: &str) -> Option<PathBuf> {
        let name = Digest::of(index.as_bytes()).hex();
        Some(self.folder.as_ref()?.join(format!("{name}.json")))
    }
}

/// Says why what is there now cannot be what followed on what was seen last, if so.
pub(crate) fn went_back(last: &Last, now: Option<&Last>) -> Option<String> {
    let Last { index, serial, signed_by } = last;
    let Some(now) = now else {
        return Some(format!(
            "the index {index} is gone, and number {serial} of it was seen before"
        ));
    };
    if let (Some(signer), None) = (signed_by, &now.signed_by) {
        return Some(format!("the index {index} was signed by {signer}, and is not any more"));
    }
    let is_older = now.serial < *serial;
    is_older.then(|| {
        format!("the index {index} is number {}, and number {serial} was seen before", now.serial)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_way_back() {
        let number = |serial, signer: Option<&str>| Last {
            index: "r.example.com/isoplug-index".to_owned(),
            serial,
            signed_by: signer.map(str::to_owned),
        };
        let (seven, signed) = (number(7, None), number(7, Some("acme")));
        for (last, now) in [(&seven, &seven), (&seven, &signed), (&signed, &number(9, Some("b")))] {
            assert_eq!(went_back(last, Some(now)), None);
        }
        let why = |last: &Last, now: Option<&Last>| went_back(last, now).unwrap_or_default();
        assert!(why(&seven, Some(&number(6, None))).contains("is number 6, and number 7 was seen"));
        assert!(why(&seven, Some(&number(6, Some("acme")))).contains("is number 6"));
        assert!(
            why(&signed, Some(&number(8, None))).contains("signed by acme, and is not any more")
        );
        assert!(why(&seven, None).contains("is gone"));
    }

    #[test]
    fn what_is_remembered_is_of_one_index() {
        let folder = tempfile::tempdir().unwrap();
        let seen = Seen { folder: Some(folder.path().join("indices")) };
        let last = Last { index: "a".to_owned(), serial: 3, signed_by: None };
        seen.remember(&last);
        assert_eq!(seen.last("a"), Some(last.clone()));
        assert_eq!(seen.last("b"), None);
        let nowhere = Seen { folder: None };
        nowhere.remember(&last);
        assert_eq!(nowhere.last("a"), None);
    }
}
