//! `isoplug new`: a folder with a manifest to start from.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use isoplug_engine::seam::between;
use isoplug_manifest::is_ssh_key;

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
    /// A file of SSH public keys (`.pub`) that may log in over the network
    #[arg(long, value_name = "FILE")]
    authorized_keys: Option<PathBuf>,
}

/// A built-in profile to extend.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Template {
    /// A small live system with a shell and a network
    Minimal,
    /// A rescue disk with tools for disks, file systems and networks
    Rescue,
    /// GNOME, with whom it is for logged in
    Desktop,
    /// One page on the whole screen
    Kiosk,
}

impl Template {
    /// Returns the built-in profile's name.
    fn profile(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Rescue => "rescue",
            Self::Desktop => "desktop",
            Self::Kiosk => "kiosk",
        }
    }

    /// Returns what stands below `[sources.debian]`, and the lines that log somebody in.
    fn lines(self) -> [&'static str; 2] {
        match self {
            Self::Minimal | Self::Rescue => ["", CONSOLE],
            Self::Desktop => [FIRMWARE, include_str!("../new-desktop.toml")],
            Self::Kiosk => [FIRMWARE, include_str!("../new-kiosk.toml")],
        }
    }
}

/// Firmware without source is used knowingly.
const FIRMWARE: &str = "\
# Most network cards and graphics need firmware that has no source.
components = [\"main\", \"non-free-firmware\"]
";

const CONSOLE: &str = "services.getty.autologin-user = \"live\"\n";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let folder = args.folder.strip_prefix(".").unwrap_or(&args.folder);
    let manifest = folder.join("isoplug.toml");
    check_free(folder, &manifest)?;
    let name = image_name(&args.folder);
    let keys = args.authorized_keys.as_deref().map(keys).transpose()?;
    let text = manifest_text(&name, args.template, keys.as_deref());
    write_new(&args.folder, &manifest, &text).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", manifest.display()))
            .because(&error)
            .hint("choose another folder")
    })?;
    let next = format!("isoplug build {}", quoted(&folder.display().to_string()));
    session.note(&format!("made {}\nnext: {}", manifest.display(), next.trim_end()));
    Ok(Exit::Done)
}

/// Refuses a place where something is already.
fn check_free(folder: &Path, manifest: &Path) -> Result<(), Failure> {
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::new(Exit::Manifest, format!("{} is not a folder", folder.display()))
            .hint("choose another name"));
    }
    if manifest.exists() {
        return Err(Failure::new(Exit::Manifest, format!("{} exists", manifest.display()))
            .hint("choose another folder, or edit that manifest"));
    }
    Ok(())
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
fn image_name(folder: &Path) -> String {
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

/// Reads the public keys of a file, a line each.
fn keys(path: &Path) -> Result<Vec<String>, Failure> {
    let wrong = |message: String| Failure::new(Exit::Manifest, message);
    let shown = path.display();
    let hint = "name the file that ends in `.pub`";
    let text = fs::read_to_string(path)
        .map_err(|error| wrong(format!("cannot read {shown}")).because(&error).hint(hint))?;
    if text.contains("PRIVATE KEY") {
        return Err(
            wrong(format!("{shown} is a private key, which belongs in no image")).hint(hint)
        );
    }
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<String> = lines.map(str::to_owned).collect();
    match keys.iter().find(|key| !is_ssh_key(key)) {
        Some(_) => {
            Err(wrong(format!("{shown} has a line that is not an SSH public key")).hint(hint))
        }
        None if keys.is_empty() => Err(wrong(format!("{shown} has no key")).hint(hint)),
        None => Ok(keys),
    }
}

/// Somebody can log in, as on other live systems, and nobody over the network unless it was asked for.
fn manifest_text(name: &str, template: Template, keys: Option<&[String]>) -> String {
    let (profile, [source, login], ssh) = (template.profile(), template.lines(), ssh_text(keys));
    format!(
        include_str!("../new.toml"),
        name = name,
        profile = profile,
        source = source,
        login = login,
        ssh = ssh
    )
}

fn ssh_text(keys: Option<&[String]>) -> String {
    let Some(keys) = keys else {
        return "\
# Nobody logs in over the network. To change that, put the lines of your `.pub`
# file in here.
# services.openssh = { enable = true, settings.password-authentication = false }
# users.live.authorized-keys = [\"ssh-ed25519 AAAA... me@home\"]
"
        .to_owned();
    };
    let lines = keys.iter().map(|key| format!("  {},\n", toml_edit::Value::from(key.as_str())));
    format!(
        "\
# Over the network, these keys log in as `live`, and no password.
services.openssh = {{ enable = true, settings.password-authentication = false }}
users.live.authorized-keys = [
{}]
",
        lines.collect::<String>()
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
