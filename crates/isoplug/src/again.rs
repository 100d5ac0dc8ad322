//! Builds an image again under other conditions, and says what differs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use isoplug_inspect::diff::{self, Difference};
use isoplug_inspect::image::Image;
use isoplug_inspect::report::{check, overview};
use isoplug_inspect::verify::Step;
use isoplug_inspect::verify::refusal::{Fault, Refusal};

use serde_json::Value as Json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// What a machine may be like without any effect on the bytes: mask, threads, environment.
struct Conditions {
    mask: &'static str,
    threads: &'static str,
    env: [(&'static str, &'static str); 3],
}

const OF_OTHERS: [Conditions; 2] = [
    Conditions {
        mask: "077",
        threads: "1",
        env: [("TZ", "Pacific/Kiritimati"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")],
    },
    Conditions {
        mask: "000",
        threads: "3",
        env: [("TZ", "America/St_Johns"), ("LANG", "C"), ("LC_ALL", "C")],
    },
];

/// What is built again, of which project.
pub(crate) struct Project<'a> {
    /// The image.
    pub(crate) image: &'a Image,
    /// Its SHA-256.
    pub(crate) digest: &'a str,
    /// The folder of its manifest and lock.
    pub(crate) from: &'a Path,
    /// Variables, in place of those that its provenance says it was built with.
    pub(crate) vars: BTreeMap<String, String>,
}

/// Builds the project so many times and compares each image with the given one.
pub(crate) fn steps(
    project: &Project,
    times: usize,
    session: &Session,
) -> Result<Vec<Step>, Failure> {
    let asked = asked(project).map_err(|error| failed(&error))?;
    (0..times).map(|turn| step(project, &asked, turn, session)).collect()
}

/// Returns the arguments that ask for the image and no other: what the medium and its provenance say that it was built
/// with, and the variables that are given in their place.
fn asked(project: &Project) -> std::io::Result<Vec<String>> {
    let provenance = project.image.beside(".provenance.json")?.unwrap_or_default();
    let provenance: Json = serde_json::from_slice(&provenance).unwrap_or_default();
    let parameters = &provenance["buildDefinition"]["externalParameters"];
    let card = overview::card(project.image).unwrap_or_default();
    Ok(arguments(parameters, &card, &project.vars))
}

/// One argument each, so that none of them reads like another option.
fn arguments(parameters: &Json, card: &Json, given: &BTreeMap<String, String>) -> Vec<String> {
    let word = |name: &str| parameters[name].as_str().or(card[name].as_str());
    let options = [("--profile", word("profile")), ("--arch", word("architecture"))];
    let options = options.into_iter().filter_map(|(option, value)| Some((option, value?)));
    let mut all: Vec<String> = options.map(|(option, value)| format!("{option}={value}")).collect();
    let said = parameters["variables"].as_object().into_iter().flatten();
    let mut vars: BTreeMap<&str, &str> =
        said.filter_map(|(name, value)| Some((&**name, value.as_str()?))).collect();
    vars.extend(given.iter().map(|(name, value)| (&**name, &**value)));
    all.extend(vars.iter().map(|(name, value)| format!("--var={name}={value}")));
    all
}

const WHAT: &str = "rebuild";

fn failed(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, "cannot build the project again").because(error)
}

impl Conditions {
    fn told(&self) -> String {
        let env = self.env.map(|(name, value)| format!("{name}={value}")).join(", ");
        format!("-j {}, umask {}, {env}", self.threads, self.mask)
    }
}

fn step(
    project: &Project,
    asked: &[String],
    turn: usize,
    session: &Session,
) -> Result<Step, Failure> {
    let Project { image, digest, from, vars: _ } = project;
    let prefix = "r".repeat(3 + 7 * turn);
    let folder =
        tempfile::Builder::new().prefix(&prefix).tempdir().map_err(|error| failed(&error))?;
    let conditions = &OF_OTHERS[turn % OF_OTHERS.len()];
    let output =
        build(from, asked, folder.path(), conditions, session).map_err(|error| failed(&error))?;
    let told = conditions.told();
    if !output.status.success() {
        return Ok(unfinished(&String::from_utf8_lossy(&output.stderr), &told));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let made: Vec<&Path> = text.lines().map(Path::new).collect();
    let same_name = made.iter().find(|path| path.file_name() == image.path.file_name());
    match same_name.or(made.first()) {
        Some(path) => compared(image, digest, path, &told),
        None => Ok(Step::unknown(WHAT, "the build named no image")),
    }
}

fn unfinished(stderr: &str, told: &str) -> Step {
    let lines = stderr.lines().skip_while(|line| !line.starts_with("error")).take(4);
    let mut faults: Vec<Fault> = lines.map(|line| Refusal::Undecided.fault(line.trim())).collect();
    if faults.is_empty() {
        faults.push(Refusal::Undecided.fault("it ended without a word"));
    }
    Step { faults, ..Step::unknown(WHAT, format!("could not be built again: {told}")) }
}

fn compared(image: &Image, digest: &str, path: &Path, told: &str) -> Result<Step, Failure> {
    let again = crate::look::open(path)?;
    let found = check::sha256(&again.medium.span).map_err(|error| failed(&error))?;
    if found == digest {
        let notes = other_papers(image, &again).map_err(|error| failed(&error))?;
        return Ok(Step { notes, ..Step::new(WHAT, format!("same bytes: {told}"), Vec::new()) });
    }
    let found = diff::compare(image, &again);
    let found = found
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()).because(&error.source))?;
    Ok(Step { said: format!("differs: {told}"), ..Step::new(WHAT, "", faults(&found)) })
}

