//! What a medium installs: which systems, how their disks are laid out, what is asked, and what happens without questions.
//!
//! What depends on the systems themselves, `evaluate/targets.rs` looks at. The types that an installer reads, too, are
//! those of `isoplug-install-plan`. Knows no program that installs.

mod hooks;
mod layout;
mod lints;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use isoplug_install_plan::{Answers, Confirm, DiskMatch, Encryption, OnDone, Pick, Question};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::boot::Loader;
use crate::by::By;
use crate::file::File;
use crate::format::confirm;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

pub use hooks::{InstallHook, InstallHooks};
pub(crate) use layout::package;
pub use layout::{Layout, Machines, OwnPartition, RootFormat, RootVolume, Volume, VolumeFormat};

/// What a medium installs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Install {
    /// The profiles of this manifest that the medium installs, each of which extends `isoplug:target`; the first is
    /// the one that is offered first. What the live system and they have alike is on the medium once.
    #[schemars(extend("format" = "image-name"))]
    pub targets: Vec<String>,
    /// Where the installer asks what to do, without a log-in before it.
    pub dialogue: Dialogue,
    /// What the installer asks, if neither a template nor an answer says it. The disk that is erased is always shown.
    pub ask: Vec<Question>,
    /// The layout that is offered first. Without one, the first by name.
    pub layout: Option<String>,
    /// Layouts of a disk, by name. Without any there is `whole-disk`, with ext4 and without encryption.
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub layouts: BTreeMap<String, Layout>,
    /// Answers that hold unless another is given. Those of a template, of kernel parameters that begin with
    /// `isoplug.install.`, of an `answers.toml` on the medium or on a volume called ISO-ANSWERS, and of a person win.
    pub answers: Answers,
    /// Sets of answers with files of their own, for machines of several kinds.
    pub templates: Vec<InstallTemplate>,
    /// Installing without questions.
    pub unattended: Unattended,
    /// What happens after an installation with questions.
    pub on_done: OnDone,
    /// Scripts that are run before and after an installation.
    pub hooks: InstallHooks,
}

/// Where the installer asks.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Dialogue {
    /// Nowhere: whoever logs in runs `isoplug-install`.
    #[default]
    None,
    /// On the first screen; the others and serial lines have a log-in.
    Screen,
    /// On the first screen and on serial lines; the other screens have a log-in.
    Everywhere,
}

/// A set of answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstallTemplate {
    /// Its name, by which it is chosen.
    #[schemars(extend("format" = "image-name"))]
    pub name: String,
    /// What people read in its place.
    #[serde(default)]
    pub title: String,
    /// What it installs, one of `install.targets`. Without one, whoever installs is asked.
    #[serde(default)]
    pub target: Option<String>,
    /// Its answers.
    #[serde(default)]
    pub answers: Answers,
    /// Files and folders that it adds to the installed system.
    #[serde(default)]
    pub files: Vec<InstallFile>,
}

/// A file or a folder for an installed system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstallFile {
    /// The file or folder to copy, relative to the file that says so.
    #[schemars(extend("format" = "local-path"))]
    pub source: String,
    /// Its path in the installed system. It takes the place of what is there.
    #[schemars(extend("format" = "target-path"))]
    pub target: String,
}

/// Installing without questions: the boot menu has an entry for it, which never boots by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unattended {
    /// Whether the boot menu offers it.
    pub enable: bool,
    /// Which disk is erased: one of which all hold that is said here. The medium's own never is.
    pub disk: DiskMatch,
    /// Which one, if there are several.
    pub pick: Pick,
    /// How people are told before it begins: `countdown:SECONDS`, which any key stops, `type-name`, or `none`.
    #[schemars(extend("format" = "install-confirm"))]
    pub confirm: String,
    /// What happens afterwards; `ask` switches the machine off, since nobody is there.
    pub on_done: OnDone,
}

