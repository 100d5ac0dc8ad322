//! What an installer installs, asks and may erase, as data: a build writes it as `plan.json`, the installer reads it.
//!
//! Does no I/O and knows no manifest, no disk and no tool. Both sides check what they have with [`InstallPlan::faults`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod answers;
mod disk;
mod fault;
mod flexible;
mod glob;
mod hooks;
mod size;
mod target;
mod texts;
mod words;

pub use answers::{Answers, Secrecy, User};
pub use disk::{DiskMatch, Holds, Transport};
pub use fault::{Fault, is_password_hash, names_a_moving_disk};
pub use glob::glob_matches;
pub use hooks::{Hook, Hooks};
pub use size::Size;
pub use texts::{is_hostname, is_user_name};
pub use words::{
    BootOrder, Confirm, Encryption, Firmware, MediumRule, OnDone, Pick, Question, Step,
};

/// The version of this format. A reader refuses every other.
pub const FORMAT: u32 = 1;

/// Where a plan lies in the live system; the files that it names lie in the same folder.
pub const PLAN: &str = "/usr/lib/isoplug/install/plan.json";

/// Where an installed system says which image and plan it came from.
pub const INSTALLED: &str = "/var/lib/isoplug/installed";

/// All that an installer needs to know of the image that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstallPlan {
    /// Version of the format, [`FORMAT`].
    pub format: u32,
    /// The image that the installer is in.
    pub image: Image,
    /// What can be installed; the first is taken if nobody says otherwise.
    pub targets: Vec<Target>,
    /// What the dialogue asks, if no answer is there.
    #[serde(default)]
    pub ask: Vec<Question>,
    /// Answers of the manifest, which every other answer overrides.
    #[serde(default)]
    pub answers: Answers,
    /// Sets of answers with a name.
    #[serde(default)]
    pub templates: Vec<Template>,
    /// The rule for an installation without questions, if the image offers one.
    #[serde(default)]
    pub unattended: Option<Unattended>,
    /// What happens after an installation with questions.
    #[serde(default)]
    pub on_done: OnDone,
    /// Scripts that are run before and after.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
}

/// The image that carries the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// Its name, as in the manifest.
    pub name: String,
    /// Its id: the medium has a file `/.isoplug/<id>`. Empty if the medium has none.
    #[serde(default)]
    pub id: String,
}

/// One system that can be installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Target {
    /// Name of its profile.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Debian's name of its architecture: `amd64`.
    pub architecture: String,
    /// What its files come from, in the order of unpacking.
    pub squashfs: Vec<Squashfs>,
    /// The kernel that it boots.
    pub kernel: Kernel,
    /// Kernel parameters of its boot entries.
    #[serde(default)]
    pub kernel_parameters: Vec<String>,
    /// Which firmware its boot loader is for.
    pub firmware: Firmware,
    /// Its host name, if no answer gives another.
    pub hostname: String,
    /// Ways to lay it onto a disk; the first is taken if nobody says otherwise.
    pub layouts: Vec<Layout>,
    /// How long the steps take compared with each other; a step that is not named has a guess of the installer.
    #[serde(default)]
    pub weights: BTreeMap<Step, u64>,
}

/// One squashfs image on the medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Squashfs {
    /// Where it lies on the medium, without a slash in front: `live/10-common.squashfs`.
    pub path: String,
    /// SHA-256 of its bytes, in small hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The sum of the lengths of the files in it.
    pub unpacked: u64,
}

/// The kernel of a target, inside its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kernel {
    /// Its version, as in `/lib/modules`.
    pub version: String,
    /// Where it lies: `boot/vmlinuz-6.12.0`.
    pub image: String,
    /// Where its initrd lies: `boot/initrd.img-6.12.0`.
    pub initrd: String,
}

/// A way to lay a target onto a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Layout {
    /// Its name: `whole-disk`.
    pub name: String,
    /// Whether it is encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// The partitions without encryption; needed for `none` and `ask`.
    #[serde(default)]
    pub plain: Option<Partitioning>,
    /// The partitions with encryption; needed for all but `none`.
    #[serde(default)]
    pub encrypted: Option<Partitioning>,
}

/// Partitions, as systemd-repart reads them and as the installed system mounts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Partitioning {
    /// The smallest disk that they fit on, in bytes.
    pub min_size: u64,
    /// Definitions of systemd-repart: name of the file (`40-root.conf`) and its text.
    pub definitions: BTreeMap<String, String>,
    /// What becomes of the partition of each definition; one that nothing mounts may be left out.
    pub partitions: Vec<Partition>,
}

/// A partition that the installed system uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Partition {
    /// Name of the definition that makes it.
    pub definition: String,
    /// Where it is mounted; nothing for swap.
    #[serde(default)]
    pub mount: Option<String>,
    /// Its file system as fstab calls it: `ext4`, `vfat`, `btrfs`, `xfs`, `swap`.
    pub format: String,
    /// Options of the mount in fstab; `defaults` if it is empty.
    #[serde(default)]
    pub options: String,
    /// Name of the opened LUKS device (`root`), if it is encrypted.
    #[serde(default)]
    pub luks: Option<String>,
}

/// A set of answers with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// What people read; its name if it is empty.
    #[serde(default)]
    pub title: String,
    /// Its answers, with the target among them.
    #[serde(default)]
    pub answers: Answers,
    /// Files that it adds to the installed system.
    #[serde(default)]
    pub files: Vec<TemplateFile>,
}

/// A file, or a folder with all below it, that a template adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TemplateFile {
    /// Where it lies, below the folder of the plan.
    pub source: String,
    /// Where it goes in the installed system: an absolute path.
    pub target: String,
}

/// The rule for an installation without questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unattended {
    /// Which disk may be erased. At least one filter is needed.
    pub disk: DiskMatch,
    /// Which one, if several match.
    #[serde(default)]
    pub pick: Pick,
    /// How people are told before it begins.
    #[serde(default)]
    pub confirm: Confirm,
    /// What happens afterwards. `ask` counts as `poweroff`, since nobody is there.
    #[serde(default = "OnDone::poweroff")]
    pub on_done: OnDone,
}

impl InstallPlan {
    /// Returns the target of a name, or the first if none is given.
    #[must_use]
    pub fn target(&self, name: Option<&str>) -> Option<&Target> {
        match name {
            None => self.targets.first(),
            Some(name) => self.targets.iter().find(|target| target.name == name),
        }
    }
}

impl Target {
    /// Returns the layout of a name, or the first if none is given.
    #[must_use]
    pub fn layout(&self, name: Option<&str>) -> Option<&Layout> {
        match name {
            None => self.layouts.first(),
            Some(name) => self.layouts.iter().find(|layout| layout.name == name),
        }
    }

    /// Returns how many bytes its files take.
    #[must_use]
    pub fn unpacked(&self) -> u64 {
        self.squashfs.iter().map(|each| each.unpacked).sum()
    }
}

#[cfg(test)]
mod tests;
