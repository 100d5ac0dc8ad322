//! Puts files into a folder that a stranger may have filled: each appears whole by one rename, and no link that lies
//! there is followed (CWE-59).

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile, TempPath};

/// Writes a text, in the place of a file or link of that name.
///
/// # Errors
/// What the system says.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = new_file(folder_of(path))?;
    // The file below: its own errors name a path that nobody knows.
    new.as_file().write_all(text.as_bytes())?;
    persist(new, path)
}

/// Gives a file another name beside the target, or copies it there from another file system. The new name can
/// take the place of the target's by [`take_place`], so that whoever reads the old file goes on reading it.
///
/// # Errors
/// What the system says.
pub(crate) fn bring(source: &Path, target: &Path) -> io::Result<TempPath> {
    let folder = folder_of(target);
    if let Ok(linked) = unfinished().make_in(folder, |new| fs::hard_link(source, new)) {
        return Ok(linked.into_temp_path());
    }
    let copied = new_file(folder)?;
    io::copy(&mut fs::File::open(source)?, &mut copied.as_file())?;
    Ok(copied.into_temp_path())
}

/// Lets what was brought take the place of a file or link of that name.
///
/// # Errors
/// What the system says.
pub(crate) fn take_place(new: TempPath, target: &Path) -> io::Result<()> {
    new.persist(target).map_err(|error| error.error)
}

/// Makes a folder below another one, and refuses links on the way.
///
/// # Errors
/// What the system says, and where there is a link.
pub(crate) fn make_folder(top: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(top)?;
    let below = folder.strip_prefix(top).unwrap_or(Path::new(""));
    let mut path = top.to_owned();
    for part in below.components() {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let why = format!("{} is in the way: a folder is needed there", path.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, why));
            }
            Err(_) => fs::create_dir(&path)?,
        }
    }
    Ok(())
}

/// Names files so that one which a killed run leaves behind is seen to be no result.
fn unfinished() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".isoplug-").suffix(".new");
    builder
}

fn new_file(folder: &Path) -> io::Result<NamedTempFile<fs::File>> {
    let make = |new: &Path| fs::File::options().write(true).create_new(true).open(new);
    // The names of such files say nothing to anybody.
    unfinished().make_in(folder, make).map_err(|error| error.kind().into())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn persist(new: NamedTempFile<fs::File>, path: &Path) -> io::Result<()> {
    // The umask decided already; a file that is replaced keeps its mode.
    if let Ok(old) = fs::symlink_metadata(path)
        && old.is_file()
    {
        new.as_file().set_permissions(Permissions::from_mode(old.permissions().mode() & 0o7777))?;
    }
    new.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_replaced_and_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "mine").unwrap();
        fs::write(at("blob"), "new").unwrap();
        for name in ["victim", "absent", "dangling/x"] {
            symlink(at(name), at("link")).unwrap();
            write(&at("link"), "text").unwrap();
            assert_eq!(fs::read_to_string(at("link")).unwrap(), "text");
            assert!(!fs::symlink_metadata(at("link")).unwrap().is_symlink());
            fs::remove_file(at("link")).unwrap();
            symlink(at(name), at("link")).unwrap();
            take_place(bring(&at("blob"), &at("link")).unwrap(), &at("link")).unwrap();
            assert_eq!(fs::read_to_string(at("link")).unwrap(), "new");
            fs::remove_file(at("link")).unwrap();
        }
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "mine");
        assert!(!at("absent").exists());
        assert_eq!(isoplug_formats::tree::sorted_names(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn folders_on_the_way_are_not_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::create_dir(at("out")).unwrap();
        symlink(at("elsewhere"), at("out/plugin")).unwrap();
        make_folder(&at("out"), &at("out/plugin/a")).unwrap_err();
        make_folder(&at("out"), &at("out/other/a")).unwrap();
        assert!(at("out/other/a").is_dir() && !at("elsewhere/a").exists());
    }
}
