//! `isoplug persistence`: makes the partition that keeps what is changed, on a stick or in a file that holds the ISO.
//!
//! Programs of the image make it, by the definition of its first boot. Its systemd-repart would look for the stick by a path,
//! and has none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use isoplug_engine::Graph;
use isoplug_image::pipeline::pipeline;
use isoplug_manifest::byte_size;
use isoplug_sandbox as sandbox;

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inside::{self, Printed};
use crate::outcome;
use crate::prepare::{Planned, plan};
use crate::session::Session;

/// Make the partition that keeps what is changed, on a stick that has the ISO or in a copy of it
///
/// It goes onto the free space behind the image, as at the first boot of the entry "persistence", which then keeps what is
/// changed from its first boot on. What the stick holds already stays as it is; where the partition is there, nothing is done.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    cp out/rescue-1.0-amd64.iso stick.img && isoplug persistence stick.img --size 8GiB\n  \
    isoplug persistence /dev/sdx")]
pub(crate) struct Args {
    /// The stick, or the file
    #[arg(value_name = "DEVICE|FILE")]
    stick: PathBuf,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// Let the file grow to this size first, such as 8GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    size: Option<u64>,
    /// Do not ask before a stick is written to
    #[arg(long, short = 'y')]
    yes: bool,
}

fn size(text: &str) -> Result<u64, String> {
    byte_size(text).ok_or_else(|| "expected a size such as 8GiB".to_owned())
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, pick) = args.select.open_one()?;
    let device = is_device(args)?;
    let planned = plan(&project, &pick, args.locking.into(), session)?;
    keeps(&planned)?;
    holds(&args.stick, &planned)?;
    if device && !args.yes && !is_allowed(args, session)? {
        return Err(Failure::new(Exit::Failed, "nothing was written"));
    }
    args.size.map_or(Ok(()), |size| grow(&args.stick, size))?;
    make(args, &planned, session)?;
    session.note(&format!(
        "what is changed is kept on {}, by the entry \"persistence\" of its boot menu",
        args.stick.display()
    ));
    Ok(Exit::Done)
}

/// Tells whether it is a stick; only a file or a stick that nothing uses is either.
fn is_device(args: &Args) -> Result<bool, Failure> {
    let shown = args.stick.display();
    let wrong = |message: String| Failure::new(Exit::Manifest, message);
    let found = fs::metadata(&args.stick)
        .map_err(|error| wrong(format!("cannot use {shown}")).because(&error))?;
    let device = found.file_type().is_block_device();
    if !device && !found.is_file() {
        return Err(wrong(format!("{shown} is neither a stick nor a file")));
    }
    if device && args.size.is_some() {
        return Err(
            wrong(format!("{shown} is a stick, which cannot grow")).hint("leave --size out")
        );
    }
    let real = fs::canonicalize(&args.stick).unwrap_or_else(|_| args.stick.clone());
    match mounted(&real) {
        Some(line) if device => Err(wrong(format!("{shown} is in use: {line} is mounted"))
            .hint("unmount it, and look whether it is the right one")),
        _ => Ok(device),
    }
}

/// Returns what of a stick is mounted.
fn mounted(stick: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let sources = mounts.lines().filter_map(|line| line.split(' ').next());
    let mut of_stick = sources.filter(|source| source.starts_with(&*stick.to_string_lossy()));
    of_stick.next().map(str::to_owned)
}

/// Fails unless the image offers to keep something, in a way that can be prepared.
fn keeps(planned: &Planned) -> Result<(), Failure> {
    let persistence = &planned.system.options.live.persistence;
    if !persistence.enable {
        return Err(Failure::new(Exit::Manifest, "this image keeps nothing")
            .hint("set `live.persistence.enable`"));
    }
    match persistence.encryption {
        false => Ok(()),
        true => {
            Err(Failure::new(Exit::Manifest, "an encrypted partition is made by the image alone")
                .hint("boot the entry \"persistence\" once, which asks for the passphrase"))
        }
    }
}

/// Where the label of an ISO 9660 volume is: ECMA-119 8.4.
const LABEL: (u64, usize) = (32_768 + 40, 32);

/// Fails unless the stick holds this image.
fn holds(stick: &Path, planned: &Planned) -> Result<(), Failure> {
    let label = || -> io::Result<String> {
        let (mut file, mut label) = (File::open(stick)?, [0; LABEL.1]);
        file.seek(SeekFrom::Start(LABEL.0))?;
        file.read_exact(&mut label)?;
        Ok(String::from_utf8_lossy(&label).trim_end().to_owned())
    };
    let (shown, wanted) = (stick.display(), &planned.image.iso.volume_id);
    let hint = "write its ISO there first";
    match label() {
        Ok(label) if label == *wanted => Ok(()),
        Ok(label) => {
            let message =
                format!("{shown} does not hold this image: it is called {label:?}, not {wanted:?}");
            Err(Failure::new(Exit::Manifest, message).hint(hint))
        }
        Err(error) => {
            let message = format!("{shown} does not hold this image");
            Err(Failure::new(Exit::Manifest, message).because(&error).hint(hint))
        }
    }
}

fn is_allowed(args: &Args, session: &Session) -> Result<bool, Failure> {
    let question = format!("make a partition on the free space of {}?", args.stick.display());
    session.ask(&question)?.ok_or_else(|| {
        Failure::new(Exit::Manifest, "nobody can be asked whether to write to a stick")
            .hint("--yes, if it is the right one")
    })
}

fn grow(stick: &Path, size: u64) -> Result<(), Failure> {
    let failed = |error| {
        Failure::new(Exit::Failed, format!("cannot let {} grow", stick.display())).because(&error)
    };
    let file = OpenOptions::new().write(true).open(stick).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if size < length {
        let message = format!("{} has {length} bytes already", stick.display());
        return Err(Failure::new(Exit::Manifest, message).hint("a larger --size"));
    }
    file.set_len(size).map_err(failed)
}

/// Runs the image's own programs, which get the stick as their standard input and nothing else of this machine.
fn make(args: &Args, planned: &Planned, session: &Session) -> Result<(), Failure> {
    let mut graph = Graph::new();
    let tree = pipeline(&planned.image, &mut graph).rootfs;
    let outputs = isoplug_engine::run(&graph, &[tree.id()], &planned.store, &session.run_options())
        .map_err(|error| outcome::failure(&error, &planned.system))?;
    let run = sandbox::Command::new(["sh", "-c", include_str!("../persistence.sh")]);
    let mut job = inside::job(planned, &outputs, tree, vec![run])?;
    job.changed = Some(args.stick.clone());
    sandbox::run(&job, &Printed(session)).map(drop).map_err(|error| {
        let message = format!("cannot make the partition on {}", args.stick.display());
        Failure::new(Exit::Failed, message)
            .because(&error)
            .hint("is there free space behind the image? --size lets a file grow")
    })
}
