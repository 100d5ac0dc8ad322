//! Which known vulnerabilities are accepted, why, and until when. Knows no data of vulnerabilities and no clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Lint};

/// Known vulnerabilities of an image; `isoplug cve` reads it, a build does not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vulnerabilities {
    /// Those that are accepted for a while: reports show them apart and `--fail-on` passes over them until the day.
    pub accept: Vec<Accepted>,
}

/// A vulnerability that is accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accepted {
    /// Its number, such as `CVE-2026-1234`.
    pub id: String,
    /// The package that has it, by the name of its source package or of a binary package.
    pub package: String,
    /// Why it is accepted, for whoever reads the report.
    pub reason: String,
    /// The first day on which it counts again, such as `2027-01-31`.
    pub until: String,
    /// Why the image is not affected, in a word of OpenVEX. Without one the image is affected, and that is accepted.
    #[serde(default)]
    pub justification: Option<Justification>,
}

/// Why a product is not affected, as OpenVEX says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The vulnerable component is not in it.
    ComponentNotPresent,
    /// The vulnerable code is not in it.
    VulnerableCodeNotPresent,
    /// The vulnerable code is never run.
    VulnerableCodeNotInExecutePath,
    /// No adversary reaches the vulnerable code.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something in it keeps the vulnerability from being used.
    InlineMitigationsAlreadyExist,
}

pub(crate) struct Part<'a> {
    pub(crate) vulnerabilities: &'a Vulnerabilities,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("vulnerabilities")
    }

    fn owns(&self) -> &[&str] {
        &["vulnerabilities"]
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let items = lint.items(&option!(vulnerabilities.accept));
        for (accepted, origin) in self.vulnerabilities.accept.iter().zip(items) {
            if !is_day(&accepted.until) {
                let message = format!("`{}` is not a day", accepted.until);
                let help = "write the first day on which it counts again: `until = \"2027-01-31\"`";
                lint.report(Diagnostic::error("bad-day", message).help(help).at(origin, ""));
            }
            let texts = [&accepted.id, &accepted.package, &accepted.reason];
            if texts.iter().any(|text| text.trim().is_empty()) {
                let message = "what is accepted needs `id`, `package` and `reason`";
                let help = "a report shows the reason to whoever has to answer for the image";
                lint.report(Diagnostic::error("no-reason", message).help(help).at(origin, ""));
            }
        }
    }
}

/// Tells whether a text is a day of a calendar, such as `2027-01-31`.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |text: &str, length: usize| {
        let digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in ["2027-01-31", "2028-02-29", "2000-02-29", "2027-12-31"] {
            assert!(is_day(day), "{day}");
        }
        for other in [
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-04-31",
            "2027-1-31",
            "27-01-31",
            "soon",
            "2027-00-10",
            "2027-01-00",
        ] {
            assert!(!is_day(other), "{other}");
        }
    }
}
