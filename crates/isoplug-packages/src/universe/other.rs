//! Packages of other architectures among the offers: which of them a relation means, and which of the image's own serve them.

use isoplug_formats::apt::Relation;
use isoplug_formats::apt::foreign;

use super::{Id, Universe};

impl<'a> Universe<'a> {
    /// Returns the offers that a conflict means: of every architecture, unless it names one.
    pub fn meant(&self, relation: &Relation) -> Vec<Id> {
        let mut meant = self.satisfiers(relation);
        if relation.qualifier.is_none_or(|qualifier| qualifier == "any") {
            let others = self.foreign.iter().map(|other| self.of_other(relation, other));
            meant.extend(others.flatten());
        }
        meant
    }

    /// Tells whether an offer is of another architecture than the image.
    pub fn is_foreign(&self, id: Id) -> bool {
        foreign::split(self.package(id).name).1.is_some()
    }

    /// Returns the name that the offers of a package of an architecture have, if there are any.
    pub fn name_of(&self, name: &str, architecture: &str) -> Option<&'a str> {
        let name = match self.foreign.iter().any(|other| other == architecture) {
            true => &foreign::name(name, architecture),
            false => name,
        };
        let offers = self.named(name);
        (!offers.is_empty()).then(|| self.package(offers.start).name)
    }

    /// Returns what satisfies a relation that names an architecture which is not the image's: packages of that alone.
    pub(super) fn of_other(&self, relation: &Relation, architecture: &str) -> Vec<Id> {
        let name = foreign::name(relation.name, architecture);
        self.of_name(&Relation { name: &name, qualifier: None, ..*relation })
    }

    /// Returns the packages of the image's own architecture that satisfy a relation of another one's: those that say so.
    pub(super) fn serving_others(&self, relation: &Relation) -> Vec<Id> {
        let (name, Some(_)) = foreign::split(relation.name) else { return Vec::new() };
        let mut found = self.of_name(&Relation { name, ..*relation });
        let serves = |id: &Id| {
            let wanted = if relation.qualifier == Some("any") { "allowed" } else { "foreign" };
            !self.is_foreign(*id) && self.package(*id).multi_arch == wanted
        };
        found.retain(serves);
        found
    }

    /// Returns a text that has names of offers as people write it: `libc6:i386`.
    pub fn spelled(&self, text: &str) -> String {
        foreign::spelled(text, &self.foreign)
    }

    /// Returns the names that a package has for the other architectures of the image.
    pub fn siblings(&self, name: &str) -> Vec<&'a str> {
        let (base, own) = foreign::split(name);
        let architectures = self.foreign.iter().map(String::as_str);
        let others = architectures.filter(|other| Some(*other) != own);
        let own_of_image = own.is_some().then_some(&*self.architecture);
        others.chain(own_of_image).filter_map(|other| self.name_of(base, other)).collect()
    }
}
