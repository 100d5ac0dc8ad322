//! Tells of secrets that a build found in what the user and plugins add, on the lines of the manifest that bring them.

use std::collections::BTreeSet;

use isoplug_engine::Outputs;
use isoplug_image::secrets::scan;
use isoplug_image::stages::secrets::{self, Brought, Finding};
use isoplug_manifest::options::{Script, SecretPolicy};
use isoplug_manifest::path::{in_image, join};
use isoplug_manifest::{Diagnostic, Diagnostics, Origin, Severity, System};
use isoplug_sandbox::state::Patterns;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::Prepared;

/// Returns the warnings about them.
///
/// # Errors
///
/// When the profile refuses secrets and there is one.
pub(crate) fn look(prepared: &Prepared, outputs: &Outputs) -> Result<Diagnostics, Failure> {
    let Prepared { system, products, .. } = prepared;
    let options = &system.options.secrets;
    if options.policy == SecretPolicy::Ignore {
        return Ok(Diagnostics::default());
    }
    let lost = || Failure::new(Exit::Internal, "what was found of secrets is lost");
    let path = outputs.path(products.secrets).ok_or_else(lost)?;
    let findings = secrets::read(&path).map_err(|_| lost())?;
    let refuses = options.policy == SecretPolicy::Refuse;
    let told = told(&findings, system);
    let list = told.into_iter().map(|finding| drawn(finding, system, refuses));
    let list: Vec<Diagnostic> = list.chain(idle(&findings, system)).collect();
    let is_refused = list.iter().any(|each| each.severity == Severity::Error);
    let found = Diagnostics { list, texts: system.texts.clone() };
    match is_refused {
        true => Err(Failure { exit: Exit::Policy, ..Failure::manifest(found) }),
        false => Ok(found),
    }
}

/// Returns the findings that the profile does not allow; a file that live system and targets have alike counts once.
fn told<'f>(findings: &'f [Finding], system: &System) -> Vec<&'f Finding> {
    let allowed = Patterns::new(system.options.secrets.allow.iter().map(String::as_str));
    let mut seen = BTreeSet::new();
    let mut told = |finding: &&'f Finding| {
        let Finding { whose, on_medium, path, found } = finding;
        !allowed.has(below_root(path), false) && seen.insert((&whose.by, *on_medium, path, found))
    };
    findings.iter().filter(|finding| told(finding)).collect()
}

fn below_root(path: &str) -> &[u8] {
    path.trim_start_matches('/').as_bytes()
}

/// Returns a warning for each pattern under which nothing was found: what is no longer needed hides what comes next.
fn idle(findings: &[Finding], system: &System) -> Vec<Diagnostic> {
    let allow = &system.options.secrets.allow;
    let unused = allow.iter().filter(|pattern| {
        let pattern = Patterns::new([pattern.as_str()]);
        !findings.iter().any(|finding| pattern.has(below_root(&finding.path), false))
    });
    let warning = |pattern: &String| {
        let message = format!("`secrets.allow` has {pattern}, where no secret was found");
        let diagnostic = Diagnostic::warning("idle-option", message);
        match system.origin_of("secrets.allow", pattern) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        }
    };
    unused.map(warning).collect()
}

fn drawn(finding: &Finding, system: &System, refuses: bool) -> Diagnostic {
    let of = finding.whose.system.checked_sub(1).and_then(|index| system.targets.get(index));
    let diagnostic = match refuses {
        true => Diagnostic::error("secret", told_of(finding)),
        false => Diagnostic::warning("secret", told_of(finding)),
    };
    let diagnostic = diagnostic.help(format!(
        "whoever has the image can read it: let each machine get it when it boots; or, if it is meant, \
         `secrets.allow = [\"{}\"]`",
        finding.path
    ));
    match origin(finding, of.unwrap_or(system)) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    }
}

/// Says what is where, and nothing of the secret itself.
fn told_of(Finding { whose, on_medium, path, found }: &Finding) -> String {
    let line = found.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let place = if *on_medium { " on the medium" } else { "" };
    let by = match &whose.by {
        Brought::Plugin(name) => format!(" (plugin {name})"),
        Brought::User | Brought::Part(_) => String::new(),
    };
    format!("{path}{place}{line} holds {}{by}", found.what)
}

/// Returns the line of the manifest that brings a file.
fn origin<'s>(finding: &Finding, system: &'s System) -> Option<&'s Origin> {
    let path = &finding.path;
    match &finding.whose.by {
        Brought::User if finding.on_medium => {
            let mut targets = system.options.iso.contents.iter().map(|file| &file.target);
            system.origin_at("iso.contents", targets.position(|target| covers(target, path))?)
        }
        Brought::User => {
            let mut targets = system.options.files.iter().map(|file| &file.target);
            let at = targets.position(|target| covers(target, path));
            let file = at.and_then(|index| system.origin_at("files", index));
            file.or_else(|| of_script(path, system))
        }
        Brought::Plugin(name) => system.manifest_origin(&join(&["plugins", name])),
        Brought::Part(name) if name == "users" => of_user(path, system),
        Brought::Part(_) => of_unit(path, system),
    }
}

fn covers(target: &str, path: &str) -> bool {
    let (target, path) = (in_image(target), in_image(path));
    path.strip_prefix(&*target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn of_script<'s>(path: &str, system: &'s System) -> Option<&'s Origin> {
    let name = system.options.scripts.keys().find(|name| Script::path(name) == path)?;
    system.origin(&join(&["scripts", name]))
}

fn of_unit<'s>(path: &str, system: &'s System) -> Option<&'s Origin> {
    let name = path.strip_prefix("/etc/systemd/system/")?;
    let name = name.split_once(".d/").map_or(name, |(unit, _)| unit);
    system.origin(&join(&["systemd", "units", name]))
}

/// Returns the line of the first hash that is weak.
fn of_user<'s>(path: &str, system: &'s System) -> Option<&'s Origin> {
    let weak = |hash: &Option<String>| {
        let row = format!("x:{}:", hash.as_deref().unwrap_or_default());
        !scan(path.trim_start_matches('/'), row.as_bytes()).is_empty()
    };
    let users = system.options.users.iter();
    let user = users.filter(|(_, user)| weak(&user.hashed_password)).map(|(name, _)| name).next();
    match user {
        Some(name) => system.origin(&join(&["users", name, "hashed-password"])),
        None => system.origin("root.hashed-password"),
    }
}
