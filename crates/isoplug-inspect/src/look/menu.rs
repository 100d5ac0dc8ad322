//! Entries of boot menus: GRUB, isolinux and its kin, systemd-boot.
//!
//! Reads what stands there and runs nothing: variables stay as they are written.

use serde::Serialize;

/// An entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The file that it is in.
    pub file: String,
    /// What the menu shows.
    pub title: String,
    /// The kernel.
    pub kernel: String,
    /// The initrds, in order.
    pub initrds: Vec<String>,
    /// The kernel parameters, in order.
    pub parameters: Vec<String>,
}

/// Returns the entries of a boot loader's file; `path` tells whose it is.
#[must_use]
pub fn parse(path: &str, text: &str) -> Vec<Entry> {
    let lower = path.to_lowercase();
    let mut entries = if lower.contains("linux/") {
        syslinux(text)
    } else if lower.starts_with("loader/entries/") {
        vec![loader(text)]
    } else {
        grub(text)
    };
    entries.retain(|entry| !entry.title.is_empty() || !entry.kernel.is_empty());
    for entry in &mut entries {
        path.clone_into(&mut entry.file);
    }
    entries
}

/// Tells whether a file of a medium has entries of a menu.
#[must_use]
pub fn is_menu(path: &str) -> bool {
    let lower = path.to_lowercase();
    let folders =
        ["boot/grub", "isolinux/", "syslinux/", "boot/isolinux/", "boot/syslinux/", "efi/"];
    let is_config =
        lower.ends_with(".cfg") && folders.iter().any(|folder| lower.starts_with(folder));
    is_config || lower.starts_with("loader/entries/") && lower.ends_with(".conf")
}

fn grub(text: &str) -> Vec<Entry> {
    let (mut found, mut above, mut open) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for line in text.replace("\\\n", " ").lines() {
        let words = words(line);
        let word = words.first().map_or("", String::as_str);
        let title = words.get(1).cloned().unwrap_or_default();
        match word {
            "menuentry" => {
                let title = above.iter().cloned().chain([title]).collect::<Vec<_>>().join(" > ");
                found.push(Entry { title, ..Entry::default() });
            }
            "submenu" => above.push(title),
            "}" if open.pop() == Some(true) => drop(above.pop()),
            word => fill(found.last_mut().filter(|_| open.last() == Some(&false)), word, &words),
        }
        if matches!(word, "menuentry" | "submenu") && !line.trim_end().ends_with('}') {
            open.push(word == "submenu");
        }
    }
    found
}

fn fill(entry: Option<&mut Entry>, word: &str, words: &[String]) {
    let Some(entry) = entry else { return };
    match word {
        "linux" | "linux16" | "linuxefi" if words.len() > 1 => {
            entry.kernel.clone_from(&words[1]);
            entry.parameters = words[2..].to_vec();
        }
        "initrd" | "initrd16" | "initrdefi" => entry.initrds = words[1..].to_vec(),
        _ => {}
    }
}

/// Splits a line into words; quotes hold a word together and go.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for each in line.chars() {
        match (quote, each) {
            (Some(open), _) if each == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(each);
                word.get_or_insert_default();
            }
            (None, _) if each.is_whitespace() => words.extend(word.take()),
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(each),
        }
    }
    words.extend(word);
    words
}

fn syslinux(text: &str) -> Vec<Entry> {
    let mut found = Vec::<Entry>::new();
    for line in text.lines().map(str::trim) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (word, rest) = (word.to_lowercase(), rest.trim());
        if word == "label" {
            found.push(Entry { title: rest.to_owned(), ..Entry::default() });
        } else if let Some(entry) = found.last_mut() {
            fill_syslinux(entry, &word, rest);
        }
    }
    found.retain(|entry| !entry.kernel.is_empty());
    found
}

fn fill_syslinux(entry: &mut Entry, word: &str, rest: &str) {
    match word {
        "kernel" | "linux" => rest.clone_into(&mut entry.kernel),
        "initrd" => entry.initrds = rest.split(',').map(str::to_owned).collect(),
        "append" => append(entry, rest),
        "menu" => {
            let label = rest.get(..6).filter(|word| word.eq_ignore_ascii_case("label "));
            if label.is_some() {
                entry.title = rest[6..].trim().replace('^', "");
            }
        }
        _ => {}
    }
}

fn append(entry: &mut Entry, text: &str) {
    for word in text.split_whitespace() {
        match word.strip_prefix("initrd=") {
            Some(files) => entry.initrds = files.split(',').map(str::to_owned).collect(),
            None => entry.parameters.push(word.to_owned()),
        }
    }
}

fn loader(text: &str) -> Entry {
    let mut entry = Entry::default();
    for line in text.lines().map(str::trim) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "title" => rest.trim().clone_into(&mut entry.title),
            "linux" => rest.trim().clone_into(&mut entry.kernel),
            "initrd" => entry.initrds.push(rest.trim().to_owned()),
            "options" => entry.parameters.extend(rest.split_whitespace().map(str::to_owned)),
            _ => {}
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_grub_keep_quotes_and_submenus_apart() {
        let text = "set a=b\nsubmenu 'More' {\n  menuentry \"Live's\" --id x {\n    linux /v boot=live \\\n  a='b c'\n\
            initrd /i /j # two\n  }\n}\nmenuentry 'Off' { halt; }\nif x; then\n  menuentry 'Last' {\n    linux /w\n  }\nfi\n";
        let found = parse("boot/grub/grub.cfg", text);
        let shown: Vec<_> =
            found.iter().map(|it| (&*it.title, &*it.kernel, it.initrds.len())).collect();
        assert_eq!(shown, [("More > Live's", "/v", 2), ("Off", "", 0), ("Last", "/w", 0)]);
        assert_eq!(found[0].parameters, ["boot=live", "a=b c"]);
    }

    #[test]
    fn entries_of_isolinux_take_the_initrd_out_of_the_parameters() {
        let text = "DEFAULT x\nLABEL live\n MENU LABEL ^Live\n KERNEL /live/vmlinuz\n APPEND initrd=/live/i boot=live quiet\n";
        let [entry] = parse("isolinux/live.cfg", text).try_into().unwrap();
        assert_eq!((&*entry.title, &*entry.kernel), ("Live", "/live/vmlinuz"));
        assert_eq!(
            (entry.initrds, entry.parameters),
            (vec!["/live/i".into()], vec!["boot=live".into(), "quiet".into()])
        );
    }
}
