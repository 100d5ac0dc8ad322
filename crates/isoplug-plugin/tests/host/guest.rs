//! Writes small plugins in the text format of WebAssembly, and makes components of them.
//!
//! What the host refuses, the plugin returns as its error, so that a test sees it.

#[path = "guest/imports.rs"]
mod imports;
#[path = "guest/text.rs"]
mod text;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract.
pub(crate) const WIT: &str = include_str!("../../../../wit/0.1/plugin.wit");

/// Where texts begin in the plugin's memory.
const TEXTS: usize = 4096;

/// A plugin in the making.
#[derive(Clone)]
pub(crate) struct Guest {
    world: &'static str,
    wit: String,
    /// Packages that the contract's worlds import beside it.
    packages: Vec<String>,
    version: &'static str,
    texts: Vec<u8>,
    /// Instructions of `describe`; without any, it returns `description`.
    describe: String,
    description: String,
    /// Instructions of the world's own function.
    body: String,
    /// Instructions of `furnish`.
    furnish: String,
    /// More fields of the core module.
    fields: String,
    modules: usize,
}

impl Guest {
    pub(crate) fn new(world: &'static str) -> Self {
        let stages = if world == "stage" { r#","stages":["output"]"# } else { "" };
        Self {
            world,
            wit: WIT.to_owned(),
            packages: Vec::new(),
            version: "0.1.0",
            texts: Vec::new(),
            describe: String::new(),
            description: format!(r#"{{"id":"acme.toy","version":"1.2.0"{stages}}}"#),
            body: String::new(),
            furnish: String::new(),
            fields: String::new(),
            modules: 0,
        }
    }

    pub(crate) fn contributor() -> Self {
        Self::new("contributor")
    }

    /// Builds it against another contract.
    pub(crate) fn against(mut self, version: &'static str, wit: String) -> Self {
        self.wit = wit.replace("@0.1.0;", &format!("@{version};"));
        self.version = version;
        self
    }

    /// Imports an interface of a package.
    pub(crate) fn imports(mut self, interface: &str, package: &str) -> Self {
        self.packages.push(package.to_owned());
        let world = format!("world {}-plugin {{", self.world);
        self.wit = self.wit.replace(&world, &format!("{world}\n  import {interface};"));
        self
    }

    /// Adds instructions to the world's own function.
    pub(crate) fn does(mut self, instructions: &str) -> Self {
        self.body.push_str(instructions);
        self
    }

    /// Adds fields to the core module.
    pub(crate) fn with(mut self, fields: &str) -> Self {
        self.fields.push_str(fields);
        self
    }

    pub(crate) fn described(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }

    /// Lets `describe` do this; it returns the text that 48 and 52 name.
    pub(crate) fn describes(mut self, instructions: &str) -> Self {
        self.describe = instructions.to_owned();
        self
    }

    /// Puts bytes into the memory; returns the two instructions that name them.
    pub(crate) fn text(&mut self, bytes: impl AsRef<[u8]>) -> String {
        let at = TEXTS + self.texts.len();
        self.texts.extend_from_slice(bytes.as_ref());
        format!("(i32.const {at}) (i32.const {})", bytes.as_ref().len())
    }

    pub(crate) fn log(mut self, line: &str) -> Self {
        let line = self.text(line);
        self.does(&format!("(call $log (i32.const 1) {line})"))
    }

    /// Logs a fact.
    pub(crate) fn fact(mut self, path: &str) -> Self {
        let path = self.text(path);
        self.does(&format!("(call $fact {path} (i32.const 16)) (call $log_fact)"))
    }

    /// Begins a module; what follows goes into it.
    pub(crate) fn module(mut self, name: &str) -> Self {
        let (text, at) = (self.text(name), 1024 + 4 * self.modules);
        self.modules += 1;
        let new = format!("(local.set $m (call $module {text}))");
        self.does(&format!("{new} (i32.store (i32.const {at}) (local.get $m))"))
    }

    /// Puts the module after those that provide a word.
    pub(crate) fn after(mut self, word: &str) -> Self {
        let text = self.text(word);
        self.does(&format!("(call $after (local.get $m) {text})"))
    }

    pub(crate) fn merge(mut self, fragment: &str) -> Self {
        let text = self.text(fragment);
        self.does(&checked(&format!(
            "(call $merge (local.get $m) {text} (i32.const 1) (i32.const 16))"
        )))
    }

    pub(crate) fn file(
        mut self,
        tree: &str,
        path: impl AsRef<[u8]>,
        content: &str,
        mode: u32,
    ) -> Self {
        let content = self.text(content);
        let blob = format!(
            "(call $from_string {content} (i32.const 16)) (local.set $b (i32.load (i32.const 20)))"
        );
        self.does(&blob).place("$file", tree, path, "(local.get $b)", mode)
    }

    pub(crate) fn folder(self, tree: &str, path: &str, mode: u32) -> Self {
        self.place("$folder", tree, path, "", mode)
    }

    fn place(
        mut self,
        function: &str,
        tree: &str,
        path: impl AsRef<[u8]>,
        blob: &str,
        mode: u32,
    ) -> Self {
        let (tree, path) = (self.text(tree), self.text(path));
        let attributes = format!("(i32.const {mode}) (i32.const 0) (i32.const 0) (i32.const 0)");
        let call = format!(
            "(call {function} (local.get $m) {tree} {path} {blob} {attributes} (i32.const 16))"
        );
        self.does(&checked(&call))
    }

    pub(crate) fn symlink(mut self, path: &str, target: &str) -> Self {
        let (tree, path, target) = (self.text("root"), self.text(path), self.text(target));
        self.does(&checked(&format!(
            "(call $symlink (local.get $m) {tree} {path} {target} (i32.const 16))"
        )))
    }

    pub(crate) fn remove(mut self, path: &str) -> Self {
        let (tree, path) = (self.text("root"), self.text(path));
        self.does(&checked(&format!("(call $remove (local.get $m) {tree} {path} (i32.const 16))")))
    }

    pub(crate) fn hook(mut self, name: &str, script: &str) -> Self {
        let (name, script) = (self.text(name), self.text(script));
        let blob = format!(
            "(call $from_string {script} (i32.const 16)) (local.set $b (i32.load (i32.const 20)))"
        );
        let hook = format!("(call $hook (local.get $m) {name} (local.get $b) (i32.const 16))");
        self.does(&blob).does(&checked(&hook))
    }

    /// Opens what a function of `context` gives, into `$b`.
    pub(crate) fn open(mut self, function: &str, given: &[&str]) -> Self {
        let given: Vec<String> = given.iter().map(|text| self.text(text)).collect();
        let call = format!("(call ${function} {} (i32.const 16))", given.join(" "));
        self.does(&seen(&call)).does("(local.set $b (i32.load (i32.const 20)))")
    }

    /// Logs the first bytes of `$b`.
    pub(crate) fn log_blob(self) -> Self {
        let read = "(call $read (local.get $b) (i64.const 0) (i32.const 1000) (i32.const 16))";
        self.does(&seen(read))
            .does("(call $log (i32.const 1) (i32.load (i32.const 20)) (i32.load (i32.const 24)))")
    }

    /// Puts `$b` into a file.
    pub(crate) fn place_blob(self, path: &str) -> Self {
        self.place("$file", "root", path, "(local.get $b)", 0o600)
    }

    /// Moves what was said so far to `furnish`.
    pub(crate) fn furnishes(mut self) -> Self {
        self.furnish = std::mem::take(&mut self.body);
        self
    }

    /// Makes the component.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (text, mut wit) = (self.wat(), Resolve::default());
        for (index, package) in self.packages.iter().enumerate() {
            wit.push_str(format!("{index}.wit"), package).unwrap();
        }
        let package = wit.push_str("plugin.wit", &self.wit).unwrap();
        let world = format!("{}-plugin", self.world);
        let world = wit.select_world(&[package], Some(&world)).unwrap();
        let mut core = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        embed_component_metadata(&mut core, &wit, world, StringEncoding::UTF8).unwrap();
        let encoder = ComponentEncoder::default().validate(true).module(&core).unwrap();
        { encoder }.encode().unwrap()
    }
}

/// Ends with the host's text if it refuses.
fn checked(call: &str) -> String {
    format!(
        "{call} (if (i32.load8_u (i32.const 16)) (then (return (call $fail (i32.load (i32.const 20)) (i32.load (i32.const 24))))))\n"
    )
}

/// Ends with the text of an `access-error`.
fn seen(call: &str) -> String {
    format!(
        "{call} (if (i32.load8_u (i32.const 16)) (then (return (call $fail (i32.load (i32.const 24)) (i32.load (i32.const 28))))))\n"
    )
}
