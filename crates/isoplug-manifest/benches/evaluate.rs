//! From the text of a manifest to typed options: a small manifest, and the merging of many modules.

use std::fmt::Write as _;

use criterion::{Criterion, criterion_group, criterion_main};
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, evaluate};

const SMALL: &str = r#"
[image]
name = "bench"
[sources.debian]
suite = "trixie"
[profiles.p]
extends = "isoplug:minimal"
packages.install = ["vim", "git", "htop"]
networking.hostname = "bench"
services.openssh.enable = true
boot.kernel-params = ["console=ttyS0,115200"]
[[profiles.p.files]]
target = "/etc/motd"
text = "Welcome\n"
"#;

/// Evaluates profile `p`; returns how many packages it installs.
fn packages(text: &str, included: &str) -> Option<usize> {
    let mut load = |_: &str| Ok(included.to_owned());
    let (name, plugins) = ("isoplug.toml", &mut NoPlugins);
    let input = Input {
        name,
        text,
        profile: "p",
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    };
    evaluate(input).ok().map(|system| system.options.packages.install.len())
}

/// Makes a manifest that includes so many files.
fn manifest_of_many(files: usize) -> String {
    let mut text = "[image]\nname = \"bench\"\n[profiles.p]\ninclude = [\n".to_owned();
    for number in 0..files {
        let _ = writeln!(text, "    \"modules/{number}.toml\",");
    }
    text + "]\n"
}

/// Makes a module with ten packages, kernel parameters and files.
fn module() -> String {
    let mut text = "networking.hostname = \"same\"\npackages.install = [".to_owned();
    for number in 0..10 {
        let _ = write!(text, "\"package-{number}\", ");
    }
    text += "]\nboot.kernel-params = [";
    for number in 0..10 {
        let _ = write!(text, "\"parameter{number}=1\", ");
    }
    text + "]\nservices.openssh.enable = true\n"
}

fn manifests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    assert!(packages(SMALL, "").is_some(), "the small manifest is sound");
    group.bench_function("a small manifest", |bench| bench.iter(|| packages(SMALL, "")));
    let (many, module) = (manifest_of_many(100), module());
    assert_eq!(packages(&many, &module), Some(1000));
    group.sample_size(20);
    group.bench_function("100 modules merged", |bench| bench.iter(|| packages(&many, &module)));
    group.finish();
}

criterion_group!(benches, manifests);
criterion_main!(benches);
