//! The interface `contribution`: every call is compared with the grants at once, so that the plugin
//! learns where it went too far.

use serde_json::Value as Json;
use wasmtime::component::Resource;
use wasmtime::{Error as Trap, Result};

use super::{Blob, Guest, ModuleInTheMaking, Verb, short};
use crate::contract::isoplug::plugin::contribution::{Attributes, Host, HostModule};
use crate::contract::isoplug::plugin::types::Strength;
use crate::contribution::{self, Entry, EntryKind, Hook, Module, Tree};
use crate::limit;

type Handle = Resource<ModuleInTheMaking>;

/// The largest hook, in bytes.
const SCRIPT: u64 = 1 << 20;

impl Host for Guest {}

impl HostModule for Guest {
    fn new(&mut self, name: String) -> Result<Handle> {
        if !matches!(self.verb, Verb::Contribute | Verb::Furnish) {
            let verb = self.verb.name();
            return Err(Trap::msg(format!("it makes a module during `{verb}`")));
        }
        self.made.modules += 1;
        if self.made.modules > limit::MODULES {
            return Err(Trap::msg("it makes more than 1000 modules, which is the limit"));
        }
        if !is_word(&name) {
            return Err(Trap::msg(format!(
                "{name:?} is not a valid name of a module: up to 64 of letters, digits and `-_.:`"
            )));
        }
        Ok(self.table.push(ModuleInTheMaking(Module { name, ..Module::default() }))?)
    }

    fn provides(&mut self, module: Handle, word: String) -> Result<()> {
        self.word(&module, word, |module| &mut module.provides)
    }

    fn requires(&mut self, module: Handle, word: String) -> Result<()> {
        self.word(&module, word, |module| &mut module.requires)
    }

    fn conflicts(&mut self, module: Handle, word: String) -> Result<()> {
        self.word(&module, word, |module| &mut module.conflicts)
    }

    fn after(&mut self, module: Handle, word: String) -> Result<()> {
        self.word(&module, word, |module| &mut module.after)
    }

    fn before(&mut self, module: Handle, word: String) -> Result<()> {
        self.word(&module, word, |module| &mut module.before)
    }

    fn merge(
        &mut self,
        module: Handle,
        fragment: String,
        strength: Strength,
    ) -> Result<Result<(), String>> {
        short("a fragment", &fragment)?;
        self.made.count(fragment.len() as u64)?;
        if self.verb != Verb::Contribute {
            return Ok(Err("options are settled; set them in `contribute`".to_owned()));
        }
        let fragment: Json = match serde_json::from_str(&fragment) {
            Ok(fragment) => fragment,
            Err(error) => return Ok(Err(format!("a fragment that is not JSON: {error}"))),
        };
        if let Err(reason) = self.allowed.fragment(&fragment) {
            return Ok(Err(reason));
        }
        let strength = match strength {
            Strength::Fallback => crate::Strength::Fallback,
            Strength::Normal => crate::Strength::Normal,
            Strength::Force => crate::Strength::Force,
        };
        self.table.get_mut(&module)?.0.fragments.push((fragment, strength));
        Ok(Ok(()))
    }

    fn file(
        &mut self,
        module: Handle,
        tree: String,
        path: String,
        content: Resource<Blob>,
        attributes: Attributes,
    ) -> Result<Result<(), String>> {
        let content = self.table.get(&content)?.clone();
        self.made.count(content.size())?;
        let entry = self.place(&tree, &path).and_then(|(tree, path)| {
            let attributes = self.attributes(&path, attributes)?;
            Ok(Entry { tree, path, kind: EntryKind::File(content, attributes) })
        });
        self.add(&module, entry)
    }

    fn folder(
        &mut self,
        module: Handle,
        tree: String,
        path: String,
        attributes: Attributes,
    ) -> Result<Result<(), String>> {
        self.made.count(0)?;
        let entry = self.place(&tree, &path).and_then(|(tree, path)| {
            let attributes = self.attributes(&path, attributes)?;
            Ok(Entry { tree, path, kind: EntryKind::Folder(attributes) })
        });
        self.add(&module, entry)
    }

