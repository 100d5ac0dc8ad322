//! Which files of firmware kernel modules ask for: by name, by a pattern, or by a text of which they make the name.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use isoplug_formats::elf::KernelModule;

/// The files below the folder of firmware.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// By the name that is asked for: without the ending of a compression.
    paths: BTreeMap<String, Vec<String>>,
    /// Where links lead, below the folder.
    links: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Names, and patterns with `*`.
    names: BTreeSet<String>,
    /// Folders of which all may be asked for.
    folders: BTreeSet<String>,
}

impl Files {
    pub(super) fn new(all: BTreeSet<String>, links: BTreeMap<String, String>) -> Self {
        let mut files = Self::default();
        for path in all {
            let mut folder = path.as_str();
            while let Some((above, _)) = folder.rsplit_once('/') {
                files.folders.insert(above.to_owned());
                folder = above;
            }
            files.paths.entry(plain(&path).to_owned()).or_default().push(path);
        }
        let led = |(path, target): (String, String)| Some((path.clone(), joined(&path, &target)?));
        files.links = links.into_iter().filter_map(led).collect();
        files
    }

    /// Whether the first folder of a path is one of firmware.
    fn may_have(&self, text: &str) -> bool {
        text.split_once('/').is_some_and(|(folder, _)| self.folders.contains(folder))
    }

    /// Returns the files that are asked for, and what links among them lead to.
    pub(super) fn kept(&self, asked: &Asked) -> BTreeSet<String> {
        let mut kept = BTreeSet::new();
        for name in &asked.names {
            self.named(name, &mut kept);
            // A folder may be a link to another one.
            for (link, target) in &self.links {
                if let Some(rest) = name.strip_prefix(link.as_str())
                    && rest.starts_with('/')
                {
                    self.named(&format!("{target}{rest}"), &mut kept);
                }
            }
        }
        asked.folders.iter().for_each(|folder| self.below(folder, &mut kept));
        self.follow(&mut kept);
        kept
    }

    fn named(&self, name: &str, kept: &mut BTreeSet<String>) {
        if let Some(paths) = self.paths.get(name) {
            return kept.extend(paths.iter().cloned());
        }
        // Of files with a number the driver takes an older one, too, where the one that it knows last is not there.
        let name = if name.contains('*') { name.to_owned() } else { with_any_number(name) };
        let Ok(pattern) = Pattern::new(&name) else { return };
        let fits = self.paths.iter().filter(|(path, _)| pattern.matches(path));
        kept.extend(fits.flat_map(|(_, paths)| paths.iter().cloned()));
    }

    fn below(&self, folder: &str, kept: &mut BTreeSet<String>) {
        let start = format!("{folder}/");
        let below = self.paths.values().flatten().filter(|path| path.starts_with(&start));
        kept.extend(below.cloned());
    }

    fn follow(&self, kept: &mut BTreeSet<String>) {
        // Links to folders cost nothing, and whoever asks for a file may go through them.
        kept.extend(self.links.keys().filter(|link| self.is_folder(&self.links[*link])).cloned());
        loop {
            let before = kept.len();
            let targets: Vec<&String> =
                kept.iter().filter_map(|path| self.links.get(path)).collect();
            let targets: Vec<String> = targets.into_iter().cloned().collect();
            for target in targets.iter().filter(|target| !self.is_folder(target)) {
                kept.extend(self.paths.get(plain(target)).into_iter().flatten().cloned());
            }
            if kept.len() == before {
                return;
            }
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }
}

impl Asked {
    /// Returns what a kernel module asks for. One that cannot be read asks for nothing.
    pub(super) fn of(module: &[u8], files: &Files) -> Self {
        let mut asked = Self::default();
        let Ok(bytes) = KernelModule::unpacked(module) else { return asked };
        if let Ok(module) = KernelModule::read(&bytes) {
            let names = module.firmware.iter();
            asked.names.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
        }
        for text in texts(&bytes).filter(|text| files.may_have(text)) {
            asked.text(text, files);
        }
        asked
    }

    /// Adds what a text may stand for: a file, a folder, or names in which printf(3) puts something.
    fn text(&mut self, text: &str, files: &Files) {
        let text = text.trim_end_matches('/');
        if text.contains('%') {
            self.names.insert(as_pattern(text));
        } else if files.is_folder(text) && text.contains('/') {
            self.folders.insert(text.to_owned());
        } else if files.paths.contains_key(text) {
            self.names.insert(text.to_owned());
        }
    }

    /// Adds what is built into a kernel asks for: `MODULE.firmware=NAME`, each with a NUL after it.
    pub(super) fn built_in(&mut self, modinfo: &[u8]) {
        let said =
            modinfo.split(|&byte| byte == 0).filter_map(|said| std::str::from_utf8(said).ok());
        let names = said.filter_map(|said| said.split_once(".firmware="));
        self.names.extend(names.map(|(_, name)| name.to_owned()));
    }

    /// Adds what another asks for.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.folders.extend(other.folders);
        self
    }
}

