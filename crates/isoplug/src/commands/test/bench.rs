//! Boots the images of a run in every way, several at a time, and gathers what was seen.
//!
//! Knows no option of an image; which ways there are, `ways` tells.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use isoplug_engine::{
    Artifact, ArtifactId, Blob, Error, Expected, Failed, Graph, Options, Store, run_each,
};
use isoplug_vm::{Arch, ComboReport, Host, Limit, Machine, Report};

use super::{Args, accelerator, ways};
use crate::boot_test::{self, BootTest, TestSetup};
use crate::commands::run::arch;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::matrix::{Matrix, Member, State, Tests};
use crate::prepare::Prepared;
use crate::session::{Session, processors};
use crate::{export, installed, outcome, promises};

/// What QEMU takes beside the memory of its machine, in MiB: most of it is the code that it has translated.
const BESIDE: u64 = 512;

/// Where images are tested.
pub(super) struct Bench<'a> {
    args: &'a Args,
    session: &'a Session,
    pub(super) output: export::Output,
    host: Host,
}

/// One boot of one image.
struct Boot {
    /// Which of the images of the run.
    image: usize,
    arch: Arch,
    /// Its report, if it passes.
    report: Artifact<Blob>,
    /// Its report, if it does not.
    seen: Arc<OnceLock<Report>>,
}

impl Boot {
    /// Returns what it says: its report of having passed, if it has, or the other one, if there is one.
    fn told(&self, passed: Option<&Path>) -> Result<Option<Report>, Failure> {
        passed.map_or_else(|| Ok(self.seen.get().cloned()), |path| read(path).map(Some))
    }
}

impl<'a> Bench<'a> {
    pub(super) fn new(args: &'a Args, output: export::Output, session: &'a Session) -> Self {
        Self { args, session, output, host: Host::discover() }
    }

    /// Boots each image that was built, and adds what was seen to the report of all.
    pub(super) fn test_each(&self, matrix: &mut Matrix, all: &mut Report) -> Result<(), Failure> {
        let boots = self.boots(matrix)?;
        let Some((prepared, _)) = matrix.built().next() else { return Ok(()) };
        let (mut reports, ended) = self.run(&boots, &matrix.graph, prepared)?;
        let many = matrix.images.len() > 1;
        for (index, member) in matrix.images.iter_mut().enumerate() {
            let of_image = boots.iter().zip(&mut reports).filter(|(boot, _)| boot.image == index);
            let combos = of_image.flat_map(|(_, report)| report.take()).flat_map(|one| one.combos);
            self.note(member, combos.collect(), many, all);
        }
        let ended = ended.or_else(|| all.interrupted().then(stopped));
        ended.map_or(Ok(()), Err)
    }

    /// Adds a stage for each boot.
    fn boots(&self, matrix: &mut Matrix) -> Result<Vec<Boot>, Failure> {
        let Matrix { graph, images, .. } = matrix;
        let (many, mut boots) = (images.len() > 1, Vec::new());
        for (image, member) in images.iter().enumerate() {
            let State::Built(prepared, _) = &member.state else { continue };
            if many {
                graph.part(&member.name);
            }
            for stage in self.stages(prepared)? {
                let (arch, seen) = (stage.machine.arch, Arc::clone(&stage.setup.seen));
                boots.push(Boot { image, arch, report: graph.add(stage).report, seen });
            }
        }
        Ok(boots)
    }

    /// Returns one stage for each way to boot an image.
    fn stages(&self, prepared: &Prepared) -> Result<Vec<BootTest>, Failure> {
        let (args, system) = (self.args, &prepared.system);
        let arch = arch(&system.arch)?;
        let stage = |(firmware, medium)| BootTest {
            iso: prepared.products.iso,
            identity: prepared.products.identity,
            machine: Machine { memory: args.memory, ..Machine::new(arch, firmware, medium) },
            checks: installed::checks(system, medium),
            login: installed::login(system, firmware, medium),
            installation: installed::installation(system, firmware, medium),
            name: prepared.image.name.clone(),
            again: (args.again || args.screenshots).then(|| u64::from(std::process::id())),
            setup: self.setup(&prepared.image.name),
        };
        let supported = promises::firmware(system);
        let wanted = args.firmware.iter().map(|firmware| (*firmware).into()).collect();
        let ways = ways::all(wanted, &args.medium, supported, system)?;
        Ok(ways.into_iter().map(stage).collect())
    }

