//! How the menu looks, and who may change what it offers: lines of its file, and the files that they name.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use isoplug_formats::picture;
use isoplug_manifest::options;
use serde::Serialize;

use super::{paths, quoted};
use crate::parts::files::source::{self, Source, What};
use crate::parts::files::{FileContent, NewFile};

/// The largest picture that is read, in bytes; GRUB keeps it in memory beside what it is made into.
const LARGEST_PICTURE: u64 = 64 << 20;

/// How the menu looks, and who may change what it offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Whether there is a picture behind it.
    pub background: bool,
    /// The fonts of its theme, by their paths in it; without one, it has no theme.
    pub theme: Option<Vec<String>>,
    /// What GRUB compares the password of `admin` with. A key takes it as a secret.
    #[serde(skip)]
    pub hashed_password: Option<String>,
}

/// Why the menu cannot look so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A picture cannot be shown.
    #[error("{} cannot be shown by GRUB", path.display())]
    Picture {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: picture::Error,
    },
    /// A picture is larger than anything that is shown.
    #[error("{} is larger than 64 MiB", .0.display())]
    TooLarge(PathBuf),
    /// A folder is no theme.
    #[error("{} has no file theme.txt, so GRUB has no theme", .0.display())]
    NoTheme(PathBuf),
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] source::Error),
}

impl Look {
    /// Reads what the options name, below a folder; returns the files for the medium, too.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or GRUB could not.
    pub fn new(menu: &options::Menu, folder: &Path) -> Result<(Self, Vec<NewFile>), Error> {
        let mut files = Vec::new();
        if let Some(path) = &menu.background {
            files.push(background(&folder.join(path))?);
        }
        let theme = match &menu.theme {
            Some(path) => {
                let source = theme(&folder.join(path))?;
                let fonts = files_in(&source, ".pf2").map(str::to_owned).collect();
                files.push(on_medium(paths::THEME, FileContent::Source(source)));
                Some(fonts)
            }
            None => None,
        };
        let background = menu.background.is_some();
        Ok((Self { background, theme, hashed_password: menu.hashed_password.clone() }, files))
    }

    /// Returns the lines that come before the entries.
    pub(super) fn settings(&self) -> String {
        let mut text = String::new();
        if self.background || self.theme.is_some() {
            text.push_str("insmod png\n");
        }
        if self.background {
            // Without a terminal that draws there is nothing to draw on.
            let draw = format!("background_image -m stretch /{}", paths::BACKGROUND);
            let _ = writeln!(text, "if [ \"$screen\" = gfxterm ]; then {draw}; fi");
        }
        text.extend(self.theme.as_deref().map(theme_lines));
        if let Some(hash) = &self.hashed_password {
            text.push_str("set superusers=admin\nexport superusers\n");
            let _ = writeln!(text, "password_pbkdf2 admin {hash}");
        }
        text
    }

    /// Lets everybody boot what is offered, where there is a password.
    pub(super) fn open(&self, entries: &str) -> String {
        if self.hashed_password.is_none() {
            return entries.to_owned();
        }
        let open = |line: &str| {
            let mut line = line.to_owned();
            for word in ["menuentry ", "submenu "] {
                let start = line.len() - line.trim_start().len();
                if line[start..].starts_with(word) {
                    line.insert_str(start + word.len(), "--unrestricted ");
                }
            }
            line + "\n"
        };
        entries.lines().map(open).collect()
    }
}

/// Locked down, GRUB takes no font from a medium, and says so for as long as somebody looks.
fn theme_lines(fonts: &[String]) -> String {
    let folder = paths::THEME;
    let mut text = String::from("if [ \"$screen\" = gfxterm ]; then\n");
    if !fonts.is_empty() {
        text.push_str("  if [ \"$lockdown\" != y ]; then\n");
        for font in fonts {
            let _ = writeln!(text, "    loadfont {}", quoted(&format!("/{folder}/{font}")));
        }
        text.push_str("  fi\n");
    }
    let _ = write!(text, "  set theme=/{folder}/theme.txt\n  export theme\nfi\n");
    text
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| source::Error { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST_PICTURE + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > LARGEST_PICTURE {
        true => Err(Error::TooLarge(path.to_owned())),
        false => Ok(bytes),
    }
}

fn background(path: &Path) -> Result<NewFile, Error> {
    let picture = picture::for_grub(&read(path)?)
        .map_err(|source| Error::Picture { path: path.to_owned(), source })?;
    Ok(on_medium(paths::BACKGROUND, FileContent::Bytes(picture)))
}

fn theme(path: &Path) -> Result<Source, Error> {
    let source = Source::scan(path)?;
    if !files_in(&source, "theme.txt").any(|name| name == "theme.txt") {
        return Err(Error::NoTheme(path.to_owned()));
    }
    for name in files_in(&source, ".png") {
        let path = path.join(name);
        picture::is_for_grub(&read(&path)?).map_err(|source| Error::Picture { path, source })?;
    }
    Ok(source)
}

/// Returns the paths of the files in a folder that end so.
fn files_in<'s>(source: &'s Source, end: &'s str) -> impl Iterator<Item = &'s str> {
    let files = source.items.iter().filter(|item| matches!(item.what, What::File { .. }));
    files.map(|item| &item.path[..]).filter(move |path| path.ends_with(end))
}

fn on_medium(target: &str, from: FileContent) -> NewFile {
    let (target, root) = (format!("/{target}"), "root".to_owned());
    NewFile { target, from, mode: None, user: root.clone(), group: root }
}
