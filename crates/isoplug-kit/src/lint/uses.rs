//! Compares what a plugin requests with what it uses in its cases and examples.

use std::collections::BTreeSet;

use isoplug_manifest::path::split;
use isoplug_plugin::{
    Allowed, Entry, EntryKind, Grants, Question, Requests, Tree, covers_word, systemd_unit,
};
use serde_json::Value as Json;

use super::Finding;
use crate::call::Called;

/// What a plugin used.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    files: BTreeSet<(Tree, String)>,
    removed: BTreeSet<(Tree, String)>,
    /// Paths of options that fragments set.
    options: BTreeSet<Vec<String>>,
    units: BTreeSet<String>,
    params: BTreeSet<String>,
    reads: BTreeSet<String>,
    inputs: BTreeSet<String>,
    secrets: BTreeSet<String>,
    urls: BTreeSet<String>,
    setuid: bool,
    hooks: bool,
}

impl Uses {
    /// Adds what came of a call.
    pub(crate) fn add(&mut self, called: &Called, grants: &Grants) {
        for module in &called.contribution.modules {
            module.entries.iter().for_each(|entry| self.entry(entry));
            module.fragments.iter().for_each(|(fragment, _)| self.fragment(&[], fragment));
            self.hooks |= !module.hooks.is_empty();
        }
        for (question, _) in &called.asked {
            match question {
                Question::List(place) | Question::Input(place, _) => {
                    let named = grants.inputs.iter().filter(|(_, it)| *it == place);
                    self.inputs.extend(named.map(|(name, _)| name.clone()));
                }
                Question::Fetch(url, _) => _ = self.urls.insert(url.clone()),
                Question::Secret(name, ..) => _ = self.secrets.insert(name.clone()),
                Question::Look(path) | Question::Names(path) | Question::Open(path) => {
                    self.reads.insert(path.clone());
                }
                Question::Fact(_) | Question::Seed => {}
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let at = (entry.tree, entry.path.clone());
        if let EntryKind::File(_, attributes) | EntryKind::Folder(attributes) = &entry.kind {
            self.setuid |= attributes.mode & 0o7000 != 0;
        }
        if entry.kind == EntryKind::Remove {
            self.removed.insert(at);
            return;
        }
        if let Some(unit) = systemd_unit(&entry.path).filter(|_| entry.tree == Tree::Root) {
            self.units.insert(unit.to_owned());
        }
        self.files.insert(at);
    }

    fn fragment(&mut self, above: &[String], value: &Json) {
        let Json::Object(table) = value else {
            self.leaf(above, value);
            return;
        };
        for (key, value) in table {
            let path = [above, std::slice::from_ref(key)].concat();
            if above == ["systemd", "units"] {
                self.units.insert(key.clone());
            }
            self.fragment(&path, value);
        }
    }

    fn leaf(&mut self, path: &[String], value: &Json) {
        let items = value.as_array().into_iter().flatten().filter_map(Json::as_str);
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["boot", "kernel-params"] => self.params.extend(items.map(str::to_owned)),
            ["systemd", "enable" | "disable" | "mask"] => {
                self.units.extend(items.map(str::to_owned));
            }
            _ => {}
        }
        self.options.insert(path.to_vec());
    }

    /// Adds a finding for each request that nothing used.
    pub(crate) fn compare(&self, requests: &Requests, findings: &mut Vec<Finding>) {
        let unused = self.unused(requests);
        findings.extend(unused.into_iter().map(|line| {
            let message =
                format!("no case or example uses the request `{line}`; add a case, or drop it");
            Finding::warning("unused-request", message)
        }));
        for pattern in &requests.files {
            let used: Vec<&(Tree, String)> =
                self.files.iter().filter(|used| covers_file(pattern, used)).collect();
            if let (Some(narrow), true) = (narrower(pattern, &used), used.len() > 1) {
                let message = format!("`files` asks for `{pattern}`; `{narrow}` would do");
                findings.push(Finding::warning("wide-request", message));
            }
        }
    }

    fn sets(&self, option: &[String]) -> bool {
        self.options.iter().any(|path| covers_option(option, path))
    }

    fn unused(&self, requests: &Requests) -> Vec<String> {
        let mut unused = Vec::new();
        let mut look = |word: &str, list: &[String], is_used: &dyn Fn(&String) -> bool| {
            let items = list.iter().filter(|item| !is_used(item));
            unused.extend(items.map(|item| format!("{word} {item}")));
        };
        look("files", &requests.files, &|it| self.files.iter().any(|at| covers_file(it, at)));
        look("remove", &requests.remove, &|it| self.removed.iter().any(|at| covers_file(it, at)));
        look("merge", &requests.merge, &|it| self.sets(&split(it)));
        look("reads", &requests.reads, &|it| self.reads.iter().any(|path| covers_read(it, path)));
        look("inputs", &requests.inputs, &|it| self.inputs.contains(it));
        look("secrets", &requests.secrets, &|it| self.secrets.contains(it));
        look("units", &requests.units, &|it| self.units.iter().any(|unit| covers_word(it, unit)));
        look("kernel-params", &requests.kernel_params, &|it| {
            self.params.iter().any(|param| covers_word(it, param))
        });
        look("fetch", &requests.fetch, &|it| self.urls.iter().any(|url| covers_url(it, url)));
        let flags =
            [("setuid", requests.setuid && !self.setuid), ("hooks", requests.hooks && !self.hooks)];
        unused.extend(flags.into_iter().filter(|(_, it)| *it).map(|(word, _)| word.to_owned()));
        unused
    }
}

fn allows(grants: &Grants, ask: impl FnOnce(&Allowed) -> bool) -> bool {
    Allowed::read("", grants).is_ok_and(|allowed| ask(&allowed))
}

fn covers_file(pattern: &str, (tree, path): &(Tree, String)) -> bool {
    let (files, units) = (vec![pattern.to_owned()], vec!["*".to_owned()]);
    let grants = Grants { files, units, ..Grants::default() };
    allows(&grants, |allowed| allowed.entry(*tree, path).is_ok())
}

fn covers_read(pattern: &str, path: &str) -> bool {
    let grants = Grants { reads: vec![pattern.to_owned()], ..Grants::default() };
    allows(&grants, |allowed| allowed.reads(path).is_ok())
}

fn covers_url(pattern: &str, url: &str) -> bool {
    let grants = Grants { fetch: vec![pattern.to_owned()], ..Grants::default() };
    allows(&grants, |allowed| allowed.fetch(url).is_ok())
}

fn covers_option(option: &[String], path: &[String]) -> bool {
    option.len() <= path.len() && option.iter().zip(path).all(|(it, part)| it == "*" || it == part)
}

/// Returns a narrower pattern that covers the same uses: all lie right in the folder.
fn narrower(pattern: &str, used: &[&(Tree, String)]) -> Option<String> {
    let folder = pattern.strip_suffix("/**")?;
    let (_, folder_path) = folder.split_once(':')?;
    let is_right_in = |path: &str| {
        let below = path.strip_prefix(folder_path).and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|name| !name.contains('/'))
    };
    used.iter().all(|(_, path)| is_right_in(path)).then(|| format!("{folder}/*"))
}
