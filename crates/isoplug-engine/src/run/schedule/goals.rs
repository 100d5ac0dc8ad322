//! What a run is for: several goals, of which one can fail while others go on.
//!
//! Takes no decision about a stage that a living goal needs.

use std::collections::BTreeSet;

use super::Schedule;
use crate::run::state::State;
use crate::{ArtifactId, Graph, Output};

/// Artifacts that are wanted together.
pub(super) struct Goal {
    pub(super) targets: Vec<ArtifactId>,
    /// The stages that they need.
    pub(super) needed: BTreeSet<usize>,
    /// Whether it was said that they are there.
    told: bool,
}

impl Goal {
    pub(super) fn new(graph: &Graph, targets: &[ArtifactId]) -> Self {
        let mut needed: BTreeSet<usize> = targets.iter().map(|target| target.node).collect();
        for index in (0..graph.len()).rev() {
            if needed.contains(&index) {
                needed.extend(graph.inputs(index));
            }
        }
        Self { targets: targets.to_vec(), needed, told: false }
    }
}

impl Schedule<'_> {
    /// The goals that are reached and were not said to be.
    pub(crate) fn reached(&mut self) -> Vec<usize> {
        let new = |goal: &usize| !self.goals[*goal].told && self.is_reached(*goal);
        let reached: Vec<usize> = (0..self.goals.len()).filter(new).collect();
        reached.iter().for_each(|goal| self.goals[*goal].told = true);
        reached
    }

    /// The stages that a goal needs, in build order.
    pub(crate) fn needed_for(&self, goal: usize) -> impl Iterator<Item = usize> {
        self.goals[goal].needed.iter().copied()
    }

    /// What a goal is, once it is reached.
    pub(crate) fn outputs(&self, goal: usize) -> impl Iterator<Item = (ArtifactId, Output)> {
        let targets = self.goals[goal].targets.iter();
        targets.filter_map(|target| Some((*target, self.output(*target)?.clone())))
    }

    /// The goals that were not reached and need a stage.
    pub(crate) fn lost_with(&self, index: usize) -> Vec<usize> {
        let lost = |goal: &usize| self.goals[*goal].needed.contains(&index) && self.is_lost(*goal);
        (0..self.goals.len()).filter(lost).collect()
    }

    /// Whether a goal can still be reached.
    pub(crate) fn has_hope(&self) -> bool {
        (0..self.goals.len()).any(|goal| !self.goals[goal].told && !self.is_lost(goal))
    }

    /// Whether a stage cannot become ready since one that it needs did not end well.
    pub(super) fn is_blocked(&self, index: usize) -> bool {
        let slot = &self.slots[&index];
        let blocks = |input: &usize| {
            let input = &self.slots[input];
            let is_missing = slot.must_run || slot.key.is_none() && input.outputs.is_none();
            is_missing && matches!(input.state, State::Failed | State::Skipped)
        };
        matches!(slot.state, State::Waiting | State::Ready)
            && self.graph.inputs(index).iter().any(blocks)
    }

    /// Lets nothing start any more that only lost goals need.
    pub(super) fn give_up(&mut self) {
        if !(0..self.goals.len()).any(|goal| self.is_lost(goal)) {
            return;
        }
        let hoped = (0..self.goals.len()).filter(|goal| !self.is_lost(*goal));
        let kept: BTreeSet<usize> =
            hoped.flat_map(|goal| &self.goals[goal].needed).copied().collect();
        for index in self.needed().filter(|index| !kept.contains(index)) {
            if matches!(self.slots[&index].state, State::Waiting | State::Ready) {
                self.set(index, State::Skipped);
            }
        }
    }

    fn is_reached(&self, goal: usize) -> bool {
        self.goals[goal].targets.iter().all(|target| self.slots[&target.node].state.is_done())
    }

    fn is_lost(&self, goal: usize) -> bool {
        let Some(goal) = self.goals.get(goal).filter(|goal| !goal.told) else { return false };
        let state = |target: &ArtifactId| self.slots[&target.node].state;
        goal.targets.iter().any(|target| matches!(state(target), State::Failed | State::Skipped))
    }
}
