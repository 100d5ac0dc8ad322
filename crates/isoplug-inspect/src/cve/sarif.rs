//! SARIF 2.1.0, which code hosts show.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Finding, Report, Word};

/// Returns what is shown of a report.
#[must_use]
pub fn write(report: &Report) -> Value {
    let shown: Vec<&Finding> =
        report.findings.iter().filter(|it| it.word.is_shown() || it.accepted.is_some()).collect();
    let rules: BTreeMap<&str, Value> = shown
        .iter()
        .map(|finding| {
            (&*finding.id, json!({ "id": finding.id, "shortDescription": { "text": finding.id } }))
        })
        .collect();
    let results: Vec<Value> = shown.iter().map(|finding| result(finding, &report.image)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "isoplug", "rules": rules.into_values().collect::<Vec<_>>() } },
            "results": results,
        }],
    })
}

fn result(finding: &Finding, image: &str) -> Value {
    let Finding { id, source, word, fixed, .. } = finding;
    let level = if *word == Word::Fixable { "error" } else { "warning" };
    let fix = fixed.as_ref().map(|fixed| format!(", fixed in {fixed}")).unwrap_or_default();
    let text = format!("{id} in {} {}: {}{fix}", source.name, source.version, word.text());
    let suppressions = finding.accepted.iter().map(|accepted| {
        let text = format!("accepted until {}: {}", accepted.until, accepted.reason);
        json!({ "kind": "external", "justification": text })
    });
    json!({
        "ruleId": id,
        "suppressions": suppressions.collect::<Vec<_>>(),
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": image } } }],
        "partialFingerprints": { "vulnerability/v1": format!("{id}/{}", source.name) },
    })
}
