//! The images of one run: what they do alike is done once, and one that fails leaves the others alone.
//!
//! Says why an image fails; what is said of one that is there, whoever calls decides. Knows no stage.

mod ends;
mod summary;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use isoplug_engine::{ArtifactId, Graph, Options, Store, run_each};
use isoplug_manifest::Diagnostics;

use crate::exit::Exit;
use crate::export::Output;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::pick::{self, Pick};
use crate::prepare::{Planned, Prepared, plan_medium, wire};
use crate::project::Project;
use crate::session::{Session, print_json};
use crate::{outcome, room};

/// The images of one run, over one graph.
#[derive(Default)]
pub(crate) struct Matrix {
    pub(crate) graph: Graph,
    pub(crate) images: Vec<Member>,
    /// What was told of failures, each once.
    told: BTreeSet<String>,
    /// The exit code of the first failure.
    exit: Option<Exit>,
}

/// An image of the run.
pub(crate) struct Member {
    pub(crate) pick: Pick,
    /// What tells it from the others.
    pub(crate) name: String,
    pub(crate) state: State,
}

/// How far an image is.
pub(crate) enum State {
    /// It can be built.
    Ready(Box<Prepared>),
    /// Its ISO is where it was to go.
    Built(Box<Prepared>, Built),
    /// It cannot be had.
    Failed(Why),
    /// The run was stopped first.
    Stopped,
}

/// A finished image.
pub(crate) struct Built {
    pub(crate) iso: PathBuf,
    /// Seconds from the beginning of the run.
    pub(crate) seconds: f64,
    /// How many of its stages did not have to run.
    pub(crate) cached: usize,
    /// How many it has.
    pub(crate) stages: usize,
    /// What its tests showed, if it was tested.
    pub(crate) tests: Option<Tests>,
}

/// How many boots ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tests {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) unfinished: usize,
}

/// Why there is no image.
#[derive(Debug, Clone)]
pub(crate) struct Why {
    /// The stage that failed, if it was one.
    pub(crate) stage: Option<String>,
    pub(crate) reason: String,
}

/// What came of a finished image: what there is to warn of, and where it is.
type Exported = (usize, Diagnostics, Result<Built, Failure>);

impl Matrix {
    /// Evaluates, locks and wires images.
    ///
    /// # Errors
    /// If there is only one and it cannot be built, or if none can, whatever they are.
    pub(crate) fn prepare(
        project: &Project,
        picks: &[Pick],
        lock_use: LockUse,
        session: &Session,
    ) -> Result<Self, Failure> {
        let mut matrix = Self::default();
        let mut all = Vec::new();
        for pick in picks {
            all.push(match plan_medium(project, pick, lock_use, session) {
                Err(end) if picks.len() == 1 || ends_all(&end, session) => return Err(end),
                planned => planned.map_err(|failure| matrix.tell(&failure, None, session)),
            });
        }
        one_lock(project, &mut all, session)?;
        for ((pick, planned), name) in picks.iter().zip(all).zip(pick::apart(picks)) {
            let state = match planned {
                Ok(planned) => {
                    matrix.part(picks.len(), &name);
                    State::Ready(Box::new(wire(planned, &mut matrix.graph)))
                }
                Err(why) => State::Failed(why),
            };
            matrix.images.push(Member { pick: pick.clone(), name, state });
        }
        Ok(matrix)
    }

    /// Lets what is added to the graph be of this image; a graph of one needs no parts.
    pub(crate) fn part(&mut self, images: usize, name: &str) {
        if images > 1 {
            self.graph.part(name);
        }
    }

    /// Tells what came of the images, if there are several.
    pub(crate) fn summarise(&self, session: &Session) {
        if self.images.len() > 1 {
            session.note(&self.table());
            if session.global.json {
                print_json(&self.event());
            }
        }
    }

    /// Returns the exit code of the first failure, if there was one.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Returns the finished images in their order.
    pub(crate) fn built(&self) -> impl Iterator<Item = (&Prepared, &Built)> {
        self.images.iter().filter_map(|image| match &image.state {
            State::Built(prepared, built) => Some((&**prepared, built)),
            _ => None,
        })
    }

    /// Returns what a build is for, for each image that can be built, and the store.
    pub(crate) fn goals(&self) -> Option<(Vec<Vec<ArtifactId>>, Store)> {
        let ready = || self.ready().filter_map(|index| self.prepared(index));
        let goals = ready().map(|prepared| prepared.products.artifacts()).collect();
        ready().next().map(|prepared| (goals, prepared.store.clone()))
    }

