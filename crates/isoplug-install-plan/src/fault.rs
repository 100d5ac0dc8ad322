//! What is wrong with a plan or with answers, which the build says to the author and the installer to its user.

use std::collections::BTreeSet;
use std::fmt;

use super::{
    Confirm, DiskMatch, FORMAT, Holds, InstallPlan, Secrecy, Target, Template, Unattended,
};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands: `unattended.disk`.
    pub at: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, what: &str) -> Self {
        Self { at: at.into(), what: what.to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Tells whether a text is a hash of a password (crypt(5)), or says that there is none (`!`, `*`).
#[must_use]
pub fn is_password_hash(text: &str) -> bool {
    let known = ["$y$", "$gy$", "$7$", "$6$", "$5$", "$2b$", "$2y$", "$2a$"];
    let is_part = |each: char| each.is_ascii_graphic() && each != ':';
    let hash = known.iter().any(|prefix| text.starts_with(prefix)) && text.len() > 20;
    matches!(text, "!" | "*") || (hash && text.chars().all(is_part))
}

/// Tells whether a text names a disk as the kernel does, in the order in which it found them: `/dev/sda`.
#[must_use]
pub fn names_a_moving_disk(text: &str) -> bool {
    let is_name = |word: &str| {
        let letters =
            ["sd", "vd", "hd", "xvd"].into_iter().filter_map(|kind| word.strip_prefix(kind));
        let mut letters =
            letters.map(|rest| rest.trim_end_matches(|each: char| each.is_ascii_digit()));
        letters.any(|rest| {
            (1..=3).contains(&rest.len()) && rest.chars().all(|each| each.is_ascii_lowercase())
        }) || ["nvme", "mmcblk"]
            .into_iter()
            .filter_map(|kind| word.strip_prefix(kind))
            .any(|rest| rest.starts_with(|each: char| each.is_ascii_digit()))
    };
    let ends = |each: char| !each.is_ascii_alphanumeric();
    text.split("/dev/").skip(1).any(|rest| is_name(rest.split(ends).next().unwrap_or_default()))
}

impl InstallPlan {
    /// Returns all that is wrong with the plan.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.format != FORMAT {
            let text = format!("this installer reads format {FORMAT}, found {}", self.format);
            return vec![Fault::new("format", &text)];
        }
        if self.targets.is_empty() {
            faults.push(Fault::new("targets", "nothing can be installed"));
        }
        faults.extend(twice("targets", self.targets.iter().map(|target| target.name.as_str())));
        faults.extend(twice("templates", self.templates.iter().map(|each| each.name.as_str())));
        faults.extend(self.targets.iter().flat_map(Target::faults));
        faults.extend(self.answers.faults("answers", Secrecy::Public));
        faults.extend(self.templates.iter().flat_map(|each| each.faults(self)));
        faults.extend(self.unattended.iter().flat_map(Unattended::faults));
        faults.extend(self.hooks.faults());
        faults
    }
}

/// Returns the names that stand twice.
pub(crate) fn twice<'a>(at: &str, names: impl Iterator<Item = &'a str>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let again = names.filter(|name| !seen.insert(*name));
    again.map(|name| Fault::new(at, &format!("`{name}` is there twice"))).collect()
}

/// Tells whether a path has no slash in front and leads nowhere else.
pub(crate) fn is_relative(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != ".." && part != ".")
}

/// A disk has a name that moves.
pub(crate) fn moving(at: impl Into<String>, text: &str) -> Fault {
    let advice = "such a name moves from boot to boot; use a UUID, a label, or a name of /dev/disk";
    Fault::new(at, &format!("`{text}` names a disk as the kernel found it: {advice}"))
}

impl Template {
    fn faults(&self, plan: &InstallPlan) -> Vec<Fault> {
        let at = format!("templates.{}", self.name);
        let mut faults = self.answers.faults(&format!("{at}.answers"), Secrecy::Public);
        let target = self.answers.target.as_deref();
        if plan.target(target).is_none() {
            let text = format!("there is no target `{}`", target.unwrap_or_default());
            faults.push(Fault::new(format!("{at}.answers.target"), &text));
        }
        for file in &self.files {
            if !is_relative(&file.source) || !file.target.strip_prefix('/').is_some_and(is_relative)
            {
                let text = format!(
                    "expected a path below the plan and an absolute one, found `{}` and `{}`",
                    file.source, file.target
                );
                faults.push(Fault::new(format!("{at}.files"), &text));
            }
        }
        faults
    }
}

impl Unattended {
    /// Returns what is wrong with it.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = self.disk.faults("unattended.disk");
        if self.disk.holds == Some(Holds::Anything) && self.confirm == Confirm::None {
            let text =
                "a disk that holds anything would be erased without a word; use `countdown:30`";
            faults.push(Fault::new("unattended.confirm", text));
        }
        faults
    }
}

impl DiskMatch {
    /// Returns what is wrong with it.
    #[must_use]
    pub fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.is_empty() {
            let text = "it has no filter, so any disk would do; name at least a size, a transport or a serial number";
            faults.push(Fault::new(at, text));
        }
        let texts = [&self.serial, &self.wwn, &self.model, &self.vendor, &self.path];
        for text in texts.into_iter().flatten() {
            if text.is_empty() {
                faults.push(Fault::new(at, "an empty text matches no disk"));
            }
            // A path is one of /dev/disk/by-path, so a bare name of the kernel is one, too.
            if names_a_moving_disk(text) || names_a_moving_disk(&format!("/dev/{text}")) {
                faults.push(moving(at, text));
            }
        }
        if self.min_size.zip(self.max_size).is_some_and(|(min, max)| min > max) {
            faults.push(Fault::new(at, "min-size is larger than max-size"));
        }
        faults
    }
}
