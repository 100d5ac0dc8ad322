//! What becomes of an entry where another contributor set something else.
//!
//! Who wins is [`precedence`]'s business; here it is told, or refused.

use isoplug_formats::tree::{self, TreePath};
use isoplug_manifest::By;

use super::super::ContributeError;
use super::super::precedence::{self, Verdict};
use super::OverlayBuilder;

impl OverlayBuilder<'_> {
    /// Compares this contributor with the one that set what is at a place: returns whether that
    /// stays, and refuses if neither may win.
    pub(super) fn gives_way(&mut self, path: &str, place: &[u8]) -> Result<bool, ContributeError> {
        let Some(first) = self.setters.get(place).cloned() else { return Ok(false) };
        let verdict = precedence::between(&first, &self.by);
        match verdict {
            Verdict::Wins => self.told.push(format!(
                "{path} is the manifest's own, in place of what `{first}` makes there"
            )),
            Verdict::GivesWay => self.told.push(format!(
                "{path} is the manifest's own, in place of what `{}` makes there",
                self.by
            )),
            Verdict::Conflicts => return Err(self.conflict(path, first)),
        }
        Ok(verdict == Verdict::GivesWay)
    }

    fn conflict(&self, path: &str, first: By) -> ContributeError {
        let (path, second) = (path.to_owned(), self.by.clone());
        match first == second {
            true => ContributeError::Twice { path, by: second },
            false => ContributeError::Conflict { path, first, second },
        }
    }

    /// Tells whether what is at and below a place stays, since another contributor set some of it.
    pub(super) fn stays(&mut self, path: &str, place: &[u8]) -> Result<bool, ContributeError> {
        let below = tree::join(place, b"");
        let here = |set: &TreePath| set == place || set.starts_with(&below);
        let others = self.setters.iter().filter(|(set, by)| here(set) && **by != self.by);
        let others: Vec<_> = others.map(|(set, by)| (set.clone(), by.clone())).collect();
        let mut stays = false;
        for (set, first) in others {
            if precedence::between(&first, &self.by) == Verdict::Conflicts {
                return Err(self.conflict(path, first));
            }
            stays |= self.gives_way(&format!("/{}", String::from_utf8_lossy(&set)), &set)?;
        }
        Ok(stays)
    }
}
