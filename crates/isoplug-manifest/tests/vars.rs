//! Variables: what they decide, and what is drawn of those that cannot be.

#![cfg(test)]

use std::collections::BTreeMap;

use insta::assert_snapshot;
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, System, evaluate};

const MANIFEST: &str = r#"image.name = "t"

[vars]
channel = { default = "stable", values = ["stable", "beta"] }
team = "none"

[profiles.p]
networking.hostname = { fallback = "plain" }

[profiles.p.when.var.channel.beta]
networking.hostname = "of-beta"

[profiles.p.when.var.team.red]
packages.install = ["htop"]

[profiles.p.when.profile.q]
packages.install = ["vim"]

[profiles.q]
extends = "p"
"#;

/// Evaluates a profile; returns it, or the mistakes.
fn evaluated(manifest: &str, profile: &str, vars: &[(&str, &str)]) -> Result<System, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let vars: BTreeMap<String, String> = vars.iter().map(owned).collect();
    let (mut load, plugins) = (|_: &str| Err("no file".to_owned()), &mut NoPlugins);
    let (name, text, arch) = ("isoplug.toml", manifest, "amd64");
    let input = Input { name, text, profile, arch, vars: &vars, load: &mut load, plugins };
    evaluate(input).map_err(|found| {
        let errors = found.list.iter().filter(|each| each.code != "nobody-logs-in");
        errors.map(|each| each.plain(&found.texts)).collect::<Vec<_>>().join("\n")
    })
}

fn mistakes(manifest: &str, vars: &[(&str, &str)]) -> String {
    evaluated(manifest, "p", vars).err().unwrap_or_else(|| "none".to_owned())
}

#[test]
fn a_variable_decides_by_what_asks_for_it() {
    let host = |vars| evaluated(MANIFEST, "p", vars).unwrap().options.networking.hostname;
    assert_eq!(host(&[]), "plain");
    assert_eq!(host(&[("channel", "stable")]), "plain");
    assert_eq!(host(&[("channel", "beta")]), "of-beta");
    assert_eq!(host(&[("team", "red")]), "plain");
    let installs =
        |profile, vars| evaluated(MANIFEST, profile, vars).unwrap().options.packages.install;
    assert_eq!(installs("p", &[("team", "red")]), ["htop"]);
    assert_eq!(installs("p", &[("team", "green")]), [""; 0]);
}

/// The profile that is built counts, also where another one asks.
#[test]
fn a_condition_can_ask_for_the_profile() {
    let installs = |profile| evaluated(MANIFEST, profile, &[]).unwrap().options.packages.install;
    assert_eq!(
        (installs("p").join(" "), installs("q").join(" ")),
        (String::new(), "vim".to_owned())
    );
}

#[test]
fn a_variant_is_what_is_not_by_default() {
    let variant = |vars| evaluated(MANIFEST, "p", vars).unwrap().variant;
    assert_eq!(variant(&[("channel", "stable")]), BTreeMap::new());
    let beta = BTreeMap::from([("channel".to_owned(), "beta".to_owned())]);
    assert_eq!(variant(&[("channel", "beta"), ("team", "none")]), beta);
}

#[test]
fn what_is_given_must_be_declared() {
    assert_snapshot!(mistakes(MANIFEST, &[("chanel", "beta")]), @r"
    isoplug.toml:4:1: error[unknown-var]: there is no variable `chanel`
      isoplug.toml:4:1: declared here
      help: did you mean `channel`?
    ");
    assert_snapshot!(mistakes(MANIFEST, &[("x", "beta")]), @r"
    isoplug.toml:4:1: error[unknown-var]: there is no variable `x`
      isoplug.toml:4:1: declared here
      help: declared: channel, team
    ");
    assert_snapshot!(mistakes(MANIFEST, &[("channel", "bta")]), @r"
    isoplug.toml:4:1: error[var]: the variable `channel` cannot be `bta`
      help: one of: stable, beta
    ");
    assert_snapshot!(mistakes("image.name = \"t\"\nprofiles.p = {}", &[("x", "1")]), @r#"
    error[unknown-var]: there is no variable `x`
      help: declare it with its default:  [vars]  x = "…"
    "#);
}

#[test]
fn what_is_asked_for_must_be_declared() {
    let with = |lines: &str| mistakes(&format!("{MANIFEST}\n[profiles.p.when.var.{lines}"), &[]);
    assert_snapshot!(with("chanel.beta]"), @r"
    isoplug.toml:22:22: error[unknown-var]: there is no variable `chanel`
      help: did you mean `channel`?
    ");
    assert_snapshot!(with("channel.bta]"), @r"
    isoplug.toml:22:30: error[var]: the variable `channel` cannot be `bta`
      help: one of: stable, beta
    ");
}

#[test]
fn what_no_variable_is() {
    let vars =
        |vars: &str| mistakes(&format!("image.name = \"t\"\nprofiles.p = {{}}\nvars.{vars}"), &[]);
    assert_snapshot!(vars("a = 1"), @r#"
    isoplug.toml:3:10: error[wrong-type]: found an integer, which no variable is made of
      help: a variable is its default, "stable", or { default = "stable", values = ["stable", "beta"] }
    "#);
    assert_snapshot!(vars("a = { values = [\"x\"] }"), @"isoplug.toml:3:10: error[missing-key]: the variable has no `default`");
    assert_snapshot!(vars("a = { default = \"y\", values = [\"x\"] }"), @r"
    isoplug.toml:3:10: error[var]: the variable `a` cannot be `y`
      help: one of: x
    ");
    assert_snapshot!(vars("a = { default = \"x\", value = \"x\" }"), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `value` here
      help: known here: `default`, `values`
    ");
    assert_snapshot!(vars("a = { default = \"x\", values = [1] }"), @r#"
    isoplug.toml:3:37: error[wrong-type]: found an integer, which no variable is made of
      help: a variable is its default, "stable", or { default = "stable", values = ["stable", "beta"] }
    "#);
}
