//! Scripts that are called by their names: each with its interpreter, and with the packages that it needs.

use std::collections::BTreeMap;

use isoplug_promise::Promise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// A script in `/usr/local/bin`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Script {
    /// Its text. Either this or `source`.
    pub text: Option<String>,
    /// The file to copy, relative to the file that says so. Either this or `text`.
    #[schemars(extend("format" = "local-path"))]
    pub source: Option<String>,
    /// What runs it, where its text does not begin with `#!`: a path, or a name such as `bash` or `python3`, which is
    /// in `/usr/bin` and whose package of that name is installed. Without a word: `/bin/sh`.
    #[schemars(extend("format" = "interpreter"))]
    pub interpreter: Option<String>,
    /// The packages whose programs it calls; they are installed.
    #[schemars(extend("format" = "package-wish"))]
    pub packages: Vec<String>,
}

impl Script {
    /// Returns where a script of this name is in the image.
    #[must_use]
    pub fn path(name: &str) -> String {
        format!("/usr/local/bin/{name}")
    }

    /// Returns the line that names what runs it, where its text has none.
    #[must_use]
    pub fn first_line(&self) -> String {
        let interpreter = match self.interpreter.as_deref() {
            None | Some("sh") => "/bin/sh".to_owned(),
            Some(path) if path.starts_with('/') => path.to_owned(),
            Some(name) => format!("/usr/bin/{name}"),
        };
        format!("#!{interpreter}\n")
    }

    /// Returns the package that its interpreter is in, as far as the option says it.
    fn package(&self) -> Option<&str> {
        // A shell called `sh` is in every image.
        self.interpreter.as_deref().filter(|name| !name.starts_with('/') && *name != "sh")
    }

    /// Returns the fields that say what it is; a right one has one of them.
    fn contents(&self) -> [bool; 2] {
        [self.text.is_some(), self.source.is_some()]
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) scripts: &'a BTreeMap<String, Script>,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("scripts")
    }

    fn owns(&self) -> &[&str] {
        &["scripts"]
    }

    fn contribute(&self, out: &mut Contribution) {
        for (name, script) in self.scripts {
            let here = option!(scripts).below(name);
            let mut needed = out.because(here.clone().below("packages"));
            for package in &script.packages {
                needed.package(package);
            }
            if let Some(package) = script.package() {
                out.because(here.clone().below("interpreter")).package(package);
            }
            out.because(here).promise(Promise::File {
                path: Script::path(name),
                sha256: None,
                mode: Some(0o755),
                owner: Some("root:root".to_owned()),
                contains: None,
            });
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        for (name, script) in self.scripts {
            let here = option!(scripts).below(name);
            let wrong = match script.contents() {
                [false, false] => Some("has neither `text` nor `source`"),
                [true, true] => Some("has both `text` and `source`"),
                _ => None,
            };
            if let Some(has) = wrong {
                let message = format!("the script `{name}` {has}");
                lint.report_at(Diagnostic::error("file-content", message), &here);
            }
            if script.text.as_deref().is_some_and(|text| text.starts_with("#!")) {
                two_interpreters(name, script, lint);
            }
        }
    }
}

/// Reports an interpreter that a script names itself too.
fn two_interpreters(name: &str, script: &Script, lint: &mut Lint<'_>) {
    if script.interpreter.is_some() {
        let message = format!("the script `{name}` names an interpreter in its first line already");
        let error = Diagnostic::error("two-interpreters", message);
        let help = "leave `interpreter` out, or the line that begins with `#!`";
        lint.report_at(error.help(help), &option!(scripts).below(name).below("interpreter"));
    }
}
