//! Drivers that are compiled for the image's kernel: DKMS packages and NVIDIA's driver, and the key that signs them.

use isoplug_promise::{BootCheck, Promise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::boot::Boot;
use super::kernel::Kernel;
use crate::by::By;
use crate::diagnostic::{Diagnostic, Severity};
use crate::distribution::{Distribution, Nvidia, NvidiaModules};
use crate::option::option;
use crate::part::{self, Contribution, Lint};
use crate::secret::Secret;

/// Drivers that no kernel package has: they are compiled for the kernels of the image while it is built.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Drivers {
    /// DKMS packages, such as `broadcom-sta-dkms`, written as in `packages.install`. The image gets their kernel modules and
    /// their settings of modprobe.d(5), not their sources.
    #[schemars(extend("format" = "package-wish"))]
    pub packages: Vec<String>,
    /// The driver of NVIDIA, with what programs need of it.
    pub nvidia: Option<NvidiaDriver>,
    /// Whether the image also gets the DKMS packages themselves, with compiler and headers, so that an installed system can
    /// compile the drivers for later kernels.
    pub keep_build: bool,
    /// The private RSA key that signs the kernel modules, in PEM. It signs while the image is built and is not in it.
    pub signing_key: Option<Secret>,
    /// The certificate of that key, in PEM or DER. It is on the medium, where each machine with Secure Boot on enrols it
    /// once.
    #[schemars(extend("format" = "local-path"))]
    pub signing_certificate: Option<String>,
}

/// Which of NVIDIA's kernel modules.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum NvidiaDriver {
    /// Those that NVIDIA gives away compiled.
    Proprietary,
    /// Those with free sources, for cards since Turing.
    Open,
}

impl NvidiaDriver {
    /// Returns the packages of its kernel modules.
    fn modules(self, known: &Nvidia) -> &NvidiaModules {
        match self {
            Self::Proprietary => &known.proprietary,
            Self::Open => &known.open,
        }
    }
}

impl Drivers {
    /// Returns the DKMS packages whose kernel modules the image gets, as wishes.
    #[must_use]
    pub fn wishes(&self, distribution: &Distribution) -> Vec<String> {
        let nvidia = self.nvidia.zip(distribution.nvidia.as_ref());
        let nvidia = nvidia.map(|(which, known)| which.modules(known).modules.to_owned());
        self.packages.iter().cloned().chain(nvidia).collect()
    }

