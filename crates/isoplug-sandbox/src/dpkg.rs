//! Installs a group of packages in a sandbox with the tree's own dpkg, as apt would have it do.
//!
//! Packages are decompressed by us, on all processors, while dpkg unpacks those before. Starts no
//! daemon and makes no initrd. Knows no lock and no store.

mod architectures;
pub(crate) mod batch;
pub mod debconf;
mod depmod;
mod extract;
pub mod failed;
mod hosts;
mod order;
mod policy;
pub mod questions;
pub mod reason;
mod relations;
mod shortcut;
mod times;

use std::path::PathBuf;

use isoplug_formats::deb::Deb;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Command, Failure, Inside};
use hosts::Hosts;
use policy::Policy;

pub use debconf::Answer;
pub use debconf::show as show_answers;
pub use reason::Reason;

/// A group of packages to install.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Install {
    /// The packages; their order does not matter.
    pub packages: Vec<Package>,
    /// Whether this is the Essential set, to be installed into an empty tree.
    pub essential: bool,
    /// Answers to what they ask.
    pub answers: Vec<Answer>,
    /// Other architectures than the tree's, whose packages may be there, too.
    pub foreign: Vec<String>,
    /// Whether DKMS only takes note of its packages, since their drivers are compiled elsewhere.
    pub drivers_apart: bool,
}

/// A package to install.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its architecture, which may be `all`.
    pub architecture: String,
    /// The `.deb` on the build machine.
    pub deb: PathBuf,
}

impl Package {
    /// Returns the name of its file inside, from which messages of dpkg tell it.
    fn file_name(&self) -> String {
        format!("{}_{}.deb", self.name, self.architecture)
    }

    /// Returns the name by which dpkg knows it among those of several architectures.
    fn qualified_name(&self) -> String {
        match &*self.architecture {
            "all" => self.name.clone(),
            architecture => format!("{}:{architecture}", self.name),
        }
    }

    fn open(&self, inside: &Inside) -> Result<Deb, Failure> {
        let file = inside.open(&self.deb).map_err(Failure::of(format!("open {}", self.name)))?;
        // The store compared its digest when it came.
        Ok(Deb::open(file).map_err(Failure::of(format!("read {}", self.name)))?.known())
    }
}

/// Installs the group.
///
/// # Errors
///
/// When a package cannot be unpacked or configured, or a file of the tree not be written.
pub fn install(inside: &Inside, install: &Install) -> Result<(), Failure> {
    let mut packages = install.packages.clone();
    packages.sort();
    if install.essential {
        return install_essential(inside, packages, &install.answers);
    }
    debconf::answer(inside, &install.answers)?;
    let policy = Policy::new(inside)?;
    let hosts = Hosts::new(inside)?;
    shortcut::make(inside, install.drivers_apart)?;
    architectures::add(inside, &install.foreign)?;
    let waves = order::waves(inside, &packages, &install.foreign)?;
    for (index, wave) in waves.iter().enumerate() {
        let is_last = index + 1 == waves.len();
        unpack(inside, wave)?;
        times::of_folders(inside, wave, is_last)?;
        configure(inside, wave, is_last, &policy)?;
    }
    hosts.remove(inside)?;
    policy.remove(inside)
}

/// Lays the Essential set down ourselves, so that there is a dpkg to run, and lets it install the
/// same packages over that: then preinst scripts, diversions and triggers come out right.
fn install_essential(
    inside: &Inside,
    mut packages: Vec<Package>,
    answers: &[Answer],
) -> Result<(), Failure> {
    // Its preinst makes the users that the others need.
    packages.sort_by_key(|package| package.name != "base-passwd");
    batch::decompress(inside, &packages)?;
    extract::lay_down(inside, &packages)?;
    debconf::answer(inside, answers)?;
    let policy = Policy::new(inside)?;
    let mut command = dpkg("--install", &["--force-depends"]);
    command.arguments.extend(packages.iter().map(shown));
    command.binds = policy.stubs(inside);
    inside.run(&command)?;
    batch::remove(inside, &packages)?;
    policy.remove(inside)
}

/// Unpacks packages batch by batch; the next one is decompressed while dpkg has this one.
fn unpack(inside: &Inside, packages: &[Package]) -> Result<(), Failure> {
    let batches = batch::batches(inside, packages)?;
    let mut next = batches.iter();
    let Some(first) = next.next() else { return Ok(()) };
    batch::decompress(inside, first)?;
    for batch in &batches {
        std::thread::scope(|scope| {
            let decompressed =
                next.next().map(|next| scope.spawn(|| batch::decompress(inside, next)));
            let mut command = dpkg("--unpack", &["--no-triggers", "--auto-deconfigure"]);
            command.arguments.extend(batch.iter().map(shown));
            inside.run(&command)?;
            batch::remove(inside, batch)?;
            decompressed.map_or(Ok(()), |thread| match thread.join() {
                Ok(done) => done,
                Err(_) => Err(Failure::of("decompress packages")("a thread failed")),
            })
        })?;
    }
    Ok(())
}

/// Configures a wave; triggers wait for the last one, unless a package needs what they make.
fn configure(
    inside: &Inside,
    wave: &[Package],
    is_last: bool,
    policy: &Policy,
) -> Result<(), Failure> {
    let mut command = match is_last {
        true => dpkg("--configure", &["-a"]),
        false => dpkg("--configure", &["--no-triggers"]),
    };
    if !is_last {
        command.arguments.extend(wave.iter().map(Package::qualified_name));
    }
    command.binds = policy.stubs(inside);
    shortcut::put_first(&mut command);
    let beside = depmod::Beside::new(inside)?;
    inside.run_beside(&command, &beside.commands(), || beside.ended())
}

fn dpkg(action: &str, options: &[&str]) -> Command {
    let fixed = ["dpkg", action];
    Command::new(fixed.iter().chain(OPTIONS).chain(options).copied())
}

const OPTIONS: &[&str] = &[
    "--force-unsafe-io",
    // Nobody is there to be asked what becomes of a file that another package's script made.
    "--force-confdef,confold",
    // It holds the time of day; what dpkg says is in the stage's own log.
    "--log=/dev/null",
];

fn shown(package: &Package) -> String {
    format!("/run/isoplug/{}", package.file_name())
}

/// Reads the control texts of packages, on all processors.
fn control_texts(inside: &Inside, packages: &[Package]) -> Result<Vec<String>, Failure> {
    let texts = packages.par_iter().map(|package| {
        let control = package.open(inside)?.control();
        control.map_err(Failure::of(format!("read {}", package.name)))
    });
    texts.collect()
}