/// Returns which papers beside an image are other ones than those beside the same image that was built again.
fn other_papers(image: &Image, again: &Image) -> std::io::Result<Vec<String>> {
    let mut others = Vec::new();
    for ending in [".provenance.json", ".spdx.json", ".cdx.json"] {
        let (given, made) = (image.beside(ending)?, again.beside(ending)?);
        if given.is_some() && given != made {
            others.push(format!("{}{ending} is not what the rebuild has", image.file_name()));
        }
    }
    Ok(others)
}

fn build(
    from: &Path,
    asked: &[String],
    folder: &Path,
    conditions: &Conditions,
    session: &Session,
) -> std::io::Result<Output> {
    let own = std::env::current_exe()?;
    let script = "umask \"$0\"; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, conditions.mask]).arg(own).arg("build").arg(from).args(asked);
    command.args(["--locked", "-j", conditions.threads, "--output"]).arg(folder.join("out"));
    command.arg("--store").arg(folder.join("store")).envs(conditions.env).env("HOME", folder);
    if session.global.trust_folder {
        command.arg("--trust-folder");
    }
    if session.global.offline {
        command.arg("--offline");
    }
    if let Some(mirror) = &session.global.mirror {
        command.arg("--mirror").arg(mirror);
    }
    if let Some(service) = &session.global.snapshot_service {
        command.arg("--snapshot-service").arg(service);
    }
    command.output()
}

/// Returns the first stage whose result differs.
fn stage(found: &Difference) -> &'static str {
    let of_package = |package: &str| package != "dpkg";
    let packaged = found.files.iter().any(|file| file.package.as_deref().is_some_and(of_package));
    let loaded = |path: &str| found.medium.iter().any(|file| file.path == path);
    match () {
        () if !found.packages.is_empty() => "fetch: the packages differ",
        () if packaged => "base or packages: files of packages differ",
        () if !found.files.is_empty() => "contribute or rootfs: files of no package differ",
        () if loaded("/boot/vmlinuz") => "kernel",
        () if loaded("/boot/initrd") => "initrd",
        () if !found.medium.is_empty() || !found.menu.is_empty() => "boot or iso",
        () if !found.boot.is_empty() => "boot",
        () if !found.moved.is_empty() => "iso: the order on the medium",
        () => "squashfs or iso: the same content, packed otherwise",
    }
}

/// Returns what differs, the first stage before all else.
fn faults(found: &Difference) -> Vec<Fault> {
    let files = found.files.iter().chain(&found.medium).take(20).map(|file| {
        let what: Vec<&str> = file.changes.iter().map(|change| &*change.what).collect();
        format!("{} {} {}", file.way, file.path, what.join(", ")).trim_end().to_owned()
    });
    let facts = found.boot.iter().chain(&found.system);
    let facts = facts.map(|fact| format!("{}: {} -> {}", fact.what, fact.old, fact.new));
    let first = format!("first stage that differs: {}", stage(found));
    let all = [first].into_iter().chain(files).chain(facts);
    all.map(|text| Refusal::NotReproduced.fault(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_image_that_was_built_is_asked_for() {
        let card = json!({ "profile": "p", "architecture": "arm64" });
        let none = BTreeMap::new();
        assert_eq!(arguments(&Json::Null, &card, &none), ["--profile=p", "--arch=arm64"]);
        let variables = json!({ "channel": "beta", "team": "a=b" });
        let said = json!({ "profile": "q", "architecture": "amd64", "variables": variables });
        let given = BTreeMap::from([("team".to_owned(), "c".to_owned())]);
        assert_eq!(
            arguments(&said, &card, &given),
            ["--profile=q", "--arch=amd64", "--var=channel=beta", "--var=team=c"]
        );
        assert!(arguments(&Json::Null, &Json::Null, &none).is_empty());
    }
}
