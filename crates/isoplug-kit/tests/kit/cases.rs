//! Every plugin of this repository passes its own cases. `ISOPLUG_TESTS_BLESS=1` writes down what
//! comes as what is expected.

use isoplug_kit::{Verdict, run, test};

use crate::{component, plugins, runtime};

const PLUGINS: [&str; 6] =
    ["branding", "cis-check", "cloud-init", "hardening", "inventory", "netboot"];

#[test]
fn every_plugin_passes_its_cases() {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let bless = std::env::var_os("ISOPLUG_TESTS_BLESS").is_some();
    let runtime = runtime();
    for plugin in PLUGINS {
        let cases = plugins().join(plugin).join("cases");
        let done = test(runtime, &component(plugin), &cases, bless).unwrap();
        assert!(done.len() >= 2, "{plugin} has {} cases", done.len());
        for case in done.iter().filter(|_| !bless) {
            assert_eq!(case.verdict, Verdict::Passed, "{plugin}, case {}", case.name);
            assert!(case.fuel > 0, "{plugin}, case {}", case.name);
        }
    }
}

#[test]
fn a_case_that_differs_names_the_line() {
    let runtime = runtime();
    let cases = tempfile::tempdir().unwrap();
    let case = cases.path().join("other");
    std::fs::create_dir(&case).unwrap();
    let hello = component("hello-rust");
    let verdict = || test(runtime, &hello, cases.path(), false).unwrap().remove(0).verdict;
    let failed = Verdict::Failed("there is no expected.json; --bless writes it".to_owned());
    assert_eq!(verdict(), failed);

    let blessed = test(runtime, &hello, cases.path(), true).unwrap().remove(0).verdict;
    assert_eq!((blessed, verdict()), (Verdict::Blessed, Verdict::Passed));

    std::fs::write(case.join("options.toml"), "greeting = \"Hi\\n\"\n").unwrap();
    let Verdict::Failed(how) = verdict() else { panic!("it passed") };
    insta::assert_snapshot!(how, @r#"
    line 7:
    -           "text": "Hello from a plugin\n"
    +           "text": "Hi\n"
    "#);

    std::fs::write(case.join("options.toml"), "greeting = \"\"\n").unwrap();
    let Verdict::Failed(how) = verdict() else { panic!("it passed") };
    insta::assert_snapshot!(how, @r"
    it failed:
    empty-greeting at greeting: there is nothing to say
    ");

    std::fs::write(case.join("options.toml"), "greting = \"\"\n").unwrap();
    let error = test(runtime, &hello, cases.path(), false).unwrap_err().to_string();
    assert!(error.contains("did you mean `greeting`?"), "{error}");
}

#[test]
fn grants_of_a_case_hold() {
    let runtime = runtime();
    let cases = tempfile::tempdir().unwrap();
    let case = cases.path().join("refused");
    std::fs::create_dir(&case).unwrap();
    std::fs::write(case.join("case.toml"), "grants = { files = [\"root:/etc/motd.d/**\"] }")
        .unwrap();
    let mut lines = Vec::new();
    let error =
        run(runtime, &component("hello-rust"), &case, &mut |line| lines.push(line.to_owned()));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("[grants.hello-rust] would allow it"), "{error}");
}

#[test]
fn a_trace_shows_what_was_asked_and_added() {
    let runtime = runtime();
    let case = plugins().join("inventory/cases/titled");
    let mut lines = Vec::new();
    let answer =
        run(runtime, &component("inventory"), &case, &mut |line| lines.push(line.to_owned()));
    let page = &answer.unwrap()["modules"]["page"]["entries"]["root:/usr/share/doc/inventory.html"];
    assert!(page["text"].as_str().unwrap().contains("<h1>What is in it</h1>"));
    let asked = lines.iter().any(|line| line == "rootfs.open /var/lib/dpkg/status");
    let added = lines.iter().any(|line| line.ends_with("root:/usr/share/doc/inventory.html"));
    assert!(asked && added, "{lines:#?}");
}
