//! The scripts that run in the initrd, and the order in which each folder of them runs.

use std::collections::{BTreeMap, VecDeque};

use isoplug_formats::tree;

use super::draft::{Draft, Error, unknown};
use super::known;

const FOLDERS: [&str; 2] = ["usr/share/initramfs-tools/scripts", "etc/initramfs-tools/scripts"];

/// Copies the boot scripts and the program that runs them.
pub(super) fn copy(draft: &mut Draft) {
    draft.copy("usr/share/initramfs-tools/init", "init");
    for folder in FOLDERS {
        for path in draft.below(folder) {
            let below = path.strip_prefix(folder.as_bytes()).unwrap_or_default();
            if is_name(tree::file_name(&path)) {
                draft.copy_followed(&path, &place(below));
            }
        }
    }
}

/// Returns the folder in the initrd of a script that is here below a folder of scripts.
fn place(below: &[u8]) -> String {
    let folder = tree::parent(below).unwrap_or_default();
    format!("scripts{}", String::from_utf8_lossy(folder)).trim_end_matches('/').to_owned()
}

/// Other names are those of backups and of version control.
fn is_name(name: &[u8]) -> bool {
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    !name.is_empty() && !name.starts_with(b".") && name.iter().all(is_usual)
}

/// Writes for each folder of scripts the file `ORDER`, which calls them one by one.
pub(super) fn order(draft: &mut Draft) -> Result<(), Error> {
    let mut folders: BTreeMap<String, Vec<(String, Vec<String>)>> = BTreeMap::new();
    let paths = executable(draft);
    for path in &paths {
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let after = waits_for(path, &paths, draft)?;
        folders.entry(folder.to_owned()).or_default().push((name.to_owned(), after));
    }
    for (folder, scripts) in folders {
        let sorted =
            sorted(&scripts).ok_or_else(|| unknown(&folder, "its scripts wait in a circle"))?;
        let call = |name: &String| {
            format!("/{folder}/{name} \"$@\"\n[ -e /conf/param.conf ] && . /conf/param.conf\n")
        };
        let text: String = sorted.iter().map(call).collect();
        draft.make(format!("{folder}/ORDER"), text);
    }
    Ok(())
}

/// Returns the names of the scripts that come before one in its folder.
fn waits_for(path: &str, paths: &[String], draft: &Draft) -> Result<Vec<String>, Error> {
    match ANSWERS.iter().find(|answer| known::is_known(answer.0, path, draft)) {
        Some((_, Waits::ForNone)) => Ok(Vec::new()),
        Some((_, Waits::ForAll)) => Ok(others(path, paths)),
        None => prerequisites(path, draft),
    }
}

/// Returns the paths of the scripts that are in a folder of scripts.
fn executable(draft: &Draft) -> Vec<String> {
    let entries = draft.tree.entries.range(b"scripts/".to_vec()..b"scripts0".to_vec());
    let entries = entries.filter(|(path, entry)| {
        let is_file = matches!(entry.kind, tree::Kind::File(_));
        is_file && entry.mode & 0o111 != 0 && tree::parts(path).count() > 2
    });
    entries.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
}

/// What a script waits for that works it out when it is asked.
enum Waits {
    ForNone,
    /// For all others in its folder.
    ForAll,
}

/// What the known scripts of this kind answer to `prereqs`.
const ANSWERS: [(&str, Waits); 4] = [
    ("scripts/local-bottom/mdadm", Waits::ForNone),
    ("scripts/local-bottom/ntfs_3g", Waits::ForNone),
    ("scripts/local-premount/ntfs_3g", Waits::ForNone),
    ("scripts/local-top/cryptroot", Waits::ForAll),
];

fn others(path: &str, paths: &[String]) -> Vec<String> {
    let folder = tree::parent(path.as_bytes());
    let others = paths.iter().filter(|other| *other != path);
    let others = others.filter(|other| tree::parent(other.as_bytes()) == folder);
    others.filter_map(|other| Some(other.rsplit_once('/')?.1.to_owned())).collect()
}

