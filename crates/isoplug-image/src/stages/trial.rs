//! Lets a program of the image look at what a contributor adds, so that a mistake is told before anybody boots.
//!
//! Runs in a tree of the few files that the program needs. Makes no part of an image.

use std::io::{self, Write};

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree::Tree as Entries;

use crate::contribute::Trial as Asked;
use crate::initrd;
use crate::stored as store;
use isoplug_sandbox::stored::{self, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command};

/// Inputs.
pub struct Trial {
    /// The last layer.
    pub layer: Artifact<Tree>,
    /// What contributors added, the later over the earlier.
    pub overlays: Vec<Artifact<Tree>>,
    /// Whose it is, for the title.
    pub of: String,
    /// What to run.
    pub asked: Asked,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The time of all files; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// An empty file: there is nothing to say.
    pub passed: Artifact<Blob>,
}

impl Stage for Trial {
    const NAME: &'static str = "trial";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("trial of {}", self.of)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { passed: slots.slot("passed") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, overlays, of, asked, arch, epoch } = self;
        key.artifact("layer", *layer);
        for overlay in overlays {
            key.artifact("overlay", *overlay);
        }
        key.value("of", of);
        key.value("asked", asked);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        match self.small(cx)? {
            Ok(tree) => self.try_in(&tree, cx)?,
            // A layer that is built unlike any of Debian's may work all the same.
            Err(reason) => cx.warn(&format!("cannot try the settings of {}: {reason}", self.of)),
        }
        Ok(store::write(out.passed, b"", &[], cx)?)
    }
}

/// Why something did not pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program refuses it.
    #[error("the image's own {program} refuses it:{}", said.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    Refused {
        /// The program.
        program: String,
        /// The option at fault, if a line of it is named.
        option: Option<String>,
        /// What it says.
        said: Vec<String>,
    },
    /// A tree of the store cannot be read, or the small one not be written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file of the store cannot be read or written.
    #[error("cannot write the tree for a trial: {0}")]
    Io(#[from] io::Error),
    /// The sandbox, or the store.
    #[error(transparent)]
    Stored(#[from] StoredError),
}

impl Trial {
    /// Returns the tree to run in, or why there is none.
    fn small(&self, cx: &Context) -> Result<Result<Entries, String>, Error> {
        let mut layer = store::tree(self.layer, cx)?;
        for overlay in &self.overlays {
            store::overlay(*overlay, cx)?.apply(&mut layer);
        }
        let packs = store::packs(&layer, cx)?;
        let Asked { programs, reads, .. } = &self.asked;
        let [programs, reads] =
            [programs, reads].map(|all| all.iter().map(|path| &**path).collect());
        let asked: (Vec<&str>, Vec<&str>) = (programs, reads);
        let mut tree = match initrd::small(&layer, &packs, &self.arch, (&asked.0, &asked.1)) {
            Ok(tree) => tree,
            Err(initrd::Error::Io(error)) => return Err(error.into()),
            Err(error) => return Ok(Err(error.to_string())),
        };
        tree.entries.values_mut().for_each(|entry| entry.mtime = self.epoch);
        Ok(Ok(tree))
    }

    fn try_in(&self, tree: &Entries, cx: &Context) -> Result<(), Error> {
        let small = cx.create().map_err(StoredError::from)?;
        small.file().write_all(&tree.to_bytes())?;
        let mut job = stored::begin(Some(self.layer), &self.arch, self.epoch, cx)?;
        for overlay in &self.overlays {
            stored::add_contents(&mut job, *overlay, cx)?;
        }
        job.parent = Some(small.path().to_owned());
        job.run = self
            .asked
            .run
            .iter()
            .map(|run| Command::new(run.iter().map(|word| word.to_string())))
            .collect();
        match sandbox::run(&job, &Lines::new(cx, &[], 0)) {
            Ok(_) => Ok(()),
            Err(sandbox::Error::Command { command, tail, .. }) => Err(self.refused(&command, tail)),
            Err(error) => Err(StoredError::Sandbox(error).into()),
        }
    }

    fn refused(&self, command: &str, said: Vec<String>) -> Error {
        let program = command.split(' ').next().unwrap_or(command);
        let program = program.rsplit('/').next().unwrap_or(program).to_owned();
        let option = said.iter().find_map(|line| option(line, &self.asked)).cloned();
        Error::Refused { program, option, said }
    }
}

/// Returns the option of the line that a message names: `PATH line 3: …`, `PATH: line 3: …`, or without a path and
/// with what stands there, `bad 'word' at line 3`.
fn option<'a>(said: &str, asked: &'a Asked) -> Option<&'a String> {
    let named = said.split_once(asked.file);
    let (_, number) = named.map_or(said, |(_, rest)| rest).split_once("line ")?;
    let digits = number.find(|each: char| !each.is_ascii_digit()).unwrap_or(number.len());
    let line: usize = number[..digits].parse().ok()?;
    let (option, text) = asked.lines.get(line.checked_sub(1)?)?;
    let stands_there = || said.split('\'').nth(1).is_some_and(|word| text.contains(word));
    (named.is_some() || stands_there()).then_some(option)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_of_a_line_is_found() {
        let lines = [("ports", "Port 22"), ("match", "Match Address 10.0.0.1/8")];
        let lines = lines.map(|(option, line)| (option.to_owned(), line.to_owned())).to_vec();
        let asked = Asked { file: "/etc/x.conf", lines, ..Asked::default() };
        for (said, expected) in [
            ("/etc/x.conf line 2: unsupported option \"x\".", Some("match")),
            ("/etc/x.conf: line 1: Bad configuration option: X", Some("ports")),
            ("/etc/x.conf: terminating, 1 bad configuration options", None),
            ("/etc/x.conf line 3: x", None),
            ("/etc/other line 1: x", None),
            ("bad address '10.0.0.1/8' at line 2", Some("match")),
            ("bad address '10.0.0.1/8' at line 1", None),
        ] {
            assert_eq!(option(said, &asked).map(String::as_str), expected, "{said}");
        }
    }
}
