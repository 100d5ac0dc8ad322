//! A part of the lock moves; the rest stays, and what cannot move says why.

use super::*;

const OLD: &str =
    "app 1 Depends: lib (>= 1)\nlib 1\ntool 1 Depends: core (= 1)\ncore 1\nplain 1\nfront 1";
const NEW: &str = "app 2 Depends: lib (>= 2)\nlib 2\ntool 1 Depends: core (= 1)\ncore 2\nplain 2\nfront 2 Depends: more\nmore 1";
const ALL: [&str; 4] = ["app", "tool", "plain", "front"];

fn part(packages: &[&str], security: bool) -> Part {
    let packages = packages.iter().map(|name| (*name).to_owned()).collect();
    Part { packages, security, ..Part::default() }
}

/// Updates a part of what `OLD` gives, and shows the groups and what is held.
fn updated(indices: &[Index], request: &Request, part: &Part) -> String {
    let old = Universe::of(&indices[..1], request);
    let first = resolve(request, &old, &Resolvo, None).unwrap();
    let universe = Universe::of(indices, request);
    let (image, held) = renew(request, &universe, &Resolvo, Some((&first, part))).unwrap();
    assert_eq!(image.request, first.request);
    let line = |held: &Held| {
        let Held { package, version, offered, because } = held;
        format!("{package} {version} ({}): {because}", offered.as_deref().unwrap_or("-"))
    };
    let held = held.iter().map(line);
    [shown(&image)].into_iter().chain(held).collect::<Vec<_>>().join("\n")
}

fn indices(new_suite: &str) -> Vec<Index> {
    vec![index("stable", 500, &format!("{BASE}{OLD}")), index(new_suite, 500, NEW)]
}

#[test]
fn one_package_moves_alone() {
    let updated = |names: &[&str]| updated(&indices("stable"), &request(&ALL), &part(names, false));
    insta::assert_snapshot!(updated(&["plain"]), @"base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=2 tool=1");
    insta::assert_snapshot!(updated(&["front"]), @"base=1 libc=2 mawk=1 | app=1 core=1 front=2 lib=1 more=1 plain=1 tool=1");
    insta::assert_snapshot!(updated(&["app", "lib"]), @"base=1 libc=2 mawk=1 | app=2 core=1 front=1 lib=2 plain=1 tool=1");
}

#[test]
fn what_cannot_move_says_what_holds_it() {
    let updated = |names: &[&str]| updated(&indices("stable"), &request(&ALL), &part(names, false));
    insta::assert_snapshot!(updated(&["app"]), @r"
    base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=1 tool=1
    app 1 (2): it needs lib (>= 2), and lib stays at 1
    ");
    insta::assert_snapshot!(updated(&["core", "mawk"]), @r"
    base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=1 tool=1
    core 1 (2): tool 1 needs core (= 1)
    mawk 1 (-): no source has a newer version
    ");
    let mut exact = request(&ALL);
    exact.install[2] = "plain=1".to_owned();
    let held = super::parts::updated(&indices("stable"), &exact, &part(&["plain"], false));
    insta::assert_snapshot!(held, @r"
    base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=1 tool=1
    plain 1 (2): the manifest asks for plain (= 1)
    ");
}

#[test]
fn only_what_a_security_suite_has_moves() {
    let mut indices = indices("stable");
    indices.push(index("stable-security", 500, "plain 1+s1\nlib 2"));
    insta::assert_snapshot!(updated(&indices, &request(&ALL), &part(&[], true)), @"base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=2 plain=1+s1 tool=1");
    insta::assert_snapshot!(updated(&indices, &request(&ALL), &part(&["front"], true)), @r"
    base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=1 tool=1
    front 1 (2): only stable has it, which was not asked for
    ");
}

#[test]
fn a_priority_holds() {
    let mut indices = indices("later");
    indices[1].pin = 100;
    insta::assert_snapshot!(updated(&indices, &request(&ALL), &part(&["plain"], false)), @r"
    base=1 libc=2 mawk=1 | app=1 core=1 front=1 lib=1 plain=1 tool=1
    plain 1 (2): later has priority 100, and 1 has 500
    ");
}

/// A locked version that no source has any more cannot stay.
#[test]
fn what_is_gone_moves() {
    let old = stable("app 1\nplain 1");
    let wish = request(&["app", "plain"]);
    let first = solve(&old, &wish, None).unwrap();
    let new = stable("app 2\nplain 1\nplain 2");
    let universe = Universe::of(&new, &wish);
    let moved = renew(&wish, &universe, &Resolvo, Some((&first, &part(&["x"], false)))).unwrap();
    assert_eq!(shown(&moved.0), "base=1 libc=2 mawk=1 | app=2 plain=1");
    let same =
        renew(&wish, &Universe::of(&old, &wish), &Resolvo, Some((&first, &part(&[], false))));
    assert_eq!(same.unwrap().0.groups, first.groups);
}

#[test]
fn a_whole_update_says_what_stays_behind() {
    let indices = indices("stable");
    let request = request(&ALL);
    let universe = Universe::of(&indices, &request);
    let (image, held) = renew(&request, &universe, &Resolvo, None).unwrap();
    assert!(shown(&image).contains("core=1 front=2 lib=2"), "{}", shown(&image));
    assert_eq!(
        (held.len(), &*held[0].package, &*held[0].because),
        (1, "core", "tool 1 needs core (= 1)")
    );
}
