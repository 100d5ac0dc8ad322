//! A stage: one cached step with inputs, outputs, key and run; and the artifacts by which stages are wired.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;

use crate::{Context, Key};

/// One cached step. Its fields are its inputs.
pub trait Stage: Send + Sync + 'static {
    /// What it is called, in keys too.
    const NAME: &'static str;
    /// Raise it when the same inputs would give other bytes.
    const VERSION: u32;
    /// The artifacts it makes: a struct with one [`Artifact`] per field.
    type Outputs: Copy + Send + Sync;
    /// Why it can fail; should wrap [`crate::Error`].
    type Error: StdError + Send + Sync + 'static;

    /// Distinguishes several nodes of one stage in one graph ("packages 2").
    fn title(&self) -> String {
        Self::NAME.to_owned()
    }

    /// Names what it makes.
    fn outputs(slots: &Slots) -> Self::Outputs;

    /// Shows every input. Take the struct apart without `..`, so that a new field cannot be forgotten.
    fn key(&self, key: &mut dyn Key);

    /// Makes the outputs: the same bytes for the same key, at any time and number of threads.
    ///
    /// # Errors
    ///
    /// Why the outputs cannot be made, in the stage's own words; what the engine says is passed on.
    fn run(&self, out: &Self::Outputs, cx: &Context) -> Result<(), Self::Error>;
}

/// Marks an artifact that is a folder: a blob that lists entries and refers to the blobs with their content.
#[derive(Debug, Clone, Copy)]
pub enum Tree {}

/// Marks an artifact that is a single file.
#[derive(Debug, Clone, Copy)]
pub enum Blob {}

/// Which output of which stage of which graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArtifactId {
    pub(crate) graph: u64,
    pub(crate) node: usize,
    pub(crate) name: &'static str,
}

impl ArtifactId {
    /// The name of the output.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// One output of a stage, and what it is: [`Tree`] or [`Blob`].
pub struct Artifact<T> {
    id: ArtifactId,
    kind: PhantomData<fn() -> T>,
}

impl<T> Artifact<T> {
    /// Which artifact it is, whatever it is.
    pub fn id(self) -> ArtifactId {
        self.id
    }
}

impl<T> Clone for Artifact<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Artifact<T> {}

impl<T> PartialEq for Artifact<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T> Eq for Artifact<T> {}

impl<T> fmt::Debug for Artifact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Artifact({} of stage {})", self.id.name, self.id.node)
    }
}

impl<T> From<Artifact<T>> for ArtifactId {
    fn from(artifact: Artifact<T>) -> Self {
        artifact.id
    }
}

/// Hands out the artifacts of a stage that is being added to a graph.
pub struct Slots {
    graph: u64,
    node: usize,
    names: RefCell<Vec<&'static str>>,
}

impl Slots {
    pub(crate) fn new(graph: u64, node: usize) -> Self {
        Self { graph, node, names: RefCell::default() }
    }

    /// Makes the artifact of this name; a name serves once per stage.
    pub fn slot<T>(&self, name: &'static str) -> Artifact<T> {
        self.names.borrow_mut().push(name);
        Artifact { id: ArtifactId { graph: self.graph, node: self.node, name }, kind: PhantomData }
    }

    pub(crate) fn into_names(self) -> Vec<&'static str> {
        self.names.into_inner()
    }
}
