//! Units of the manifest that are to be started and say nothing of when.

use super::Lint;
use crate::diagnostic::Diagnostic;

pub(super) fn enabled(lint: &mut Lint<'_>) {
    let systemd = &lint.options.systemd;
    for (name, origin) in systemd.enable.iter().zip(lint.items(&["systemd", "enable"])) {
        let full = if name.contains('.') { name.clone() } else { format!("{name}.service") };
        let unit = systemd.units.get(&full).filter(|unit| !has_install(&unit.text));
        if unit.is_some() {
            let message = format!("`{full}` has no [Install] section, so nothing starts it");
            let diagnostic = Diagnostic::warning("not-installed", message).at(origin, "");
            let diagnostic = match lint.origin(&["systemd", "units", &full]) {
                Some(unit) => diagnostic.and(unit, "its text"),
                None => diagnostic,
            };
            lint.report(diagnostic.help("add `[Install]` and `WantedBy=multi-user.target` to it"));
        }
    }
}

fn has_install(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "[Install]")
}
