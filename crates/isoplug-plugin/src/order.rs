//! Puts the modules of all plugins into one order, by the words that they provide and name.
//!
//! A module provides its own name (`hardening/sysctl`) and its plugin's (`hardening`) as well. The
//! order depends on names and words only, not on where things stand in the manifest.

mod paths;

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::{Module, Tree};

/// Why modules cannot be put into an order, or cannot be together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Two modules have one name.
    #[error("there are two modules `{0}`")]
    Twice(String),
    /// Nothing provides what a module requires.
    #[error("module `{module}` requires `{word}`, which no module provides")]
    Missing {
        /// Who requires it.
        module: String,
        /// The word.
        word: String,
    },
    /// Two modules exclude each other.
    #[error("module `{module}` conflicts with `{word}`, which module `{other}` provides")]
    Conflict {
        /// Who says so.
        module: String,
        /// The word.
        word: String,
        /// Who provides it.
        other: String,
    },
    /// Modules that come before themselves.
    #[error("modules wait for each other: {}", .0.join(" before "))]
    Cycle(Vec<String>),
    /// Two modules set one path to different things.
    #[error(
        "{tree}:{path}: both `{first}` and `{second}` set it, each to something else; `replace` \
         would let the later one win"
    )]
    Path {
        /// The tree.
        tree: Tree,
        /// The path.
        path: String,
        /// Who comes first.
        first: String,
        /// Who comes later.
        second: String,
    },
}

impl OrderError {
    /// Returns the module that is at fault, as `PLUGIN/MODULE`: of two the later one, or the one
    /// that says so.
    pub fn module(&self) -> &str {
        match self {
            Self::Twice(module)
            | Self::Missing { module, .. }
            | Self::Conflict { module, .. }
            | Self::Path { second: module, .. } => module,
            Self::Cycle(modules) => modules.first().map_or("", String::as_str),
        }
    }
}

/// Returns the order of modules, as positions in what is given; each comes with its plugin's name.
///
/// # Errors
///
/// When modules wait for each other, or for one that is not there.
pub fn order(modules: &[(&str, &Module)]) -> Result<Vec<usize>, OrderError> {
    let names: Vec<String> =
        modules.iter().map(|(plugin, module)| format!("{plugin}/{}", module.name)).collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    if unique.len() < names.len() {
        let twice = names.iter().find(|name| names.iter().filter(|n| n == name).count() > 1);
        return Err(OrderError::Twice(twice.cloned().unwrap_or_default()));
    }
    let words = Words::of(modules, &names);
    words.check(modules)?;
    let order = words.sort(modules)?;
    paths::check(modules, &names, &order)?;
    Ok(order)
}

/// Who provides which word.
struct Words<'a> {
    names: &'a [String],
    providers: BTreeMap<&'a str, BTreeSet<usize>>,
}

impl<'a> Words<'a> {
    fn of(modules: &[(&'a str, &'a Module)], names: &'a [String]) -> Self {
        let mut providers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (index, (plugin, module)) in modules.iter().enumerate() {
            let own = [*plugin, names[index].as_str()];
            for word in module.provides.iter().map(String::as_str).chain(own) {
                providers.entry(word).or_default().insert(index);
            }
        }
        Self { names, providers }
    }

    /// Returns who provides a word, but for the one that names it.
    fn others(&self, word: &str, but: usize) -> impl Iterator<Item = usize> {
        let providers = self.providers.get(word).into_iter().flatten();
        providers.copied().filter(move |index| *index != but)
    }

    fn check(&self, modules: &[(&str, &Module)]) -> Result<(), OrderError> {
        for (index, (_, module)) in modules.iter().enumerate() {
            let name = || self.names[index].clone();
            for word in &module.requires {
                if !self.providers.contains_key(word.as_str()) {
                    return Err(OrderError::Missing { module: name(), word: word.clone() });
                }
            }
            for word in &module.conflicts {
                if let Some(other) = self.others(word, index).next() {
                    let other = self.names[other].clone();
                    return Err(OrderError::Conflict { module: name(), word: word.clone(), other });
                }
            }
        }
        Ok(())
    }

    /// Sorts by the words; among those that could come next, the first name does.
    fn sort(&self, modules: &[(&str, &Module)]) -> Result<Vec<usize>, OrderError> {
        let graph = self.graph(modules);
        let mut waits: Vec<usize> = graph
            .node_indices()
            .map(|node| graph.neighbors_directed(node, petgraph::Incoming).count())
            .collect();
        let mut ready: BTreeSet<(&str, usize)> = (0..modules.len())
            .filter(|index| waits[*index] == 0)
            .map(|index| (self.names[index].as_str(), index))
            .collect();
        let mut order = Vec::with_capacity(modules.len());
        while let Some((_, index)) = ready.pop_first() {
            order.push(index);
            for later in graph.neighbors(NodeIndex::new(index)).map(NodeIndex::index) {
                waits[later] -= 1;
                if waits[later] == 0 {
                    ready.insert((&self.names[later], later));
                }
            }
        }
        if order.len() < modules.len() { Err(self.cycle(&graph)) } else { Ok(order) }
    }

    /// Makes an edge from each module to those that come later.
    fn graph(&self, modules: &[(&str, &Module)]) -> DiGraph<(), ()> {
        let mut graph = DiGraph::new();
        for _ in modules {
            graph.add_node(());
        }
        for (index, (_, module)) in modules.iter().enumerate() {
            let node = NodeIndex::new(index);
            for word in module.after.iter().chain(&module.requires) {
                for earlier in self.others(word, index) {
                    graph.update_edge(NodeIndex::new(earlier), node, ());
                }
            }
            for word in &module.before {
                for later in self.others(word, index) {
                    graph.update_edge(node, NodeIndex::new(later), ());
                }
            }
        }
        graph
    }

    /// Names the modules of one cycle, beginning and ending with the first name.
    fn cycle(&self, graph: &DiGraph<(), ()>) -> OrderError {
        let rings = tarjan_scc(graph).into_iter().filter(|ring| ring.len() > 1);
        let name = |node: &NodeIndex| self.names[node.index()].as_str();
        let first = |ring: &Vec<NodeIndex>| ring.iter().map(name).min();
        let Some(ring) = rings.min_by(|left, right| first(left).cmp(&first(right))) else {
            return OrderError::Cycle(Vec::new());
        };
        let Some(start) = ring.iter().copied().min_by_key(name) else {
            return OrderError::Cycle(Vec::new());
        };
        let mut way = shortest_way_back(graph, start, self.names).into_iter();
        OrderError::Cycle(way.by_ref().map(|node| self.names[node.index()].clone()).collect())
    }
}

/// Returns the shortest way from a node to itself; of several, the one whose names come first.
fn shortest_way_back(
    graph: &DiGraph<(), ()>,
    start: NodeIndex,
    names: &[String],
) -> Vec<NodeIndex> {
    let (mut ways, mut seen) = (std::collections::VecDeque::from([vec![start]]), BTreeSet::new());
    while let Some(way) = ways.pop_front() {
        let mut next: Vec<NodeIndex> = graph.neighbors(way[way.len() - 1]).collect();
        next.sort_by_key(|node| &names[node.index()]);
        for node in next {
            let longer = [way.as_slice(), &[node]].concat();
            if node == start {
                return longer;
            }
            if seen.insert(node) {
                ways.push_back(longer);
            }
        }
    }
    vec![start]
}

#[cfg(test)]
mod tests;
