//! What differs between two profiles, as text for people and as JSON.

use isoplug_engine::{Change, OtherStage, Place};
use isoplug_manifest::{OtherOption, SaidValue};
use serde_json::{Value as Json, json};

use super::packages::OtherPackage;
use super::{OtherFile, Two};

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 100;

impl Two {
    /// Returns it for people: `-` is what the first alone has, `+` what the second alone has.
    pub(crate) fn text(&self) -> String {
        let [a, b] = &self.picks;
        let sections = [
            ("options", self.options.iter().map(option).collect::<String>()),
            ("packages", self.packages.iter().map(package).collect()),
            ("files", self.files.iter().map(file).collect()),
            ("stages", self.stages.iter().flatten().map(stage).collect()),
        ];
        let sections = sections.into_iter().filter(|(_, text)| !text.is_empty());
        let sections: String = sections.map(|(name, text)| format!("\n{name}\n{text}")).collect();
        let notes: String = self.notes.iter().map(|note| format!("\n({note})\n")).collect();
        if sections.is_empty() {
            return format!("{a} and {b} are the same\n{notes}");
        }
        format!("- {a}\n+ {b}\n{sections}{notes}")
    }

    /// Returns the same for machines.
    pub(crate) fn json(&self) -> Json {
        let profiles: Vec<Json> = self
            .picks
            .iter()
            .map(|pick| json!({ "profile": pick.profile, "arch": pick.arch }))
            .collect();
        json!({
            "profiles": profiles,
            "options": self.options.iter().map(option_json).collect::<Vec<_>>(),
            "packages": self.packages.iter().map(package_json).collect::<Vec<_>>(),
            "files": self.files.iter().map(file_json).collect::<Vec<_>>(),
            "stages": self.stages,
            "notes": self.notes,
        })
    }
}

fn option_json(OtherOption { path, first, second }: &OtherOption) -> Json {
    let said = |said: &SaidValue| json!({ "value": said.value, "places": said.places });
    let [first, second] = [first, second].map(|list| list.iter().map(said).collect::<Vec<_>>());
    json!({ "option": path, "first": first, "second": second })
}

fn package_json(OtherPackage { name, sides }: &OtherPackage) -> Json {
    let [first, second] = sides.each_ref().map(|side| {
        let side = side.as_ref();
        side.map(|(version, why)| json!({ "version": version, "because": why }))
    });
    json!({ "package": name, "first": first, "second": second })
}

fn file_json(OtherFile { path, makers: [first, second] }: &OtherFile) -> Json {
    json!({ "path": path, "first": first, "second": second })
}

fn option(OtherOption { path, first, second }: &OtherOption) -> String {
    let side = |sign: char, list: &[SaidValue]| {
        let line = |said: &SaidValue| {
            let places = match &said.places[..] {
                [] => "default".to_owned(),
                places => places.join(", "),
            };
            format!("    {sign} {}  # {places}\n", cut(&said.value))
        };
        list.iter().map(line).collect::<String>()
    };
    format!("  {path}\n{}{}", side('-', first), side('+', second))
}

fn package(OtherPackage { name, sides }: &OtherPackage) -> String {
    let titled = |(version, why): &(String, String)| match version.is_empty() {
        true => format!("{name}: {why}"),
        false => format!("{name} {version}: {why}"),
    };
    let [a, b] = sides;
    match (a, b) {
        (Some((was, _)), Some((is, _))) => format!("  ~ {name} {was} | {is}\n"),
        (Some(first), None) => format!("  - {}\n", titled(first)),
        (None, second) => second.iter().map(|side| format!("  + {}\n", titled(side))).collect(),
    }
}

fn file(OtherFile { path, makers }: &OtherFile) -> String {
    match makers {
        [Some(first), Some(second)] => format!("  ~ {path}: {first} | {second}\n"),
        [Some(first), None] => format!("  - {path}: {first}\n"),
        [None, second] => format!("  + {path}: {}\n", second.as_deref().unwrap_or_default()),
    }
}

fn stage(OtherStage { title, place, changes, through }: &OtherStage) -> String {
    let sign = match place {
        Place::First => return format!("  - {title}\n"),
        Place::Second => return format!("  + {title}\n"),
        Place::Both => '~',
    };
    let through = (!through.is_empty()).then(|| format!(": through {}", through.join(", ")));
    let line = |change: &Change| {
        let words = change.to_string();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let own = changes.iter().map(|change| format!("      {}\n", line(change)));
    format!("  {sign} {title}{}\n{}", through.unwrap_or_default(), own.collect::<String>())
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        None => value.to_owned(),
        Some((at, _)) => format!("{}…", &value[..at]),
    }
}
