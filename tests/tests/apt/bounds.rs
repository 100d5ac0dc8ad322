//! What a hostile archive may cost: indices, downloads, choosing.

use std::time::Instant;

use isoplug_fetch::{Expected, Pace};
use isoplug_formats::apt::relation;
use isoplug_packages::Index;
use isoplug_packages::solver::{Limits, Problem, Solver};

use super::*;

/// Packs a bomb of so many blanks behind a stanza, and reads an archive with it.
fn bomb(size: usize, form: &'static str, named: Vec<&'static str>) -> String {
    let layout = Layout { there: vec![form], named, ..Layout::suite("stable") };
    let (world, source) = World::laid_out(&layout);
    let mut index = b"Package: a\nVersion: 1\nArchitecture: all\nX: ".to_vec();
    index.resize(size, b' ');
    world.archive.write_laid_out(&layout, &index).unwrap();
    // The Release is signed, and lies about the plain text.
    let path = "dists/stable/InRelease";
    let release = fs::read_to_string(world.archive.path(path)).unwrap();
    let honest = format!(" {size} main/binary-amd64/Packages\n");
    if release.contains(&honest) {
        let text = isoplug_formats::apt::clearsign::split(&release).unwrap().text;
        let lie = text.replace(&honest, " 1000 main/binary-amd64/Packages\n");
        world.archive.sign_laid_out(&layout, &lie).unwrap();
    }
    text(&world.refresh_error(&source))
}

#[test]
fn an_index_is_read_as_far_as_its_release_states() {
    let named = bomb(200 << 20, ".xz", vec!["", ".xz"]);
    insta::assert_snapshot!(named, @"main/binary-amd64/Packages of suite stable decompresses to more than the 1000 bytes that it may have");
    let begun = Instant::now();
    let unnamed = bomb((512 << 20) + 1, ".xz", vec![".xz"]);
    insta::assert_snapshot!(unnamed, @"main/binary-amd64/Packages of suite stable decompresses to more than the 536870912 bytes that it may have");
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}

#[test]
fn a_release_may_not_state_more_than_any_archive_has() {
    let layout = Layout::suite("stable");
    let (world, source) = World::laid_out(&layout);
    let zeros = "0".repeat(64);
    let text_of = |size: u64, form: &str| {
        format!(
            "Suite: stable\nDate: Sat, 21 Nov 2026 02:10:46 UTC\nComponents: main\nSHA256:\n {zeros} {size} main/binary-amd64/Packages{form}\n"
        )
    };
    world.archive.sign_laid_out(&layout, &text_of(10 << 30, ".xz")).unwrap();
    insta::assert_snapshot!(text(&world.refresh_error(&source)), @"main/binary-amd64/Packages of suite stable has 10737418240 bytes, and no more than 536870912 are read");
    let before = world.server.requests().len();
    world.archive.sign_laid_out(&layout, &text_of(u64::MAX, "")).unwrap();
    assert!(text(&world.refresh_error(&source)).contains("and no more than 536870912 are read"));
    assert_eq!(world.server.requests().len(), before + 1, "only the Release was asked for");
}

#[test]
fn an_index_has_no_more_packages_than_any_archive() {
    let layout = Layout { there: vec![".xz"], named: vec![".xz"], ..Layout::suite("stable") };
    let (world, source) = World::laid_out(&layout);
    world.archive.write_laid_out(&layout, "Package: a\n\n".repeat(500_001).as_bytes()).unwrap();
    insta::assert_snapshot!(text(&world.refresh_error(&source)), @"main/binary-amd64/Packages of suite stable has more than 500000 packages");
}

#[test]
fn an_endless_release_ends() {
    let world = World::new();
    world.archive.write("dists/stable/InRelease", &vec![b'a'; (32 << 20) + 1]).unwrap();
    let endless = stable(&text(&world.refresh_error(&world.source())), &world);
    insta::assert_snapshot!(endless, @"source test: http://mirror/dists/stable/InRelease: expected 33554432 bytes, found 33554433 or more");
}

