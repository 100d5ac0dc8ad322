//! Compiles drivers (DKMS packages) for the kernels of an image, in a tree of their own that is gone afterwards.
//!
//! That tree is the Essential set with the packages of the drivers, a compiler and the headers of each kernel, so that no
//! other package of the image compiles them anew. What stays is an overlay: the kernel modules, not compressed and
//! without a signature, and the settings that the packages have for them. Knows no key.

mod compiled;
mod fit;
mod packed;
mod said;
mod settings;

use std::cell::RefCell;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_sandbox::dpkg::{Answer, Install, show_answers};
use isoplug_sandbox::stored::{self as sandboxed, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command, Job, Text};

use crate::stages::{fetch, layer};
use crate::stored;
pub use compiled::{Module, OverlayFiles};
pub use fit::{Fit, look};
use said::Said;

/// Inputs.
pub struct Drivers {
    /// The Essential set.
    pub base: Artifact<Tree>,
    /// The fetched packages that are installed over it ([`fetch::read`]).
    pub debs: Artifact<Blob>,
    /// The names of those that the drivers are in.
    pub packages: Vec<String>,
    /// The versions of the kernels.
    pub kernels: Vec<String>,
    /// That they may fit, by what they say themselves.
    pub fit: Artifact<Blob>,
    /// Answers to what the packages ask.
    pub answers: Vec<Answer>,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The time of all files; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The kernel modules and their settings, as an [`Overlay`](crate::contribute::overlay::Overlay).
    pub overlay: Artifact<Tree>,
}

impl Stage for Drivers {
    const NAME: &'static str = "drivers";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("drivers") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { base, debs, packages, kernels, fit, answers, arch, epoch } = self;
        key.artifact("base", *base);
        key.artifact("debs", *debs);
        key.value("packages", packages);
        key.value("kernels", kernels);
        key.artifact("fit", *fit);
        show_answers(answers, key);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packed = cx.create()?;
        let mut job = self.job(cx)?;
        job.collect.insert(PACKED.to_owned(), packed.path().to_owned());
        self.compile(&job, cx)?;
        let mut files = OverlayFiles::new(self.epoch, cx)?;
        let modules = compiled::modules(packed.path())?;
        for kernel in &self.kernels {
            if !modules.iter().any(|module| module.kernel == *kernel) {
                return Err(Error::Nothing { kernel: kernel.clone() });
            }
        }
        for Module { path, bytes, .. } in modules {
            files.add(&path, 0o644, &bytes)?;
        }
        for package in self.debs(cx)? {
            settings::take(&package, &mut files)?;
        }
        Ok(files.finish(out.overlay)?)
    }
}

/// Why there are no drivers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A driver that cannot be compiled.
    #[error("the driver {driver} cannot be compiled for the kernel {kernel}:{}", lines(said))]
    Compile {
        /// Its name and version, as DKMS has them.
        driver: String,
        /// The version of the kernel.
        kernel: String,
        /// What the compiler said.
        said: Vec<String>,
    },
    /// A driver that says itself that it is not for a kernel.
    #[error("the driver {driver} is not for the kernel {kernel}: {reason}")]
    Excluded {
        /// Its name and version, as DKMS has them.
        driver: String,
        /// The version of the kernel.
        kernel: String,
        /// What it says.
        reason: String,
    },
    /// Packages from which nothing was compiled.
    #[error(
        "no kernel module for {kernel} came of the packages of the drivers: none of them is for DKMS"
    )]
    Nothing {
        /// The version of the kernel.
        kernel: String,
    },
    /// A package cannot be read.
    #[error("the package {package} is damaged")]
    Deb {
        /// Its name.
        package: String,
        /// What is wrong.
        source: isoplug_formats::deb::Error,
    },
    /// A file cannot be read or written.
    #[error("cannot take the drivers out of {from}")]
    Io {
        /// Out of what.
        from: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is larger than any of a driver.
    #[error("{path} in {from} has more than {most} bytes, which no driver has")]
    TooLarge {
        /// Its path.
        path: String,
        /// The package.
        from: String,
        /// How many bytes it may have.
        most: u64,
    },
    /// The list of packages.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// The sandbox, or the store.
    #[error(transparent)]
    Sandbox(#[from] StoredError),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Error {
    fn io(from: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let from = from.into();
        move |source| Self::Io { from, source }
    }

    /// Returns what to try.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Compile { .. } | Self::Excluded { .. } => vec![OTHER_KERNEL.to_owned()],
            _ => Vec::new(),
        }
    }
}

