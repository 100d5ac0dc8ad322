//! Runs a plugin's logic natively, in a host that a test lays out.
//!
//! ```
//! use isoplug_sdk::prelude::*;
//! use isoplug_sdk::testing::Trial;
//!
//! struct Hello;
//!
//! impl Contributor for Hello {
//!     type Options = NoOptions;
//!     fn contribute(_: NoOptions, cx: &Context) -> Result<Vec<Module>> {
//!         let hello = Module::new("hello");
//!         hello.file("/etc/motd", cx.fact::<String>("image.name")?.unwrap_or_default())?;
//!         Ok(vec![hello])
//!     }
//! }
//!
//! let trial = Trial::new().fact("image.name", "rescue").contribute::<Hello>();
//! assert_eq!(trial.text("root:/etc/motd"), "rescue");
//! ```

use std::collections::BTreeMap;

use isoplug_sdk_derive::json;

use crate::error::Diagnostic;
use crate::host::native::contribution::{Added, Attributes};
use crate::host::native::rootfs::{Entry, Kind};
use crate::host::native::{World, within};
use crate::host::types::Strength;
use crate::json::{self, ToJson, Value};
use crate::module::Module;
use crate::plugin::{Check, Contributor, Described, Stage};

/// What a plugin may see in a test, laid out piece by piece.
#[derive(Default)]
pub struct Trial {
    world: World,
}

impl Trial {
    /// Starts with no options and nothing to see.
    pub fn new() -> Self {
        let world = World { options: "{}".to_owned(), ..World::default() };
        Self { world }
    }

    /// Sets the options. Those left out get the defaults of the Rust type.
    pub fn options(mut self, options: Value) -> Self {
        self.world.options = options.to_string();
        self
    }

    /// Settles a value.
    pub fn fact(mut self, path: &str, value: impl ToJson) -> Self {
        self.world.facts.insert(path.to_owned(), value.to_json());
        self
    }

    /// Grants an input that is a file.
    pub fn input(self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.input_file(name, "", content)
    }

    /// Grants a file of an input that is a folder.
    pub fn input_file(mut self, name: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let files = self.world.inputs.entry(name.to_owned()).or_default();
        files.insert(path.to_owned(), content.into());
        self
    }

    /// Grants a secret that can be placed and not read.
    pub fn secret(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.world.secrets.insert(name.to_owned(), content.into());
        self
    }

    /// Offers a download.
    pub fn download(mut self, url: &str, content: impl Into<Vec<u8>>) -> Self {
        self.world.downloads.insert(url.to_owned(), content.into());
        self
    }

    /// Lays a file of root's into the root filesystem.
    pub fn file(self, path: &str, mode: u32, content: impl Into<Vec<u8>>) -> Self {
        self.entry(path, Kind::File, mode, (0, 0), "", content.into())
    }

    /// Lays a folder into the root filesystem.
    pub fn folder(self, path: &str, mode: u32) -> Self {
        self.entry(path, Kind::Folder, mode, (0, 0), "", Vec::new())
    }

    /// Lays a symbolic link into the root filesystem.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(path, Kind::Symlink, 0o777, (0, 0), target, Vec::new())
    }

    fn entry(
        mut self,
        path: &str,
        kind: Kind,
        mode: u32,
        (uid, gid): (u32, u32),
        target: &str,
        content: Vec<u8>,
    ) -> Self {
        let rootfs = self.world.rootfs.get_or_insert_default();
        for (end, _) in path.match_indices('/').filter(|(end, _)| *end > 0) {
            let folder = entry(Kind::Folder, 0o755, (0, 0), 0, "");
            rootfs.entry(path[..end].to_owned()).or_insert((folder, Vec::new()));
        }
        let entry = entry(kind, mode, (uid, gid), content.len() as u64, target);
        rootfs.insert(path.to_owned(), (entry, content));
        self
    }

    /// Asks a contributor for its modules.
    pub fn contribute<P: Contributor>(self) -> Outcome {
        let (answer, world) = within(self.world, crate::plugin::contribute::<P>);
        Outcome::of(answer.map(|modules| contents(&modules)), world)
    }

    /// Asks a contributor for its files, with the packages in.
    pub fn furnish<P: Contributor>(mut self) -> Outcome {
        self.world.rootfs.get_or_insert_default();
        let (answer, world) = within(self.world, crate::plugin::furnish::<P>);
        Outcome::of(answer.map(|modules| contents(&modules)), world)
    }

    /// Asks a check for its verdict.
    pub fn check<P: Check>(mut self) -> Outcome {
        self.world.rootfs.get_or_insert_default();
        let (answer, world) = within(self.world, crate::plugin::check::<P>);
        Outcome::of(answer.map(|()| Value::Null), world)
    }

    /// Asks for the plan of a stage.
    pub fn plan<P: Stage>(self, stage: &str, inputs: Value) -> Outcome {
        let inputs = inputs.to_string();
        let (answer, world) = within(self.world, || crate::plugin::plan::<P>(stage, &inputs));
        let json = |text: String| json::parse(&text).unwrap_or(Value::Text(text.into()));
        Outcome::of(answer.map(json), world)
    }
}