    fn setup(&self, image: &str) -> TestSetup {
        let wall = |seconds| Limit::Wall(Duration::from_secs(seconds));
        TestSetup {
            host: self.host.clone(),
            limit: self.args.timeout.map_or(Limit::DEFAULT, wall),
            folder: self.output.folder.join(format!("{image}.test")),
            seen: Arc::default(),
            pictures: self.args.screenshots,
        }
    }

    /// Returns the report of each boot that ended, now or before, and why others have none.
    fn run(
        &self,
        boots: &[Boot],
        graph: &Graph,
        prepared: &Prepared,
    ) -> Result<(Vec<Option<Report>>, Option<Failure>), Failure> {
        let goals: Vec<Vec<ArtifactId>> = boots.iter().map(|boot| vec![boot.report.id()]).collect();
        let must_run = |goal: &Vec<ArtifactId>| must_run(graph, goal, &prepared.store);
        if let Some(first) = goals.iter().position(must_run) {
            accelerator(&self.host, boots[first].arch, self.session);
        }
        let options = Options { jobs: self.at_once(), ..self.session.run_options() };
        let mut passed: Vec<_> = boots.iter().map(|_| None).collect();
        let failed = run_each(graph, &goals, &prepared.store, &options, &mut |goal, outputs| {
            passed[goal] = outputs.path(boots[goal].report);
        });
        let failed = failed.map_err(|error| untested(&error, prepared))?;
        let told = boots.iter().zip(passed).map(|(boot, passed)| boot.told(passed.as_deref()));
        let reports = told.collect::<Result<Vec<_>, _>>()?;
        let is_told = |one: &&Failed| one.goals.iter().all(|goal| reports[*goal].is_some());
        let ended = failed.iter().find(|one| !is_told(one));
        let ended = ended.map(|one| untested(&one.error, prepared));
        let ended = ended.or_else(|| reports.iter().any(Option::is_none).then(stopped));
        Ok((reports, ended))
    }

    fn at_once(&self) -> usize {
        let free = isoplug_sandbox::free_memory();
        self.args.boots.map_or_else(|| fitting(free, self.args.memory, processors()), Into::into)
    }

    /// Tells of the boots of an image, and adds them to those of all.
    fn note(&self, member: &mut Member, combos: Vec<ComboReport>, many: bool, all: &mut Report) {
        let State::Built(prepared, built) = &mut member.state else { return };
        let mut report = Report { image: prepared.image.name.clone(), combos };
        if !report.combos.is_empty() {
            self.session.out(&report.text());
        }
        built.tests = Some(Tests::of(&report));
        let name = many.then(|| member.name.clone());
        report.combos.iter_mut().for_each(|combo| combo.image.clone_from(&name));
        all.combos.extend(report.combos);
    }
}

/// Returns how many machines of so many MiB run at the same time where so many bytes are free.
fn fitting(free: u64, memory: u32, processors: usize) -> usize {
    let one = (u64::from(memory) + BESIDE) << 20;
    usize::try_from(free / one).unwrap_or(processors).min(processors).max(1)
}

fn read(report: &Path) -> Result<Report, Failure> {
    let read = fs::read(report).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| {
        Failure::new(Exit::Internal, format!("{} is not a report", report.display()))
    })
}

/// Tells whether a machine will be started: what passed before is not tested again.
fn must_run(graph: &Graph, targets: &[ArtifactId], store: &Store) -> bool {
    let plan = isoplug_engine::plan_targets(graph, targets, store);
    plan.is_ok_and(|plan| plan.stages.last().is_some_and(|row| row.state != Expected::Cached))
}

fn untested(error: &Error, prepared: &Prepared) -> Failure {
    match error.find::<boot_test::Error>() {
        Some(boot_test::Error::Test(reason)) => {
            Failure::new(Exit::Host, "the image could not be tested")
                .because(reason)
                .hint("`isoplug doctor --test` tells what is missing")
        }
        _ => outcome::failure(error, &prepared.system),
    }
}

fn stopped() -> Failure {
    Failure::new(Exit::Interrupted, "stopped; what was seen is told above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_machines_as_memory_and_processors_allow() {
        let of = |free: u64, processors| fitting(free << 30, 2048, processors);
        assert_eq!([of(22, 2), of(22, 64), of(3, 64), of(1, 64), of(0, 2)], [2, 8, 1, 1, 1]);
    }
}