/// Reads which scripts come before one, as it would answer to `prereqs`.
fn prerequisites(path: &str, draft: &Draft) -> Result<Vec<String>, Error> {
    let content = match draft.tree.get(path).map(|entry| &entry.kind) {
        Some(tree::Kind::File(content)) => draft.contents.read(content)?,
        _ => Vec::new(),
    };
    let text = String::from_utf8_lossy(&content);
    let answer = said(&text).ok_or_else(|| unknown(path, "cannot tell what it waits for"))?;
    Ok(answer.split_whitespace().map(str::to_owned).collect())
}

/// Returns the one literal value of `PREREQ` or `PREREQS`.
fn said(text: &str) -> Option<&str> {
    let is_assigned = |line: &str, name: &str| {
        line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
    };
    for name in ["PREREQ", "PREREQS"] {
        let mut lines = text.lines().filter(|line| is_assigned(line, name));
        let (Some(line), None) = (lines.next(), lines.next()) else { continue };
        let value = line.strip_prefix(name)?.strip_prefix('=')?.trim();
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        let is_plain = !value.contains(['$', '`', '"', '\\']);
        let forms = ["\"$_\"", "\"${_}\"", "$_\n"].map(|form| form.replace('_', name));
        let is_said = text.contains("prereqs)")
            && forms.iter().any(|form| text.contains(&format!("echo {form}")));
        return (is_plain && is_said).then_some(value);
    }
    None
}

/// Sorts names as tsort(1) of GNU does: those that wait for none by name, each one that waits when
/// the last that it waits for is out.
fn sorted(scripts: &[(String, Vec<String>)]) -> Option<Vec<String>> {
    let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
    let mut before: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, after) in scripts {
        waits.entry(name).or_default();
        for first in after {
            waits.entry(first).or_default();
            *waits.entry(name).or_default() += 1;
            before.entry(first).or_default().insert(0, name);
        }
    }
    let all = waits.len();
    let out = drained(waits, &before)?;
    let is_script = |name: &&str| scripts.iter().any(|script| script.0 == **name);
    (out.len() == all)
        .then(|| out.into_iter().filter(|name| is_script(name)).map(str::to_owned).collect())
}

/// Takes out one name after the other that waits for none any more; names in a circle stay.
fn drained<'s>(
    mut waits: BTreeMap<&'s str, usize>,
    before: &BTreeMap<&'s str, Vec<&'s str>>,
) -> Option<Vec<&'s str>> {
    let free = waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name);
    let mut queue: VecDeque<&str> = free.collect();
    let mut out = Vec::new();
    while let Some(name) = queue.pop_front() {
        out.push(name);
        for next in before.get(name).into_iter().flatten() {
            let count = waits.get_mut(next)?;
            *count -= 1;
            if *count == 0 {
                queue.push_back(next);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_say_what_they_wait_for() {
        let script = |line: &str| {
            format!("#!/bin/sh\n{line}\nprereqs() {{ echo \"$PREREQ\"; }}\ncase $1 in\nprereqs)\n")
        };
        assert_eq!(said(&script("PREREQ=\"udev lvm\"")), Some("udev lvm"));
        assert_eq!(said(&script("PREREQ=\"\"")), Some(""));
        assert_eq!(said(&script("PREREQ=\"$(ls)\"")), None);
        assert_eq!(said(&script("PREREQ=\"a\"\n  PREREQ=\"b\"")), None);
        assert_eq!(said("#!/bin/sh\nexit 0\n"), None);
    }

    #[test]
    fn order_is_that_of_tsort() {
        let scripts = [("a", "z"), ("b", ""), ("c", "b"), ("d", "b missing"), ("z", "")];
        let scripts = scripts.map(|(name, after)| {
            (name.to_owned(), after.split_whitespace().map(str::to_owned).collect())
        });
        let mut pairs = String::new();
        for (name, after) in &scripts {
            pairs += &format!("{name} {name}\n");
            for first in after {
                pairs += &format!("{first} {name}\n");
            }
        }
        let ours = sorted(&scripts).unwrap();
        assert_eq!(ours, ["b", "z", "c", "d", "a"].map(str::to_owned).to_vec(), "{pairs}");
        let circle = [("a", "b"), ("b", "a")].map(|(a, b)| (a.to_owned(), vec![b.to_owned()]));
        assert_eq!(sorted(&circle), None);
    }
}