fn entry(kind: Kind, mode: u32, (uid, gid): (u32, u32), size: u64, target: &str) -> Entry {
    Entry { kind, mode, uid, gid, size, target: target.to_owned() }
}

/// Returns the document of `describe`.
pub fn describe<P: Described>() -> Value {
    json::parse(&P::describe()).unwrap_or_default()
}

/// What a plugin answered.
#[derive(Debug)]
pub struct Outcome {
    /// The modules by name, or the plan; or the plugin's error.
    pub answer: Result<Value, String>,
    /// What it told the user.
    pub reports: Vec<Diagnostic>,
    /// Its lines of the log.
    pub log: Vec<String>,
}

impl Outcome {
    fn of(answer: Result<Value, String>, world: World) -> Self {
        let reports = world.reports.iter().map(Diagnostic::from_contract).collect();
        Self { answer, reports, log: world.log }
    }

    /// Returns the text of an added file: `root:/etc/motd`.
    ///
    /// # Panics
    ///
    /// If the plugin failed or added no such file.
    pub fn text(&self, place: &str) -> &str {
        let file = &self.entry(place)["text"];
        file.as_str().unwrap_or_else(|| panic!("{place} is no text file in {self:#?}"))
    }

    /// Returns the mode of an added file or folder.
    ///
    /// # Panics
    ///
    /// If the plugin failed or added no such entry.
    pub fn mode(&self, place: &str) -> u32 {
        let mode = &self.entry(place)["mode"];
        let mode = mode.as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        mode.unwrap_or_else(|| panic!("{place} has no mode in {self:#?}"))
    }

    /// Tells whether the plugin added an entry.
    pub fn has(&self, place: &str) -> bool {
        !self.entry(place).is_null()
    }

    fn entry(&self, place: &str) -> &Value {
        let modules = self.answer.as_ref().map(Value::entries).unwrap_or_default();
        let mut found = modules.iter().filter_map(|(_, module)| module["entries"].get(place));
        found.next().unwrap_or(&Value::Null)
    }

    /// Returns the fragment that a module merges first.
    pub fn fragment(&self, module: &str) -> &Value {
        match &self.answer {
            Ok(modules) => &modules[module]["merge"][0]["fragment"],
            Err(_) => &Value::Null,
        }
    }

    /// Returns the messages of all reports, one a line, with their codes.
    pub fn reported(&self) -> String {
        let line = |it: &Diagnostic| format!("{}: {}\n", it.code(), it.message());
        self.reports.iter().map(line).collect()
    }
}

/// Shows modules as the golden cases of `isoplug plugin test` do.
fn contents(modules: &[Module]) -> Value {
    let mut shown = Value::table();
    for module in modules {
        let mut content = Content::default();
        module.0.added.borrow().iter().for_each(|added| content.add(added));
        shown.set(&module.0.name, content.shown());
    }
    shown
}

/// What a module has, in the order of its making.
#[derive(Default)]
struct Content {
    words: BTreeMap<String, Vec<String>>,
    merge: Vec<Value>,
    entries: BTreeMap<String, Value>,
    removed: Vec<String>,
    hooks: BTreeMap<String, String>,
}

impl Content {
    fn add(&mut self, added: &Added) {
        match added {
            Added::Word(word, name) => {
                self.words.entry((*word).to_owned()).or_default().push(name.clone());
            }
            Added::Fragment(fragment, strength) => {
                let strength = match strength {
                    Strength::Fallback => "fallback",
                    Strength::Normal => "normal",
                    Strength::Force => "force",
                };
                self.merge.push(json!({ "fragment": fragment, "strength": strength }));
            }
            Added::File(at, bytes, attributes) => {
                self.entries.insert(at.clone(), shown_file(bytes, attributes));
            }
            Added::Folder(at, attributes) => {
                let mode = format!("{:04o}", attributes.mode);
                self.entries.insert(at.clone(), json!({ "kind": "folder", "mode": mode }));
            }
            Added::Symlink(at, target) => {
                self.entries.insert(at.clone(), json!({ "target": target }));
            }
            Added::Removed(at) => self.removed.push(at.clone()),
            Added::Hook(name, script) => {
                self.hooks.insert(name.clone(), String::from_utf8_lossy(script).into_owned());
            }
        }
    }

    fn shown(&self) -> Value {
        let mut shown = self.words.to_json();
        if !self.merge.is_empty() {
            shown.set("merge", &self.merge);
        }
        if !self.entries.is_empty() {
            shown.set("entries", &self.entries);
        }
        if !self.removed.is_empty() {
            shown.set("removed", &self.removed);
        }
        if !self.hooks.is_empty() {
            shown.set("hooks", &self.hooks);
        }
        shown
    }
}

fn shown_file(bytes: &[u8], attributes: &Attributes) -> Value {
    let mut file = json!({ "mode": format!("{:04o}", attributes.mode) });
    if (attributes.uid, attributes.gid) != (0, 0) {
        file.set("owner", format!("{}:{}", attributes.uid, attributes.gid));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => file.set("text", text),
        Err(_) => file.set("size", bytes.len()),
    }
    file
}
