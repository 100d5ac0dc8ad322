//! Decides which stages must run, and when.
//!
//! A stage's key needs only the digests of its inputs, and a record gives those even when its blobs are gone.
//! So blobs are demanded from the end: a wanted artifact must be present, and so must the inputs of a stage
//! that must run; a stage whose record is known but whose demanded blobs are gone must run again.
//! Runs nothing itself.

mod goals;

use std::collections::{BTreeMap, BTreeSet};

use super::state::State;
use crate::{ArtifactId, Expected, Graph, Output, StageKey, Store};
use goals::Goal;

/// The stages that the targets need, and where each stands.
pub(crate) struct Schedule<'a> {
    graph: &'a Graph,
    store: &'a Store,
    slots: BTreeMap<usize, Slot>,
    goals: Vec<Goal>,
}

struct Slot {
    state: State,
    key: Option<StageKey>,
    /// From the record, or from the run.
    outputs: Option<BTreeMap<String, Output>>,
    must_run: bool,
    /// The outputs whose blobs someone needs.
    demanded: BTreeSet<&'static str>,
    /// Those of them that were seen in the store.
    seen: BTreeSet<&'static str>,
    retried: bool,
}

/// A stage that is to run now.
pub(crate) struct Job {
    pub(crate) index: usize,
    pub(crate) key: StageKey,
    pub(crate) inputs: BTreeMap<ArtifactId, Output>,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(graph: &'a Graph, store: &'a Store, goals: &[Vec<ArtifactId>]) -> Self {
        let goals: Vec<Goal> = goals.iter().map(|targets| Goal::new(graph, targets)).collect();
        let needed: BTreeSet<usize> = goals.iter().flat_map(|goal| &goal.needed).copied().collect();
        let slots = needed.into_iter().map(|index| (index, Slot::new())).collect();
        let mut schedule = Self { graph, store, slots, goals };
        let targets: Vec<ArtifactId> =
            schedule.goals.iter().flat_map(|goal| &goal.targets).copied().collect();
        for target in targets {
            schedule.slot(target.node).demanded.insert(target.name);
        }
        schedule
    }

    /// The stages that the targets need, in build order.
    pub(crate) fn needed(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let indices: Vec<usize> = self.slots.keys().copied().collect();
        indices.into_iter()
    }

    /// Takes all decisions that can be taken now; returns the stages that turned out to be cached.
    pub(crate) fn settle(&mut self) -> Vec<(usize, StageKey)> {
        self.needed().for_each(|index| self.find_key(index));
        self.needed().rev().for_each(|index| self.demand(index));
        let cached = self.needed().filter_map(|index| self.promote(index)).collect();
        self.give_up();
        cached
    }

    /// Starts the first stage that is ready.
    pub(crate) fn start_next(&mut self) -> Option<Job> {
        let index = self.needed().find(|index| self.slots[index].state == State::Ready)?;
        let key = self.slots[&index].key?;
        let artifacts = self.graph.node(index).walk.artifacts();
        let inputs =
            artifacts.into_iter().filter_map(|id| Some((id, self.output(id)?.clone()))).collect();
        self.set(index, State::Running);
        Some(Job { index, key, inputs })
    }

    /// Notes what a stage made, or that another process made it. Returns whether an earlier run with the same
    /// key had made something else.
    pub(crate) fn finish(
        &mut self,
        job: &Job,
        outputs: BTreeMap<String, Output>,
        state: State,
    ) -> bool {
        if self.slots[&job.index].key != Some(job.key) {
            // An input changed while it ran; what it made stays in the store under the old key.
            self.set(job.index, State::Waiting);
            return false;
        }
        let names = self.graph.node(job.index).outputs.iter().copied().collect();
        let slot = self.slot(job.index);
        let differs = slot.outputs.as_ref().is_some_and(|before| *before != outputs);
        (slot.outputs, slot.must_run, slot.seen) = (Some(outputs), false, names);
        self.set(job.index, state);
        if differs {
            self.forget_takers(job.index);
        }
        differs
    }

    /// Notes that a stage failed. If an input had vanished, it gets a second chance: then this is false.
    pub(crate) fn fail(&mut self, job: &Job) -> bool {
        let vanished = self.vanished_inputs(job);
        if vanished.is_empty() || self.slots[&job.index].retried {
            self.set(job.index, State::Failed);
            return true;
        }
        self.slot(job.index).retried = true;
        self.set(job.index, State::Waiting);
        for input in vanished {
            self.slot(input).seen.clear();
            if self.slots[&input].state.is_done() {
                self.set(input, State::Waiting);
            }
        }
        false
    }

    /// Notes that a running stage stopped since the run is to stop.
    pub(crate) fn skip(&mut self, job: &Job) {
        self.set(job.index, State::Skipped);
    }

    /// Lets nothing more start.
    pub(crate) fn halt(&mut self) {
        for index in self.needed() {
            if matches!(self.slots[&index].state, State::Waiting | State::Ready) {
                self.set(index, State::Skipped);
            }
        }
    }

