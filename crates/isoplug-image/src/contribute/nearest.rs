//! Finds the names that a mistyped one may have meant. Knows no kind of name.

use std::fmt;

/// Up to three names, the likeliest first; shown as the end of a message, or as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nearest(Vec<String>);

/// Returns the names nearest to one, leaving out those that share too little with it.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Nearest {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(u64, &str)> = names
        .into_iter()
        .map(|other| (likeness(&wanted, &other.to_lowercase()), other))
        .filter(|(score, _)| *score >= 700)
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup();
    let best = scored.first().map_or(0, |(score, _)| *score);
    scored.retain(|(score, _)| score + 60 >= best);
    Nearest(scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect())
}

impl Nearest {
    /// Puts the folder that the names are in before each of them.
    pub fn below(self, folder: &str) -> Self {
        Self(self.0.into_iter().map(|name| format!("{folder}{name}")).collect())
    }
}

/// Returns how alike two names are, in thousandths; a name that holds the other counts as near.
fn likeness(wanted: &str, other: &str) -> u64 {
    let holds = wanted.len() > 2 && other.contains(wanted);
    let score = strsim::jaro_winkler(wanted, other).max(if holds { 0.8 } else { 0.0 });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let thousandths = (score * 1000.0) as u64;
    thousandths
}

impl fmt::Display for Nearest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let lead = if index == 0 { "; did you mean" } else { " or" };
            write!(out, "{lead} `{name}`")?;
        }
        if !self.0.is_empty() { out.write_str("?") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_and_strangers_not_at_all() {
        let names = ["ssh.service", "sshd.socket", "cron.service", "NetworkManager.service"];
        let networks = nearest("networkmanger.service", names).to_string();
        assert_eq!(networks, "; did you mean `NetworkManager.service`?");
        assert_eq!(nearest("zzz", names).to_string(), "");
    }
}
