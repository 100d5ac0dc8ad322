//! `isoplug licences`: under which licences an image is, and what its manifest does not allow.

mod texts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use isoplug_bill::licences::{Finding, Policy, Report, Row};
use isoplug_engine::Graph;
use isoplug_image::papers::bill::binaries;
use isoplug_image::papers::inventory;
use isoplug_image::pipeline::pipeline;
use isoplug_manifest::{Diagnostic, Diagnostics, System};

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::prepare::{Planned, plan};
use crate::session::Session;

/// Show under which licences the packages of an image are
///
/// Of a folder with a manifest it builds the root filesystem if it is not in the store yet, and fails with exit code 10
/// if the image has what `licences` of its profile does not allow. Of a finished ISO it reads NAME.iso.licences.json.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug licences                       # of the profiles of isoplug.toml\n  \
    isoplug licences out/stick.iso         # of a finished image\n  \
    isoplug licences --format markdown     # for a page\n  \
    isoplug licences out/stick.iso --texts licences/     # to hand on with it")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// Put the copyright file of each package of an ISO, and the licences that they name, into this folder
    #[arg(long, value_name = "FOLDER")]
    texts: Option<PathBuf>,
    /// Find .debs of boot loaders below this folder, too, not in the store alone
    #[arg(long, value_name = "FOLDER", requires = "texts")]
    debs: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines
    Json,
    /// For pages
    Markdown,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if let Some(texts) = &args.texts {
        return hand_on(args, texts, session);
    }
    if args.select.folder.is_file() {
        session.out(&shown(&beside(&args.select.folder)?, args.format));
        return Ok(Exit::Done);
    }
    let (project, picks) = args.select.open()?;
    let mut exit = Exit::Done;
    for pick in &picks {
        let planned = plan(&project, pick, args.locking.into(), session)?;
        let report = report(&planned, session)?;
        session.out(&shown(&report, args.format));
        if let Some(found) = against_policy(&report, &planned.system) {
            session.warn(&found);
            exit = Exit::Policy;
        }
    }
    Ok(exit)
}

/// Writes the texts of a finished ISO.
fn hand_on(args: &Args, folder: &Path, session: &Session) -> Result<Exit, Failure> {
    let iso = &args.select.folder;
    if !iso.is_file() || iso.extension().is_none_or(|end| end != "iso") {
        let message = "texts are those of a finished image";
        let hint = "name its ISO: isoplug licences out/stick.iso --texts licences/";
        return Err(Failure::new(Exit::Manifest, message).hint(hint));
    }
    texts::write(iso, folder, args.debs.as_deref(), session)?;
    session.out(&folder.display().to_string());
    Ok(Exit::Done)
}

/// Reads the report beside a finished ISO.
fn beside(iso: &Path) -> Result<Report, Failure> {
    let file = iso.with_file_name(format!(
        "{}.licences.json",
        iso.file_name().unwrap_or_default().to_string_lossy()
    ));
    let read = fs::read(&file).map_err(|error| {
        Failure::new(Exit::Manifest, format!("cannot read {}", file.display()))
            .because(&error)
            .hint("it lies beside each ISO that was built; or name the folder of the manifest")
    })?;
    serde_json::from_slice(&read).map_err(|error| {
        Failure::new(
            Exit::Manifest,
            format!("{} cannot be read as a report of licences", file.display()),
        )
        .because(&error)
    })
}

/// Makes what is needed for the report, and the report.
fn report(planned: &Planned, session: &Session) -> Result<Report, Failure> {
    let Planned { system, image, store } = planned;
    let mut graph = Graph::new();
    let wanted = pipeline(image, &mut graph).inventory;
    let outputs = isoplug_engine::run(&graph, &[wanted.id()], store, &session.run_options())
        .map_err(|error| outcome::failure(&error, system))?;
    let lost = || Failure::new(Exit::Internal, "the facts of the packages are lost");
    let path = outputs.path(wanted).ok_or_else(lost)?;
    let inventory = inventory::read(&path).map_err(|_| lost())?;
    let (installed, drivers) = (image.installed_packages(), image.driver_packages());
    let offline = image.offline_packages();
    let packages = [&installed[..], &image.locked.boot, &drivers, &offline];
    Ok(Report::of(&binaries(packages, &image.systems(), &inventory)))
}

/// Compares with what the profile allows.
fn against_policy(report: &Report, system: &System) -> Option<Diagnostics> {
    let options = &system.options.licences;
    let policy = Policy {
        allow_components: options.allow_components.clone(),
        deny: options.deny.clone(),
        accept: options.accept.clone(),
    };
    let findings = report.findings(&policy);
    if findings.is_empty() {
        return None;
    }
    let list = findings.iter().map(|finding| drawn(finding, system)).collect();
    Some(Diagnostics { list, texts: system.texts.clone() })
}

fn drawn(Finding { package, why }: &Finding, system: &System) -> Diagnostic {
    let message = format!("`{package}` is not allowed: {why}");
    let help = format!("do without it, or add `licences.accept = [\"{package}\"]`");
    let diagnostic = Diagnostic::error("licence-policy", message).help(help);
    match system.origin("licences.deny").or_else(|| system.origin("licences.allow-components")) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    }
}

fn shown(report: &Report, format: Format) -> String {
    match format {
        Format::Json => report.to_json(),
        Format::Text => table(report, "  ", ""),
        Format::Markdown => {
            let head = "| package | version | component | licence |\n| --- | --- | --- | --- |\n";
            format!("{head}{}", table(report, " | ", "| "))
        }
    }
}

/// A line for each package, and how many are under each licence that can be told.
fn table(report: &Report, between: &str, start: &str) -> String {
    let end = if start.is_empty() { "" } else { " |" };
    let line = |row: &Row| {
        let licence = row.licence.as_deref().unwrap_or("not known");
        let cells = [&*row.name, &row.version, &row.component, licence];
        format!("{start}{}{end}\n", cells.join(between))
    };
    let lines: String = report.packages.iter().map(line).collect();
    let known = report.packages.iter().filter(|row| row.licence.is_some()).count();
    let (all, components) = (report.packages.len(), components(report));
    format!(
        "{lines}\n{known} of {all} packages have a copyright file that a program can read; {components}"
    )
}

/// Says how many packages are of each component.
fn components(report: &Report) -> String {
    let mut components: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &report.packages {
        *components.entry(&*row.component).or_default() += 1;
    }
    let of: Vec<String> =
        components.iter().map(|(name, count)| format!("{name} {count}")).collect();
    of.join(", ")
}