/// Returns a path without the ending of a compression.
fn plain(path: &str) -> &str {
    path.strip_suffix(".xz").or_else(|| path.strip_suffix(".zst")).unwrap_or(path)
}

/// Returns where a link leads; `None` if that is not below the folder.
fn joined(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        let rest = target.strip_prefix("/usr").unwrap_or(target);
        return rest.strip_prefix("/lib/firmware/").map(str::to_owned);
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Puts a `*` in the place of the last number of a name.
fn with_any_number(name: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let Some(last) = name.rfind(is_digit) else { return name.to_owned() };
    let start = name[..last].rfind(|c: char| !is_digit(c)).map_or(0, |place| place + 1);
    format!("{}*{}", &name[..start], &name[last + 1..])
}

/// Puts a `*` in the place of each conversion of printf(3): `%s`, `%04x`, `%.*s`.
fn as_pattern(text: &str) -> String {
    let mut parts = text.split('%');
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_of_it = |c: char| "-+ #.*0123456789hlzjt".contains(c);
        let rest = part.trim_start_matches(is_of_it);
        let mut rest = rest.chars();
        // What is converted.
        _ = rest.next();
        if !pattern.ends_with('*') {
            pattern.push('*');
        }
        pattern.push_str(rest.as_str());
    }
    pattern
}

/// Returns the texts in a file that look like paths.
fn texts(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let is_of_path = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let runs = bytes.split(move |&byte| !is_of_path(byte));
    let runs = runs.filter(|run| (4..=200).contains(&run.len()) && run.contains(&b'/'));
    runs.filter_map(|run| std::str::from_utf8(run).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 12] = [
        "amdgpu/a.bin.xz",
        "amdgpu/b.bin.xz",
        "brcm/BCM4350.hcd",
        "intel/ibt-0040-0041.sfi",
        "intel/ibt-old",
        "intel/sof-tplg/x.tplg",
        "intel/sof-tplg/y.tplg",
        "intel/other.bin",
        "iwlwifi-cc-a0-72.ucode",
        "lenovo/a.bin",
        "qcom/venus.mbn",
        "vendor",
    ];

    fn kept(names: &[&str], texts: &[&str]) -> Vec<String> {
        let all = PATHS.iter().map(|path| (*path).to_owned()).collect();
        let links = [("vendor", "lenovo"), ("qcom/venus.mbn", "../brcm/BCM4350.hcd")];
        let links = links.map(|(link, target)| (link.to_owned(), target.to_owned()));
        let files = Files::new(all, links.into());
        let mut asked = Asked::default();
        asked.names.extend(names.iter().map(|name| (*name).to_owned()));
        texts.iter().filter(|text| files.may_have(text)).for_each(|text| asked.text(text, &files));
        let mut kept: Vec<String> = files.kept(&asked).into_iter().collect();
        kept.retain(|path| path != "vendor");
        kept
    }

    #[test]
    fn names_patterns_and_numbers() {
        assert_eq!(kept(&["amdgpu/a.bin"], &[]), ["amdgpu/a.bin.xz"]);
        assert_eq!(kept(&["amdgpu/*.bin"], &[]), ["amdgpu/a.bin.xz", "amdgpu/b.bin.xz"]);
        assert_eq!(kept(&["iwlwifi-cc-a0-77.ucode"], &[]), ["iwlwifi-cc-a0-72.ucode"]);
        assert_eq!(kept(&["nothing.bin"], &[]), [""; 0]);
    }

    #[test]
    fn texts_of_which_names_are_made() {
        assert_eq!(kept(&[], &["intel/ibt-%04x-%04x.sfi"]), ["intel/ibt-0040-0041.sfi"]);
        assert_eq!(kept(&[], &["brcm/%s"]), ["brcm/BCM4350.hcd"]);
        let all = ["intel/sof-tplg/x.tplg", "intel/sof-tplg/y.tplg"];
        assert_eq!(kept(&[], &["intel/sof-tplg"]), all);
        // Words that are a folder's name by chance, and paths of other things.
        assert_eq!(kept(&[], &["intel", "%s/%s", "drivers/gpu/x.c", "/dev/%s"]), [""; 0]);
    }

    #[test]
    fn links_are_followed() {
        assert_eq!(kept(&["qcom/venus.mbn"], &[]), ["brcm/BCM4350.hcd", "qcom/venus.mbn"]);
        assert_eq!(kept(&["vendor/a.bin"], &[]), ["lenovo/a.bin"]);
    }

    #[test]
    fn texts_are_found_in_bytes() {
        let bytes = b"\x00\x01ab\x00intel/ibt-%u.sfi\x00/\x00a/b\xffbrcm/%s\x00";
        assert_eq!(texts(bytes).collect::<Vec<_>>(), ["intel/ibt-%u.sfi", "brcm/%s"]);
    }

    #[test]
    fn conversions_become_stars() {
        assert_eq!(as_pattern("a/%s-%04x.%lu"), "a/*-*.*");
        assert_eq!(as_pattern("a/%.*s%d"), "a/*");
    }
}
