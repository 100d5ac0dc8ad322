//! `isoplug cve`: known vulnerabilities of an image or of what a lock pins, and the data that tells of them.

mod accepted;
pub(crate) mod data;
mod update;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use isoplug_inspect::cve::{self, Report, Subject, Word, accept, cyclonedx, sarif, vex};
use isoplug_inspect::image::Image;
use isoplug_inspect::look::packages::{self, Package};
use isoplug_inspect::report::check;
use isoplug_inspect::target;
use isoplug_manifest::lock::LockedPackage;

use crate::debs::Debs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::{Side, pretty};
use crate::session::Session;
use crate::today;

/// Show known vulnerabilities of an image, or of what a lock pins, in Debian's words
///
/// Uses no network: `isoplug cve update` fetches the data of Debian's security tracker into the store, or --db names it, or
/// OSV's zip of Debian. Looks up source packages, those that are built into others among them, so the kernel and GRUB too. A
/// backport is judged by the next release. Exit code 10 if --fail-on finds something.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:\n  isoplug cve update && isoplug cve stick.iso\n  \
    isoplug cve . --fail-on fixable                      # in CI\n  \
    isoplug cve stick.iso --db all.zip --format openvex > stick.iso.openvex.json\n  \
    isoplug cve stick.iso --db tracker.json --vex ours.openvex.json\n  \
    isoplug cve stick.iso --from project/ --format cyclonedx > stick.iso.vex.cdx.json")]
