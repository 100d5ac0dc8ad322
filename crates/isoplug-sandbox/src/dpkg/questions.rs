//! What packages ask while they are installed: the questions of their debconf templates.

use isoplug_formats::apt::stanza;

/// A question of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The package that asks.
    pub package: String,
    /// Its name, such as `firmware-ivtv/license/accepted`.
    pub name: String,
    /// Its type, in debconf's words.
    pub kind: String,
}

impl Question {
    /// Returns the item of `packages.debconf` that answers it with yes.
    #[must_use]
    pub fn answer(&self) -> String {
        let Self { package, name, kind } = self;
        format!(
            "{{ package = \"{package}\", question = \"{name}\", type = \"{kind}\", value = \"true\" }}"
        )
    }

    /// Tells whether it seems to ask for consent, to a licence or to terms.
    #[must_use]
    pub fn asks_for_consent(&self) -> bool {
        let name = self.name.to_lowercase();
        self.kind == "boolean" && CONSENT.iter().any(|word| name.contains(word))
    }
}

/// Words in the names of questions that ask for consent.
const CONSENT: [&str; 6] = ["licen", "accept", "agree", "eula", "consent", "terms"];

/// Returns the questions that templates hold; texts that are only shown are none.
pub fn questions(package: &str, templates: &str) -> Vec<Question> {
    let question = |stanza| {
        let kind = stanza::field(stanza, "Type").filter(|kind| KINDS.contains(kind))?;
        Some(Question {
            package: package.to_owned(),
            name: stanza::field(stanza, "Template")?.to_owned(),
            kind: kind.to_owned(),
        })
    };
    stanza::stanzas(templates).filter_map(question).collect()
}

const KINDS: [&str; 5] = ["string", "boolean", "select", "multiselect", "password"];
