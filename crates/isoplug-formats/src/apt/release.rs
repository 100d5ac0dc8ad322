//! Reads a `Release` file: what an archive has in one suite, with the hash of each index.
//!
//! Format: the Debian wiki's "RepositoryFormat" and apt-secure(8). Verifies nothing.

use std::collections::BTreeMap;

use super::{date, stanza};

/// One file that a Release names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Length in bytes.
    pub size: u64,
}

/// What a Release file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `Suite`, such as `stable`, or `Archive`, its old name; empty if there is none.
    pub suite: String,
    /// `Codename`, such as `trixie`; empty if there is none.
    pub codename: String,
    /// `Date`, in seconds since 1970; archives of others may have none.
    pub date: Option<u64>,
    /// `Valid-Until`, in seconds since 1970.
    pub valid_until: Option<u64>,
    /// `Components`
    pub components: Vec<String>,
    /// `Architectures`
    pub architectures: Vec<String>,
    /// `Acquire-By-Hash: yes`
    pub by_hash: bool,
    /// `NotAutomatic: yes`: only what is asked for by name comes from here.
    pub not_automatic: bool,
    /// `ButAutomaticUpgrades: yes`
    pub automatic_upgrades: bool,
    /// Whether packages for all architectures have an index of their own, and only that.
    pub all_apart: bool,
    /// The files of the `SHA256` section by their path below the suite's folder.
    pub files: BTreeMap<String, IndexFile>,
}

/// Why a text is no Release file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Hashes of other kinds at most, which forgers can match or this program does not read.
    #[error("it has no SHA256 hashes of its indices")]
    NoSha256,
    /// A date that is not as RFC 2822 and Debian write it.
    #[error("invalid date in the {0} field: {1:?}")]
    Date(&'static str, String),
    /// A line of the SHA256 section that is not "hash size path".
    #[error("the SHA256 section has the line {0:?}")]
    Line(String),
}

impl Release {
    /// Reads the signed text of a Release.
    ///
    /// # Errors
    ///
    /// When there is no SHA256 section, or a line of it or a date cannot be read.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim_start_matches('\n');
        let stanza = stanza::stanzas(text).next().unwrap_or_default();
        let get = |name| stanza::field(stanza, name).filter(|value| !value.is_empty());
        let words = |name| get(name).unwrap_or_default().split_whitespace().map(str::to_owned);
        let yes = |name| get(name) == Some("yes");
        Ok(Self {
            suite: get("Suite").or_else(|| get("Archive")).unwrap_or_default().to_owned(),
            codename: get("Codename").unwrap_or_default().to_owned(),
            date: get("Date").map(|text| date("Date", text)).transpose()?,
            valid_until: get("Valid-Until").map(|text| date("Valid-Until", text)).transpose()?,
            components: words("Components").collect(),
            architectures: words("Architectures").collect(),
            by_hash: yes("Acquire-By-Hash"),
            not_automatic: yes("NotAutomatic"),
            automatic_upgrades: yes("ButAutomaticUpgrades"),
            all_apart: words("Architectures").any(|word| word == "all")
                && !words("No-Support-for-Architecture-all").any(|word| word == "Packages"),
            files: files(stanza::field(stanza, "SHA256").ok_or(Malformed::NoSha256)?)?,
        })
    }
}

fn files(section: &str) -> Result<BTreeMap<String, IndexFile>, Malformed> {
    section.lines().map(str::trim).filter(|line| !line.is_empty()).map(file).collect()
}

fn file(line: &str) -> Result<(String, IndexFile), Malformed> {
    let mut words = line.split_ascii_whitespace();
    let fields = (words.next(), words.next().and_then(|size| size.parse().ok()), words.next());
    let (Some(sha256), Some(size), Some(path)) = fields else {
        return Err(Malformed::Line(line.to_owned()));
    };
    let digits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits {
        true => Ok((
            path.trim_start_matches("./").to_owned(),
            IndexFile { sha256: sha256.to_ascii_lowercase(), size },
        )),
        false => Err(Malformed::Line(line.to_owned())),
    }
}

fn date(field: &'static str, text: &str) -> Result<u64, Malformed> {
    date::seconds(text).ok_or_else(|| Malformed::Date(field, text.to_owned()))
}
