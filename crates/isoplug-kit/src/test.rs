//! Runs the cases of a plugin's tests, each twice, and compares with what is expected.

use std::fs;
use std::path::Path;

use isoplug_formats::tree::sorted_names;
use isoplug_plugin::{EntryKind, Question, Runtime};
use serde_json::Value as Json;

use crate::KitError;
use crate::call::{Called, Subject};
use crate::case::Scene;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// How much the plugin ran, in units of fuel.
    pub fuel: u64,
}

/// Whether a case is as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Passed,
    /// What came is now what is expected.
    Blessed,
    /// It is not; the text says how.
    Failed(String),
}

const EXPECTED: &str = "expected.json";
const ERROR: &str = "expect-error.txt";

/// Runs every case in a folder, by name. With `bless`, what comes is written down as expected.
///
/// # Errors
///
/// If a case cannot be read or the component is no plugin.
pub fn test(
    runtime: &Runtime,
    component: &[u8],
    cases: &Path,
    bless: bool,
) -> Result<Vec<Case>, KitError> {
    let subject = Subject::read(runtime, component)?;
    let mut done = Vec::new();
    for name in sorted_names(cases).map_err(KitError::io(cases))? {
        let folder = cases.join(&name);
        if folder.is_dir() {
            let (verdict, fuel) = test_one(&subject, &folder, bless)?;
            done.push(Case { name: name.to_string_lossy().into_owned(), verdict, fuel });
        }
    }
    Ok(done)
}

/// Runs a case twice; returns what came of it, and how much fuel the first run took.
fn test_one(subject: &Subject, folder: &Path, bless: bool) -> Result<(Verdict, u64), KitError> {
    let scene = Scene::read(folder, subject.component.world, &subject.description)?;
    let (first, second) = (subject.call(&scene)?, subject.call_shorter(&scene)?);
    let verdict = match () {
        () if !are_alike(&first, &second) => Verdict::Failed(
            "two runs gave different answers; a plugin must always answer alike".to_owned(),
        ),
        () if bless => blessed(folder, &first)?,
        () => verdict(folder, &first)?,
    };
    Ok((verdict, first.contribution.fuel))
}

/// Runs one case, shows each question of the plugin and each thing that it added, and returns its
/// answer as `expected.json` has it.
///
/// # Errors
///
/// If the case cannot be read, or the plugin failed.
pub fn run(
    runtime: &Runtime,
    component: &[u8],
    case: &Path,
    trace: &mut dyn FnMut(&str),
) -> Result<Json, KitError> {
    let subject = Subject::read(runtime, component)?;
    let scene = Scene::read(case, subject.component.world, &subject.description)?;
    trace(&format!("{} with options {}", scene.verb.name(), scene.options));
    let called = subject.call(&scene)?;
    called.asked.iter().for_each(|(question, _)| trace(&asked(question)));
    added(&called, trace);
    called.contribution.log.iter().for_each(|line| trace(&format!("log: {}", line.text)));
    trace(&format!("{} units of fuel", called.contribution.fuel));
    called.shown.map_err(|errors| KitError::case(case, errors.trim_end()))
}

/// Fuel is compared too: a plugin that runs another way for the same answer depends on something.
fn are_alike(first: &Called, second: &Called) -> bool {
    first.shown == second.shown
        && first.contribution == second.contribution
        && first.asked == second.asked
}

fn verdict(folder: &Path, called: &Called) -> Result<Verdict, KitError> {
    let (expected, error) = (folder.join(EXPECTED), folder.join(ERROR));
    let read = |path: &Path| fs::read_to_string(path).map_err(KitError::io(path));
    Ok(match (&called.shown, expected.is_file(), error.is_file()) {
        (_, true, true) => {
            Verdict::Failed(format!("there are both {EXPECTED} and {ERROR}; one of them is right"))
        }
        (_, false, false) => Verdict::Failed(format!("there is no {EXPECTED}; --bless writes it")),
        (Ok(shown), true, false) => {
            let wanted: Json = serde_json::from_str(&read(&expected)?)
                .map_err(|wrong| KitError::case(&expected, wrong))?;
            compared(&pretty(&wanted), &pretty(shown))
        }
        (Err(errors), false, true) => compared(read(&error)?.trim_end(), errors.trim_end()),
        (Ok(_), ..) => Verdict::Failed("it was expected to fail, and did not".to_owned()),
        (Err(errors), ..) => Verdict::Failed(format!("it failed:\n{}", errors.trim_end())),
    })
}

fn blessed(folder: &Path, called: &Called) -> Result<Verdict, KitError> {
    if verdict(folder, called)? == Verdict::Passed {
        return Ok(Verdict::Passed);
    }
    let (expected, error) = (folder.join(EXPECTED), folder.join(ERROR));
    let (right, text, wrong) = match &called.shown {
        Ok(shown) => (expected, pretty(shown) + "\n", error),
        Err(errors) => (error, errors.clone(), expected),
    };
    fs::write(&right, text).map_err(KitError::io(&right))?;
    if wrong.is_file() {
        fs::remove_file(&wrong).map_err(KitError::io(&wrong))?;
    }
    Ok(Verdict::Blessed)
}

fn pretty(json: &Json) -> String {
    let mut sorted = json.clone();
    sorted.sort_all_objects();
    // A value of JSON always is JSON.
    serde_json::to_string_pretty(&sorted).unwrap_or_default()
}

/// Names the first lines that differ.
fn compared(wanted: &str, got: &str) -> Verdict {
    if wanted == got {
        return Verdict::Passed;
    }
    let (mut left, mut right) = (wanted.lines(), got.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (wanted, got) = (left.next(), right.next());
        if wanted != got {
            let shown = |line: Option<&str>| line.unwrap_or("nothing more").to_owned();
            let (wanted, got) = (shown(wanted), shown(got));
            return Verdict::Failed(format!("line {number}:\n- {wanted}\n+ {got}"));
        }
    }
}

fn asked(question: &Question) -> String {
    match question {
        Question::Fact(path) => format!("fact {path}"),
        Question::Seed => "seed".to_owned(),
        Question::List(place) => format!("list-input {place}"),
        Question::Input(place, path) => format!("open-input {place} {path}"),
        Question::Fetch(url, digest) => format!("fetch {url} {digest}"),
        Question::Secret(name, ..) => format!("secret {name}"),
        Question::Look(path) => format!("rootfs.look {path}"),
        Question::Names(path) => format!("rootfs.names {path}"),
        Question::Open(path) => format!("rootfs.open {path}"),
    }
}

fn added(called: &Called, trace: &mut dyn FnMut(&str)) {
    for module in &called.contribution.modules {
        trace(&format!("module {}", module.name));
        for (fragment, _) in &module.fragments {
            trace(&format!("  merge {fragment}"));
        }
        for entry in &module.entries {
            let verb = match &entry.kind {
                EntryKind::File(content, _) => format!("file, {} bytes,", content.size()),
                EntryKind::Folder(_) => "folder".to_owned(),
                EntryKind::Symlink(target) => format!("link to {target},"),
                EntryKind::Remove => "remove".to_owned(),
            };
            trace(&format!("  {verb} {}:{}", entry.tree, entry.path));
        }
        module.hooks.iter().for_each(|hook| trace(&format!("  hook {}", hook.name)));
    }
    for diagnostic in &called.contribution.diagnostics {
        trace(&format!("report {}: {}", diagnostic.code, diagnostic.message));
    }
}
