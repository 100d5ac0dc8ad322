//! The command line.

use isoplug_install_plan::PLAN;

use crate::Error;

/// What `--help` prints.
pub const HELP: &str = "\
Install a system onto a disk of this machine

Usage: isoplug-install [COMMAND] [OPTIONS]

Commands:
  run            Install: with questions, or by the image's rule if the boot entry or --unattended says so (default)
  disks          Show the disks of this machine, and why one cannot be taken
  check PLAN     Look for mistakes in a plan
  mount [DISK]   Open and mount an installed system, and give a shell in it

Options:
      --plan FILE       The plan [default: /usr/lib/isoplug/install/plan.json]
      --answers FILE    Answers, in place of answers.toml on the medium or on a volume ISO-ANSWERS
      --unattended      Ask nothing: the plan's rule says which disk is erased
      --plain           Ask with plain numbered lines
      --json            Tell the steps as lines of JSON
      --keep-on-error   Leave the disk as it is if something fails
  -h, --help            Print this
  -V, --version         Print the version

Exit codes: 0 done, 2 wrong plan or answers, 3 no disk fits or more than one, 4 refused for safety, 5 a tool failed,
130 stopped. Nothing is changed before the summary was accepted. The log is /run/isoplug/install.log.
";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Install.
    Run,
    /// Show the disks.
    Disks,
    /// Look at a plan.
    Check(String),
    /// Mount an installed system.
    Mount(Option<String>),
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// The command line, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// What is to be done.
    pub command: Command,
    /// The plan.
    pub plan: String,
    /// A file of answers.
    pub answers: Option<String>,
    /// Nobody is asked.
    pub unattended: bool,
    /// Plain lines.
    pub plain: bool,
    /// Lines of JSON.
    pub json: bool,
    /// The disk stays as it is if something fails.
    pub keep_on_error: bool,
}

/// Reads the command line, without the program's name.
///
/// # Errors
///
/// If a word is not known.
pub fn read(words: impl IntoIterator<Item = String>) -> Result<Arguments, Error> {
    let (mut arguments, mut rest) = (Arguments::default(), Vec::new());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((&*word, None), |(n, v)| (n, Some(v)));
        let mut value =
            || value.map(str::to_owned).or_else(|| words.next()).ok_or_else(|| lacks(name));
        match name {
            "--plan" => arguments.plan = value()?,
            "--answers" => arguments.answers = Some(value()?),
            "--unattended" => arguments.unattended = true,
            "--plain" => arguments.plain = true,
            "--json" => arguments.json = true,
            "--keep-on-error" => arguments.keep_on_error = true,
            "-h" | "--help" => rest.insert(0, "help".to_owned()),
            "-V" | "--version" => rest.insert(0, "version".to_owned()),
            _ if name.starts_with('-') => return Err(unknown(name)),
            _ => rest.push(word),
        }
    }
    Ok(Arguments { command: command(&rest)?, ..arguments })
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            command: Command::Run,
            plan: PLAN.to_owned(),
            answers: None,
            unattended: false,
            plain: false,
            json: false,
            keep_on_error: false,
        }
    }
}

fn command(words: &[String]) -> Result<Command, Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["help", ..] => Ok(Command::Help),
        ["version", ..] => Ok(Command::Version),
        [] | ["run"] => Ok(Command::Run),
        ["disks"] => Ok(Command::Disks),
        ["check", plan] => Ok(Command::Check((*plan).to_owned())),
        ["check"] => Err(lacks("check")),
        ["mount"] => Ok(Command::Mount(None)),
        ["mount", disk] => Ok(Command::Mount(Some((*disk).to_owned()))),
        [.., last] => Err(unknown(last)),
    }
}

fn lacks(name: &str) -> Error {
    Error::Arguments(format!("{name} needs a file; `isoplug-install --help` tells more"))
}

fn unknown(word: &str) -> Error {
    Error::Arguments(format!("`{word}` is not known here; `isoplug-install --help` tells more"))
}
