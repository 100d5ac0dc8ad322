//! The packages of the root filesystem, and answers to what they ask.

mod foreign;
mod from;
mod offline;
mod pins;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::Promise;

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::manifest::Source;
use crate::option::{Path, option};
use crate::package::{name_in, named_in};
use crate::part::{self, Contribution, Lint};
use crate::secret::Secret;
use crate::text::Origin;

pub use pins::Pin;

/// Which packages the root filesystem gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Packages {
    /// The packages to install, with what they depend on: `name` or `name:architecture`, where the architecture is that
    /// of the image or one of `packages.architectures`. As with apt, `name=8.4-1` asks for a version (`name=8.4*` for one
    /// that begins so), and `name/trixie-backports` for the suite to take it from, which a source must have.
    #[schemars(extend("format" = "package-wish"))]
    pub install: Vec<String>,
    /// Other architectures whose packages may be in the image, as `dpkg --add-architecture` asks for them: `i386` in images
    /// of amd64. A package of one is asked for by `name:i386`.
    pub architectures: Vec<String>,
    /// Packages to install from one source, by the source's name; also by a pocket, such as `backports`, or a suite. What
    /// they depend on comes from there as far as nothing of a higher priority will do.
    #[schemars(extend(
        "propertyNames" = { "format": "image-name" },
        "additionalProperties" = {
            "type": "array", "items": { "type": "string" }, "format": "package-name"
        }
    ))]
    pub from: BTreeMap<String, Vec<String>>,
    /// Priorities of single packages, in place of those of their sources, as in apt_preferences(5): the first that fits
    /// counts.
    pub pins: Vec<Pin>,
    /// Packages that must not be installed, whatever recommends or could use them.
    #[schemars(extend("format" = "package-name"))]
    pub remove: Vec<String>,
    /// Whether to install recommended packages too.
    pub recommends: bool,
    /// Packages to choose first where one of several would satisfy a dependency.
    #[schemars(extend("format" = "package-name"))]
    pub prefer: Vec<String>,
    /// Whether to keep manual pages and documents. Licence files stay always.
    pub docs: bool,
    /// What scripts of packages make for one machine alone, such as a key or an identity, beside
    /// what isoplug knows itself. A build that finds such a thing stops and names it.
    pub machine_state: Vec<MachineState>,
    /// Answers to what packages ask while they are installed (debconf), such as whether a licence
    /// is accepted. Whatever is not answered here gets the answer that its package has for it.
    pub debconf: Vec<DebconfAnswer>,
    /// Packages that lie on the medium with what they need and the image does not have, written as in `install`. apt of the
    /// running system installs them without a network. In the profile of what a medium installs they lie in the installed
    /// system, in `/var/lib/isoplug/pool`.
    #[schemars(extend("format" = "package-wish"))]
    pub offline: Vec<String>,
    /// The private Ed25519 key that signs the archive of those packages, in PEM. It signs while the image is built and is
    /// not in it.
    pub offline_key: Option<Secret>,
}

/// Something that a script of a package made and that every machine must have of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MachineState {
    /// Its path. `*` stands for any part of a name, and `/**` at the end for all in a folder.
    #[schemars(extend("format" = "path-pattern"))]
    pub path: String,
    /// Whether it stays in the image, so that every copy has the same. Else it is not in the image.
    #[serde(default)]
    pub keep: bool,
    /// The shell commands by which a machine makes its own when it boots and the path is not
    /// there. Without any, the program that needs it must make it.
    #[serde(default)]
    pub make: Option<String>,
    /// The units that need it and so wait for it. Without any, all services wait.
    #[serde(default)]
    #[schemars(extend("format" = "unit-name"))]
    pub before: Vec<String>,
}

/// An answer to a question of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DebconfAnswer {
    /// The package that asks.
    #[schemars(extend("format" = "package-name"))]
    pub package: String,
    /// The name of the question, as `debconf-show PACKAGE` lists it.
    #[schemars(extend("format" = "debconf-question"))]
    pub question: String,
    /// The type of the question.
    #[serde(rename = "type")]
    pub kind: DebconfType,
    /// The answer: `true` or `false` for a boolean, one of the choices for a `select`, choices with
    /// `, ` between them for a `multiselect`.
    #[serde(default)]
    #[schemars(extend("format" = "debconf-value"))]
    pub value: Option<String>,
    /// The environment variable that has the answer, in place of `value`: for secrets, which are
    /// then in neither manifest, lock nor logs. What the package makes of it is in the image.
    #[serde(default)]
    pub env: Option<String>,
}

/// A type of question, as in debconf-devel(7).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DebconfType {
    /// Yes or no.
    Boolean,
    /// One of several choices.
    Select,
    /// Any of several choices.
    Multiselect,
    /// A text.
    String,
    /// A password, which is not shown.
    Password,
}

