//! Shows what a plugin asks for, and finds out whether the user allows it.

use isoplug_manifest::plugin::Requests;
use isoplug_plugin::Description;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// How a command that needs an approval gets it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Approval {
    /// Grant all that the plugin asks for, without asking
    #[arg(long = "grant-all", visible_alias = "yes", short = 'y')]
    grant_all: bool,
}

impl Approval {
    /// Returns once the user allows the requests; fails if not, or if nobody can be asked.
    pub(crate) fn of(
        self,
        name: &str,
        version: &str,
        requests: &Requests,
        session: &Session,
    ) -> Result<(), Failure> {
        if requests.is_empty() {
            return Ok(());
        }
        let lines = asked(requests);
        if self.grant_all {
            session.note(&format!("plugin {name} {version} is granted:{lines}"));
            return Ok(());
        }
        let asks = format!("plugin {name} {version} asks for:{lines}");
        match session.ask(&format!("{asks}\nGrant this?"))? {
            Some(true) => Ok(()),
            Some(false) => {
                let message = format!("plugin {name} {version} is not granted what it asks for");
                Err(Failure::new(Exit::Plugin, message))
            }
            None => Err(Failure::new(Exit::Plugin, format!("nobody granted what {asks}"))
                .hint("look at it, then add --grant-all")),
        }
    }
}

/// Returns what a plugin says of itself, for people.
pub(crate) fn about(description: &Description, publisher: &str) -> String {
    let Description { id, version, summary, licence, homepage, .. } = description;
    let mut text = format!("{id} {version}, published by {publisher}\n  {summary}\n");
    let facts = [("licence", licence), ("homepage", homepage)];
    for (word, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        text += &format!("  {word}: {fact}\n");
    }
    text
}

/// Lists what is asked for, and what one can do who has it.
fn asked(requests: &Requests) -> String {
    let listed =
        |lines: Vec<String>| -> String { lines.iter().map(|line| format!("\n  {line}")).collect() };
    let powers = requests.powers();
    let lines = listed(requests.lines());
    match powers.is_empty() {
        true => lines,
        false => format!("{lines}\nWith that it can:{}", listed(powers)),
    }
}
