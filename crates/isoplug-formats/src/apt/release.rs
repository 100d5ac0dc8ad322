//! Reads a `Release` file: what an archive has in one suite, with the hash of each index.
//!
//! Format: the Debian wiki's "RepositoryFormat" and apt-secure(8). Verifies nothing.

use std::collections::BTreeMap;

use super::stanza;

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
    /// `Suite`, such as `stable`; empty if there is none.
    pub suite: String,
    /// `Codename`, such as `trixie`; empty if there is none.
    pub codename: String,
    /// `Date`, in seconds since 1970.
    pub date: u64,
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
    /// A field that is always there is not.
    #[error("there is no {0} field")]
    Missing(&'static str),
    /// A date that is not as RFC 2822 and Debian write it.
    #[error("the {0} field is no date: {1:?}")]
    Date(&'static str, String),
    /// A line of the SHA256 section that is not "hash size path".
    #[error("the SHA256 section has the line {0:?}")]
    Line(String),
}

impl Release {
    /// Reads the signed text of a Release.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim_start_matches('\n');
        let stanza = stanza::stanzas(text).next().unwrap_or_default();
        let get = |name| stanza::field(stanza, name);
        let words = |name| get(name).unwrap_or_default().split_whitespace().map(str::to_owned);
        let yes = |name| get(name) == Some("yes");
        Ok(Self {
            suite: get("Suite").unwrap_or_default().to_owned(),
            codename: get("Codename").unwrap_or_default().to_owned(),
            date: date("Date", get("Date").ok_or(Malformed::Missing("Date"))?)?,
            valid_until: get("Valid-Until").map(|text| date("Valid-Until", text)).transpose()?,
            components: words("Components").collect(),
            architectures: words("Architectures").collect(),
            by_hash: yes("Acquire-By-Hash"),
            not_automatic: yes("NotAutomatic"),
            automatic_upgrades: yes("ButAutomaticUpgrades"),
            all_apart: words("Architectures").any(|word| word == "all")
                && !words("No-Support-for-Architecture-all").any(|word| word == "Packages"),
            files: files(get("SHA256").ok_or(Malformed::Missing("SHA256"))?)?,
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
        true => Ok((path.to_owned(), IndexFile { sha256: sha256.to_ascii_lowercase(), size })),
        false => Err(Malformed::Line(line.to_owned())),
    }
}

fn date(field: &'static str, text: &str) -> Result<u64, Malformed> {
    parse_date(text).ok_or_else(|| Malformed::Date(field, text.to_owned()))
}

/// Reads `Sat, 06 Sep 2025 11:10:09 UTC` as seconds since 1970; apt allows no other zone.
fn parse_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [day, month, year, time, "UTC" | "GMT" | "Z" | "+0000"] = words[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let time: Vec<u64> = time.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hour, minute, second] = time[..] else { return None };
    let sound = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    let sound = sound && hour < 24 && minute < 60 && second <= 60;
    sound.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Counts the days since 1970-01-01; years begin in March so that leap days come last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    of_years + (month * 153 + 2) / 5 + day - 1 - 719_468
}
