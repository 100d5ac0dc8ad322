//! Finds what the end of a run waited for: the chain of stages of which none could begin sooner.

use super::{Bar, Run};

/// Why a stage did not begin sooner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waited {
    /// It could begin at once.
    ForNothing,
    /// For this stage's artifact.
    For(String),
    /// It was ready, but as many stages as may were running; this one made room.
    ForRoom(String),
}

/// Two times, in seconds, nearer than this are one.
const MOMENT: f64 = 0.005;

/// Says for each stage that ran what it waited for.
pub(super) fn waits(run: &Run) -> Vec<Waited> {
    (0..run.bars.len()).map(|index| waited(run, index).0).collect()
}

/// Says for each stage that ran whether the end of the run waited for it.
pub(super) fn path(run: &Run) -> Vec<bool> {
    let mut on_path = vec![false; run.bars.len()];
    let ends = run.bars.iter().enumerate();
    let mut next = ends.max_by(|(_, a), (_, b)| a.end.total_cmp(&b.end)).map(|(index, _)| index);
    while let Some(index) = next.filter(|&index| !on_path[index]) {
        on_path[index] = true;
        next = waited(run, index).1;
    }
    on_path
}

/// Returns when the last input of a stage was there; 0 if all were there at the beginning.
pub(super) fn ready(run: &Run, bar: &Bar) -> f64 {
    last_input(run, bar).map_or(0.0, |index| run.bars[index].end).min(bar.start)
}

fn waited(run: &Run, index: usize) -> (Waited, Option<usize>) {
    let bar = &run.bars[index];
    let input = last_input(run, bar);
    let title = |index: usize| run.bars[index].title.clone();
    if bar.start - ready(run, bar) > MOMENT
        && let Some(room) = made_room(run, bar)
    {
        return (Waited::ForRoom(title(room)), Some(room));
    }
    match input {
        Some(input) => (Waited::For(title(input)), Some(input)),
        None => (Waited::ForNothing, None),
    }
}

/// Returns the input that came last, if any had to be made.
fn last_input(run: &Run, bar: &Bar) -> Option<usize> {
    let made =
        run.bars.iter().enumerate().filter(|(_, other)| {
            bar.inputs.contains(&other.title) && other.end <= bar.start + MOMENT
        });
    made.max_by(|(_, a), (_, b)| a.end.total_cmp(&b.end)).map(|(index, _)| index)
}

/// Returns the stage that ended just when this one began.
fn made_room(run: &Run, bar: &Bar) -> Option<usize> {
    let before = run
        .bars
        .iter()
        .enumerate()
        .filter(|(_, other)| (other.end - bar.start).abs() < MOMENT && other.start < bar.start);
    before.max_by(|(_, a), (_, b)| a.end.total_cmp(&b.end)).map(|(index, _)| index)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn bar(title: &str, inputs: &[&str], start: f64, end: f64) -> Bar {
        let inputs = inputs.iter().map(|&input| input.to_owned()).collect();
        Bar { title: title.to_owned(), inputs, start, end, ..Bar::default() }
    }

    #[test]
    fn the_path_leads_back_over_inputs_and_over_room() {
        let of = |title: &str| Waited::For(title.to_owned());
        let room = Waited::ForRoom("squashfs".to_owned());
        let table = [
            (bar("fetch", &[], 0.0, 1.0), Waited::ForNothing, true),
            (bar("short", &[], 0.0, 0.5), Waited::ForNothing, false),
            (bar("packages", &["fetch"], 1.001, 4.0), of("fetch"), true),
            (bar("initrd", &["packages"], 4.0, 9.0), of("packages"), true),
            (bar("live", &["packages"], 4.0, 4.2), of("packages"), false),
            (bar("squashfs", &["live", "gone"], 4.2, 6.0), of("live"), false),
            (bar("iso", &["squashfs", "initrd"], 9.001, 9.5), of("initrd"), true),
            (bar("late", &["fetch"], 6.002, 7.0), room, false),
        ];
        let on_path = table.each_ref().map(|(_, _, on_path)| *on_path);
        let (bars, waited): (Vec<Bar>, Vec<Waited>) =
            table.into_iter().map(|(bar, waited, _)| (bar, waited)).unzip();
        let run = Run { bars, ..Run::default() };
        assert_eq!(waits(&run), waited);
        assert_eq!(path(&run), on_path);
        assert_eq!(path(&Run::default()), [false; 0]);
    }
}