    /// Tells whether there are any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.nvidia.is_none()
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) drivers: &'a Drivers,
    pub(crate) kernel: &'a Kernel,
    pub(crate) boot: &'a Boot,
    pub(crate) arch: &'a str,
    pub(crate) distribution: &'static Distribution,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("drivers")
    }

    fn owns(&self) -> &[&str] {
        &["drivers"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Drivers { packages, nvidia, keep_build, signing_key, signing_certificate: _ } =
            self.drivers;
        let check = || is_there(signing_key.is_some());
        if let (Some(which), Some(known)) = (nvidia, &self.distribution.nvidia) {
            let modules = which.modules(known);
            let mut needed = out.because(option!(drivers.nvidia));
            for name in known.programs.iter().chain(modules.programs) {
                needed.package(name);
            }
            needed.check(check());
        } else if !packages.is_empty() {
            out.because(option!(drivers.packages)).check(check());
        }
        if *keep_build && !self.drivers.is_empty() {
            self.keep_build(out);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.drivers.nvidia.is_some() && self.distribution.nvidia.is_none() {
            let message = format!(
                "the packages of NVIDIA's driver in {} are not known",
                self.distribution.title
            );
            let help = "name its DKMS package in `drivers.packages`, and what programs need in `packages.install`";
            let error = Diagnostic::error("unknown-driver", message).help(help);
            lint.report_at(error, &option!(drivers.nvidia));
        }
        self.signing(lint);
    }
}

impl Part<'_> {
    fn keep_build(&self, out: &mut Contribution) {
        let mut kept = out.because(option!(drivers.keep_build));
        kept.package(&headers(&self.kernel.package(self.distribution, self.arch)));
        for wish in self.drivers.wishes(self.distribution) {
            kept.package(&wish);
        }
    }

    /// Reports a key without its certificate, and the other way round.
    fn signing(&self, lint: &mut Lint<'_>) {
        let Drivers { signing_key, signing_certificate, .. } = self.drivers;
        if let Some(secret) = signing_key {
            lint.secret(secret, "the key", &option!(drivers.signing_key));
        }
        match (signing_key.is_some(), signing_certificate.is_some()) {
            (true, false) => {
                let message = "there is no certificate of the key that signs the drivers";
                let error = Diagnostic::error("no-certificate", message)
                    .help("set `drivers.signing-certificate`");
                lint.report_at(error, &option!(drivers.signing_key));
            }
            (false, true) => {
                let message = "there is no key of the certificate, so nothing is signed";
                let error = Diagnostic::error("no-key", message).help("set `drivers.signing-key`");
                lint.report_at(error, &option!(drivers.signing_certificate));
            }
            (key, _) => self.secure_boot(key, lint),
        }
    }

    /// Says what becomes of the drivers where Secure Boot is on.
    fn secure_boot(&self, key: bool, lint: &mut Lint<'_>) {
        if self.drivers.is_empty() {
            if key {
                let message = "the key signs nothing: there are no drivers";
                let warning = Diagnostic::warning("idle-option", message);
                lint.report_at(warning, &option!(drivers.signing_key));
            }
        } else if self.boot.secure_boot && key {
            let note = Diagnostic::warning("enrol-key", ENROL).help(ENROL_HELP);
            let note = Diagnostic { severity: Severity::Note, ..note };
            lint.report_at(note, &option!(drivers.signing_certificate));
        } else if self.boot.secure_boot {
            self.unsigned(lint);
        }
    }

    fn unsigned(&self, lint: &mut Lint<'_>) {
        let error = Diagnostic::error("unsigned-drivers", UNSIGNED).help(UNSIGNED_HELP);
        match self.drivers.nvidia {
            Some(_) => lint.report_at(error, &option!(drivers.nvidia)),
            None => lint.report_at(error, &option!(drivers.packages)),
        }
    }
}

const UNSIGNED: &str = "no key signs the drivers, and where Secure Boot is on the kernel loads none without a signature";
const UNSIGNED_HELP: &str = "make a key with `openssl req -new -x509 -newkey rsa:2048 -noenc -days 3650 -subj \
    \"/CN=My drivers/\" -keyout drivers.key -out drivers.crt` and set `drivers.signing-key.file = \"drivers.key\"` and \
    `drivers.signing-certificate = \"drivers.crt\"`; or say `boot.secure-boot = false`";
const ENROL: &str = "where Secure Boot is on, a machine loads the drivers once somebody has enrolled the certificate there";
const ENROL_HELP: &str = "at the machine, choose \"Enrol the key of the drivers\" in the boot menu, then \"Enroll key from \
    disk\" and /EFI/isoplug/mok.der; once for each machine";

/// Returns the package of the headers that belong to a kernel package.
fn headers(kernel: &str) -> String {
    kernel.replacen("linux-image", "linux-headers", 1)
}

/// Each driver of the image is the one that the running kernel loads.
fn is_there(is_signed: bool) -> BootCheck {
    let signer = match is_signed {
        true => "&& test -n \"$(modinfo -F signer \"$name\")\" ",
        false => "",
    };
    let run = format!(
        "found=; for file in $(find -L \"/lib/modules/$(uname -r)/updates\" -name '*.ko*'); do \
         found=yes name=$(basename \"$file\"); name=${{name%%.ko*}}; \
         test \"$(realpath \"$(modinfo -n \"$name\")\")\" = \"$(realpath \"$file\")\" {signer}|| exit 1; done; \
         test -n \"$found\""
    );
    BootCheck {
        title: Some("the drivers are there for the kernel that runs".to_owned()),
        ..BootCheck::from(Promise::Command { run, exit: 0, contains: None })
    }
}
