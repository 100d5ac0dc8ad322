//! Evaluates the manifest that the design sketches.

use isoplug_manifest::{Input, System, evaluate};

const SKETCH: &str = include_str!("sketch.toml");

fn system(profile: &str) -> System {
    let mut load = |path: &str| match path {
        "modules/common.toml" => Ok("packages.install = [\"curl\"]".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    let input =
        Input { name: "isoplug.toml", text: SKETCH, profile, arch: "amd64", load: &mut load };
    evaluate(input).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn the_sketch_evaluates() {
    let system = system("minimal");
    assert_eq!(system.options.networking.hostname, "installer");
    for warning in &system.warnings {
        eprintln!("{}", warning.plain(&system.texts));
    }
    eprintln!("{:#?}", system.options);
    for p in [
        "users",
        "users.installer",
        "users.installer.groups",
        "packages",
        "networking.hostname",
        "services.openssh.settings",
    ] {
        eprintln!(
            "{p} {:?} {:?}",
            system.origin(p),
            system.origin(p).map(|o| &system.texts.get(o.text).content[o.span.clone()])
        );
    }
}
