//! Compares the files that a manifest gives: with each other, with what would be left out of the
//! image, with what isoplug makes itself, and each with what it is for.
//!
//! Looks into folders of this machine, and at the beginning of files; knows no store.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use isoplug_image::grub::{Look, paths};
use isoplug_image::parts;
use isoplug_image::parts::files::source::{Item, Source, What};
use isoplug_image::stages::squashfs;
use isoplug_manifest::path::{in_image, join};
use isoplug_manifest::{Diagnostic, Origin, Severity, System, options};

/// A file, folder or link that the manifest puts into the root filesystem.
struct Own<'a> {
    /// Where, as the manifest says it.
    target: String,
    is_folder: bool,
    is_executable: bool,
    /// The file of this machine, if it is one.
    source: Option<PathBuf>,
    text: Option<&'a str>,
    origin: &'a Origin,
    /// Which entry of `files` it belongs to.
    index: usize,
}

/// Returns the mistakes and warnings about the manifest's files, which must be readable.
pub(crate) fn check(system: &System) -> Vec<Diagnostic> {
    let all = own(system);
    let single = all.iter().flat_map(|own| [left_out(own, system), windows(own), idle(own)]);
    let of_medium = medium(system);
    let wrong = of_medium.into_iter().filter(|each| each.severity == Severity::Error);
    clashes(&all).into_iter().chain(single.flatten()).chain(wrong).chain(look(system)).collect()
}

/// Returns what GRUB could not show of the menu's picture and theme.
fn look(system: &System) -> Vec<Diagnostic> {
    let menu = &system.options.boot.menu;
    let alone = |name: &str, menu: options::Menu| {
        let error = Look::new(&menu, Path::new("")).err()?;
        let because = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        let diagnostic = Diagnostic::error("bad-picture", format!("{error}{because}"));
        let origin = system.origin(&format!("boot.menu.{name}"));
        Some(match origin {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        })
    };
    let background = options::Menu { theme: None, ..menu.clone() };
    let theme = options::Menu { background: None, ..menu.clone() };
    [alone("background", background), alone("theme", theme)].into_iter().flatten().collect()
}

/// Returns a note for each file that takes the place of one that isoplug would make.
pub(crate) fn overruled(system: &System) -> Vec<Diagnostic> {
    let places = parts::places(system);
    let makers: BTreeMap<String, &String> =
        places.iter().map(|(path, maker)| (in_image(path), maker)).collect();
    let note = |own: Own| {
        let maker = makers.get(&in_image(&own.target)).filter(|_| !own.is_folder)?;
        let message =
            format!("{} is the manifest's own, in place of what `{maker}` makes there", own.target);
        let note = Diagnostic::warning("own-file", message).at(own.origin, "");
        Some(Diagnostic { severity: Severity::Note, ..note })
    };
    let of_medium = medium(system);
    let notes = of_medium.into_iter().filter(|each| each.severity == Severity::Note);
    own(system).into_iter().filter_map(note).chain(notes).collect()
}

/// Returns the files on the medium that cannot be there, or take the place of isoplug's.
fn medium(system: &System) -> Vec<Diagnostic> {
    let contents = system.options.iso.contents.iter().enumerate();
    let found = contents.flat_map(|(index, file)| {
        let origin = system.origin_at("iso.contents", index);
        let source = file.source.as_ref().and_then(|path| Source::list(Path::new(path)).ok());
        let paths: Vec<String> = match source {
            Some(source) => source.items.iter().map(|item| item.path_in(&file.target)).collect(),
            None => vec![file.target.clone()],
        };
        paths.into_iter().filter_map(move |path| on_medium(&path, origin?)).collect::<Vec<_>>()
    });
    found.collect()
}

fn on_medium(target: &str, origin: &Origin) -> Option<Diagnostic> {
    let path = target.trim_matches('/');
    if paths::NEEDED.contains(&path) {
        let message = format!("the medium cannot boot with another {target} than isoplug's");
        return Some(Diagnostic::error("needed-file", message).at(origin, ""));
    }
    let message = format!("{target} on the medium is the manifest's own, in place of isoplug's");
    let note = Diagnostic::warning("own-file", message).at(origin, "");
    paths::YIELDING.contains(&path).then_some(Diagnostic { severity: Severity::Note, ..note })
}

fn own(system: &System) -> Vec<Own<'_>> {
    let mut all = Vec::new();
    for (index, file) in system.options.files.iter().enumerate() {
        let Some(origin) = system.origin_at("files", index) else { continue };
        match &file.source {
            None => all.push(of_text(file, origin, index)),
            Some(source) => all.extend(of_source(Path::new(source), file, origin, index)),
        }
    }
    let files = system.options.files.len();
    let scripts = system.options.scripts.iter().enumerate();
    let scripts = scripts.filter_map(|(index, (name, script))| {
        let origin = system.origin(&join(&["scripts", name]))?;
        Some(of_script(name, script, origin, files + index))
    });
    all.into_iter().chain(scripts).collect()
}

fn of_script<'a>(
    name: &str,
    script: &'a options::Script,
    origin: &'a Origin,
    index: usize,
) -> Own<'a> {
    Own {
        target: options::Script::path(name),
        is_folder: false,
        is_executable: true,
        source: script.source.as_ref().map(PathBuf::from),
        text: script.text.as_deref(),
        origin,
        index,
    }
}

fn of_text<'a>(file: &'a options::File, origin: &'a Origin, index: usize) -> Own<'a> {
    Own {
        target: file.target.clone(),
        is_folder: file.folder,
        is_executable: file.mode_bits().is_some_and(|mode| mode & 0o111 != 0),
        source: None,
        text: file.text.as_deref(),
        origin,
        index,
    }
}

