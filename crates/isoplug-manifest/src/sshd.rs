//! Keywords of sshd_config(5) as options: which there are, what each takes, and how it is written there.
//!
//! The table is a file of its own. Does not know what a keyword does: whether a combination works, the image's own
//! sshd says in the build.

use std::sync::OnceLock;

use serde_json::{Map, Value as Json, json};

use crate::parts::SshdSettings;

const TABLE: &str = include_str!("../data/sshd-keywords.txt");

/// Keywords that have options of their own beside the settings.
const ELSEWHERE: [(&str, &str); 3] = [
    // Debian's sshd reads every file below /etc/ssh/sshd_config.d.
    ("include", "files"),
    ("match", "services.openssh.match"),
    ("port", "services.openssh.ports"),
];

/// One keyword.
struct Keyword {
    /// As sshd_config(5) spells it.
    name: &'static str,
    /// As an option.
    option: &'static str,
    takes: Takes,
    /// Whether a `Match` block may have it.
    in_match: bool,
}

/// What stands behind a keyword.
enum Takes {
    /// `yes` or `no`.
    Flag,
    Number,
    /// Seconds, or numbers with units.
    Time,
    /// One word, in quotes if it has blanks.
    Argument,
    /// The rest of the line.
    Text,
    /// Several words.
    Words,
    /// Names with commas between.
    Commas,
    /// The rest of a line, and any number of lines.
    Lines,
    /// One of these.
    Choice(Vec<&'static str>),
}

impl Takes {
    fn of(kind: &'static str) -> Self {
        match kind {
            "flag" => Self::Flag,
            "number" => Self::Number,
            "time" => Self::Time,
            "argument" => Self::Argument,
            "text" => Self::Text,
            "words" => Self::Words,
            "commas" => Self::Commas,
            "lines" => Self::Lines,
            words => Self::Choice(words.split('|').collect()),
        }
    }
}

fn keywords() -> &'static [Keyword] {
    static ALL: OnceLock<Vec<Keyword>> = OnceLock::new();
    ALL.get_or_init(|| {
        TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
    })
}

fn row(line: &'static str) -> Option<Keyword> {
    let mut columns = line.split(' ');
    let (name, option, kind) = (columns.next()?, columns.next()?, columns.next()?);
    let in_match = columns.next() == Some("match");
    Some(Keyword { name, option, takes: Takes::of(kind), in_match })
}

/// Returns each keyword as an option, and as sshd_config(5) spells it.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    keywords().iter().map(|keyword| (keyword.option, keyword.name))
}

/// Returns the schema of the settings, or of those that a `Match` block may have.
pub(crate) fn schema(in_match: bool) -> Json {
    json!({
        "type": "object",
        "properties": properties(in_match),
        "additionalProperties": false,
        "x-any-case": true,
        "x-elsewhere": elsewhere(in_match),
    })
}

fn properties(in_match: bool) -> Map<String, Json> {
    let defaults = SshdSettings::default();
    let property = |keyword: &Keyword| {
        let mut property = keyword.takes.schema();
        property["description"] = json!(docs(keyword));
        if let (false, Some(default)) = (in_match, defaults.get(keyword.option)) {
            property["default"] = default.clone();
        }
        (keyword.option.to_owned(), property)
    };
    keywords().iter().filter(|keyword| keyword.in_match || !in_match).map(property).collect()
}

/// Returns where a keyword is set that cannot be set here.
fn elsewhere(in_match: bool) -> Map<String, Json> {
    let own = ELSEWHERE.iter().map(|(key, option)| ((*key).to_owned(), json!(option)));
    let for_all = keywords().iter().filter(|keyword| in_match && !keyword.in_match);
    let for_all = for_all.map(|Keyword { option, .. }| {
        ((*option).to_owned(), json!(format!("services.openssh.settings.{option}")))
    });
    own.chain(for_all).collect()
}

fn docs(keyword: &Keyword) -> String {
    match keyword.option {
        "permit-root-login" => {
            "How root may log in: by key and by password, by key only, by a key \
                                that is bound to one command, or not at all."
                .to_owned()
        }
        "password-authentication" => "Whether passwords are accepted.".to_owned(),
        _ => format!("`{}` of sshd_config(5).", keyword.name),
    }
}