impl DebconfType {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Select => "select",
            Self::Multiselect => "multiselect",
            Self::String => "string",
            Self::Password => "password",
        }
    }
}

impl Default for Packages {
    fn default() -> Self {
        Self {
            install: Vec::new(),
            architectures: Vec::new(),
            from: BTreeMap::new(),
            pins: Vec::new(),
            remove: Vec::new(),
            recommends: false,
            prefer: Vec::new(),
            docs: true,
            machine_state: Vec::new(),
            debconf: Vec::new(),
            offline: Vec::new(),
            offline_key: None,
        }
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) packages: &'a Packages,
    pub(crate) profile: &'a str,
    pub(crate) arch: &'a str,
    pub(crate) sources: &'a BTreeMap<String, Source>,
    /// Whether the system is for a disk.
    pub(crate) is_installed: bool,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("packages")
    }

    fn owns(&self) -> &[&str] {
        &["packages"]
    }

    fn contribute(&self, out: &mut Contribution) {
        // What the user lists comes last, which counts.
        from::contribute(self.packages, self.arch, out);
        let mut listed = out.because(option!(packages.install));
        for wish in &self.packages.install {
            let name = named_in(wish, self.arch).to_owned();
            listed.package(wish).promise(Promise::Package { name, version: version(wish) });
        }
        offline::contribute(self.packages, self.is_installed, out);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Packages { install, remove, debconf, .. } = self.packages;
        if install.is_empty() && self.packages.from.is_empty() {
            let message = format!("profile `{}` installs no packages", self.profile);
            let help = "extend a shipped profile: `extends = \"isoplug:minimal\"`";
            lint.report(Diagnostic::warning("empty-profile", message).help(help));
        }
        let [yes, no] = [option!(packages.install), option!(packages.remove)];
        contradiction(lint, (install, &yes), (remove, &no));
        foreign::lint(self.packages, self.profile, self.arch, lint);
        from::lint(self.packages, self.sources, lint);
        pins::lint(&self.packages.pins, self.sources, lint);
        offline::lint(self.packages, lint);
        answers(debconf, lint);
    }
}

/// Returns the version that is asked for. Of any that begins with a text, only the name can be checked.
fn version(wish: &str) -> Option<String> {
    let (_, version) = wish.split_once('=')?;
    (!version.ends_with('*')).then(|| version.to_owned())
}

/// Reports every item that both lists have, whatever version of it the first asks for.
pub(super) fn contradiction(
    lint: &mut Lint<'_>,
    (wanted, yes): (&[String], &Path<Vec<String>>),
    (unwanted, no): (&[String], &Path<Vec<String>>),
) {
    let (asked, refused) = (lint.items(yes), lint.items(no));
    for (name, refused) in unwanted.iter().zip(refused) {
        let Some(index) = wanted.iter().position(|wish| name_in(wish) == name) else {
            continue;
        };
        let message = format!("\"{name}\" is both in `{yes}` and in `{no}`");
        let diagnostic = Diagnostic::error("contradiction", message).at(refused, "refused here");
        lint.report(match asked.get(index) {
            Some(asked) => diagnostic.and(asked, "asked for here"),
            None => diagnostic,
        });
    }
}

fn answers(debconf: &[DebconfAnswer], lint: &mut Lint<'_>) {
    let mut given: BTreeMap<&str, (&DebconfAnswer, &Origin)> = BTreeMap::new();
    for (answer, origin) in debconf.iter().zip(lint.items(&option!(packages.debconf))) {
        if let Some(diagnostic) = mistake(answer) {
            lint.report(diagnostic.at(origin, ""));
        }
        let earlier = given.insert(&answer.question, (answer, origin));
        if let Some((_, place)) = earlier.filter(|(earlier, _)| differ(earlier, answer)) {
            let message = format!("\"{}\" is answered twice", answer.question);
            let diagnostic = Diagnostic::error("two-answers", message).at(origin, "here");
            lint.report(diagnostic.and(place, "and here"));
        }
    }
}

/// Packages may share a question, not the answer to it.
fn differ(one: &DebconfAnswer, other: &DebconfAnswer) -> bool {
    (one.kind, &one.value, &one.env) != (other.kind, &other.value, &other.env)
}

fn mistake(answer: &DebconfAnswer) -> Option<Diagnostic> {
    let question = &answer.question;
    let error = |message| Diagnostic::error("debconf-answer", message);
    match (&answer.value, &answer.env) {
        (None, None) => Some(error(format!("\"{question}\" has neither `value` nor `env`"))),
        (Some(_), Some(_)) => Some(error(format!("\"{question}\" has both `value` and `env`"))),
        (Some(value), None)
            if answer.kind == DebconfType::Boolean
                && !["true", "false"].contains(&value.as_str()) =>
        {
            let message = format!("\"{value}\" is not the answer to a boolean question");
            Some(error(message).help("write \"true\" or \"false\""))
        }
        _ => None,
    }
}