pub(crate) struct Args {
    #[command(subcommand)]
    update: Option<Update>,
    /// An image, a lock, or a folder with isoplug.lock
    #[arg(required = true)]
    target: Option<PathBuf>,
    /// The data: the tracker's JSON or OSV's zip; of several, what the first says counts [default: what `cve update` fetched]
    #[arg(long, value_name = "FILE")]
    db: Vec<PathBuf>,
    /// What an OpenVEX document says is not affected; may be given several times
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// Take over what this project accepts (`vulnerabilities.accept`) [default: the target, if it is a project]
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// End with exit code 10 if there is one of these
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The release, if the target does not say it: trixie
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// The image of a lock, or of --from: its profile, or profile and architecture such as live.amd64
    #[arg(long, short, value_name = "NAME")]
    profile: Option<String>,
    /// Find .debs below this folder, too, not in the store alone
    #[arg(long, value_name = "FOLDER")]
    debs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Update {
    Update(update::Args),
}

impl Args {
    /// Tells whether it only reads data that are there.
    pub(crate) fn only_reads(&self) -> bool {
        self.update.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A newer version would fix it
    Fixable,
    /// Fixable, open, or nobody mends the package
    Open,
    /// All that the image has, the unimportant left out
    All,
}

impl FailOn {
    fn holds(self, word: Word) -> bool {
        match self {
            Self::Fixable => word == Word::Fixable,
            Self::Open => word.is_shown(),
            Self::All => word.is_affected() && word != Word::Unimportant,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For machines
    Json,
    /// For release notes
    Markdown,
    /// SARIF, which code hosts show
    Sarif,
    /// OpenVEX, which other scanners take in
    Openvex,
    /// A VEX of CycloneDX 1.6
    Cyclonedx,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if let Some(Update::Update(args)) = &args.update {
        return update::run(args, session);
    }
    let target = args.target.as_deref().unwrap_or(Path::new("."));
    let side = Side::open(target, args.profile.as_deref())?;
    let files = data::files(&args.db, session)?;
    let subject = subject(&side, args.debs.as_deref(), args.release.as_deref(), session)?;
    let mut report = report(&subject, &files)?;
    args.vex.iter().try_for_each(|path| take_over(path, &mut report))?;
    let own = target.join("isoplug.toml").is_file().then_some(target);
    if let Some(from) = args.from.as_deref().or(own) {
        let accepted = accepted::of(from, &side, args.profile.as_deref(), session)?;
        accept::apply(&mut report, &accepted, &today::today());
    }
    session.out(&shown(args.format, &report, &subject));
    let fails = |fail_on: FailOn| report.findings.iter().any(|it| fail_on.holds(it.word));
    Ok(if args.fail_on.is_some_and(fails) { Exit::Policy } else { Exit::Done })
}

/// Takes what a VEX says over.
fn take_over(path: &Path, report: &mut Report) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unread(path, &error))?;
    let failed = |why: String| unread(path, &std::io::Error::other(why));
    vex::apply(report, &text).map(drop).map_err(failed)
}

/// Looks an image or a lock up in data.
pub(crate) fn report(subject: &Subject, files: &[PathBuf]) -> Result<Report, Failure> {
    let sources = cve::sources(&subject.packages);
    let read = |path: &PathBuf| cve::read(path, &sources).map_err(|error| unread(path, &error));
    let data: Result<Vec<_>, Failure> = files.iter().map(read).collect();
    Ok(cve::report(subject, &data?))
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Manifest, format!("cannot read {}", path.display())).because(error)
}

fn shown(format: Format, report: &Report, subject: &Subject) -> String {
    match format {
        Format::Text => report.page().text(),
        Format::Markdown => report.page().markdown(),
        Format::Json => pretty(&serde_json::json!(report)),
        Format::Sarif => pretty(&sarif::write(report)),
        Format::Openvex => pretty(&vex::write(report, subject, &time(subject))),
        Format::Cyclonedx => pretty(&cyclonedx::write(report, subject, &time(subject))),
    }
}

/// Returns the day of an image as both forms of VEX have it.
fn time(subject: &Subject) -> String {
    format!("{}T00:00:00Z", today::day(subject.epoch / 86400))
}

/// Returns what is looked at: all packages of an image or of a lock, those of boot loaders among them.
pub(crate) fn subject(
    side: &Side,
    debs: Option<&Path>,
    release: Option<&str>,
    session: &Session,
) -> Result<Subject, Failure> {
    let locked = side.locked_with_loaders();
    let debs = Debs::find(&locked, debs, session)?;
    let mut subject = named(side).map_err(|error| unread(Path::new(&side.name()), &error))?;
    // Boot loaders are on the medium, not in the root filesystem.
    let known: BTreeSet<String> = subject.packages.iter().map(|it| it.name.clone()).collect();
    let more = locked.iter().filter(|it| !known.contains(it.name.as_str()));
    subject.packages.extend(more.map(|it| of_locked(it, &debs)));
    let foreign = locked.iter().filter(|it| !it.source.starts_with("debian"));
    subject.foreign = foreign.map(|it| it.name.as_str().to_owned()).collect();
    if let Some(release) = release {
        release.clone_into(&mut subject.release);
    }
    if subject.release.is_empty() {
        let message = format!("{} does not say which release it is of", side.name());
        return Err(Failure::new(Exit::Manifest, message).hint("name it: --release trixie"));
    }
    Ok(subject)
}

/// Returns what an image says of itself; a lock has a name alone.
fn named(side: &Side) -> std::io::Result<Subject> {
    let Side::Image(image) = side else {
        let purl = "pkg:generic/isoplug-lock".to_owned();
        return Ok(Subject { name: side.name(), purl, ..Subject::default() });
    };
    let (name, digest) = (image.file_name(), check::sha256(&image.medium.span)?);
    let stem = name.trim_end_matches(".iso");
    Ok(Subject {
        purl: format!("pkg:generic/{stem}?checksum=sha256:{digest}"),
        packages: of_systems(image),
        release: image.system.codename.clone(),
        epoch: image.root.layers.last().map_or(0, |(_, layer)| layer.mtime.into()),
        name,
        ..Subject::default()
    })
}

/// Returns the packages of all systems of an image, each once.
fn of_systems(image: &Image) -> Vec<Package> {
    let all = target::systems(image).into_iter().flat_map(|system| system.packages.to_vec());
    all.collect::<BTreeSet<Package>>().into_iter().collect()
}

/// Returns what a package says of itself, else what its path in the archive tells.
fn of_locked(locked: &LockedPackage, debs: &Debs) -> Package {
    let (name, version) = (locked.name.as_str(), locked.version.as_str());
    let path = debs.of(name, version, locked.architecture.as_str());
    let control = path.and_then(|path| {
        let file = std::fs::File::open(path).ok()?;
        isoplug_formats::deb::Deb::open(file).ok()?.control().ok()
    });
    if let Some(control) = control {
        let stanza = format!("{}\nStatus: install ok installed\n", control.trim_end());
        if let Some(package) = packages::parse(&stanza).into_iter().next() {
            return package;
        }
    }
    let source = locked.path.as_str().rsplit('/').nth(1).unwrap_or(name);
    let stanza = format!(
        "Package: {name}\nVersion: {version}\nSource: {source}\nStatus: install ok installed\n"
    );
    packages::parse(&stanza).into_iter().next().unwrap_or_default()
}
