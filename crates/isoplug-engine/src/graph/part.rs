//! The parts of a graph: which stages are of which, and what a stage is called where several parts have one like it.
//!
//! Knows no artifact and no edge.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::Stage;
use crate::key::Walk;

/// How many parts a name of a stage tells.
const TOLD: usize = 2;

impl Graph {
    /// Lets what is added from now on be of the part of this name. A stage of it that does the same on the same inputs
    /// as one of another part is that one.
    pub fn part(&mut self, name: &str) {
        let known = self.parts.iter().position(|part| part == name);
        self.current = known.unwrap_or_else(|| {
            self.parts.push(name.to_owned());
            self.parts.len() - 1
        });
    }

    /// The titles of all stages, in build order: with the part where several parts have a stage of one title.
    pub fn titles(&self) -> Vec<String> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for node in self.nodes.node_weights() {
            *times.entry(&node.title).or_default() += 1;
        }
        let title = |(index, node): (usize, &super::Node)| match times.get(&*node.title) {
            Some(2..) => format!("{} ({})", node.title, told(&self.parts_of(index))),
            _ => node.title.clone(),
        };
        self.nodes.node_weights().enumerate().map(title).collect()
    }

    /// The names of the parts that a stage is of, in the order in which they began.
    pub(crate) fn parts_of(&self, index: usize) -> Vec<&str> {
        let names = self.node(index).parts.iter().filter_map(|part| self.parts.get(*part));
        names.map(String::as_str).filter(|name| !name.is_empty()).collect()
    }

    /// The stage that does the same and is not of this part yet, of which it is now.
    pub(super) fn same_of_another_part<S: Stage>(&mut self, walk: &Walk) -> Option<usize> {
        let (kind, part) = (TypeId::of::<S>(), self.current);
        let mut nodes = self.nodes.node_weights_mut().enumerate();
        let (index, node) = nodes.find(|(_, node)| {
            node.kind == kind && !node.parts.contains(&part) && node.walk == *walk
        })?;
        node.parts.insert(part);
        Some(index)
    }

    /// Keeps the titles of a part apart, since people and records find a stage by its title.
    pub(super) fn free_title(&self, title: String) -> String {
        let of_part = self.nodes.node_weights().filter(|node| node.parts.contains(&self.current));
        let taken: BTreeSet<&str> = of_part.map(|node| node.title.as_str()).collect();
        if !taken.contains(title.as_str()) {
            return title;
        }
        let numbered = (2..).map(|number| format!("{title} #{number}"));
        numbered.into_iter().find(|candidate| !taken.contains(candidate.as_str())).unwrap_or(title)
    }
}

/// Returns the names of the first parts, and how many more there are.
fn told(parts: &[&str]) -> String {
    let first = parts.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
    match parts.len().saturating_sub(TOLD) {
        0 => first,
        more => format!("{first}, +{more}"),
    }
}
