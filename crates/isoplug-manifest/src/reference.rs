//! Writes the reference page of all options as Markdown.

use std::fmt::Write;

use crate::explain::walk;
use crate::manifest::Manifest;
use crate::parts::Options;
use crate::shape::{Kind, Shape};

const ABOUT: &str = "\
# Options

<!-- Made by `isoplug schema --reference`. To change it, change the doc comments of the options. -->

A profile sets options. Lists of several modules append, tables merge; two different values of one
option are an error. `{ fallback = v }` gives way to a plain value, `{ force = v }` wins over it; a
fallback of a built-in profile gives way to another one.
`NAME` stands for a name of your choice, `[]` for each item of a list.

A profile has three keys beside its options: `extends` names a profile or several, such as
`isoplug:minimal` and `isoplug:rescue`; `include` lists TOML files with options; `when.arch.ARCH`
and `when.suite.SUITE` hold options for one architecture or suite.
";

/// Returns the reference page of everything that `isoplug.toml` can say.
#[must_use]
pub fn reference() -> String {
    let mut page = ABOUT.to_owned();
    section(&mut page, "Of a profile", Options::shape());
    section(&mut page, "Of the manifest", Manifest::shape());
    page
}

fn section(page: &mut String, title: &str, shape: &Shape) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {title}\n");
    walk(shape, &mut Vec::new(), &mut |keys, shape| {
        let _ = write!(page, "{}", entry(keys, shape));
    });
}

/// Items of lists and values of maps are told of with their list or map.
fn entry(keys: &[&str], shape: &Shape) -> String {
    let table = matches!(shape.kind, Kind::Object { .. });
    if matches!(keys.last(), Some(&"*" | &"[]")) && !table {
        return String::new();
    }
    let mut text = format!("\n### `{}`\n\n", title(keys));
    let docs = &shape.docs;
    if !docs.is_empty() {
        text += &format!("{docs}\n");
    }
    if table {
        return text;
    }
    text += &format!("\n*Type:* {}", kind(shape));
    if let Some(default) = &shape.default {
        text += &format!(" · *default:* `{default}`");
    }
    text.push('\n');
    text + &words(shape)
}

fn title(keys: &[&str]) -> String {
    let mut title = String::new();
    for key in keys {
        match *key {
            "[]" => title += "[]",
            "*" => title += ".NAME",
            key if title.is_empty() => title += key,
            key => title += &format!(".{key}"),
        }
    }
    title
}

fn kind(shape: &Shape) -> String {
    match &shape.kind {
        Kind::List(items) => match &items.kind {
            Kind::Choice(_) => "a list of words".to_owned(),
            _ => format!("a list, each item {}", items.type_name()),
        },
        Kind::Map { .. } => "a table with keys of your choice".to_owned(),
        Kind::Choice(_) => "a word".to_owned(),
        Kind::Integer(min, max) if *min > i64::MIN => format!("an integer from {min} to {max}"),
        _ => shape.type_name(),
    }
}

fn words(shape: &Shape) -> String {
    let shape = match &shape.kind {
        Kind::List(items) => items,
        _ => shape,
    };
    let Kind::Choice(words) = &shape.kind else { return String::new() };
    let lines = words.iter().map(|(word, docs)| format!("- `\"{word}\"`: {docs}\n"));
    format!("\n{}", lines.collect::<String>())
}
