//! Tells of drivers that say themselves that they are not for a kernel (dkms(8), "BUILD_EXCLUSIVE"), before anything is
//! installed or compiled.
//!
//! A `dkms.conf` is a script of the shell. Only settings that stand alone on a line are read; what another says is found
//! when the driver is compiled. Makes no part of an image.

mod bounds;

use std::ops::ControlFlow;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};
use isoplug_sandbox::dpkg::Package;

use super::{Error, packed};
use crate::stages::layer;
use crate::stored;
use bounds::{Bounds, Kernel};

/// Inputs.
pub struct Fit {
    /// The fetched packages that drivers are compiled from and with.
    pub debs: Artifact<Blob>,
    /// The names of those that the drivers are in.
    pub packages: Vec<String>,
    /// The versions of the kernels.
    pub kernels: Vec<String>,
    /// The architecture, in Debian's words.
    pub arch: String,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// An empty file: there is nothing to say.
    pub fits: Artifact<Blob>,
}

impl Stage for Fit {
    const NAME: &'static str = "drivers-fit";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        "drivers fit".to_owned()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { fits: slots.slot("fits") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { debs, packages, kernels, arch } = self;
        key.artifact("debs", *debs);
        key.value("packages", packages);
        key.value("kernels", kernels);
        key.value("arch", arch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packages = layer::packages(self.debs, cx)?;
        look(&packages, &self.packages, &self.kernels, &self.arch)?;
        Ok(stored::write(out.fits, b"", &[], cx)?)
    }
}

/// Looks whether drivers are for kernels; `drivers` names those of the packages that they are in. What of the others is
/// not there is not looked at.
///
/// # Errors
///
/// When one says that it is not, or a package cannot be read.
pub fn look(
    packages: &[Package],
    drivers: &[String],
    kernels: &[String],
    arch: &str,
) -> Result<(), Error> {
    let kernels = kernels.iter().map(|version| kernel(version, packages, arch));
    let kernels = kernels.collect::<Result<Vec<_>, Error>>()?;
    for package in packages.iter().filter(|package| drivers.contains(&package.name)) {
        let is_conf = |path: &str| path.starts_with("usr/src/") && path.ends_with("/dkms.conf");
        let Some(text) = find(package, is_conf)? else { continue };
        let bounds = Bounds::read(&text);
        for kernel in &kernels {
            if let Some(reason) = bounds.forbid(kernel) {
                let (driver, kernel) = (package.name.clone(), kernel.version.clone());
                return Err(Error::Excluded { driver, kernel, reason });
            }
        }
    }
    Ok(())
}

/// Returns what is known of a kernel. How it was configured lies in the package that has it, where that is Debian's.
fn kernel(version: &str, packages: &[Package], arch: &str) -> Result<Kernel, Error> {
    let has = |package: &&Package| {
        isoplug_manifest::package::kernel_version(&package.name) == Some(version)
    };
    let path = format!("boot/config-{version}");
    let config = match packages.iter().find(has) {
        Some(package) => find(package, |found| found == path)?,
        None => None,
    };
    let machine = isoplug_arch::find(arch).map_or("", |arch| arch.qemu).to_owned();
    Ok(Kernel { version: version.to_owned(), machine, config })
}

/// The most bytes that a file may have which is looked at here; Debian's configurations of kernels have 300 kB.
const MOST: u64 = 4 << 20;

/// Returns the text of the first file of a package whose path is one that is looked for.
fn find(package: &Package, is_it: impl Fn(&str) -> bool) -> Result<Option<String>, Error> {
    let mut found = None;
    packed::each_of(package, |mut packed| {
        if !packed.is_file() || !is_it(&packed.path) {
            return Ok(ControlFlow::Continue(()));
        }
        let bytes = packed.bytes_up_to(MOST)?;
        found = Some(String::from_utf8_lossy(&bytes).into_owned());
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}
