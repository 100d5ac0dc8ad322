//! What is stated about vulnerabilities as a VEX of CycloneDX 1.6, which says of each where it stands.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::bytes::hex;

use super::accept::Acceptance;
use super::{Finding, Report, Subject, Word, vex};

/// Returns a document with each vulnerability that was judged; its number follows from what it says.
#[must_use]
pub fn write(report: &Report, subject: &Subject, time: &str) -> Value {
    let all: Vec<Value> = report.findings.iter().map(vulnerability).collect();
    let components: BTreeMap<String, Value> =
        report.findings.iter().map(|it| (vex::purl(&it.source), component(it))).collect();
    let digest = hex(&Sha256::digest(json!([subject.purl, all, report.data]).to_string()));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&digest)),
        "version": 1,
        "metadata": metadata(subject, time),
        "components": components.into_values().collect::<Vec<_>>(),
        "vulnerabilities": all,
    })
}

fn metadata(subject: &Subject, time: &str) -> Value {
    json!({
        "timestamp": time,
        "tools": { "components": [{ "type": "application", "name": "isoplug" }] },
        "component": {
            "type": "application", "bom-ref": subject.purl, "name": subject.name,
            "purl": subject.purl,
        },
    })
}

fn component(finding: &Finding) -> Value {
    let (source, purl) = (&finding.source, vex::purl(&finding.source));
    json!({
        "type": "library", "bom-ref": purl, "name": source.name, "version": source.version, "purl": purl,
    })
}

fn vulnerability(finding: &Finding) -> Value {
    let url = format!("https://security-tracker.debian.org/tracker/{}", finding.id);
    json!({
        "bom-ref": format!("{}/{}", finding.id, vex::purl(&finding.source)),
        "id": finding.id,
        "source": { "name": "Debian", "url": url },
        "analysis": analysis(finding),
        "affects": [{ "ref": vex::purl(&finding.source) }],
    })
}

/// Where it stands.
fn analysis(finding: &Finding) -> Value {
    if let Some(accepted) = &finding.accepted {
        return of_accepted(accepted);
    }
    match finding.word {
        Word::NeverAffected => {
            json!({ "state": "not_affected", "justification": "code_not_present" })
        }
        Word::Fixed => json!({ "state": "resolved" }),
        Word::NotJudged => json!({ "state": "in_triage" }),
        Word::Vex => json!({ "state": "not_affected", "detail": finding.vex }),
        Word::Fixable => {
            let fixed = finding.fixed.as_deref().unwrap_or("a newer version");
            let detail = format!("update {} to {fixed}", finding.source.name);
            json!({ "state": "exploitable", "response": ["update"], "detail": detail })
        }
        word => json!({ "state": "exploitable", "detail": word.text() }),
    }
}

/// What the manifest says: that the image is not affected, or that it is and stays so for a while.
fn of_accepted(Acceptance { reason, until, justification: why, .. }: &Acceptance) -> Value {
    let Some(word) = why else {
        let detail = format!("accepted until {until}: {reason}");
        return json!({ "state": "exploitable", "response": ["will_not_fix"], "detail": detail });
    };
    json!({ "state": "not_affected", "justification": justification(word), "detail": reason })
}

/// Returns CycloneDX's word for one of OpenVEX.
fn justification(word: &str) -> &'static str {
    match word {
        "component_not_present" | "vulnerable_code_not_present" => "code_not_present",
        "vulnerable_code_not_in_execute_path" => "code_not_reachable",
        _ => "protected_by_mitigating_control",
    }
}

/// Returns a number of the form of version 5, of the beginning of a digest.
fn uuid(digest: &str) -> String {
    let [first, second, third, fourth] =
        [&digest[..8], &digest[8..12], &digest[13..16], &digest[17..20]];
    format!("{first}-{second}-5{third}-8{fourth}-{}", &digest[20..32])
}
