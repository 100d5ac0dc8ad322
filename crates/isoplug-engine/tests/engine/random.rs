//! Random graphs against a small model: what runs, in which order, and that the digests are always the same.

use std::collections::BTreeSet;
use std::fs;

use isoplug_engine::{
    Artifact, ArtifactId, Blob, Graph, Options, Outputs, Store, plan_targets, run,
};
use proptest::prelude::*;

use crate::toys::{Diary, Join, Space, join};

/// One stage: its inputs among the earlier ones, its text, whether its bytes hide a change of its inputs.
type Shape = (Vec<prop::sample::Index>, u8, bool);

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let inputs = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    prop::collection::vec((inputs, 0..3_u8, any::<bool>()), 1..12)
}

struct Random {
    graph: Graph,
    blobs: Vec<Artifact<Blob>>,
    inputs: Vec<BTreeSet<usize>>,
    diary: Diary,
}

impl Random {
    fn new(shapes: &[Shape]) -> Self {
        let (mut graph, diary) = (Graph::new(), Diary::default());
        let (mut blobs, mut inputs) = (Vec::new(), Vec::<BTreeSet<usize>>::new());
        for (number, (picks, text, coarse)) in shapes.iter().enumerate() {
            let picked = if number == 0 {
                BTreeSet::new()
            } else {
                picks.iter().map(|pick| pick.index(number)).collect()
            };
            let artifacts: Vec<Artifact<Blob>> = picked.iter().map(|input| blobs[*input]).collect();
            let stage = join(&number.to_string(), &artifacts, &text.to_string(), &diary);
            blobs.push(graph.add(Join { coarse: *coarse, ..stage }).blob);
            inputs.push(picked);
        }
        Self { graph, blobs, inputs, diary }
    }

    fn ids(&self, stages: &BTreeSet<usize>) -> Vec<ArtifactId> {
        stages.iter().map(|stage| self.blobs[*stage].id()).collect()
    }

    fn all(&self) -> BTreeSet<usize> {
        (0..self.blobs.len()).collect()
    }

    fn run(&self, stages: &BTreeSet<usize>, store: &Store, jobs: usize) -> (Outputs, Vec<usize>) {
        let options = Options { jobs, ..Options::default() };
        let outputs = run(&self.graph, &self.ids(stages), store, &options).unwrap();
        (outputs, self.diary.take().iter().map(|title| title.parse().unwrap()).collect())
    }

    /// The stages that `stages` need, with themselves.
    fn needed(&self, stages: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut needed = stages.clone();
        for stage in
            (0..self.blobs.len()).rev().filter(|stage| stages.iter().any(|end| stage <= end))
        {
            if needed.contains(&stage) {
                needed.extend(&self.inputs[stage]);
            }
        }
        needed
    }

    /// What must run: a stage without record, and one without blob that is wanted or taken by one that must run.
    fn model(
        &self,
        wanted: &BTreeSet<usize>,
        record: impl Fn(usize) -> bool,
        blob: impl Fn(usize) -> bool,
    ) -> BTreeSet<usize> {
        let mut must_run = BTreeSet::new();
        let mut demanded = wanted.clone();
        for stage in self.needed(wanted).into_iter().rev() {
            if !record(stage) || (demanded.contains(&stage) && !blob(stage)) {
                must_run.insert(stage);
                demanded.extend(&self.inputs[stage]);
            }
        }
        must_run
    }
}

fn picked(picks: &[prop::sample::Index], among: usize) -> BTreeSet<usize> {
    picks.iter().map(|pick| pick.index(among)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn each_needed_stage_runs_once_after_its_inputs(shapes in shapes(), wanted in prop::collection::vec(any::<prop::sample::Index>(), 1..4), jobs in 1..5_usize) {
        let (random, space) = (Random::new(&shapes), Space::new());
        let wanted = picked(&wanted, shapes.len());
        let (_, ran) = random.run(&wanted, &space.store, jobs);
        prop_assert_eq!(ran.len(), random.needed(&wanted).len());
        for (position, stage) in ran.iter().enumerate() {
            for input in &random.inputs[*stage] {
                prop_assert!(ran[..position].contains(input));
            }
        }
        let (_, again) = random.run(&wanted, &space.store, jobs);
        prop_assert!(again.is_empty());
    }

    #[test]
    fn one_and_eight_jobs_make_the_same(shapes in shapes()) {
        let (random, one, eight) = (Random::new(&shapes), Space::new(), Space::new());
        let (all_by_one, _) = random.run(&random.all(), &one.store, 1);
        let (all_by_eight, _) = random.run(&random.all(), &eight.store, 8);
        for blob in &random.blobs {
            prop_assert_eq!(all_by_one.digest(*blob), all_by_eight.digest(*blob));
        }
    }

    #[test]
    fn a_change_gives_what_a_clean_run_gives(mut shapes in shapes(), change in any::<prop::sample::Index>()) {
        let space = Space::new();
        Random::new(&shapes).run(&Random::new(&shapes).all(), &space.store, 2);
        let changed = change.index(shapes.len());
        shapes[changed].1 += 10;
        let (random, clean) = (Random::new(&shapes), Space::new());
        let (cached, ran) = random.run(&random.all(), &space.store, 2);
        let (expected, _) = random.run(&random.all(), &clean.store, 2);
        for blob in &random.blobs {
            prop_assert_eq!(cached.digest(*blob), expected.digest(*blob));
        }
        prop_assert_eq!(ran[0], changed);
        if shapes[changed].2 {
            prop_assert_eq!(ran.len(), 1, "equal bytes end the rebuild");
        }
    }

    #[test]
    fn lost_blobs_and_records_cost_no_more_than_they_must(
        shapes in shapes(),
        lost_blobs in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        lost_records in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        wanted in prop::collection::vec(any::<prop::sample::Index>(), 1..3),
        jobs in 1..4_usize,
    ) {
        let (random, space) = (Random::new(&shapes), Space::new());
        let (outputs, _) = random.run(&random.all(), &space.store, 2);
        let keys: Vec<_> = outputs.reports().iter().map(|report| report.key).collect();
        for stage in picked(&lost_blobs, shapes.len()) {
            fs::remove_file(outputs.path(random.blobs[stage]).unwrap()).unwrap();
        }
        for stage in picked(&lost_records, shapes.len()) {
            fs::remove_file(space.folder.path().join("records-v1").join(format!("{}.json", keys[stage]))).unwrap();
        }
        let wanted = picked(&wanted, shapes.len());
        let expected = random.model(
            &wanted,
            |stage| space.store.record(&keys[stage]).is_some(),
            |stage| outputs.path(random.blobs[stage]).unwrap().exists(),
        );
        let plan = plan_targets(&random.graph, &random.ids(&wanted), &space.store).unwrap();
        let (again, ran) = random.run(&wanted, &space.store, jobs);
        for row in plan.stages {
            let stage: usize = row.title.parse().unwrap();
            if let Some(cached) = row.state.cached() && !cached {
                prop_assert!(ran.contains(&stage), "planned, so it runs");
            }
        }
        let ran_once: BTreeSet<usize> = ran.iter().copied().collect();
        prop_assert_eq!(ran.len(), ran_once.len());
        prop_assert_eq!(ran_once, expected);
        for stage in &wanted {
            let path = again.path(random.blobs[*stage]).unwrap();
            prop_assert_eq!(again.digest(random.blobs[*stage]), outputs.digest(random.blobs[*stage]));
            prop_assert!(path.exists());
        }
    }
}
