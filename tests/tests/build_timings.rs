//! Builds with `--timings` and reads the page.

#![cfg(test)]

use isoplug_tests::real;
use isoplug_tests::served::Served;

#[test]
fn a_page_tells_where_the_time_went() {
    let _turn = real::turn();
    let built = real::minimal();
    built.space.ok(&["build", "--timings=nothing.html"]);
    let page = built.space.read("nothing.html");
    assert!(page.contains("Nothing had to be made."), "{page}");

    let manifest = built.space.read("isoplug.toml");
    let text = format!("timed by {}", std::process::id());
    built.space.write("isoplug.toml", &manifest.replace("smallest image", &text));
    built.space.ok(&["build", "--timings"]);
    let page = built.space.read("out/timings.html");
    for stage in ["squashfs", "rootfs", "iso"] {
        assert!(page.contains(&format!("<td>{stage}</td>")), "{stage} is not in\n{page}");
    }
    assert!(page.contains("<p class=\"cached\">Cached: fetch 0, "), "{page}");
    built.space.write("isoplug.toml", &manifest);
    built.space.ok(&["build"]);
}

#[test]
fn a_failed_build_has_a_page_too() {
    let served = Served::default();
    // The packages of the tiny archive are none to boot from.
    let output = served.space.command(&["build", "--timings"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let page = served.space.read("out/timings.html");
    assert!(page.contains("<tr class=\"failed\"><td>base</td>"), "{page}");
}
