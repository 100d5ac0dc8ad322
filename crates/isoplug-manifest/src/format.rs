//! The formats that a text can be required to have: names, paths, hashes, keys.
//!
//! An option names its format in its schema; `FORMATS` is the table of all.

mod account;
mod address;
mod archive;
mod hash;
mod name;
mod package;
mod path;
mod pattern;
mod place;
mod size;
mod ssh_key;
mod sshd;

pub(crate) use address::read_prefix;
pub(crate) use name::confirm;
pub(crate) use path::beside;
pub use size::byte_size;
pub(crate) use size::{amount, seconds};

/// What a format says of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is right.
    Fine,
    /// It is allowed, and probably not what was meant.
    Doubtful(Finding),
    /// It stands for this other text, which is used.
    Alias(String, Finding),
    /// It is right, and means the same as this text, which is used.
    Same(String),
    /// It cannot be used.
    Wrong(Finding),
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Finding {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Says whether a text is an SSH public key, as a line of `authorized_keys` has it.
#[must_use]
pub fn is_ssh_key(text: &str) -> bool {
    matches!(ssh_key::ssh_key(text), Verdict::Fine | Verdict::Same(_))
}

type Check = fn(&str) -> Verdict;

/// All formats by their names.
const FORMATS: [(&str, Check); 52] = [
    ("amount", size::amount_text),
    ("architecture", name::architecture),
    ("block-size", size::block_size),
    ("byte-size", size::size),
    ("country", place::country),
    ("crypt-hash", hash::crypt_hash),
    ("debconf-question", package::question),
    ("debconf-value", package::answer),
    ("duration", size::duration),
    ("fingerprint", archive::fingerprint),
    ("flavour", package::flavour),
    ("group-name", account::group_name),
    ("grub-hash", hash::grub_hash),
    ("host", address::host),
    ("hostname", name::hostname),
    ("image-name", name::image_name),
    ("install-confirm", name::install_confirm),
    ("interface-name", address::interface),
    ("interpreter", name::interpreter),
    ("ip-address", address::ip),
    ("ip-prefix", address::prefix),
    ("kernel-module", name::kernel_module),
    ("kernel-param", name::kernel_param),
    ("locale", place::locale),
    ("mac-address", address::mac),
    ("menu-entry", name::menu_entry),
    ("octal-mode", path::octal_mode),
    ("package-name", package::name),
    ("package-pattern", package::pattern),
    ("package-wish", package::wish),
    ("path-pattern", pattern::path),
    ("persistence-label", name::persistence_label),
    ("program-name", name::program),
    ("sha256", archive::sha256),
    ("snapshot", name::snapshot),
    ("ssh-key", ssh_key::ssh_key),
    ("sshd-argument", sshd::argument),
    ("sshd-name", sshd::name),
    ("sshd-text", sshd::text),
    ("sshd-time", sshd::time),
    ("suite", archive::suite),
    ("sysctl", name::sysctl),
    ("target-path", path::target),
    ("timezone", place::timezone),
    ("tree-pattern", pattern::tree),
    ("unit-file-name", name::unit_file),
    ("unit-name", name::unit),
    ("url", name::url),
    ("user-name", account::user_name),
    ("version-pattern", package::version_pattern),
    ("version-start", package::version_start),
    ("volume-id", name::volume_id),
];

/// Checks a text against a named format.
pub(crate) fn check(format: &str, text: &str) -> Verdict {
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    known.map_or(Verdict::Fine, |(_, check)| check(text))
}

/// Says whether a text of this format may be written as a number, or as `true` and `false` for yes and no.
pub(crate) fn takes_scalars(format: &str) -> bool {
    ["sshd-argument", "sshd-time"].contains(&format)
}

/// Requires a condition.
fn require(holds: bool, finding: impl FnOnce() -> Finding) -> Verdict {
    if holds { Verdict::Fine } else { Verdict::Wrong(finding()) }
}

/// Says whether a text is not empty and made of these characters only.
fn made_of(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

/// Says whether a text is an example's stand-in for a real one.
fn is_placeholder(text: &str) -> bool {
    text.contains('…') || text.contains("...") || text.contains('<')
}
