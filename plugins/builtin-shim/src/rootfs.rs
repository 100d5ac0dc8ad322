//! A contributor's rootfs over a plugin's: reads the root filesystem with what was added so far.

use std::collections::BTreeMap;

use isoplug_sdk::{Context, Module, root};

use crate::tree::{Entry, Kind};
use crate::{Attrs, ContributeError, Rootfs};

pub(crate) struct ModuleRootfs<'a> {
    module: Module,
    cx: &'a Context,
    /// What was added, by path; `None` for what was removed.
    added: BTreeMap<String, Option<Added>>,
}

#[derive(Clone)]
enum Added {
    File(Vec<u8>),
    Symlink(String),
}

/// The most links that the kernel follows on one way.
const LINKS: usize = 40;

impl<'a> ModuleRootfs<'a> {
    pub(crate) fn new(name: &str, cx: &'a Context) -> Self {
        Self { module: Module::new(name), cx, added: BTreeMap::new() }
    }

    pub(crate) fn finish(self) -> Module {
        self.module
    }

    /// Returns where a path leads, a link at its end followed. Those on the way are the host's.
    fn follow(&self, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let Kind::Symlink(target) = self.entry(&path)?.kind else { return Some(path) };
            let target = String::from_utf8(target).ok()?;
            path = joined(&path, &target);
        }
        None
    }
}

/// Returns where a link at a path points.
fn joined(link: &str, target: &str) -> String {
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole =
        if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl Rootfs for ModuleRootfs<'_> {
    fn entry(&self, path: &str) -> Option<Entry> {
        let kind = match self.added.get(path) {
            Some(added) => match added.clone()? {
                Added::File(_) => Kind::File(()),
                Added::Symlink(target) => Kind::Symlink(target.into_bytes()),
            },
            None => {
                let found = self.cx.rootfs().look(path).ok()??;
                match found.kind {
                    isoplug_sdk::Kind::Folder => Kind::Directory,
                    isoplug_sdk::Kind::File => Kind::File(()),
                    isoplug_sdk::Kind::Symlink => Kind::Symlink(found.target.into_bytes()),
                    _ => Kind::Other,
                }
            }
        };
        Some(Entry { kind })
    }

    fn stat(&self, path: &str) -> Option<Entry> {
        self.entry(&self.follow(path)?)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ContributeError> {
        let Some(path) = self.follow(path) else { return Ok(None) };
        if let Some(added) = self.added.get(&path) {
            return Ok(match added {
                Some(Added::File(bytes)) => Some(bytes.clone()),
                _ => None,
            });
        }
        Ok(self.cx.rootfs().open(&path)?.map(|blob| blob.bytes()).transpose()?)
    }

    fn list(&self, path: &str) -> Vec<String> {
        let mut names = self.cx.rootfs().names(path).unwrap_or_default();
        let folder = format!("{}/", path.trim_end_matches('/'));
        for (path, added) in self.added.range(folder.clone()..) {
            let Some(name) = path.strip_prefix(&folder) else { break };
            let name = name.split('/').next().unwrap_or(name).to_owned();
            names.retain(|other| *other != name);
            if added.is_some() {
                names.push(name);
            }
        }
        names.sort();
        names
    }

    fn file(&mut self, path: &str, bytes: &[u8], attrs: Attrs) -> Result<(), ContributeError> {
        self.module.file(root(path).mode(attrs.mode.into()), bytes)?;
        self.added.insert(path.to_owned(), Some(Added::File(bytes.to_vec())));
        Ok(())
    }

    fn symlink(&mut self, path: &str, target: &str) -> Result<(), ContributeError> {
        self.module.symlink(path, target)?;
        self.added.insert(path.to_owned(), Some(Added::Symlink(target.to_owned())));
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), ContributeError> {
        self.module.remove(path)?;
        self.added.insert(path.to_owned(), None);
        Ok(())
    }

    fn log(&self, line: &str) {
        self.cx.log(line);
    }
}
