//! `isoplug new`: a folder with a manifest to start from.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use isoplug_engine::seam::between;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Make a folder with a manifest to start from
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  isoplug new rescue-stick --template rescue\n  isoplug build rescue-stick"
)]
pub(crate) struct Args {
    /// The folder to make; its name becomes the image's
    folder: PathBuf,
    /// What to start from
    #[arg(long, value_enum, default_value_t = Template::Minimal)]
    template: Template,
}

/// A built-in profile to extend.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Template {
    /// A small live system with a shell and SSH
    Minimal,
    /// A rescue disk with tools for disks, file systems and networks
    Rescue,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let folder = args.folder.strip_prefix(".").unwrap_or(&args.folder);
    let manifest = folder.join("isoplug.toml");
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::new(Exit::Manifest, format!("{} is no folder", folder.display()))
            .hint("choose another name"));
    }
    if manifest.exists() {
        return Err(Failure::new(Exit::Manifest, format!("{} exists", manifest.display()))
            .hint("choose another folder, or edit that manifest"));
    }
    let name = image_name(&args.folder);
    let text = match args.template {
        Template::Minimal => manifest_text(&name, "minimal"),
        Template::Rescue => manifest_text(&name, "rescue"),
    };
    write_new(&args.folder, &manifest, &text).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", manifest.display()))
            .because(&error)
            .hint("choose another folder")
    })?;
    let next = format!("isoplug build {}", quoted(&folder.display().to_string()));
    session.note(&format!("made {}\nnext: {}", manifest.display(), next.trim_end()));
    Ok(Exit::Done)
}

/// Writes a file that is not there yet, not even since a moment ago.
fn write_new(folder: &Path, manifest: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    between("looked, not made");
    File::create_new(manifest)?.write_all(text.as_bytes())
}

/// Puts quotes around what a shell would take apart.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-+./~".contains(c);
    match path.chars().all(is_plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// Returns the folder's name with what an image name cannot hold turned into hyphens.
fn image_name(folder: &std::path::Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let name: String = name
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
        .collect();
    // It becomes the host name too, of which a part has at most 63 characters.
    let name: String = name.trim_matches('-').chars().take(63).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { "image".to_owned() } else { name.to_owned() }
}

fn manifest_text(name: &str, profile: &str) -> String {
    format!(
        r#"# A bootable image. `isoplug schema --reference` lists every option.

[image]
name = "{name}"
version = "0.1"

[sources.debian]
suite = "trixie"

[profiles.{profile}]
extends = "isoplug:{profile}"
packages.install = ["vim-tiny"]
networking.hostname = "{name}"

# Somebody to log in. Make a hash with `openssl passwd -6`.
# [profiles.{profile}.users.me]
# sudo = "nopasswd"
# hashed-password = "$6$..."

# [[profiles.{profile}.files]]
# target = "/etc/motd"
# text = "Hello\n"

# Checked by `isoplug test`, besides what the manifest promises anyway.
[[profiles.{profile}.tests]]
name = "everything started"
run = "systemctl is-system-running --wait"
"#
    )
}

#[cfg(test)]
mod tests {
    use isoplug_engine::seam::visited_once;

    use super::*;

    #[test]
    fn a_manifest_that_appears_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("isoplug.toml");
        let other = path.clone();
        let come = move || fs::write(other, "of another").unwrap();
        let made =
            visited_once("looked, not made", come, || write_new(folder.path(), &path, "ours"));
        assert_eq!(made.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "of another");
    }

    #[test]
    fn names_are_made_of_the_folder() {
        let names = ["Rescue Stick", "..", "a_b/"].map(|path| image_name(path.as_ref()));
        assert_eq!(names, ["rescue-stick", "image", "a-b"]);
    }
}