impl Takes {
    fn schema(&self) -> Json {
        let list = |format: &str| json!({ "type": "array", "items": { "type": "string", "format": format } });
        match self {
            Self::Flag => json!({ "type": "boolean" }),
            Self::Number => json!({ "type": "integer", "minimum": 0, "maximum": i32::MAX }),
            Self::Time => json!({ "type": ["string", "integer"], "format": "sshd-time" }),
            Self::Argument => json!({ "type": ["string", "integer"], "format": "sshd-argument" }),
            Self::Text => json!({ "type": "string", "format": "sshd-text" }),
            Self::Words => list("sshd-argument"),
            Self::Commas => list("sshd-name"),
            Self::Lines => list("sshd-text"),
            Self::Choice(words) => json!({ "type": "string", "enum": words }),
        }
    }

    fn lines(&self, value: &Json) -> Vec<String> {
        let items = || value.as_array().into_iter().flatten().filter_map(Json::as_str);
        let joined = |items: Vec<String>, by: &str| match items.is_empty() {
            true => Vec::new(),
            false => vec![items.join(by)],
        };
        match self {
            Self::Flag => vec![if *value == json!(true) { "yes" } else { "no" }.to_owned()],
            Self::Number => vec![value.to_string()],
            Self::Argument => value.as_str().map(quoted).into_iter().collect(),
            Self::Time | Self::Text | Self::Choice(_) => {
                value.as_str().map(str::to_owned).into_iter().collect()
            }
            Self::Words => joined(items().map(quoted).collect(), " "),
            Self::Commas => joined(items().map(str::to_owned).collect(), ","),
            Self::Lines => items().map(str::to_owned).collect(),
        }
    }
}

/// Returns the lines of a setting as sshd_config(5) has them; none for an empty list.
pub(crate) fn lines(option: &str, value: &Json) -> Vec<String> {
    let keyword = keywords().iter().find(|keyword| keyword.option == option);
    let lines = keyword.map(|keyword| {
        keyword.takes.lines(value).into_iter().map(|rest| format!("{} {rest}", keyword.name))
    });
    lines.into_iter().flatten().collect()
}

/// A word with blanks, or with what begins a comment, stands in quotes.
fn quoted(word: &str) -> String {
    if word.contains([' ', '\t', '#', '\'']) { format!("\"{word}\"") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_options_are_those_of_sshd_in_small_letters() {
        let mut before = String::new();
        for Keyword { name, option, takes, .. } in keywords() {
            assert_eq!(option.replace('-', ""), name.to_lowercase());
            assert!(before < name.to_lowercase(), "{name} stands in the wrong place");
            before = name.to_lowercase();
            if let Takes::Choice(words) = takes {
                assert!(words.len() > 1, "{name}: no such kind");
            }
        }
        assert_eq!(keywords().len(), TABLE.lines().filter(|line| !line.starts_with('#')).count());
    }

    #[test]
    fn each_kind_is_written_as_sshd_reads_it() {
        for (option, value, expected) in [
            ("x11-forwarding", json!(false), "X11Forwarding no"),
            ("max-auth-tries", json!(3), "MaxAuthTries 3"),
            ("login-grace-time", json!("1m30"), "LoginGraceTime 1m30"),
            ("banner", json!("/etc/a banner"), "Banner \"/etc/a banner\""),
            ("force-command", json!("echo a b # c"), "ForceCommand echo a b # c"),
            ("allow-users", json!(["ada", "bob@10.0.0.0/8"]), "AllowUsers ada bob@10.0.0.0/8"),
            ("set-env", json!(["A=b c"]), "SetEnv \"A=b c\""),
            ("ciphers", json!(["+aes128-cbc", "3des-cbc"]), "Ciphers +aes128-cbc,3des-cbc"),
            ("host-key", json!(["/a", "/b"]), "HostKey /a\nHostKey /b"),
            ("log-level", json!("VERBOSE"), "LogLevel VERBOSE"),
            ("allow-users", json!([]), ""),
        ] {
            assert_eq!(lines(option, &value).join("\n"), expected);
        }
    }
}
