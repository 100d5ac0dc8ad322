//! `isoplug plugin new`, `build`, `test`, `run` and `lint`: what the author of a plugin needs.

use std::fs;
use std::path::{Path, PathBuf};

use isoplug_kit::{Case, Finding, KitError, Language, Verdict};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Begin a plugin in a new folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin new my-plugin --language rust")]
pub(crate) struct NewArgs {
    /// The folder to make; its name is the plugin's
    folder: PathBuf,
    /// The language to write it in: rust, js, python or c
    #[arg(long, short = 'l', alias = "lang", value_name = "LANGUAGE", default_value = "rust", value_parser = language)]
    language: Language,
}

/// Build a plugin's component
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin build my-plugin")]
pub(crate) struct BuildArgs {
    /// The plugin's folder
    #[arg(default_value = ".")]
    folder: PathBuf,
}

/// Run a plugin's cases and compare what it does with what is expected
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin test my-plugin\n  \
    isoplug plugin test my-plugin --bless    # expect what it does now")]
pub(crate) struct TestArgs {
    #[command(flatten)]
    subject: Subject,
    /// Write what the plugin does now as what is expected
    #[arg(long)]
    bless: bool,
}

/// Run one case of a plugin and print what it made, as JSON
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin run my-plugin --case cases/strict --trace")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    subject: Subject,
    /// The case's folder [default: the first of the plugin's cases]
    #[arg(long, value_name = "DIR")]
    case: Option<PathBuf>,
    /// Print each call between plugin and host
    #[arg(long)]
    trace: bool,
}

/// Look for what makes a plugin hard to use: no example, requests that it does not need
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin lint my-plugin")]
pub(crate) struct LintArgs {
    #[command(flatten)]
    subject: Subject,
}

/// The plugin at hand.
#[derive(Debug, clap::Args)]
struct Subject {
    /// The plugin's folder, which is built first, or its component
    #[arg(default_value = ".")]
    plugin: PathBuf,
    /// The folder of the cases [default: cases, in the plugin's folder]
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

impl Subject {
    /// Returns the component, built if a folder was named.
    fn component(&self, session: &Session) -> Result<Vec<u8>, Failure> {
        if self.plugin.is_dir() {
            let runtime = crate::plugins::runtime(session)?;
            return Ok(isoplug_kit::build(&runtime, &self.plugin).map_err(failure)?.bytes);
        }
        fs::read(&self.plugin).map_err(|error| {
            Failure::new(Exit::Manifest, format!("cannot read {}", self.plugin.display()))
                .because(&error)
        })
    }

    fn cases(&self) -> PathBuf {
        let folder = match self.plugin.is_dir() {
            true => self.plugin.as_path(),
            false => self.plugin.parent().unwrap_or(Path::new("")),
        };
        self.cases.clone().unwrap_or_else(|| folder.join("cases"))
    }
}

fn language(text: &str) -> Result<Language, String> {
    text.parse().map_err(|_| {
        let names: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        format!("no plugin is written in {text}; there are {}", names.join(", "))
    })
}

pub(crate) fn new(args: &NewArgs, session: &Session) -> Result<Exit, Failure> {
    let name = args.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Failure::new(Exit::Manifest, "the folder has no name to call the plugin by"));
    };
    let written = isoplug_kit::new(&args.folder, &name, args.language).map_err(failure)?;
    let lines: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    session.out(&lines.join("\n"));
    session.note(&format!("next: isoplug plugin test {}", args.folder.display()));
    Ok(Exit::Done)
}

pub(crate) fn build(args: &BuildArgs, session: &Session) -> Result<Exit, Failure> {
    let runtime = crate::plugins::runtime(session)?;
    let built = isoplug_kit::build(&runtime, &args.folder).map_err(failure)?;
    let (id, version) = (&built.description.id, &built.description.version);
    session.note(&format!("{id} {version}, {} bytes", built.size));
    session.out(&built.path.display().to_string());
    Ok(Exit::Done)
}

pub(crate) fn test(args: &TestArgs, session: &Session) -> Result<Exit, Failure> {
    let component = args.subject.component(session)?;
    let runtime = crate::plugins::runtime(session)?;
    let cases = isoplug_kit::test(&runtime, &component, &args.subject.cases(), args.bless);
    let cases = cases.map_err(failure)?;
    for Case { name, verdict, fuel } in &cases {
        session.out(&match verdict {
            Verdict::Passed => format!("ok       {name} ({fuel} fuel)"),
            Verdict::Blessed => format!("blessed  {name}"),
            Verdict::Failed(why) => format!("FAILED   {name}\n{why}"),
        });
    }
    let failed = cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_))).count();
    match (failed, cases.len()) {
        (0, 0) => Err(Failure::new(Exit::Manifest, "there are no cases")
            .hint(format!("put them into {}", args.subject.cases().display()))),
        (0, _) => Ok(Exit::Done),
        (failed, all) => Err(Failure::new(Exit::Plugin, format!("{failed} of {all} cases failed"))),
    }
}

pub(crate) fn run(args: &RunArgs, session: &Session) -> Result<Exit, Failure> {
    let component = args.subject.component(session)?;
    let runtime = crate::plugins::runtime(session)?;
    let case = match &args.case {
        Some(case) => case.clone(),
        None => first_case(&args.subject.cases())?,
    };
    let mut trace = |line: &str| {
        if args.trace {
            session.note(line);
        }
    };
    let made = isoplug_kit::run(&runtime, &component, &case, &mut trace).map_err(failure)?;
    session.out(&format!("{made:#}"));
    Ok(Exit::Done)
}

fn first_case(cases: &Path) -> Result<PathBuf, Failure> {
    let names = isoplug_formats::tree::sorted_names(cases).unwrap_or_default();
    let first = names.into_iter().map(|name| cases.join(name)).find(|path| path.is_dir());
    first.ok_or_else(|| {
        Failure::new(Exit::Manifest, format!("there is no case in {}", cases.display()))
            .hint("name one with --case DIR")
    })
}

pub(crate) fn lint(args: &LintArgs, session: &Session) -> Result<Exit, Failure> {
    let component = args.subject.component(session)?;
    let runtime = crate::plugins::runtime(session)?;
    let cases = Some(args.subject.cases()).filter(|cases| cases.is_dir());
    let found = isoplug_kit::lint(&runtime, &component, cases.as_deref()).map_err(failure)?;
    for Finding { code, message, is_error } in &found {
        let word = if *is_error { "error" } else { "warning" };
        session.out(&format!("{word}[{code}]: {message}"));
    }
    match found.iter().any(|finding| finding.is_error) {
        true => Err(Failure::new(Exit::Plugin, "the plugin has errors")),
        false => Ok(Exit::Done),
    }
}

fn failure(error: KitError) -> Failure {
    Failure::new(Exit::Plugin, error.to_string()).because(&error)
}
