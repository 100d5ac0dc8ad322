//! Reads what a plugin says of itself, and refuses what makes no sense.

mod schema;

use isoplug_manifest::plain;
use isoplug_manifest::plugin::Requests;
use semver::Version;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::grant::Allowed;
use crate::{Description, Error, Example, Plugin, World};

/// The largest document, in bytes.
const LARGEST: usize = 256 << 10;

/// The document as it is written. What a later contract adds is left out.
#[derive(Deserialize)]
#[serde(default)]
struct Document {
    id: String,
    version: String,
    summary: String,
    licence: String,
    homepage: String,
    stages: Vec<String>,
    architectures: Option<Vec<String>>,
    options: Json,
    requests: Json,
    examples: Vec<DocumentedExample>,
}

#[derive(Deserialize)]
struct DocumentedExample {
    title: String,
    #[serde(default)]
    config: Json,
}

impl Default for Document {
    fn default() -> Self {
        let empty = String::new;
        Self {
            id: empty(),
            version: empty(),
            summary: empty(),
            licence: empty(),
            homepage: empty(),
            stages: Vec::new(),
            architectures: None,
            options: Json::Object(serde_json::Map::new()),
            requests: Json::Object(serde_json::Map::new()),
            examples: Vec::new(),
        }
    }
}

impl From<DocumentedExample> for Example {
    fn from(example: DocumentedExample) -> Self {
        Self { title: example.title, config: example.config }
    }
}

fn read(text: &str) -> Result<(Json, Document, Version), String> {
    if text.len() > LARGEST {
        return Err("the document has more than 256 KiB".to_owned());
    }
    let json: Json = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let document = Document::deserialize(&json).map_err(|error| error.to_string())?;
    let version = Version::parse(&document.version)
        .map_err(|error| format!("version {:?}: {error}", document.version))?;
    Ok((json, document, version))
}

impl Description {
    /// Reads the document that a plugin of a world returned.
    pub(crate) fn read(text: &str, world: World) -> Result<Self, Error> {
        Self::parse(text, world).map_err(Error::Description)
    }

    fn parse(text: &str, world: World) -> Result<Self, String> {
        let (json, document, version) = read(text)?;
        let Document { id, version: _, summary, licence, homepage, stages, .. } = document;
        let requests = asked_for(document.requests)?;
        check_id(&id)?;
        check_plain(&json)?;
        check_lines(&requests.lines()).and(check_lines(&[&summary, &licence, &homepage]))?;
        check_stages(&stages, world)?;
        Ok(Self {
            id,
            version,
            summary,
            licence,
            homepage,
            stages,
            architectures: architectures(document.architectures)?,
            options: schema::read(document.options)?,
            requests,
            examples: document.examples.into_iter().map(Example::from).collect(),
            json: crate::question::sorted(json).to_string(),
        })
    }
}

/// Requires parts of lower-case letters, digits and `-`, with dots between them.
fn asked_for(requests: Json) -> Result<Requests, String> {
    let requests: Requests = serde_json::from_value(requests)
        .map_err(|error| format!("it asks for what this isoplug does not know: {error}"))?;
    Allowed::read("NAME", &requests.granted()).map_err(|error| error.to_string())?;
    Ok(requests)
}

fn check_id(id: &str) -> Result<(), String> {
    let fine = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
    let part = |part: &str| !part.is_empty() && part.chars().all(fine) && !part.starts_with('-');
    if id.len() <= 128 && id.split('.').all(part) {
        return Ok(());
    }
    Err(format!("id {id:?}: it reads like `acme.hardening`"))
}

/// Refuses what would move the cursor or turn a line of those who read it: what a plugin says of itself is what
/// people consent to.
fn check_plain(document: &Json) -> Result<(), String> {
    plain::unplain(document).map_or(Ok(()), |place| {
        Err(format!("{} holds control or format characters", place.trim_start_matches('.')))
    })
}

fn check_lines(lines: &[impl AsRef<str>]) -> Result<(), String> {
    let mut lines = lines.iter().map(AsRef::as_ref);
    match lines.find(|line: &&str| line.len() > 1000 || !plain::is_plain_line(line)) {
        Some(line) => {
            let begin: String = line.chars().take(60).collect();
            Err(format!("{begin:?} must be one line of at most 1000 bytes"))
        }
        None => Ok(()),
    }
}