impl Default for Install {
    fn default() -> Self {
        use Question::{
            Disk, Encryption, Hostname, Keymap, Layout, Locale, Target, Timezone, User,
        };
        let ask = [Target, Disk, Layout, Hostname, User, Locale, Keymap, Timezone, Encryption];
        Self {
            targets: Vec::new(),
            dialogue: Dialogue::None,
            ask: ask.to_vec(),
            layout: None,
            layouts: BTreeMap::new(),
            answers: Answers::default(),
            templates: Vec::new(),
            unattended: Unattended::default(),
            on_done: OnDone::Ask,
            hooks: InstallHooks::default(),
        }
    }
}

impl Default for Unattended {
    fn default() -> Self {
        Self {
            enable: false,
            disk: DiskMatch::default(),
            pick: Pick::Only,
            confirm: "countdown:30".to_owned(),
            on_done: OnDone::Poweroff,
        }
    }
}

impl Unattended {
    /// Returns how people are told before it begins. Its format was checked.
    #[must_use]
    pub fn confirm(&self) -> Confirm {
        confirm(&self.confirm).unwrap_or_default()
    }
}

/// The layout that there is where none is named.
const WHOLE_DISK: &str = "whole-disk";
/// The folder of the plan in the live system, where the files of templates lie, too.
const FOLDER: &str = "/usr/lib/isoplug/install";

impl Install {
    /// Returns the layouts by name, that which is offered first before all.
    #[must_use]
    pub fn offered_layouts(&self) -> Vec<(String, Layout)> {
        let mut layouts: Vec<(String, Layout)> = self.layouts.clone().into_iter().collect();
        if layouts.is_empty() {
            layouts.push((WHOLE_DISK.to_owned(), Layout::default()));
        }
        layouts.sort_by_key(|(name, _)| Some(name) != self.layout.as_ref());
        layouts
    }

    /// Returns the files of all templates: each with its template, its place below the folder of the plan, and itself.
    pub fn template_files(&self) -> impl Iterator<Item = (&str, String, &InstallFile)> {
        self.templates.iter().flat_map(|template| {
            let place = |index: usize| format!("templates/{}/{index}", template.name);
            let files = template.files.iter().enumerate();
            files.map(move |(index, file)| (&*template.name, place(index), file))
        })
    }

    /// Tells whether the layout that is offered first asks for a passphrase.
    pub(crate) fn needs_passphrase(&self) -> bool {
        let layouts = self.offered_layouts();
        layouts.first().is_some_and(|(_, layout)| layout.encryption == Encryption::Passphrase)
    }

    fn encrypts(&self) -> bool {
        self.layouts.values().any(|layout| layout.encryption != Encryption::None)
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) install: &'a Install,
    pub(crate) loader: Loader,
    pub(crate) machines: Machines<'a>,
    /// The entry of the boot menu that boots by itself.
    pub(crate) default: &'a str,
    pub(crate) profile: &'a str,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("install")
    }

    fn owns(&self) -> &[&str] {
        &["install"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Install { targets, dialogue, unattended, .. } = self.install;
        if targets.is_empty() {
            return;
        }
        let mut asked = out.because(option!(install.targets));
        for package in TOOLS {
            asked.package(package);
        }
        self.for_layouts(out);
        let mut asked = out.because(option!(install.templates));
        for (_, place, file) in self.install.template_files() {
            let source = Some(file.source.clone());
            let target = format!("{FOLDER}/{place}");
            asked.file(File { text: None, source, ..File::text(&target, "") });
        }
        hooks::contribute(&self.install.hooks, out);
        units::dialogue(*dialogue, out);
        if unattended.enable {
            units::unattended(out);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        lints::look(self, lint);
    }
}

impl Part<'_> {
    /// Asks for what makes the file systems of the layouts.
    fn for_layouts(&self, out: &mut Contribution) {
        let formats = self.install.layouts.values().flat_map(Layout::formats);
        let packages: BTreeSet<&str> = formats.filter_map(layout::package).collect();
        let mut asked = out.because(option!(install.layouts));
        for package in packages {
            asked.package(package);
        }
        if self.install.encrypts() {
            asked.package("cryptsetup-bin");
        }
    }
}

/// What every installation runs.
const TOOLS: [&str; 6] =
    ["dosfstools", "e2fsprogs", "efibootmgr", "fdisk", "squashfs-tools", "systemd-repart"];