const OTHER_KERNEL: &str = "take a kernel that the driver is made for (`kernel.version`, or one that is not from backports), \
    or a later driver (`drivers.packages = [\"NAME/SUITE\"]`)";

fn lines(said: &[String]) -> String {
    said.iter().map(|line| format!("\n  {line}")).collect()
}

/// The program that compiles, and what it leaves.
const PROGRAM: &str = "/var/tmp/isoplug-drivers";
const PACKED: &str = "/var/tmp/isoplug-drivers.tar";

/// Compiles every driver of the tree for the kernels in the arguments and packs the kernel modules that came of it.
///
/// DKMS would make a key and sign with it, another in each build: it signs nothing where its `sign_file` is no program.
const COMPILE: &str = r#"#!/bin/sh
cd /
mkdir -p /etc/dkms/framework.conf.d
echo sign_file=/etc/dkms/framework.conf > /etc/dkms/framework.conf.d/isoplug.conf
for source in /usr/src/*/dkms.conf; do
    [ ! -e "$source" ] || dkms add "${source%/dkms.conf}" > /dev/null 2>&1
done
folders=
for kernel; do
    # It knows which driver needs which other.
    if grep -qs '^ *BUILD_DEPENDS' /usr/src/*/dkms.conf; then dkms autoinstall -k "$kernel"; fi
    for source in /var/lib/dkms/*/*/source; do
        [ -e "$source" ] || continue
        version=${source%/source} version=${version##*/}
        name=${source%/*/source} name=${name##*/}
        case $(dkms status -m "$name" -v "$version" -k "$kernel") in *installed*) continue ;; esac
        dkms install -m "$name" -v "$version" -k "$kernel"
        code=$?
        [ $code != 0 ] || continue
        echo "isoplug: $name/$version for $kernel ended with $code"
        cat "/var/lib/dkms/$name/$version/build/make.log"
        exit 1
    done
    if [ -d "/usr/lib/modules/$kernel/updates" ]; then folders="$folders usr/lib/modules/$kernel/updates"; fi
done
if [ -n "$folders" ]; then tar -cf /var/tmp/isoplug-drivers.tar $folders; else tar -cf /var/tmp/isoplug-drivers.tar -T /dev/null; fi
"#;

impl Drivers {
    fn job(&self, cx: &Context) -> Result<Job, Error> {
        let mut job = sandboxed::begin(Some(self.base), &self.arch, self.epoch, cx)?;
        job.install = Some(Install {
            packages: layer::packages(self.debs, cx)?,
            essential: false,
            answers: self.answers.clone(),
            foreign: Vec::new(),
            drivers_apart: true,
        });
        let text = Text { mode: 0o755, text: COMPILE.to_owned(), append: false };
        job.write.insert(PROGRAM.trim_start_matches('/').to_owned(), text);
        let arguments = [PROGRAM].into_iter().chain(self.kernels.iter().map(String::as_str));
        job.run.push(Command::new(arguments));
        Ok(job)
    }

    fn compile(&self, job: &Job, cx: &Context) -> Result<(), Error> {
        let said = RefCell::new(Said::default());
        let hear = |line: &str| said.borrow_mut().line(line);
        let counted = &["Unpacking ", "Setting up "];
        let count = job.install.as_ref().map_or(0, |install| install.packages.len());
        let lines = Lines::new(cx, counted, 2 * count).heard_by(&hear);
        match sandbox::run(job, &lines) {
            Ok(_) => Ok(()),
            Err(error) => Err(said.take().error().unwrap_or(StoredError::Sandbox(error).into())),
        }
    }

    /// Returns the packages that the drivers are in.
    fn debs(&self, cx: &Context) -> Result<Vec<isoplug_sandbox::dpkg::Package>, Error> {
        let all = layer::packages(self.debs, cx)?.into_iter();
        Ok(all.filter(|package| self.packages.contains(&package.name)).collect())
    }
}
