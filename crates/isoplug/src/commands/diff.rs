//! `isoplug diff`: what differs between two images, or between what was locked and an image.

use std::path::{Path, PathBuf};

use isoplug_inspect::diff::{self, Class, Difference, VulnerabilityChange};

use super::cve;
use crate::debs::Debs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::{Format, Side, pretty};
use crate::session::Session;

/// Show what differs between two images, locks or projects
///
/// Of two images: packages, files with mode, owner, attributes and time, units, users, boot menu, kernel parameters, the
/// order on the medium, sizes. Where one side is a lock or a project folder, their packages.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  isoplug diff old.iso new.iso\n  \
    isoplug diff old.iso new.iso --changelogs --format markdown > NOTES.md\n  \
    isoplug diff old.iso new.iso --cve     # which CVEs are fixed, which are new\n  \
    isoplug diff published.iso .           # is this what my lock would give?\n  \
    isoplug diff a.iso b.iso --exit-code   # 9 if they differ in content")]
pub(crate) struct Args {
    /// An image, a lock, or a folder with isoplug.lock
    a: PathBuf,
    /// Another one
    b: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Add what the changelogs of newer packages say, and the CVE numbers in them
    #[arg(long)]
    changelogs: bool,
    /// Add which known vulnerabilities are fixed, new or in both, by what `isoplug cve update` fetched or by this file
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    cve: Option<Option<PathBuf>>,
    /// Find .debs below this folder, too, not in the store alone
    #[arg(long, value_name = "FOLDER")]
    debs: Option<PathBuf>,
    /// The image of a lock: its profile, or profile and architecture such as live.amd64
    #[arg(long, short, value_name = "NAME")]
    profile: Option<String>,
    /// End with exit code 9 if the content differs
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let open = |path: &Path| Side::open(path, args.profile.as_deref());
    let (a, b) = (open(&args.a)?, open(&args.b)?);
    let mut found = match (&a, &b) {
        (Side::Image(a), Side::Image(b)) => diff::compare(a, b).map_err(|error| {
            Failure::new(Exit::Failed, error.to_string()).because(&error.source)
        })?,
        _ => of_packages(&a, &b),
    };
    if args.changelogs {
        changelogs(&mut found, &b, args, session)?;
    }
    if let Some(file) = &args.cve {
        found.vulnerabilities = vulnerabilities(&a, &b, file.as_slice(), args, session)?;
    }
    session.out(&match args.format {
        Format::Json => pretty(&serde_json::json!(found)),
        format => format.page(&found.page()),
    });
    let differs = args.exit_code && found.class == Class::Different;
    Ok(if differs { Exit::NotAsSaid } else { Exit::Done })
}

fn of_packages(a: &Side, b: &Side) -> Difference {
    let packages = diff::packages::compare(&a.packages(), &b.packages());
    let class = if packages.is_empty() { Class::SameContent } else { Class::Different };
    let of = |side: &Side| diff::Side { name: side.name(), bytes: 0 };
    Difference {
        schema: diff::SCHEMA,
        kind: "diff",
        class,
        a: of(a),
        b: of(b),
        packages,
        ..Difference::default()
    }
}

/// Looks both up in the same data.
fn vulnerabilities(
    a: &Side,
    b: &Side,
    named: &[PathBuf],
    args: &Args,
    session: &Session,
) -> Result<Vec<VulnerabilityChange>, Failure> {
    let files = cve::data::files(named, session)?;
    let subject = |side: &Side, release: Option<&str>| {
        cve::subject(side, args.debs.as_deref(), release, session)
    };
    // A lock does not say its release: the other side may.
    let of_b = subject(b, None).or_else(|_| subject(b, Some(&subject(a, None)?.release)))?;
    let of_a = subject(a, None).or_else(|_| subject(a, Some(&of_b.release)))?;
    Ok(diff::vulnerabilities::compare(&cve::report(&of_a, &files)?, &cve::report(&of_b, &files)?))
}

/// Reads the changelogs of packages that are newer in the second.
fn changelogs(
    found: &mut Difference,
    b: &Side,
    args: &Args,
    session: &Session,
) -> Result<(), Failure> {
    let debs = Debs::find(&b.locked(), args.debs.as_deref(), session)?;
    let mut missing = Vec::new();
    for change in found.packages.iter_mut().filter(|change| change.way == "up") {
        let version = change.new.clone().unwrap_or_default();
        let text = debs.of(&change.name, &version, &change.architecture);
        match text.and_then(|path| isoplug_inspect::debs::changelog(path).ok().flatten()) {
            Some(text) => diff::changelog::add(change, &text),
            None => missing.push(change.name.clone()),
        }
    }
    if !missing.is_empty() {
        let names = missing.join(", ");
        session.note(&format!(
            "no changelogs of {names}: their .debs are not in the store; name a folder with --debs"
        ));
    }
    Ok(())
}
