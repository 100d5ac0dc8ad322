//! Chooses kernel modules: those asked for, and all that these need.
//!
//! Reads the lists that depmod made for the layer (modules.dep(5)); the modules themselves are
//! opened only for the symbols that they use and the firmware that they ask for.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use isoplug_formats::elf::KernelModule;
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Kind, Tree};
use rayon::prelude::*;

use super::classes::{Folder, Request, normal};
use super::draft::{Error, unknown};

/// The kernel modules of one kernel. Paths are below the folder of its modules.
pub(super) struct KernelModules<'a> {
    tree: &'a Tree,
    folder: &'a str,
    contents: &'a dyn Contents,
    /// The path of each by its name.
    pub(super) paths: BTreeMap<String, String>,
    needs: BTreeMap<String, Vec<String>>,
    /// What comes along with each, by the word that says so: `softdep` or `weakdep`.
    also: BTreeMap<(String, String), Vec<String>>,
    aliases: BTreeMap<String, Vec<String>>,
    patterns: Vec<(Pattern, String)>,
    built_in: BTreeSet<String>,
}

impl<'a> KernelModules<'a> {
    /// Reads the lists in the folder of a kernel's modules. `settings` are the texts of
    /// modprobe.d(5).
    pub(super) fn read(
        tree: &'a Tree,
        folder: &'a str,
        contents: &'a dyn Contents,
        settings: &[String],
    ) -> Result<Self, Error> {
        let mut modules = Self {
            tree,
            folder,
            contents,
            paths: BTreeMap::new(),
            needs: BTreeMap::new(),
            also: BTreeMap::new(),
            aliases: BTreeMap::new(),
            patterns: Vec::new(),
            built_in: BTreeSet::new(),
        };
        modules.lists(settings)?;
        Ok(modules)
    }

    fn lists(&mut self, settings: &[String]) -> Result<(), Error> {
        for line in self.text("modules.dep")?.lines() {
            self.dependencies(line)?;
        }
        self.built_in = self.text("modules.builtin")?.lines().map(name_of).collect();
        settings.iter().for_each(|text| self.settings(text));
        for list in ["modules.softdep", "modules.weakdep", "modules.alias"] {
            let text = self.bytes(list)?.unwrap_or_default();
            self.settings(&String::from_utf8_lossy(&text));
        }
        Ok(())
    }

    /// Returns a list that depmod made.
    pub(super) fn text(&self, name: &str) -> Result<String, Error> {
        let bytes =
            self.bytes(name)?.ok_or_else(|| unknown(name, "the kernel has no such list"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns the bytes of a file, if it is there.
    pub(super) fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.tree.get(format!("{}/{path}", self.folder)).map(|entry| &entry.kind) {
            Some(Kind::File(content)) => Ok(Some(self.contents.read(content)?)),
            _ => Ok(None),
        }
    }

    /// A line of `modules.dep`: a path, a colon, and the paths of all that it needs.
    fn dependencies(&mut self, line: &str) -> Result<(), Error> {
        let (path, needs) = line.split_once(':').ok_or_else(|| {
            unknown("modules.dep", format!("cannot understand the line `{line}`"))
        })?;
        let needs = needs.split_whitespace().map(name_of).collect();
        self.needs.insert(name_of(path), needs);
        self.paths.insert(name_of(path), path.to_owned());
        Ok(())
    }

    /// Lines of modprobe.d(5) that lead from one kernel module to others. The first line about a
    /// kernel module is the one that kmod looks at.
    fn settings(&mut self, text: &str) {
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [word @ ("softdep" | "weakdep"), name, ref more @ ..] => {
                    let more = more.iter().filter(|more| !["pre:", "post:"].contains(more));
                    let more = more.map(|&more| more.to_owned());
                    let row = self.also.entry((word.to_owned(), normal(name)));
                    row.or_insert_with(|| more.collect());
                }
                ["alias", alias, name] => self.alias(alias, normal(name)),
                _ => {}
            }
        }
    }

    fn alias(&mut self, alias: &str, name: String) {
        if !alias.contains(['*', '?', '[']) {
            self.aliases.entry(normal(alias)).or_default().push(name);
        } else if let (false, Ok(pattern)) = (alias.contains(':'), Pattern::new(&normal(alias))) {
            // Those with a colon stand for devices, which nobody asks for by name.
            self.patterns.push((pattern, name));
        }
    }

    /// Returns the names that a name or an alias stands for; none if it is built in or unknown.
    fn lookup(&self, name: &str) -> Vec<String> {
        let name = normal(name);
        if self.paths.contains_key(&name) {
            return vec![name];
        }
        self.meant(&name).filter(|name| self.paths.contains_key(*name)).cloned().collect()
    }

    /// Returns the names that an alias stands for.
    fn meant(&self, alias: &str) -> impl Iterator<Item = &String> {
        let matching = self.patterns.iter().filter(move |(pattern, _)| pattern.matches(alias));
        let aliases = self.aliases.get(alias).into_iter().flatten();
        aliases.chain(matching.map(|(_, name)| name))
    }

