//! Every plugin of this repository passes its own cases. `ISOPLUG_TESTS_BLESS=1` writes down what
//! comes as what is expected.

use isoplug_kit::{KitError, Verdict, run, test};
use tempfile::TempDir;

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

/// A case of the greeting in a folder of its own.
struct Greeting {
    cases: TempDir,
    hello: Vec<u8>,
}

impl Greeting {
    /// Makes it with what the plugin answers without options, as is expected.
    fn blessed() -> Self {
        let greeting = Self { cases: tempfile::tempdir().unwrap(), hello: component("hello-rust") };
        std::fs::create_dir(greeting.cases.path().join("other")).unwrap();
        let failed = Verdict::Failed("there is no expected.json; --bless writes it".to_owned());
        assert_eq!(greeting.verdict(false).unwrap(), failed);
        assert_eq!(greeting.verdict(true).unwrap(), Verdict::Blessed);
        greeting
    }

    fn verdict(&self, bless: bool) -> Result<Verdict, KitError> {
        let mut done = test(runtime(), &self.hello, self.cases.path(), bless)?;
        Ok(done.remove(0).verdict)
    }

    fn with_options(&self, options: &str) -> Result<Verdict, KitError> {
        std::fs::write(self.cases.path().join("other/options.toml"), options).unwrap();
        self.verdict(false)
    }
}

#[test]
fn a_case_that_differs_names_the_line() {
    let greeting = Greeting::blessed();
    assert_eq!(greeting.verdict(false).unwrap(), Verdict::Passed);
    let how = greeting.with_options("greeting = \"Hi\\n\"\n").unwrap();
    let Verdict::Failed(how) = how else { panic!("it passed") };
    insta::assert_snapshot!(how, @r#"
    line 7:
    -           "text": "Hello from a plugin\n"
    +           "text": "Hi\n"
    "#);
}

#[test]
fn a_case_that_fails_says_why() {
    let greeting = Greeting::blessed();
    let how = greeting.with_options("greeting = \"\"\n").unwrap();
    let Verdict::Failed(how) = how else { panic!("it passed") };
    insta::assert_snapshot!(how, @r"
    it failed:
    empty-greeting at greeting: there is nothing to say
    ");
    let error = greeting.with_options("greting = \"\"\n").unwrap_err().to_string();
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
