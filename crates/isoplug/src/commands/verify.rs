//! `isoplug verify`: whether an image is what it should be.

use std::path::{Path, PathBuf};

use isoplug_inspect::image::Image;
use isoplug_inspect::report::check;
use isoplug_inspect::target::{self, System};
use isoplug_inspect::verify::bills::{self, Pinned};
use isoplug_inspect::verify::keys::Key;
use isoplug_inspect::verify::refusal::{Class, Refusal};
use isoplug_inspect::verify::signature::{self, Policy};
use isoplug_inspect::verify::{Report, Step, checksum, content};
use isoplug_manifest::lock::LockedPackage;

use crate::commands::select::Vars;
use crate::commands::vendor::Kept;
use crate::debs::Debs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::{Format, beside, of_packages, open, pretty};
use crate::session::Session;
use crate::{again, signing, today};

/// Tell whether an image is what it should be: checksums, signatures, content, a rebuild
///
/// Reads what lies beside it: SHA256SUMS, signatures, bills of materials, provenance, lock. What is not there is told and
/// decides nothing. Compares every file with the .debs, from the store or a folder. Exit codes say what is wrong: 9 the image,
/// 11 what lies beside it, 12 who signed it, 13 what was signed is of another image or build, 14 the rebuild.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  isoplug verify stick.iso\n  \
    isoplug verify stick.iso --key acme.pub              # who signed it?\n  \
    isoplug verify stick.iso --key a.pub --key b.pub --require 2\n  \
    isoplug verify stick.iso --rebuild --from project/   # same bytes again?\n  \
    isoplug verify stick.iso --rebuild --from project/ --attest our.key\n  \
    isoplug verify stick.iso --rebuild --from oci://registry.example.com/kept:1\n  \
    isoplug verify beta.iso --rebuild --from project/ --var channel=beta")]
pub(crate) struct Args {
    /// The image
    image: PathBuf,
    /// Believe this public key, of minisign or in PEM; may be given several times
    #[arg(long, short = 'k', value_name = "FILE")]
    key: Vec<PathBuf>,
    /// How many of these keys must have signed
    #[arg(long, value_name = "N", default_value_t = 0)]
    require: usize,
    /// Find .debs below this folder, too, not in the store alone
    #[arg(long, value_name = "FOLDER")]
    debs: Option<PathBuf>,
    /// Build it again from the project, N times under other conditions, and compare
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", requires = "from")]
    rebuild: Option<usize>,
    /// If it was reproduced, add a signature of this key to its provenance and bills
    #[arg(long, value_name = "KEY", requires = "rebuild")]
    attest: Option<PathBuf>,
    /// The project that it was built from: its folder, or where `isoplug vendor --to` put it
    #[arg(long, value_name = "FOLDER|REFERENCE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    vars: Vars,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Name every file that is worth a look
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let image = open(&args.image)?;
    let report = verified(args, &image, session)?;
    show(args, report.clone(), session);
    if let Some(key) = &args.attest {
        attest(&args.image, key, &report, session)?;
    }
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    match report.refused.map(Refusal::class) {
        Some(Class::Image) => Exit::NotAsSaid,
        Some(Class::Papers) => Exit::Papers,
        Some(Class::Signer) => Exit::Signer,
        Some(Class::Elsewhere) => Exit::Elsewhere,
        Some(Class::Rebuild) => Exit::NotReproduced,
        Some(Class::Nothing) | None if report.verdict == "inconclusive" => Exit::Failed,
        Some(Class::Nothing) | None => Exit::Done,
    }
}

/// Signs the papers of an image that was made again, if they are those of the rebuild, too.
fn attest(iso: &Path, key: &Path, report: &Report, session: &Session) -> Result<(), Failure> {
    let mut rebuilt = report.steps.iter().filter(|step| step.what == "rebuild");
    let other = rebuilt.find_map(|step| step.notes.first());
    match other {
        _ if report.verdict != "reproduced" => session.note("not attested: it was not reproduced"),
        Some(other) => session.note(&format!("not attested: {other}")),
        None => {
            for written in signing::attest(iso, key, session)? {
                session.note(&format!("attested in {}", written.display()));
            }
        }
    }
    Ok(())
}

fn show(args: &Args, mut report: Report, session: &Session) {
    if args.format == Format::Json {
        return session.out(&pretty(&serde_json::json!(report)));
    }
    let notes: usize = report.steps.iter().map(|step| step.notes.len()).sum();
    if !args.list {
        report.steps.iter_mut().for_each(|step| step.notes.clear());
    }
    session.out(&args.format.page(&report.page()));
    if notes > 0 && !args.list {
        session.note(&format!("{notes} files are worth a look: `--list` names them"));
    }
}

