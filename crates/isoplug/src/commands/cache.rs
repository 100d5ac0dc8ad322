//! `isoplug cache`: what the store holds, and how to make it smaller and check it.

use std::time::Duration;

use isoplug_engine::{Error, Keep, Size, Store, Unit, Usage};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::modules;
use crate::progress::amount;
use crate::session::Session;

/// Side caches of which any file can go: what plugins made and what they were compiled to, what came from registries, and
/// compressed blocks.
const PRUNED: [&str; 3] = ["plugins", "plugin-releases/blobs", "squashfs-blocks"];
/// Those of which any folder can go: the unpacked archives of shared modules.
const FOLDERS: [&str; 1] = [modules::FOLDER];

/// Look after the store: size, garbage collection, verification
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  isoplug cache size\n  \
    isoplug cache gc --max-size 20GB\n  isoplug cache gc --older-than 30d\n  isoplug cache verify")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print how much the store holds
    Size,
    /// Remove what was not used for long
    Gc {
        /// Keep what was used within this time, such as 12h or 30d
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30d")]
        older_than: Duration,
        /// Then remove the longest unused until the store is no larger than this, such as 20GB
        #[arg(long, value_name = "SIZE", value_parser = bytes)]
        max_size: Option<u64>,
    },
    /// Read everything and remove what is damaged; fails if there was any
    Verify,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let store = session.store()?;
    let done = match &args.action {
        Action::Size => show_sizes(&store, session),
        Action::Gc { older_than, max_size } => {
            let used_within = Some(*older_than);
            let keep = Keep { used_within, bytes: *max_size, caches: &PRUNED, folders: &FOLDERS };
            store.gc(keep).map(|freed| {
                session.out(&format!("freed {}", human(freed.bytes)));
                Exit::Done
            })
        }
        Action::Verify => return verify(&store, session),
    };
    done.map_err(|error| neglected(&error))
}

fn neglected(error: &Error) -> Failure {
    Failure::new(Exit::Failed, "the store could not be looked after").because(error)
}

fn show_sizes(store: &Store, session: &Session) -> Result<Exit, Error> {
    let usage = store.usage()?;
    for (kind, size) in kinds(&usage) {
        session.out(&format!("{:>10}  {:>7} files  {kind}", human(size.bytes), size.files));
    }
    let all = human(usage.total().bytes);
    session.out(&format!("{all:>10}  in {}", store.root().display()));
    Ok(Exit::Done)
}

fn verify(store: &Store, session: &Session) -> Result<Exit, Failure> {
    let damaged = store.verify(session.threads()).map_err(|error| neglected(&error))?;
    for one in &damaged {
        session.out(&format!("damaged, removed: {}", one.path.display()));
    }
    verdict(damaged.len(), session)
}

/// Fails if anything was damaged, so that a script can tell.
fn verdict(damaged: usize, session: &Session) -> Result<Exit, Failure> {
    if damaged == 0 {
        session.note("nothing is damaged");
        return Ok(Exit::Done);
    }
    let message = match damaged {
        1 => "one file of the store was damaged and is removed".to_owned(),
        _ => format!("{damaged} files of the store were damaged and are removed"),
    };
    let hint = "build again: what is needed of it is fetched or made anew";
    Err(Failure::new(Exit::Failed, message).hint(hint))
}

/// Returns what the store holds by kind, in a stated order.
fn kinds(usage: &Usage) -> Vec<(&str, Size)> {
    let fixed = [
        ("artifacts and packages", usage.blobs),
        ("records", usage.records),
        ("logs", usage.logs),
        ("work folders of failed stages", usage.failed),
        ("work in progress", usage.tmp),
    ];
    let caches = usage.caches.iter().map(|(name, size)| (name.as_str(), *size));
    fixed.into_iter().chain(caches).collect()
}

fn human(bytes: u64) -> String {
    amount(bytes, Unit::Bytes)
}

/// Splits a number from the letters after it.
fn number(text: &str) -> Result<(u64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let number = digits.parse().map_err(|_| "expected a number and a unit".to_owned())?;
    Ok((number, unit.trim()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = number(text)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("expected a unit of time: s, m, h or d".to_owned()),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = number(text)?;
    let scale = match unit {
        "" | "B" => 1,
        "kB" | "K" => 1000,
        "MB" | "M" => 1_000_000,
        "GB" | "G" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("expected a unit of size: kB, MB, GB, KiB, MiB or GiB".to_owned()),
    };
    Ok(number.saturating_mul(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(bytes("20GB"), Ok(20_000_000_000));
        assert_eq!(bytes("4 MiB"), Ok(4 << 20));
        assert_eq!(duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert!(duration("30").is_err() && bytes("x").is_err());
    }
}