    /// Whether nothing runs and nothing can start.
    pub(crate) fn is_over(&self) -> bool {
        self.slots.values().all(|slot| slot.state.is_over())
    }

    /// What an artifact is, as far as known.
    pub(crate) fn output(&self, id: ArtifactId) -> Option<&Output> {
        self.slots.get(&id.node)?.outputs.as_ref()?.get(id.name)
    }

    /// The key of a stage, as far as known.
    pub(crate) fn key(&self, index: usize) -> Option<StageKey> {
        self.slots.get(&index)?.key
    }

    /// What a run would do with a stage, as far as known.
    pub(crate) fn expected(&self, index: usize) -> Expected {
        match self.slots.get(&index) {
            Some(Slot { key: None, .. }) | None => Expected::Unknown,
            Some(Slot { must_run: false, .. }) => Expected::Cached,
            Some(Slot { outputs: Some(_), .. }) => Expected::Gone,
            Some(Slot { outputs: None, .. }) => Expected::Missing,
        }
    }

    fn slot(&mut self, index: usize) -> &mut Slot {
        self.slots.entry(index).or_insert_with(Slot::new)
    }

    fn set(&mut self, index: usize, state: State) {
        let slot = self.slot(index);
        debug_assert!(slot.state.may_become(state), "{:?} -> {state:?}", slot.state);
        slot.state = state;
    }

    fn find_key(&mut self, index: usize) {
        let node = self.graph.node(index);
        if self.slots[&index].key.is_some() {
            return;
        }
        let digest = |id| self.output(id).map(|output| output.digest);
        let Some(key) = node.key(&self.store.salt(), digest) else { return };
        let record = self.store.record(&key).map(|record| record.outputs);
        let outputs =
            record.filter(|outputs| node.outputs.iter().all(|name| outputs.contains_key(*name)));
        let slot = self.slot(index);
        (slot.key, slot.must_run, slot.outputs) = (Some(key), outputs.is_none(), outputs);
    }

    fn demand(&mut self, index: usize) {
        let slot = &self.slots[&index];
        let can_be_taken = matches!(slot.state, State::Waiting | State::Cached);
        if slot.must_run || slot.key.is_none() || !can_be_taken {
            return self.demand_inputs(index);
        }
        let unseen: Vec<&'static str> = slot.demanded.difference(&slot.seen).copied().collect();
        let present = |name: &&'static str| {
            let output = slot.outputs.as_ref().and_then(|outputs| outputs.get(*name));
            output.is_some_and(|output| output.blobs().all(|digest| self.store.has(digest)))
        };
        if unseen.iter().all(present) {
            self.slot(index).seen.extend(unseen);
            return;
        }
        self.slot(index).must_run = true;
        if self.slots[&index].state == State::Cached {
            self.set(index, State::Waiting);
        }
        self.demand_inputs(index);
    }

    fn demand_inputs(&mut self, index: usize) {
        if self.slots[&index].must_run {
            for artifact in self.graph.node(index).walk.artifacts() {
                self.slot(artifact.node).demanded.insert(artifact.name);
            }
        }
    }

    /// Moves a stage on from Waiting; returns it if it is cached.
    fn promote(&mut self, index: usize) -> Option<(usize, StageKey)> {
        if self.is_blocked(index) {
            self.set(index, State::Skipped);
        }
        let slot = &self.slots[&index];
        let key = slot.key.filter(|_| slot.state == State::Waiting)?;
        if !slot.must_run {
            self.set(index, State::Cached);
            return Some((index, key));
        }
        if self.graph.inputs(index).iter().all(|input| self.slots[input].state.is_done()) {
            self.set(index, State::Ready);
        }
        None
    }

    /// Lets the keys of all stages after this one be found again.
    fn forget_takers(&mut self, index: usize) {
        for taker in self.graph.takers(index) {
            let Some(state) = self.slots.get(&taker).map(|slot| slot.state) else { continue };
            if matches!(state, State::Failed | State::Skipped) {
                continue;
            }
            let slot = self.slot(taker);
            (slot.key, slot.outputs, slot.must_run) = (None, None, false);
            slot.seen.clear();
            if matches!(state, State::Ready | State::Cached | State::Built) {
                self.set(taker, State::Waiting);
            }
            self.forget_takers(taker);
        }
    }

    fn vanished_inputs(&self, job: &Job) -> BTreeSet<usize> {
        let gone = |output: &Output| !output.blobs().all(|digest| self.store.has(digest));
        job.inputs.iter().filter(|(_, output)| gone(output)).map(|(id, _)| id.node).collect()
    }
}

impl Slot {
    fn new() -> Self {
        Self {
            state: State::Waiting,
            key: None,
            outputs: None,
            must_run: false,
            demanded: BTreeSet::new(),
            seen: BTreeSet::new(),
            retried: false,
        }
    }
}
