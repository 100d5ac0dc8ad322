//! Which files of its folder a project is made of: the manifest, what it includes, and the files that it names there.
//! Whatever else lies in the folder, a key perhaps, is none of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use isoplug_formats::tree::sorted_names;
use isoplug_manifest::System;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::local_files;
use crate::project::Project;

/// Returns the paths of the files, relative to the folder.
pub(crate) fn files<'s>(
    project: &Project,
    systems: impl Iterator<Item = &'s System>,
) -> Result<BTreeSet<String>, Failure> {
    let top = canonical(&project.folder)?;
    let mut named = vec![project.lock_path(), PathBuf::from(project.name())];
    for system in systems {
        named.extend(system.texts.all().map(|text| PathBuf::from(&text.name)));
        named.extend(local_files::named(system).iter().map(|named| PathBuf::from(named.path)));
    }
    let plugins = project.plugins()?;
    let plugins = plugins.values().filter_map(|plugin| plugin.path.as_deref());
    named.extend(plugins.map(|path| project.folder.join(path)));
    let mut files = BTreeSet::new();
    for path in named.iter().filter(|path| path.exists()) {
        add(&canonical(path)?, &top, &mut files)?;
    }
    Ok(files)
}

/// Adds a file, or all files of a folder, if it lies in the project's.
fn add(path: &Path, top: &Path, files: &mut BTreeSet<String>) -> Result<(), Failure> {
    let Ok(inside) = path.strip_prefix(top) else { return Ok(()) };
    if path.is_file() {
        files.extend(inside.to_str().map(str::to_owned));
        return Ok(());
    }
    for name in sorted_names(path).map_err(|error| unread(path, &error))? {
        let path = path.join(name);
        if path.exists() {
            add(&canonical(&path)?, top, files)?;
        }
    }
    Ok(())
}

fn canonical(path: &Path) -> Result<PathBuf, Failure> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    fs::canonicalize(path).map_err(|error| unread(path, &error))
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot read {}", path.display())).because(error)
}

/// Returns all files below a folder of the project, if it is there.
pub(super) fn below(folder: &Path, project: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut files = BTreeSet::new();
    if folder.is_dir() {
        add(&canonical(folder)?, &canonical(project)?, &mut files)?;
    }
    Ok(files)
}
