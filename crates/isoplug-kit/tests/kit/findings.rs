//! What lint finds.

use isoplug_kit::{Finding, lint, options};

use crate::{component, plugins, runtime};

fn shown(findings: &[Finding]) -> String {
    let line = |it: &Finding| {
        let kind = if it.is_error { "error" } else { "warning" };
        format!("{kind} {}: {}\n", it.code, it.message)
    };
    findings.iter().map(line).collect()
}

#[test]
fn the_plugins_of_this_repository_are_without_fault() {
    let runtime = runtime();
    for plugin in ["branding", "cis-check", "cloud-init", "hardening", "inventory", "netboot"] {
        let cases = plugins().join(plugin).join("cases");
        let findings = lint(runtime, &component(plugin), Some(&cases)).unwrap();
        assert_eq!(shown(&findings), "", "{plugin}");
    }
}

#[test]
fn what_is_missing_is_found() {
    let runtime = runtime();
    let findings = lint(runtime, &component("hello-c"), None).unwrap();
    insta::assert_snapshot!(shown(&findings), @"
    warning missing-word: `describe` has no `homepage`
    warning no-cases: no case shows what it does; see `cases/`
    ");
}

#[test]
fn requests_that_nothing_uses_are_found() {
    let runtime = runtime();
    let cases = tempfile::tempdir().unwrap();
    let case = cases.path().join("basic");
    std::fs::create_dir(&case).unwrap();
    std::fs::write(case.join("options.toml"), "user-data = \"#!/bin/sh\\n\"\n").unwrap();
    let findings = lint(runtime, &component("cloud-init"), Some(cases.path())).unwrap();
    let unused = "no case or example uses the request `files iso:/nocloud/*`";
    assert!(findings.iter().any(|it| it.message.starts_with(unused)), "{}", shown(&findings));
}

#[test]
fn options_are_rows() {
    let runtime = runtime();
    let component = runtime.component(&component("hardening")).unwrap();
    let rows = options(&runtime.describe(&component).unwrap());
    let row = rows.iter().find(|row| row.name == "level").unwrap();
    assert_eq!(
        (row.kind.as_str(), row.default.as_str()),
        ("one of basic, standard, strict", "\"standard\"")
    );
    assert!(row.description.starts_with("How strict."), "{row:?}");
    assert_eq!(rows.iter().find(|row| row.name == "sysctl").unwrap().kind, "table, each text");
}
