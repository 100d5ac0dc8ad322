//! The fonts of an initrd: which ones the layer's own fontconfig takes.
//!
//! Which font is the best is decided by rules of the layer and by what all its fonts say of
//! themselves, so its own program is asked, among the few files that it reads.

use isoplug_formats::tree::{Entry, Kind, TreePath, join};

use super::Purpose;
use super::draft::{Draft, Error, unknown};

/// What fontconfig reads, beside the folders that its settings name.
const READ: [&str; 5] = [
    "etc/fonts",
    "usr/local/share/fonts",
    "usr/share/fontconfig",
    "usr/share/fonts",
    "var/cache/fontconfig",
];
const ANSWERS: &str = "answers";
const ASK: &str = "fc-match -f '%{file}\\n' >/answers/usual; \
                   fc-match -f '%{file}\\n' monospace >/answers/monospace";

/// The paths of two fonts, with their leading slash.
pub(super) struct Fonts {
    pub(super) usual: String,
    pub(super) monospace: String,
}

/// Asks which fonts stand for any font and for any of one width.
pub(super) fn usual(purpose: Purpose, draft: &Draft) -> Result<Fonts, Error> {
    const PROGRAM: &str = "usr/bin/fc-match";
    let mut asked = super::with_programs(&[PROGRAM, "usr/bin/sh"], draft)?;
    for folder in READ {
        asked.copy_all(folder, folder);
    }
    for folder in named_folders(&asked)? {
        asked.copy_all(&folder, &folder);
    }
    follow_links(&mut asked);
    asked.folder(ANSWERS);
    let answers = purpose.programs.run(&asked.tree, &["sh", "-ec", ASK], ANSWERS)?;
    let answer = |name: &str| {
        let bytes = answers.get(&join(ANSWERS.as_bytes(), name.as_bytes()));
        let text = bytes.map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
        let path = text.filter(|path| draft.is_file(path));
        path.ok_or_else(|| unknown(PROGRAM, "it names no font"))
    };
    Ok(Fonts { usual: answer("usual")?, monospace: answer("monospace")? })
}

/// Returns the folders that the settings of fontconfig name: `<dir>/path</dir>` (fonts-conf(5)).
/// Those in homes begin otherwise.
fn named_folders(draft: &Draft) -> Result<Vec<String>, Error> {
    let mut folders = Vec::new();
    for (path, entry) in &draft.tree.entries {
        let Kind::File(content) = &entry.kind else { continue };
        if !path.ends_with(b".conf") {
            continue;
        }
        let text = draft.contents.read(content)?;
        folders.extend(folders_in(&String::from_utf8_lossy(&text)));
    }
    folders.sort();
    folders.dedup();
    Ok(folders)
}

fn folders_in(text: &str) -> Vec<String> {
    let elements = text.split("<dir").skip(1).filter_map(|rest| {
        let inside = rest.split_once("</dir>")?.0.split_once('>')?.1.trim();
        inside.strip_prefix('/')
    });
    elements.filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// Adds what symbolic links lead to, until nothing is missing.
fn follow_links(draft: &mut Draft) {
    let is_link = |(_, entry): &(&TreePath, &Entry)| matches!(entry.kind, Kind::Symlink(_));
    loop {
        let links = draft.tree.entries.iter().filter(is_link);
        let targets = links.filter_map(|(path, _)| draft.layer.resolve(path));
        let is_missing = |target: &TreePath| {
            !draft.tree.entries.contains_key(target) && draft.layer.entries.contains_key(target)
        };
        let missing: Vec<TreePath> = targets.filter(is_missing).collect();
        if missing.is_empty() {
            return;
        }
        for target in missing {
            draft.copy_all(&target, &target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_folders() {
        let text = "<fontconfig>\n<dir>/usr/share/fonts</dir>\n\t<dir prefix=\"xdg\">fonts</dir>\n\
                    <dir>~/.fonts</dir><dir salt=\"a\" > /opt/fonts </dir>\n<directory>/x</directory>";
        assert_eq!(folders_in(text), ["usr/share/fonts", "opt/fonts"]);
    }
}