/// What cannot be read is an error of its own.
fn of_source<'a>(
    source: &Path,
    file: &options::File,
    origin: &'a Origin,
    index: usize,
) -> Vec<Own<'a>> {
    let Ok(source) = Source::list(source) else { return Vec::new() };
    let own = |item: &Item| {
        let executable = matches!(item.what, What::File { executable: true, .. });
        let is_file = matches!(item.what, What::File { .. });
        Own {
            target: item.path_in(&file.target),
            is_folder: item.what == What::Folder,
            is_executable: file.mode_bits().map_or(executable, |mode| mode & 0o111 != 0),
            source: is_file.then(|| source.path_of(item)),
            text: None,
            origin,
            index,
        }
    };
    source.items.iter().map(own).collect()
}

/// Two entries that give one path, or one a file where the other needs a folder. Two texts are
/// compared where the manifest is read.
fn clashes(all: &[Own]) -> Vec<Diagnostic> {
    let (mut found, mut pairs) = (Vec::new(), BTreeSet::new());
    let mut at: BTreeMap<String, &Own> = BTreeMap::new();
    for own in all {
        let path = in_image(&own.target);
        let ways = path.match_indices('/').map(|(end, _)| &path[..end]);
        let in_the_way = { ways }.filter_map(|way| at.get(way)).find(|other| !other.is_folder);
        let below = format!("{path}/");
        let inside = at.range(below.clone()..).next().filter(|(path, _)| path.starts_with(&below));
        let inside = inside.map(|(_, inside)| inside).filter(|_| !own.is_folder);
        let other = at.get(&path).filter(|other| !(own.is_folder && other.is_folder));
        if let Some(other) = other.or(in_the_way).or(inside)
            && other.index != own.index
            && !(own.text.is_some() && other.text.is_some())
            && pairs.insert((own.index, other.index))
        {
            found.push(clash(own, other));
        }
        at.insert(path, own);
    }
    found
}

fn clash(own: &Own, other: &Own) -> Diagnostic {
    let [here, there] = [own, other].map(|each| in_image(&each.target));
    let (code, message) = if here == there {
        ("duplicate-file", format!("\"{}\" is given twice", own.target))
    } else {
        let (outer, inner) = if here.len() < there.len() { (own, other) } else { (other, own) };
        let message = format!(
            "\"{}\" is not a folder, so nothing can be at \"{}\"",
            outer.target, inner.target
        );
        ("file-in-the-way", message)
    };
    Diagnostic::error(code, message).at(own.origin, "here").and(other.origin, "and here")
}

/// A file that `squashfs.exclude` leaves out again.
fn left_out(own: &Own, system: &System) -> Option<Diagnostic> {
    let patterns = system.options.squashfs.exclude.iter().enumerate();
    let (index, pattern) =
        { patterns }.find(|(_, pattern)| squashfs::leaves_out(pattern, &own.target))?;
    let message = format!("`squashfs.exclude` leaves {} out of the image again", own.target);
    let found = Diagnostic::warning("excluded-file", message).at(own.origin, "");
    Some(match system.origin_at("squashfs.exclude", index) {
        Some(origin) => found.and(origin, format!("by `{pattern}`")),
        None => found,
    })
}

/// Folders whose programs take the end of a Windows line for a part of it.
const PLAIN: [&str; 3] = ["etc/", "usr/lib/systemd/", "usr/share/initramfs-tools/"];

/// A script or a file of settings with the line ends of Windows.
fn windows(own: &Own) -> Option<Diagnostic> {
    let mut start = Vec::new();
    File::open(own.source.as_ref()?).ok()?.take(64 << 10).read_to_end(&mut start).ok()?;
    let first = start.split(|&byte| byte == b'\n').next()?;
    let has_ends = first.ends_with(b"\r") && !start.contains(&0);
    let is_script = start.starts_with(b"#!");
    let is_setting = PLAIN.iter().any(|folder| in_image(&own.target).starts_with(folder));
    if !has_ends || !(is_script || is_setting) {
        return None;
    }
    let message = format!("{} has the line ends of Windows", own.target);
    let harm = match is_script {
        true => "the kernel looks for an interpreter whose name ends in a carriage return",
        false => "programs that read it take the carriage return for a part of each line",
    };
    Some(
        Diagnostic::warning("windows-lines", message)
            .at(own.origin, "")
            .help(format!("{harm}; take them out, as `dos2unix` does")),
    )
}

/// Folders whose files are run if they may be, and else are passed over without a word.
const RUN: [&str; 14] = [
    "etc/NetworkManager/dispatcher.d/",
    "etc/cron.daily/",
    "etc/cron.hourly/",
    "etc/cron.monthly/",
    "etc/cron.weekly/",
    "etc/init.d/",
    "etc/initramfs-tools/hooks/",
    "etc/initramfs-tools/scripts/",
    "etc/network/if-down.d/",
    "etc/network/if-up.d/",
    "etc/update-motd.d/",
    "usr/bin/",
    "usr/local/bin/",
    "usr/sbin/",
];

/// A script that nobody may run, where scripts are run.
fn idle(own: &Own) -> Option<Diagnostic> {
    let path = in_image(&own.target);
    let mut start = [0; 2];
    let is_script = match (own.text, &own.source) {
        (Some(text), _) => text.starts_with("#!"),
        (None, Some(source)) => {
            File::open(source).and_then(|mut file| file.read_exact(&mut start)).is_ok()
                && start == *b"#!"
        }
        (None, None) => false,
    };
    let is_run = RUN.iter().any(|folder| path.starts_with(folder));
    if own.is_executable || !is_script || !is_run {
        return None;
    }
    let message = format!("{} is a script that nobody may execute, so it is not run", own.target);
    Some(Diagnostic::warning("idle-script", message).at(own.origin, "").help("mode = \"0755\""))
}
