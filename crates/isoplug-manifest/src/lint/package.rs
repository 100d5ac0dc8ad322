//! Packages and kernel modules: nothing at all, or for and against the same one.

use serde_json::Value as Json;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::options::NetworkingBackend;
use crate::wanted::package_name;

pub(super) fn packages(lint: &mut Lint<'_>) {
    if lint.options.packages.install.is_empty() {
        let message = format!("profile `{}` installs no packages", lint.profile);
        lint.report(
            Diagnostic::warning("empty-profile", message)
                .help("extend a shipped profile: `extends = \"isoplug:minimal\"`"),
        );
    }
    contradiction(lint, ["packages", "install"], ["packages", "remove"]);
    second_network_backend(lint);
}

pub(super) fn kernel_modules(lint: &mut Lint<'_>) {
    contradiction(lint, ["kernel", "modules", "load"], ["kernel", "modules", "blacklist"]);
}

/// Reports every item that both lists have, whatever version of it the first asks for.
fn contradiction<const N: usize>(lint: &mut Lint<'_>, yes: [&str; N], no: [&str; N]) {
    let names = |path: &[&str]| match lint.settings.at(path).map(|setting| setting.to_json()) {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    };
    let (wanted, unwanted) = (names(&yes), names(&no));
    for (index, name) in unwanted.iter().enumerate() {
        let same = |wanted: &Json| wanted.as_str().map(package_name) == name.as_str();
        let Some(other) = wanted.iter().position(same) else { continue };
        let message = format!("{name} is both in `{}` and in `{}`", yes.join("."), no.join("."));
        let diagnostic = Diagnostic::error("contradiction", message)
            .at(lint.items(&no)[index], "refused here")
            .and(lint.items(&yes)[other], "asked for here");
        lint.report(diagnostic);
    }
}

/// Two of them would fight for one interface.
fn second_network_backend(lint: &mut Lint<'_>) {
    let rival = match lint.options.networking.backend {
        NetworkingBackend::Networkd => ["network-manager", "connman", "ifupdown"].as_slice(),
        NetworkingBackend::Networkmanager => &["connman", "ifupdown"],
        NetworkingBackend::None => &[],
    };
    let origins = lint.items(&["packages", "install"]);
    let install = &lint.options.packages.install;
    for (name, origin) in install.iter().zip(origins) {
        let name = package_name(name);
        if rival.contains(&name) {
            let message = format!("`{name}` would fight with `networking.backend` for interfaces");
            let diagnostic = Diagnostic::warning("two-backends", message).at(origin, "");
            lint.report(diagnostic.help("set `networking.backend`, and leave its package to it"));
        }
    }
}
