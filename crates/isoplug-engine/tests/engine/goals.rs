//! Runs of several goals over one graph: what is shared, and what a failure ends.

use std::sync::Arc;

use isoplug_engine::{
    Artifact, ArtifactId, Blob, CancelToken, Context, Digest, Failed, Graph, Options, plan,
    run_each,
};

use crate::toys::{Act, ActError, Diary, Memory, Space, join};

/// Runs one stage at a time; returns which goals were reached, with their first artifact, and the stages that failed.
fn build(
    graph: &Graph,
    goals: &[Artifact<Blob>],
    space: &Space,
    options: &Options<'_>,
) -> (Vec<(usize, Digest)>, Vec<Failed>) {
    let wanted: Vec<Vec<ArtifactId>> = goals.iter().map(|goal| vec![goal.id()]).collect();
    let (mut reached, options) = (Vec::new(), Options { jobs: 1, ..options.clone() });
    let failed = run_each(graph, &wanted, &space.store, &options, &mut |goal, outputs| {
        reached.push((goal, outputs.digest(goals[goal]).unwrap()));
    });
    (reached, failed.unwrap())
}

/// Two images over one base: "end" of both is of another text.
fn two(diary: &Diary) -> (Graph, [Artifact<Blob>; 2]) {
    let mut graph = Graph::new();
    let ends = ["one", "two"].map(|part| {
        graph.part(part);
        let base = graph.add(join("base", &[], "same", diary)).blob;
        let file = graph.add(join("file", &[], "same", diary)).blob;
        graph.add(join("end", &[base, file], part, diary)).blob
    });
    (graph, ends)
}

fn fails(_: Artifact<Blob>, _: &Context) -> Result<(), ActError> {
    Err(ActError::Moon)
}

/// A stage that fails, of the current part.
fn broken(graph: &mut Graph, title: &'static str, inputs: Vec<Artifact<Blob>>) -> Artifact<Blob> {
    graph.add(Act { title, inputs, act: fails }).blob
}

#[test]
fn what_two_parts_do_alike_is_one_stage() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, ends) = two(&diary);
    assert_eq!(graph.titles(), ["base", "file", "end (one)", "end (two)"]);
    let (reached, failed) = build(&graph, &ends, &space, &Options::default());
    assert_eq!(diary.take(), ["base", "file", "end", "end"]);
    assert!(failed.is_empty() && reached.len() == 2 && reached[0].1 != reached[1].1);
}

#[test]
fn a_goal_of_many_is_what_it_is_alone() {
    let (diary, together, alone) = (Diary::default(), Space::new(), Space::new());
    let (graph, ends) = two(&diary);
    let (all, _) = build(&graph, &ends, &together, &Options::default());
    let (second, _) = build(&graph, &ends[1..], &alone, &Options::default());
    assert_eq!(all[1].1, second[0].1);
}

#[test]
fn a_title_tells_the_parts_only_where_they_differ() {
    let (mut graph, diary) = (Graph::new(), Diary::default());
    for (part, text) in [("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")] {
        graph.part(part);
        graph.add(join("stage", &[], text, &diary));
        graph.add(join("other", &[], "", &diary));
    }
    assert_eq!(graph.titles(), ["stage (a, b, +1)", "other", "stage (d)"]);
    let plan = plan(&graph, &Space::new().store).unwrap();
    assert_eq!(plan.stages[2].title, "stage (d)");
}

#[test]
fn events_tell_whose_a_stage_is() {
    let (space, diary, memory) = (Space::new(), Diary::default(), Memory::default());
    let (graph, ends) = two(&diary);
    build(&graph, &ends, &space, &Options { reporter: &memory, ..Options::default() });
    let lines = memory.lines();
    assert_eq!(lines[0], "planned base, file, end (one)?, end (two)?");
    assert!(lines.contains(&"started end (two)".to_owned()), "{lines:?}");
}

#[test]
fn a_failure_ends_the_goals_that_need_it_and_no_other() {
    let (space, diary) = (Space::new(), Diary::default());
    let (mut graph, [one, two]) = two(&diary);
    graph.part("three");
    let base = graph.add(join("base", &[], "same", &diary)).blob;
    let bad = broken(&mut graph, "bad", vec![base]);
    let needs = graph.add(join("needs", &[bad], "", &diary)).blob;
    let only = graph.add(join("only for three", &[], "", &diary)).blob;
    let three = graph.add(join("three", &[needs, only], "", &diary)).blob;
    let (reached, failed) = build(&graph, &[three, one, two], &space, &Options::default());
    assert_eq!(reached.iter().map(|(goal, _)| *goal).collect::<Vec<_>>(), [1, 2]);
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(
        (failed.error.to_string(), &failed.goals[..]),
        ("stage `bad` failed".to_owned(), &[0][..])
    );
    let ran = diary.take();
    assert!(!ran.iter().any(|title| title == "needs" || title == "only for three"), "{ran:?}");
}

#[test]
fn what_all_need_fails_all() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let goals = ["one", "two"].map(|part| {
        graph.part(part);
        let bad = broken(&mut graph, "bad", Vec::new());
        graph.add(join("end", &[bad], part, &diary)).blob
    });
    let (reached, failed) = build(&graph, &goals, &space, &Options::default());
    assert!(reached.is_empty() && diary.take().is_empty());
    assert_eq!(failed.iter().map(|one| one.goals.clone()).collect::<Vec<_>>(), [[0, 1]]);
}

#[test]
fn a_goal_is_handed_out_before_the_others_are_done() {
    let (space, diary) = (Space::new(), Diary::default());
    let (mut graph, [one, _]) = two(&diary);
    graph.part("slow");
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let act = move |out: Artifact<Blob>, cx: &Context| {
        // Else the run would wait for the goal, and the goal for the run.
        let waited = receiver.lock().unwrap().recv_timeout(std::time::Duration::from_secs(60));
        let blob = cx.create()?;
        let digest = cx.put(blob, None)?;
        cx.finish(out, digest, &[])?;
        waited.map_err(|_| ActError::Moon)
    };
    let slow = graph.add(Act { title: "slow", inputs: vec![one], act }).blob;
    let goals = [vec![one.id()], vec![slow.id()]];
    let failed = run_each(&graph, &goals, &space.store, &Options::default(), &mut |goal, _| {
        if goal == 0 {
            sender.send(()).unwrap();
        }
    });
    assert!(failed.unwrap().is_empty());
}

#[test]
fn a_stopped_goal_has_not_failed() {
    let (space, diary, cancel) = (Space::new(), Diary::default(), CancelToken::new());
    let (mut graph, [one, _]) = two(&diary);
    let asked = Arc::new(cancel.clone());
    let act = move |_: Artifact<Blob>, cx: &Context| {
        asked.cancel();
        Ok(cx.check_cancelled()?)
    };
    let stops = graph.add(Act { title: "stops", inputs: vec![one], act }).blob;
    let options = Options { cancel, ..Options::default() };
    let (reached, failed) = build(&graph, &[one, stops], &space, &options);
    assert_eq!((reached.len(), failed.len()), (1, 0));
}
