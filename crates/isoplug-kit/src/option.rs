//! Draws a plugin's options as rows.

use isoplug_plugin::Description;
use serde_json::Value as Json;

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionRow {
    /// Its path: `ssh.ports[]`.
    pub name: String,
    /// What it takes: `text`, `one of low, high`, `list of texts`.
    pub kind: String,
    /// Its default as TOML has it; empty if it has none.
    pub default: String,
    /// Whether it has to be set.
    pub is_required: bool,
    /// What it is for.
    pub description: String,
}

/// Returns the options of a plugin, those of tables below them.
pub fn options(description: &Description) -> Vec<OptionRow> {
    let mut rows = Vec::new();
    table(&description.options, "", &mut rows);
    rows
}

fn table(schema: &Json, above: &str, rows: &mut Vec<OptionRow>) {
    let empty = Vec::new();
    let required = schema["required"].as_array().unwrap_or(&empty);
    for (name, option) in schema["properties"].as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        rows.push(OptionRow {
            kind: kind(option),
            default: option.get("default").map(Json::to_string).unwrap_or_default(),
            is_required: required.iter().any(|it| it == name),
            description: described(option),
            name: path.clone(),
        });
        table(option, &path, rows);
        table(&option["items"], &format!("{path}[]"), rows);
        table(&option["additionalProperties"], &format!("{path}.NAME"), rows);
    }
}

/// Returns the description, with what each word of a choice means.
fn described(option: &Json) -> String {
    let mut text = option["description"].as_str().unwrap_or_default().to_owned();
    for case in option["oneOf"].as_array().into_iter().flatten() {
        if let (Some(word), Some(meaning)) = (case["const"].as_str(), case["description"].as_str())
        {
            text += &format!(" `{word}`: {meaning}");
        }
    }
    text.trim().to_owned()
}

fn kind(schema: &Json) -> String {
    if schema["enum"].is_array() {
        return format!("one of {}", words(&schema["enum"], Json::as_str));
    }
    if schema["oneOf"].is_array() {
        return format!("one of {}", words(&schema["oneOf"], |case| case["const"].as_str()));
    }
    match schema["type"].as_str() {
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => format!("whole number{}", range(schema)),
        Some("number") => format!("number{}", range(schema)),
        Some("array") => format!("list, each {}", kind(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("table, each {}", kind(&schema["additionalProperties"]))
        }
        Some("object") => "table".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn words(list: &Json, word: fn(&Json) -> Option<&str>) -> String {
    list.as_array().into_iter().flatten().filter_map(word).collect::<Vec<_>>().join(", ")
}

fn range(schema: &Json) -> String {
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(" from {low}"),
        (None, Some(high)) => format!(" up to {high}"),
        (None, None) => String::new(),
    }
}