    /// Whether a name or an alias stands for a kernel module, or for what is built in.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = normal(name);
        let is_there =
            |name: &String| self.paths.contains_key(name) || self.built_in.contains(name);
        is_there(&name) || self.meant(&name).any(is_there)
    }

    /// Returns the names of the modules asked for and of all that they need.
    pub(super) fn choose(&self, requests: &[Request]) -> Result<BTreeSet<String>, Error> {
        let mut chosen = BTreeSet::new();
        for request in requests {
            match request {
                Request::Name(name) => self.add(self.lookup(name), &mut chosen),
                Request::Folder(folder) => self.add(self.folder(folder)?, &mut chosen),
                Request::Class(class) => return Err(unknown(class, "nobody said what is in it")),
            }
        }
        Ok(chosen)
    }

    /// Adds those that come along with others without being named by them.
    pub(super) fn add_hidden(
        &self,
        hidden: &BTreeMap<String, Vec<String>>,
        chosen: &mut BTreeSet<String>,
    ) {
        let hidden = chosen.iter().chain(&self.built_in).filter_map(|name| hidden.get(name));
        let more = hidden.flatten().flat_map(|name| self.lookup(name)).collect();
        self.add(more, chosen);
    }

    fn add(&self, names: Vec<String>, chosen: &mut BTreeSet<String>) {
        let mut waiting = names;
        while let Some(name) = waiting.pop() {
            if !self.paths.contains_key(&name) || !chosen.insert(name.clone()) {
                continue;
            }
            waiting.extend(self.needs.get(&name).into_iter().flatten().cloned());
            let also = ["softdep", "weakdep"].map(|word| (word.to_owned(), name.clone()));
            let also = also.iter().filter_map(|row| self.also.get(row)).flatten();
            waiting.extend(also.flat_map(|also| self.lookup(also)));
        }
    }

    fn folder(&self, folder: &Folder) -> Result<Vec<String>, Error> {
        let patterns = folder.names.iter().map(|name| Pattern::new(name));
        let patterns = patterns.collect::<Result<Vec<_>, _>>();
        let patterns = patterns.map_err(|error| unknown(&folder.path, error.to_string()))?;
        let below = format!("{}/", folder.path);
        let is_wanted = |path: &&String| {
            let Some(rest) = path.strip_prefix(&below) else { return false };
            let is_named = rest.split('/').any(|part| patterns.iter().any(|p| p.matches(part)));
            !is_named && !folder.without.iter().any(|part| path.contains(part.as_str()))
        };
        let paths: Vec<&String> = self.paths.values().filter(is_wanted).collect();
        if folder.symbols.is_empty() {
            return Ok(paths.into_iter().map(|path| name_of(path)).collect());
        }
        let using = paths.into_par_iter().map(|path| Ok((path, self.uses(path, &folder.symbols)?)));
        let using = using.collect::<Result<Vec<_>, Error>>()?.into_iter();
        Ok(using.filter(|(_, uses)| *uses).map(|(path, _)| name_of(path)).collect())
    }

    fn uses(&self, path: &str, symbols: &[String]) -> Result<bool, Error> {
        let used = self.open(path)?.symbols;
        let text = |symbol: &Vec<u8>| String::from_utf8_lossy(symbol).into_owned();
        Ok(used.iter().map(text).any(|used| symbols.iter().any(|symbol| used.contains(symbol))))
    }

    fn open(&self, path: &str) -> Result<KernelModule, Error> {
        let bytes = self.bytes(path)?.ok_or_else(|| unknown(path, "there is no such file"))?;
        KernelModule::read(&bytes).map_err(|error| unknown(path, error.to_string()))
    }

    /// Returns the firmware that the chosen kernel modules and the kernel itself ask for.
    fn firmware(&self, chosen: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let paths: Vec<&String> = chosen.iter().filter_map(|name| self.paths.get(name)).collect();
        let asked = paths.into_par_iter().map(|path| Ok(self.open(path)?.firmware));
        let asked = asked.collect::<Result<Vec<_>, Error>>()?;
        let asked = asked.into_iter().flatten();
        let built_in = self.bytes("modules.builtin.modinfo")?.unwrap_or_default();
        let built_in = built_in.split(|&byte| byte == 0).filter_map(|said| {
            let (key, value) = std::str::from_utf8(said).ok()?.split_once('=')?;
            key.ends_with(".firmware").then(|| value.to_owned())
        });
        Ok(asked.map(|name| String::from_utf8_lossy(&name).into_owned()).chain(built_in).collect())
    }
}

/// Returns the name of the kernel module at a path.
pub(super) fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    normal(file.split('.').next().unwrap_or_default())
}

const FIRMWARE: &str = "usr/lib/firmware";

/// Returns the files of firmware that there are of those asked for. The same folders are looked
/// through as by the kernel, each for itself.
pub(super) fn firmware(
    modules: &KernelModules,
    chosen: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Error> {
    let (tree, mut found) = (modules.tree, BTreeSet::new());
    if tree.get(FIRMWARE).is_none() {
        return Ok(found);
    }
    let kernel = modules.folder.rsplit('/').next().unwrap_or_default();
    let folders =
        [format!("updates/{kernel}/"), "updates/".into(), format!("{kernel}/"), "".into()];
    for name in modules.firmware(chosen)? {
        for path in folders.iter().map(|folder| format!("{FIRMWARE}/{folder}{name}")) {
            match name.contains(['*', '?', '[']) {
                true => found.extend(matching(&path, tree)),
                false => found.extend(as_it_is_or_compressed(&path, tree)),
            }
        }
    }
    Ok(found)
}

fn as_it_is_or_compressed(path: &str, tree: &Tree) -> Option<String> {
    let is_there =
        |path: &String| tree.resolve(path).is_some_and(|path| tree.entries.contains_key(&path));
    ["", ".zst", ".xz"].map(|ending| format!("{path}{ending}")).into_iter().find(is_there)
}

fn matching(pattern: &str, tree: &Tree) -> Vec<String> {
    let Ok(pattern) = Pattern::new(pattern) else { return Vec::new() };
    let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
    let paths = tree.entries.iter().filter(|(_, entry)| entry.kind != Kind::Directory);
    let paths = paths.filter_map(|(path, _)| std::str::from_utf8(path).ok());
    paths.filter(|path| pattern.matches_with(path, options)).map(str::to_owned).collect()
}
