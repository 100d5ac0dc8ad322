//! The stages and their edges; acyclic by construction.
//!
//! A stage can only name artifacts which an earlier `add` returned, so stages stand in build order. A graph can have
//! parts, each for a thing of its own to build; what several of them would do alike stands in it once.

mod part;

use std::any::TypeId;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::key::{Salt, Walk};
use crate::{ArtifactId, Context, Digest, Error, Slots, Stage, StageKey};

static GRAPHS: AtomicU64 = AtomicU64::new(0);

/// Stages, wired by their artifacts.
pub struct Graph {
    id: u64,
    nodes: DiGraph<Node, ()>,
    mistake: Option<(String, String)>,
    /// The names of the parts; the first has none.
    parts: Vec<String>,
    /// The part of which the next stages are.
    current: usize,
}

/// A stage in its place.
pub(crate) struct Node {
    pub(crate) title: String,
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) walk: Walk,
    pub(crate) outputs: Vec<&'static str>,
    kind: TypeId,
    parts: BTreeSet<usize>,
    runner: Box<dyn Runner>,
}

impl Node {
    /// Runs the stage.
    pub(crate) fn run(&self, cx: &Context) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.runner.run(cx)
    }

    /// The key, if the digests of all inputs are known.
    pub(crate) fn key(
        &self,
        salt: &Salt,
        digest: impl Fn(ArtifactId) -> Option<Digest>,
    ) -> Option<StageKey> {
        self.walk.key(self.name, self.version, salt, digest)
    }
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl Graph {
    /// Makes one without stages.
    pub fn new() -> Self {
        let id = GRAPHS.fetch_add(1, Ordering::Relaxed);
        Self { id, nodes: DiGraph::new(), mistake: None, parts: vec![String::new()], current: 0 }
    }

    /// Adds a stage and returns what it makes: what the stage of another part makes, if that does the same on the
    /// same inputs. Wrong wiring is reported by `run`, `plan`, `explain` and `why`.
    pub fn add<S: Stage>(&mut self, stage: S) -> S::Outputs {
        let mut walk = Walk::default();
        stage.key(&mut walk);
        if let Some(same) = self.same_of_another_part::<S>(&walk) {
            return S::outputs(&Slots::new(self.id, same));
        }
        let slots = Slots::new(self.id, self.nodes.node_count());
        let out = S::outputs(&slots);
        let node = Node {
            title: self.free_title(stage.title()),
            name: S::NAME,
            version: S::VERSION,
            walk,
            outputs: slots.into_names(),
            kind: TypeId::of::<S>(),
            parts: BTreeSet::from([self.current]),
            runner: Box::new(Added { stage, out }),
        };
        self.add_node(node);
        out
    }

    /// The title of the stage that makes an artifact; none if the graph has no such artifact.
    pub fn title(&self, artifact: impl Into<ArtifactId>) -> Option<&str> {
        let artifact = artifact.into();
        let node = (artifact.graph == self.id).then(|| NodeIndex::new(artifact.node))?;
        self.nodes.node_weight(node).map(|node| node.title.as_str())
    }

    /// Every artifact that no stage takes: what the graph is for.
    pub fn ends(&self) -> Vec<ArtifactId> {
        let last = |index: &NodeIndex| {
            self.nodes.neighbors_directed(*index, Direction::Outgoing).next().is_none()
        };
        let artifacts = |index: NodeIndex| {
            let (graph, node) = (self.id, index.index());
            self.nodes[index].outputs.iter().map(move |name| ArtifactId { graph, node, name })
        };
        self.nodes.node_indices().filter(last).flat_map(artifacts).collect()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[NodeIndex::new(index)]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.node_count()
    }

    /// The stages which `index` takes artifacts of.
    pub(crate) fn inputs(&self, index: usize) -> BTreeSet<usize> {
        self.neighbours(index, Direction::Incoming)
    }

    /// The stages which take artifacts of `index`.
    pub(crate) fn takers(&self, index: usize) -> BTreeSet<usize> {
        self.neighbours(index, Direction::Outgoing)
    }

    fn neighbours(&self, index: usize, direction: Direction) -> BTreeSet<usize> {
        self.nodes
            .neighbors_directed(NodeIndex::new(index), direction)
            .map(NodeIndex::index)
            .collect()
    }

    /// The stage of this title.
    pub(crate) fn find(&self, title: &str) -> Result<usize, Error> {
        self.check()?;
        let titles = self.titles();
        let found = titles.iter().position(|other| other == title);
        found.ok_or_else(|| Error::NoSuchStage { title: title.to_owned(), titles })
    }

    /// Fails if `add` saw wrong wiring.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.mistake.clone() {
            Some((title, reason)) => Err(Error::Wiring { title, reason }),
            None => Ok(()),
        }
    }

    /// Fails if a wanted artifact is not of this graph.
    pub(crate) fn check_targets(&self, targets: &[ArtifactId]) -> Result<(), Error> {
        self.check()?;
        match targets.iter().find(|target| target.graph != self.id) {
            Some(target) => Err(Error::Wiring {
                title: target.name.to_owned(),
                reason: "it is an artifact of another graph".to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn add_node(&mut self, node: Node) {
        let mistake = self.mistake_of(&node).map(|reason| (node.title.clone(), reason));
        let inputs: BTreeSet<usize> =
            node.walk.artifacts().iter().map(|artifact| artifact.node).collect();
        let index = self.nodes.add_node(node);
        if mistake.is_none() {
            for input in inputs {
                self.nodes.add_edge(NodeIndex::new(input), index, ());
            }
        }
        self.mistake = self.mistake.take().or(mistake);
    }

    fn mistake_of(&self, node: &Node) -> Option<String> {
        if let Some(mistake) = node.walk.mistake() {
            return Some(mistake.to_owned());
        }
        if let Some(foreign) =
            node.walk.artifacts().iter().find(|artifact| !self.has_artifact(artifact))
        {
            return Some(format!(
                "its input `{}` is of no earlier stage of this graph",
                foreign.name
            ));
        }
        let unique: BTreeSet<_> = node.outputs.iter().collect();
        (unique.len() < node.outputs.len()).then(|| "two outputs have one name".to_owned())
    }

    fn has_artifact(&self, artifact: &ArtifactId) -> bool {
        artifact.graph == self.id && artifact.node < self.len()
    }
}

/// A stage without its types.
trait Runner: Send + Sync {
    fn run(&self, cx: &Context) -> Result<(), Box<dyn StdError + Send + Sync>>;
}

struct Added<S: Stage> {
    stage: S,
    out: S::Outputs,
}

impl<S: Stage> Runner for Added<S> {
    fn run(&self, cx: &Context) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.stage.run(&self.out, cx)?)
    }
}