fn check_stages(stages: &[String], world: World) -> Result<(), String> {
    match (world, stages.is_empty()) {
        (World::Stage, true) => Err("a plugin that plans stages names them in `stages`".to_owned()),
        (World::Contributor | World::Check, false) => {
            Err(format!("`stages` is for plugins that plan one; this is a {world}"))
        }
        _ => Ok(()),
    }
}

/// A list that names nothing would be a plugin for no image. A name that is not known here may be one of tomorrow.
fn architectures(named: Option<Vec<String>>) -> Result<Vec<String>, String> {
    let Some(names) = named else { return Ok(Vec::new()) };
    let letter = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
    let fine = |name: &String| {
        name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(letter)
    };
    match names.iter().find(|name| !fine(name)) {
        _ if names.is_empty() => {
            Err("`architectures` is empty; without it the plugin is for all".to_owned())
        }
        Some(name) => Err(format!(
            "architecture {name:?}: it is one of Debian's names, such as `amd64` or `arm64`"
        )),
        None => Ok(names),
    }
}

/// Says what a plugin of the world does, for a call of another.
pub(crate) fn require(plugin: &Plugin, world: World) -> Result<(), Error> {
    let verb = match world {
        World::Contributor => "contribute to an image",
        World::Stage => "plan stages",
        World::Check => "check images",
    };
    if plugin.component.world == world {
        return Ok(());
    }
    Err(Error::Verb { plugin: plugin.name.clone(), verb })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn refuse(change: Json) -> String {
        let mut document = json!({ "id": "acme.a", "version": "1.2.0" });
        for (key, value) in change.as_object().unwrap() {
            document[key] = value.clone();
        }
        let read = Description::read(&document.to_string(), World::Contributor);
        read.err().map_or_else(|| "fine".to_owned(), |error| error.to_string())
    }

    #[test]
    fn a_document_is_read() {
        let document = json!({
            "id": "acme.hardening", "version": "1.2.0", "summary": "Stricter",
            "options": { "type": "object", "properties": { "level": { "enum": ["low", "high"] } } },
            "requests": { "files": ["root:/etc/**"] },
            "examples": [{ "title": "strict", "config": { "level": "high" } }],
            "from-the-future": 1
        });
        let read = Description::read(&document.to_string(), World::Contributor).unwrap();
        assert_eq!((read.id.as_str(), read.version), ("acme.hardening", Version::new(1, 2, 0)));
        assert_eq!(read.requests.lines(), ["files root:/etc/**"]);
        assert_eq!(read.examples[0].config["level"], "high");
        assert!(read.architectures.is_empty());
        assert!(read.json.starts_with(r#"{"examples""#));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_snapshot!(
            refuse(json!({ "id": "Acme" })),
            @r#"the plugin describes itself wrongly: id "Acme": it reads like `acme.hardening`"#
        );
        assert_snapshot!(
            refuse(json!({ "version": "1.2" })),
            @r#"the plugin describes itself wrongly: version "1.2": unexpected end of input while parsing minor version number"#
        );
        assert_snapshot!(
            refuse(json!({ "stages": ["iso"] })),
            @"the plugin describes itself wrongly: `stages` is for plugins that plan one; this is a contributor"
        );
        assert_snapshot!(
            refuse(json!({ "options": true })),
            @"the plugin describes itself wrongly: options: a schema is an object"
        );
    }

    #[test]
    fn architectures_are_names_of_debian() {
        assert_snapshot!(
            refuse(json!({ "architectures": [] })),
            @"the plugin describes itself wrongly: `architectures` is empty; without it the plugin is for all"
        );
        assert_snapshot!(
            refuse(json!({ "architectures": ["amd64", "x86_64"] })),
            @r#"the plugin describes itself wrongly: architecture "x86_64": it is one of Debian's names, such as `amd64` or `arm64`"#
        );
        assert_snapshot!(refuse(json!({ "architectures": ["amd64", "loong64"] })), @"fine");
    }

    #[test]
    fn requests_for_the_unknown_are_refused() {
        assert_snapshot!(
            refuse(json!({ "requests": { "root-shell": true } })),
            @"the plugin describes itself wrongly: it asks for what this isoplug does not know: unknown field `root-shell`, expected one of `files`, `merge`, `reads`, `inputs`, `secrets`, `fetch`, `units`, `kernel-params`, `setuid`, `remove`, `hooks`"
        );
        assert_snapshot!(
            refuse(json!({ "requests": { "files": ["/etc/x"] } })),
            @"the plugin describes itself wrongly: pattern `/etc/x` in [grants.NAME]: it begins with `root:` or `iso:`"
        );
    }
}
