//! The formats that a text can be required to have: names, paths, hashes, keys.
//!
//! An option names its format in its schema; [`check`] is the table of all formats.

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

pub(crate) use address::read_prefix;
pub(crate) use path::beside;
pub(crate) use size::{amount, byte_size, seconds};

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

/// Checks a text against a named format.
pub(crate) fn check(format: &str, text: &str) -> Verdict {
    match format {
        "amount" => size::amount_text(text),
        "architecture" => name::architecture(text),
        "block-size" => size::block_size(text),
        "byte-size" => size::size(text),
        "country" => place::country(text),
        "crypt-hash" => hash::crypt_hash(text),
        "debconf-question" => package::question(text),
        "debconf-value" => package::answer(text),
        "duration" => size::duration(text),
        "fingerprint" => archive::fingerprint(text),
        "flavour" => package::flavour(text),
        "group-name" => account::group_name(text),
        "hostname" => name::hostname(text),
        "image-name" => name::image_name(text),
        "interface-name" => address::interface(text),
        "ip-address" => address::ip(text),
        "ip-prefix" => address::prefix(text),
        "kernel-module" => name::kernel_module(text),
        "kernel-param" => name::kernel_param(text),
        "locale" => place::locale(text),
        "octal-mode" => path::octal_mode(text),
        "package-name" => package::name(text),
        "package-wish" => package::wish(text),
        "path-pattern" => pattern::path(text),
        "persistence-label" => name::persistence_label(text),
        "snapshot" => name::snapshot(text),
        "ssh-key" => ssh_key::ssh_key(text),
        "suite" => archive::suite(text),
        "sysctl" => name::sysctl(text),
        "target-path" => path::target(text),
        "timezone" => place::timezone(text),
        "tree-pattern" => pattern::tree(text),
        "unit-file-name" => name::unit_file(text),
        "unit-name" => name::unit(text),
        "url" => name::url(text),
        "user-name" => account::user_name(text),
        "version-start" => package::version_start(text),
        "volume-id" => name::volume_id(text),
        _ => Verdict::Fine,
    }
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
