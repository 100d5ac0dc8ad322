//! What came of the images of a run: a table for people, one event for machines.
//!
//! Reads what the run left; builds nothing.

use std::fs;

use isoplug_engine::Unit;
use isoplug_vm::{Report, Verdict};
use serde_json::{Value as Json, json};

use super::{Built, Matrix, Member, State, Tests};
use crate::progress::amount;

/// Columns of a terminal that a line may take.
const WIDTH: usize = 80;

/// The longest name of a profile that is shown whole.
const NAME: usize = 28;

impl Tests {
    /// Counts the boots of a report.
    pub(crate) fn of(report: &Report) -> Self {
        let count = |verdict| report.combos.iter().filter(|one| one.verdict() == verdict).count();
        Self {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            unfinished: count(Verdict::Unfinished),
        }
    }

    fn text(self) -> String {
        let Self { passed, failed, unfinished } = self;
        let others = [(failed, "failed"), (unfinished, "unfinished")];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others = others.map(|(count, word)| format!(", {count} {word}"));
        format!("{passed} passed{}", others.collect::<String>())
    }
}

impl Matrix {
    /// Returns the table: a line for each image, and one more for one that failed.
    pub(crate) fn table(&self) -> String {
        let longest = self.images.iter().map(|image| image.pick.profile.chars().count()).max();
        let width = longest.unwrap_or(0).clamp("image".len(), NAME);
        let head = ["image", "arch", "size", "time", "cached", "result"].map(str::to_owned);
        let rows = self.images.iter().flat_map(|image| {
            let reason = image.reason().map(|reason| cut(&format!("  {reason}"), WIDTH));
            std::iter::once(line(width, &image.cells())).chain(reason)
        });
        std::iter::once(line(width, &head)).chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// Returns the event.
    pub(crate) fn event(&self) -> Json {
        let images: Vec<Json> = self.images.iter().map(Member::json).collect();
        json!({ "event": "summary", "images": images })
    }
}

impl Member {
    fn cells(&self) -> [String; 6] {
        let (profile, arch) = (self.pick.profile.clone(), self.pick.arch.clone());
        let none = || "–".to_owned();
        let built = match &self.state {
            State::Built(_, built) => built,
            State::Failed(_) => {
                return [profile, arch, none(), none(), none(), "failed".to_owned()];
            }
            State::Ready(_) | State::Stopped => {
                return [profile, arch, none(), none(), none(), "stopped".to_owned()];
            }
        };
        let size = built.bytes().map_or_else(none, |bytes| amount(bytes, Unit::Bytes));
        let time = format!("{:.1} s", built.seconds);
        let cached = format!("{}/{}", built.cached, built.stages);
        let result = built.tests.map_or_else(|| "built".to_owned(), Tests::text);
        [profile, arch, size, time, cached, result]
    }

    /// Returns why there is no image.
    fn reason(&self) -> Option<String> {
        let State::Failed(why) = &self.state else { return None };
        Some(match &why.stage {
            Some(stage) => format!("stage `{stage}`: {}", why.reason),
            None => why.reason.clone(),
        })
    }

    fn json(&self) -> Json {
        let mut image = json!({ "profile": self.pick.profile, "arch": self.pick.arch });
        match &self.state {
            State::Built(_, built) => built.tell(&mut image),
            State::Failed(why) => {
                image["result"] = json!("failed");
                image["stage"] = json!(why.stage);
                image["reason"] = json!(why.reason);
            }
            State::Ready(_) | State::Stopped => image["result"] = json!("stopped"),
        }
        image
    }
}

impl Built {
    /// Adds what there is to an image's part of the event.
    fn tell(&self, image: &mut Json) {
        image["result"] = json!("built");
        image["iso"] = json!(self.iso);
        image["bytes"] = json!(self.bytes());
        image["seconds"] = json!((self.seconds * 1000.0).round() / 1000.0);
        image["cached"] = json!(self.cached);
        image["stages"] = json!(self.stages);
        if let Some(Tests { passed, failed, unfinished }) = self.tests {
            image["tests"] =
                json!({ "passed": passed, "failed": failed, "unfinished": unfinished });
        }
    }

    fn bytes(&self) -> Option<u64> {
        fs::metadata(&self.iso).ok().map(|file| file.len())
    }
}

fn line(width: usize, [profile, arch, size, time, cached, result]: &[String; 6]) -> String {
    let profile = cut(profile, width);
    let line = format!("{profile:<width$}  {arch:<5}  {size:>8}  {time:>9}  {cached:>7}  {result}");
    cut(&line, WIDTH)
}

/// Leaves out what is more than so many characters.
fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