    /// Builds what can be built, and puts each image into the folder as soon as it is finished.
    ///
    /// # Errors
    /// If the store cannot be used.
    pub(crate) fn build(
        &mut self,
        output: &Output,
        options: &Options<'_>,
        session: &Session,
    ) -> Result<(), Failure> {
        let Some((goals, store)) = self.goals() else { return Ok(()) };
        let ready: Vec<usize> = self.ready().collect();
        let prepared = || ready.iter().filter_map(|index| self.prepared(*index));
        prepared().for_each(|one| session.warn(&room::warning(&self.graph, one)));
        let (begun, mut exported) = (Instant::now(), Vec::new());
        let failed = run_each(&self.graph, &goals, &store, options, &mut |goal, outputs| {
            let Some(prepared) = self.prepared(ready[goal]) else { return };
            let (warnings, built) = ends::finish(prepared, &outputs, (output, begun), session);
            exported.push((ready[goal], warnings, built));
        });
        let systems = || prepared().map(|prepared| &prepared.system);
        let of_store = |error| systems().next().map(|system| outcome::failure(&error, system));
        let failed = match failed.map_err(of_store) {
            Ok(failed) => failed,
            Err(failure) => return failure.map_or(Ok(()), Err),
        };
        self.note_failed(&failed, &ready, options, session);
        self.note_exported(exported, session);
        self.note_stopped(session);
        Ok(())
    }

    fn ready(&self) -> impl Iterator<Item = usize> {
        let ready = |index: &usize| matches!(self.images[*index].state, State::Ready(_));
        (0..self.images.len()).filter(ready)
    }

    fn prepared(&self, index: usize) -> Option<&Prepared> {
        match &self.images.get(index)?.state {
            State::Ready(prepared) | State::Built(prepared, _) => Some(prepared),
            State::Failed(_) | State::Stopped => None,
        }
    }

    /// Tells of the stages that failed, each once, and whose they are.
    fn note_failed(
        &mut self,
        all: &[isoplug_engine::Failed],
        ready: &[usize],
        options: &Options<'_>,
        session: &Session,
    ) {
        let mut lost = Vec::new();
        for one in all {
            let members: Vec<usize> = one.goals.iter().map(|goal| ready[*goal]).collect();
            let picks: Vec<&Pick> = members.iter().map(|index| &self.images[*index].pick).collect();
            let Some(prepared) = members.first().and_then(|index| self.prepared(*index)) else {
                continue;
            };
            let failure = ends::failure(&one.error, prepared, &pick::list(&picks), options);
            let stage = match &one.error {
                isoplug_engine::Error::Stage { title, .. } => Some(title.clone()),
                _ => None,
            };
            let why = self.tell(&failure, stage, session);
            lost.extend(members.into_iter().map(|index| (index, why.clone())));
        }
        for (index, why) in lost.into_iter().rev() {
            self.images[index].state = State::Failed(why);
        }
    }

    fn note_exported(&mut self, exported: Vec<Exported>, session: &Session) {
        for (index, warnings, built) in exported {
            session.warn(&warnings);
            let state = match built {
                Ok(built) => built,
                Err(failure) => {
                    let why = self.tell(&failure, None, session);
                    self.images[index].state = State::Failed(why);
                    continue;
                }
            };
            let member = &mut self.images[index];
            member.state = match std::mem::replace(&mut member.state, State::Stopped) {
                State::Ready(prepared) => State::Built(prepared, state),
                other => other,
            };
        }
    }

    fn note_stopped(&mut self, session: &Session) {
        let left: Vec<usize> = self.ready().collect();
        if left.is_empty() {
            return;
        }
        left.into_iter().for_each(|index| self.images[index].state = State::Stopped);
        let stopped = "stopped; what was finished is kept in the store";
        self.tell(&Failure::new(Exit::Interrupted, stopped), None, session);
    }

    /// Tells of a failure, unless the same was told of another image.
    fn tell(&mut self, failure: &Failure, stage: Option<String>, session: &Session) -> Why {
        if self.told.insert(failure.to_json().to_string()) {
            let exit = session.fail(failure);
            self.exit.get_or_insert(exit);
        }
        Why { stage, reason: failure.first_line() }
    }
}

/// Tells whether no other image can fare better.
fn ends_all(failure: &Failure, session: &Session) -> bool {
    session.cancel.is_cancelled() || matches!(failure.exit, Exit::Untrusted | Exit::Interrupted)
}

/// Lets the papers of all images have the lock as it is when all are locked, which is what each has that is built alone.
fn one_lock(
    project: &Project,
    all: &mut [Result<Planned, Why>],
    session: &Session,
) -> Result<(), Failure> {
    if all.len() < 2 {
        return Ok(());
    }
    let text = project.lock(session)?.unwrap_or_default().to_toml();
    for planned in all.iter_mut().flatten() {
        planned.image.lock_text.clone_from(&text);
    }
    Ok(())
}