/// A mirror that sends a little now and then, and so is never silent for long.
#[test]
fn a_mirror_that_trickles_is_given_up() {
    let world = World::new();
    world.archive.write("slow", &vec![7; 10 << 20]).unwrap();
    let pace = Pace { within: Duration::from_millis(300), bytes: 1 << 20 };
    let downloader =
        Downloader::new(1, Patience { attempts: 2, ..patience() }, &Authorities::default());
    for _ in 0..2 {
        world.server.fail("slow", Fault::Slow(Duration::from_millis(60)));
    }
    let (begun, file) = (Instant::now(), tempfile::tempfile().unwrap());
    let mirrors = [world.server.url()];
    let expected = Expected::default();
    let failed =
        downloader.unwrap().with_pace(pace).fetch(&mirrors, "slow", &expected, &file, &Unwatched);
    assert!(text(&failed.unwrap_err()).ends_with("it sends too slowly"));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

fn universe_text(lines: impl Iterator<Item = (String, String)>) -> Vec<Index> {
    let stanza = |(name, fields): (String, String)| {
        format!("Package: {name}\nVersion: 1\nArchitecture: all\n{fields}\n")
    };
    let (archive, suite) = ("evil".to_owned(), "stable".to_owned());
    vec![Index {
        source: archive.clone(),
        archive,
        suite,
        distribution: false,
        pin: 500,
        text: lines.map(stanza).collect(),
    }]
}

fn give_up(indices: &[Index], wanted: &str, limits: Limits) -> String {
    let universe = Universe::new(indices, "amd64");
    let wanted = relation::parse(wanted).unwrap();
    let problem = Problem { wanted, limits, ..Problem::default() };
    let failed = Resolvo.solve(&universe, &problem).unwrap_err();
    assert!(failed.gave_up, "{failed}");
    failed.to_string()
}

#[test]
fn choosing_has_a_limit_in_time() {
    // Pigeons and holes: hard for every solver of this kind.
    let (pigeons, holes) = (18, 17);
    let pigeon = |pigeon: usize| {
        let holes: Vec<String> = (0..holes).map(|hole| format!("p{pigeon}h{hole}")).collect();
        (format!("pigeon{pigeon}"), format!("Depends: {}\n", holes.join(" | ")))
    };
    let place = |pigeon: usize, hole: usize| {
        let others: Vec<String> = (0..pigeons).map(|other| format!("p{other}h{hole}")).collect();
        (format!("p{pigeon}h{hole}"), format!("Conflicts: {}\n", others.join(", ")))
    };
    let all = (0..pigeons).map(pigeon);
    let all = all.chain((0..pigeons).flat_map(|p| (0..holes).map(move |h| place(p, h))));
    let indices = universe_text(all);
    let wanted: Vec<String> = (0..pigeons).map(|pigeon| format!("pigeon{pigeon}")).collect();
    let begun = Instant::now();
    let until = Some(begun + Duration::from_secs(2));
    let said = give_up(&indices, &wanted.join(", "), Limits { until, ..Limits::default() });
    assert!(said.starts_with("it took longer than"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn choosing_has_a_limit_in_memory() {
    // Each of many dependencies may be satisfied by each of many packages.
    let any: Vec<String> = (0..200).map(|number| format!("x{number} | v")).collect();
    let root = ("root".to_owned(), format!("Depends: {}\n", any.join(", ")));
    let provider = |number: usize| (format!("x{number}"), "Provides: v\n".to_owned());
    let indices = universe_text((0..2000).map(provider).chain([root]));
    let said = give_up(&indices, "root", Limits { alternatives: 100_000, ..Limits::default() });
    assert_eq!(said, "the packages have more alternatives than any archive needs");
}

#[test]
fn many_providers_of_one_name_are_no_square() {
    let provider = |number: usize| (format!("x{number}"), "Provides: v\n".to_owned());
    let indices = universe_text((0..100_000).map(provider));
    let universe = Universe::new(&indices, "amd64");
    let begun = Instant::now();
    assert_eq!(universe.satisfiers(&relation::parse_one("v").unwrap()).len(), 100_000);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
