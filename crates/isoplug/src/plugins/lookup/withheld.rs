//! Refuses a registry that goes back in time: it may be behind, or keep what is newer from us.

use std::collections::BTreeSet;

use isoplug_registry::{Index, Pin, Reference, Resolved, index_reference, read_index};
use semver::VersionReq;

use super::Lookup;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::seen::{Last, went_back};

/// What to do where something is older than it was.
const GO_BACK: &str =
    "again later, or ask its publisher; `isoplug plugin update --allow-older` goes back in time";

impl Lookup {
    /// Refuses a version before the locked one, which would do as well: the newer may have been withheld.
    pub(super) fn check_newer(
        &self,
        reference: &Reference,
        requirement: &VersionReq,
        locked: Option<&Pin>,
        resolved: &Resolved,
    ) -> Result<(), Failure> {
        let newest = &resolved.version;
        let newer = locked.map(|locked| &locked.version);
        let newer = newer.filter(|locked| *locked > newest && requirement.matches(locked));
        let Some(locked) = newer.filter(|_| !self.allow_older) else { return Ok(()) };
        let message = format!(
            "{reference} has {newest} as its newest, and {locked} is locked: that was yanked, or somebody withholds it"
        );
        Err(Failure::new(Exit::Plugin, message).hint(GO_BACK))
    }

    /// Returns what should not be begun with. An index is a convenience: without one, nothing is known to be yanked;
    /// but what was seen of one does not go back in time.
    pub(super) fn yanked(
        &self,
        reference: &Reference,
    ) -> Result<BTreeSet<semver::Version>, Failure> {
        let index = index_reference(reference).and_then(|index| self.open(&index).ok());
        let Some(from) = index else { return Ok(BTreeSet::new()) };
        let last = self.seen.last(&from.place());
        let read = match read_index(&*from, &self.policies) {
            Err(error) if last.is_some() && !self.allow_older => return Err(error.into()),
            read => read.ok().flatten(),
        };
        let now = read.as_ref().map(|(index, signed_by)| Last {
            index: from.place(),
            serial: index.serial,
            signed_by: signed_by.clone(),
        });
        self.check_onward(last.as_ref(), now.as_ref())?;
        let yanked = |(index, name): (Index, String)| index.yanked(&name);
        Ok(read.map(|(index, _)| index).zip(reference.name()).map(yanked).unwrap_or_default())
    }

    /// Refuses an index before the last one that was seen, and remembers one after it.
    fn check_onward(&self, last: Option<&Last>, now: Option<&Last>) -> Result<(), Failure> {
        let back = last.and_then(|last| went_back(last, now));
        if let Some(why) = back.filter(|_| !self.allow_older) {
            let message =
                format!("{why}: the registry is behind, or somebody withholds what was yanked");
            return Err(Failure::new(Exit::Plugin, message).hint(GO_BACK));
        }
        if let Some(now) = now.filter(|now| Some(*now) != last) {
            self.seen.remember(now);
        }
        Ok(())
    }
}