    fn symlink(
        &mut self,
        module: Handle,
        tree: String,
        path: String,
        target: String,
    ) -> Result<Result<(), String>> {
        self.made.count(0)?;
        let entry = self.place(&tree, &path).and_then(|(tree, path)| {
            if target.is_empty() || target.len() > 4095 || target.chars().any(char::is_control) {
                return Err(format!("{path}: {target:?} is not a valid target of a link"));
            }
            Ok(Entry { tree, path, kind: EntryKind::Symlink(target) })
        });
        self.add(&module, entry)
    }

    fn remove(&mut self, module: Handle, tree: String, path: String) -> Result<Result<(), String>> {
        self.made.count(0)?;
        let entry = named_tree(&tree).and_then(|tree| {
            let path = self.allowed.removal(tree, &path)?;
            Ok(Entry { tree, path, kind: EntryKind::Remove })
        });
        self.add(&module, entry)
    }

    fn hook(
        &mut self,
        module: Handle,
        name: String,
        script: Resource<Blob>,
    ) -> Result<Result<(), String>> {
        let script = self.table.get(&script)?.clone();
        self.made.count(script.size())?;
        if let Err(reason) = self.allowed.hook() {
            return Ok(Err(reason));
        }
        if self.verb != Verb::Contribute {
            return Ok(Err("hooks are set in `contribute`".to_owned()));
        }
        if !is_word(&name) || script.size() > SCRIPT {
            return Ok(Err(format!("{name:?}: a hook has a short name and at most 1 MiB")));
        }
        let hooks = &mut self.table.get_mut(&module)?.0.hooks;
        if hooks.iter().any(|hook| hook.name == name) {
            return Ok(Err(format!("there is a hook `{name}` already")));
        }
        hooks.push(Hook { name, script });
        Ok(Ok(()))
    }

    fn drop(&mut self, module: Handle) -> Result<()> {
        self.table.delete(module)?;
        Ok(())
    }
}

impl Guest {
    fn word(
        &mut self,
        module: &Handle,
        word: String,
        list: fn(&mut Module) -> &mut Vec<String>,
    ) -> Result<()> {
        self.made.count(0)?;
        let words = list(&mut self.table.get_mut(module)?.0);
        if word.is_empty() || word.len() > 256 || word.chars().any(char::is_control) {
            return Err(Trap::msg(format!(
                "{word:?} is not a valid word for the order of modules"
            )));
        }
        if !words.contains(&word) {
            words.push(word);
        }
        Ok(())
    }

    fn place(&self, tree: &str, path: &str) -> Result<(Tree, String), String> {
        let tree = named_tree(tree)?;
        if tree == Tree::Iso && self.verb == Verb::Furnish {
            return Err(format!("iso:{path}: files of the medium are set in `contribute`"));
        }
        Ok((tree, self.allowed.entry(tree, path)?))
    }

    fn attributes(
        &self,
        path: &str,
        attributes: Attributes,
    ) -> Result<contribution::Attributes, String> {
        let Attributes { mode, uid, gid, replace } = attributes;
        Ok(contribution::Attributes { mode: self.allowed.mode(path, mode)?, uid, gid, replace })
    }

    /// Adds an entry, or says why not.
    fn add(&mut self, module: &Handle, entry: Result<Entry, String>) -> Result<Result<(), String>> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(reason) => return Ok(Err(reason)),
        };
        self.table.get_mut(module)?.0.entries.push(entry);
        Ok(Ok(()))
    }
}

fn named_tree(tree: &str) -> Result<Tree, String> {
    Tree::named(tree).ok_or_else(|| format!("there is no tree {tree:?}, but `root` and `iso`"))
}

/// Says whether a text is a short name.
fn is_word(text: &str) -> bool {
    let fine = |each: char| each.is_ascii_alphanumeric() || "-_.:".contains(each);
    (1..=64).contains(&text.len()) && text.chars().all(fine)
}
