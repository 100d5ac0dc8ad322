//! What the table and the event say.

use super::*;
use crate::matrix::Why;
use crate::pick::Pick;

fn member(profile: &str, state: State) -> Member {
    let pick = Pick { profile: profile.to_owned(), arch: "amd64".to_owned() };
    Member { pick, name: profile.to_owned(), state }
}

fn failed(stage: Option<&str>, reason: &str) -> State {
    State::Failed(Why { stage: stage.map(str::to_owned), reason: reason.to_owned() })
}

fn matrix() -> Matrix {
    let images = vec![
        member("minimal", failed(Some("packages 1"), &"no mirror has it ".repeat(8))),
        member("a-profile-with-a-name-that-is-rather-long", failed(None, "out of date")),
        member("rescue", State::Stopped),
    ];
    Matrix { images, ..Matrix::default() }
}

#[test]
fn the_table_fits_a_terminal() {
    let table = matrix().table();
    assert!(table.lines().all(|line| line.chars().count() <= WIDTH), "{table}");
    insta::assert_snapshot!(table, @r"
    image                         arch       size       time   cached  result
    minimal                       amd64         –          –        –  failed
      stage `packages 1`: no mirror has it no mirror has it no mirror has it no mir…
    a-profile-with-a-name-that-…  amd64         –          –        –  failed
      out of date
    rescue                        amd64         –          –        –  stopped
    ");
}

#[test]
fn machines_get_one_event() {
    let event = matrix().event();
    assert_eq!(event["event"], "summary");
    let images = event["images"].as_array().unwrap().iter().map(Json::to_string);
    insta::assert_snapshot!(images.skip(1).collect::<Vec<_>>().join("\n"), @r#"
    {"arch":"amd64","profile":"a-profile-with-a-name-that-is-rather-long","reason":"out of date","result":"failed","stage":null}
    {"arch":"amd64","profile":"rescue","result":"stopped"}
    "#);
}

#[test]
fn tests_are_counted_by_how_they_ended() {
    let tests = |passed, failed, unfinished| Tests { passed, failed, unfinished }.text();
    assert_eq!(tests(6, 0, 0), "6 passed");
    assert_eq!(tests(4, 1, 1), "4 passed, 1 failed, 1 unfinished");
}
