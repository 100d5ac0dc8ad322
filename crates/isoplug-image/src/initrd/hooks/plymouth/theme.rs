//! Which theme plymouth shows, as its `plymouth-set-default-theme` tells it, and what the theme's
//! file says.

use super::THEMES;
use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known;

/// A theme of plymouth.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Theme {
    pub(super) name: String,
    /// The plugin that draws it: `script`, `two-step`.
    pub(super) plugin: String,
    /// The folder of its pictures as its file has it; may be empty.
    pub(super) folder: String,
    /// That folder if it is another theme's.
    pub(super) pictures: Option<String>,
}

impl Theme {
    /// Finds the theme of a layer and reads its file.
    pub(super) fn of(draft: &Draft) -> Result<Self, Error> {
        let program = "usr/sbin/plymouth-set-default-theme";
        known::released(program, "plymouth-set-default-theme", draft)?;
        let name = name(draft)?;
        let path = format!("{THEMES}/{name}/{name}.plymouth");
        let text = draft.read(&path)?.ok_or_else(|| unknown(&path, "there is no such file"))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Self::read(&name, &text).ok_or_else(|| unknown(path, "it names two plugins or folders"))
    }

    fn read(name: &str, text: &str) -> Option<Self> {
        let plugin = one(text.lines().filter_map(|line| line.strip_prefix("ModuleName=")))?;
        let folder = one(text.lines().filter_map(|line| {
            let rest = line.split_once("ImageDir")?.1.trim_start_matches(' ');
            rest.strip_prefix('=').map(|folder| folder.trim_start_matches(' '))
        }))?;
        let clean: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        let clean = clean.join("/");
        let is_own = clean.is_empty() || clean == format!("{THEMES}/{name}");
        let pictures = (!is_own).then_some(clean);
        let (name, plugin, folder) = (name.to_owned(), plugin.to_owned(), folder.to_owned());
        Some(Self { name, plugin, folder, pictures })
    }
}

/// Returns the only one, or nothing if there is none; `None` if there are two.
fn one<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = lines.next().unwrap_or_default();
    lines.next().is_none().then_some(first)
}

/// The administrator's choice, the distribution's, the one that a link leads to, or plain text.
fn name(draft: &Draft) -> Result<String, Error> {
    let is_there =
        |name: &str| !name.is_empty() && draft.is_file(format!("{THEMES}/{name}/{name}.plymouth"));
    for path in ["etc/plymouth/plymouthd.conf", "usr/share/plymouth/plymouthd.defaults"] {
        let text = draft.read(path)?.unwrap_or_default();
        let name = first_value(&String::from_utf8_lossy(&text));
        if is_there(&name) {
            return Ok(name);
        }
    }
    let link = draft.layer.get(format!("{THEMES}/default.plymouth"));
    let target = match link.map(|entry| &entry.kind) {
        Some(isoplug_formats::tree::Kind::Symlink(target)) => String::from_utf8_lossy(target),
        _ => "".into(),
    };
    let target = target.rsplit('/').next().unwrap_or_default();
    let name = target.strip_suffix(".plymouth").unwrap_or(target);
    Ok(if is_there(name) { name.to_owned() } else { "text".to_owned() })
}

/// Returns the value of `Theme` where it stands first below a header, which is where its awk looks.
fn first_value(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let sections = lines.split(|line| line.starts_with('[') && line.ends_with(']'));
    let value = |section: &[&str]| {
        let text = section.join("\n");
        let (key, rest) = text.split_once(|c: char| c == '=' || c.is_whitespace())?;
        let rest = rest.trim_start_matches(|c: char| c == '=' || c.is_whitespace());
        let value = rest.split(|c: char| c == '=' || c.is_whitespace()).next()?;
        key.contains("Theme").then(|| value.to_owned())
    };
    sections.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_of_the_settings_is_read_as_its_script_reads_it() {
        let conf = "# Administrator customizations go in this file\n#[Daemon]\n#Theme=fade-in\n";
        assert_eq!(first_value(conf), "");
        assert_eq!(first_value("# x\n[Daemon]\nTheme=ceratopsian\nShowDelay=0\n"), "ceratopsian");
        assert_eq!(first_value("[Daemon]\nTheme = spinner\n"), "spinner");
        // Not the first of its section: the script does not see it.
        assert_eq!(first_value("[Daemon]\nShowDelay=0\nTheme=spinner\n"), "");
    }

    #[test]
    fn a_theme_may_borrow_pictures() {
        let read = |name: &str, text: &str| Theme::read(name, text).unwrap();
        let own = read(
            "glow",
            "[Plymouth Theme]\nName=Glow\nModuleName=two-step\n\n[two-step]\n\
                                ImageDir=/usr/share/plymouth/themes//glow\n",
        );
        assert_eq!((&own.plugin[..], &own.pictures), ("two-step", &None));
        let borrowed =
            read("bgrt", "ModuleName=two-step\nImageDir=/usr/share/plymouth/themes//spinner\n");
        assert_eq!(borrowed.pictures.as_deref(), Some("usr/share/plymouth/themes/spinner"));
        assert_eq!(read("text", "ModuleName=text\n").folder, "");
        assert_eq!(Theme::read("x", "ModuleName=a\nModuleName=b\n"), None);
    }
}