fn verified(args: &Args, image: &Image, session: &Session) -> Result<Report, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot read {} or what lies beside it", image.path.display());
        Failure::new(Exit::Failed, message).because(&error)
    };
    let digest = check::sha256(&image.medium.span).map_err(failed)?;
    let locked = locked(image);
    let mut steps = papers(image, &digest, &locked, &policy(args)?).map_err(failed)?;
    let debs = Debs::find(&locked.concat(), args.debs.as_deref(), session)?;
    let find = |name: &str, version: &str, architecture: &str| {
        debs.of(name, version, architecture).map(Path::to_owned)
    };
    steps.extend(content::steps(image, &find).map_err(failed)?);
    if let (Some(times), Some(from)) = (args.rebuild, &args.from) {
        let kept = Kept::open(from, session)?;
        let (digest, from, vars) = (digest.as_str(), kept.folder(), args.vars.given());
        let project = again::Project { image, digest, from, vars };
        steps.extend(again::steps(&project, times, session)?);
    }
    Ok(Report::new(image.file_name(), steps))
}

/// Returns what the lock beside the image pins for each of its systems.
fn locked(image: &Image) -> Vec<Vec<LockedPackage>> {
    let lock = beside(image);
    let of = |system: System| lock.as_ref().map(|lock| of_packages(lock, system.packages));
    target::systems(image).into_iter().map(|system| of(system).unwrap_or_default()).collect()
}

/// Looks at what lies beside the image.
fn papers(
    image: &Image,
    digest: &str,
    locked: &[Vec<LockedPackage>],
    policy: &Policy,
) -> std::io::Result<Vec<Step>> {
    let of_systems = locked.iter().map(|locked| locked.iter().map(pinned).collect());
    let of_systems: Vec<Vec<Pinned>> = of_systems.collect();
    let pinned = of_systems.concat();
    let mut steps = checksum::steps(image, digest)?;
    steps.push(signature::step(image, digest, policy)?);
    steps.extend(lock_steps(image, &of_systems)?);
    steps.push(bills::bills(image, digest, &pinned)?);
    steps.push(bills::provenance(image, &pinned)?);
    Ok(steps)
}

/// A lock that is there and cannot be read is not what it should be.
fn lock_steps(image: &Image, pinned: &[Vec<Pinned>]) -> std::io::Result<Vec<Step>> {
    let is_there = image.beside(".lock")?.is_some();
    let of = |(system, pinned): (System, &Vec<Pinned>)| match is_there && pinned.is_empty() {
        true => {
            let fault = "the lock beside it cannot be read, or pins none of its packages";
            Step::new("lock", "", vec![Refusal::TamperedLock.fault(system.told(fault))])
        }
        false => bills::lock(&system, pinned),
    };
    Ok(target::systems(image).into_iter().zip(pinned).map(of).collect())
}

fn pinned(locked: &LockedPackage) -> Pinned {
    Pinned {
        name: locked.name.as_str().to_owned(),
        version: locked.version.as_str().to_owned(),
        architecture: locked.architecture.as_str().to_owned(),
        sha256: locked.sha256.clone(),
    }
}

fn policy(args: &Args) -> Result<Policy, Failure> {
    let keys: Result<Vec<Key>, Failure> = args.key.iter().map(|path| key(path)).collect();
    Ok(Policy { keys: keys?, require: args.require, today: today::today() })
}

fn key(path: &Path) -> Result<Key, Failure> {
    let shown = path.display();
    let failed = || Failure::new(Exit::Manifest, format!("cannot read the key {shown}"));
    let text = std::fs::read_to_string(path).map_err(|error| failed().because(&error))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Key::parse(&name, &text).ok_or_else(|| {
        failed().hint("give a public key of minisign, or one for Ed25519 or P-256 in PEM")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_code() {
        let of = |kinds: &[Refusal]| {
            let faults = kinds.iter().map(|kind| kind.fault("")).collect();
            exit(&Report::new(String::new(), vec![Step::new("rebuild", "", faults)]))
        };
        assert_eq!(of(&[]), Exit::Done);
        assert_eq!(of(&[Refusal::NotReproduced]), Exit::NotReproduced);
        assert_eq!(of(&[Refusal::NotReproduced, Refusal::MissingPaper]), Exit::Papers);
        assert_eq!(of(&[Refusal::TooFewSignatures, Refusal::TamperedBill]), Exit::Signer);
        assert_eq!(of(&[Refusal::UnknownKey, Refusal::Replayed]), Exit::Elsewhere);
        assert_eq!(of(&[Refusal::Replayed, Refusal::TamperedContent]), Exit::NotAsSaid);
        let open = Step::unknown("rebuild", "");
        assert_eq!(exit(&Report::new(String::new(), vec![open])), Exit::Failed);
    }
}
