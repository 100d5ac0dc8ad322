//! OpenVEX 0.2.0: what others state about vulnerabilities, and what is stated here.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::bytes::hex;

use super::accept::Acceptance;
use super::{Finding, Report, Source, Subject, Word};

/// Takes what a VEX says over: what is not affected, or fixed, by its word, is no longer counted.
///
/// # Errors
///
/// When it is not an OpenVEX document; the text says why.
pub fn apply(report: &mut Report, text: &str) -> Result<usize, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let context = document["@context"].as_str().unwrap_or_default();
    let is_openvex = context.starts_with("https://openvex.dev/ns");
    let statements = document["statements"].as_array().filter(|_| is_openvex);
    let mut count = 0;
    for statement in statements.ok_or("it is not an OpenVEX document")? {
        let status = statement["status"].as_str().unwrap_or_default();
        let why = statement["justification"].as_str().or(statement["impact_statement"].as_str());
        let counts = matches!(status, "not_affected" | "fixed");
        for finding in report.findings.iter_mut().filter(|it| counts && is_about(statement, it)) {
            finding.word = Word::Vex;
            finding.vex = Some(why.unwrap_or(status).to_owned());
            count += 1;
        }
    }
    report.findings.sort_by_key(|finding| finding.word);
    Ok(count)
}

/// Tells whether a statement names this vulnerability, of this source package or a binary of it.
fn is_about(statement: &Value, finding: &Finding) -> bool {
    let vulnerability = &statement["vulnerability"];
    let id = vulnerability["name"].as_str().or(vulnerability.as_str()).unwrap_or_default();
    let products = statement["products"].as_array().into_iter().flatten();
    let mut names = products.flat_map(|product| {
        let parts = product["subcomponents"].as_array().filter(|parts| !parts.is_empty());
        parts.map_or_else(|| vec![product.clone()], Clone::clone)
    });
    let of_this = |product: Value| {
        let purl = product["@id"].as_str().or(product.as_str()).unwrap_or_default().to_owned();
        let name = purl.strip_prefix("pkg:deb/debian/").unwrap_or_default();
        let (name, version) =
            name.split('?').next().unwrap_or_default().split_once('@').unwrap_or((name, ""));
        let version = version.replace("%2B", "+").replace("%7E", "~").replace("%3A", ":");
        let is_name = name == finding.source.name || finding.source.binaries.contains(name);
        is_name && (version.is_empty() || version == finding.source.version)
    };
    id == finding.id && names.any(of_this)
}

/// Returns a document with a statement for each vulnerability that was judged.
#[must_use]
pub fn write(report: &Report, subject: &Subject, time: &str) -> Value {
    let statements: Vec<Value> =
        report.findings.iter().map(|finding| statement(finding, subject)).collect();
    let digest = hex(&Sha256::digest(json!([subject.purl, statements, report.data]).to_string()));
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{digest}"),
        "author": "isoplug",
        "timestamp": time,
        "version": 1,
        "statements": statements,
    })
}

fn statement(finding: &Finding, subject: &Subject) -> Value {
    let part = purl(&finding.source);
    let mut statement = json!({
        "vulnerability": { "name": finding.id },
        "products": [{ "@id": subject.purl, "subcomponents": [{ "@id": part }] }],
    });
    let (status, more) = match &finding.accepted {
        Some(accepted) => of_accepted(accepted),
        None => status(finding),
    };
    statement["status"] = status.into();
    for (name, text) in more {
        statement[name] = text.into();
    }
    statement
}

/// What the manifest says: that the image is not affected, or that it is and stays so for a while.
fn of_accepted(accepted: &Acceptance) -> (&'static str, Vec<(&'static str, String)>) {
    let Acceptance { reason, until, justification, .. } = accepted;
    match justification {
        Some(word) => {
            let more = vec![("justification", word.clone()), ("impact_statement", reason.clone())];
            ("not_affected", more)
        }
        None => {
            let text = format!("accepted until {until}: {reason}");
            ("affected", vec![("action_statement", text)])
        }
    }
}

fn status(finding: &Finding) -> (&'static str, Vec<(&'static str, String)>) {
    let source = &finding.source.name;
    match finding.word {
        Word::NeverAffected => {
            ("not_affected", vec![("justification", "vulnerable_code_not_present".to_owned())])
        }
        Word::Fixed => ("fixed", Vec::new()),
        Word::NotJudged => ("under_investigation", Vec::new()),
        Word::Vex => {
            let why = finding.vex.clone().unwrap_or_default();
            ("not_affected", vec![("impact_statement", why)])
        }
        Word::Fixable => {
            let fixed = finding.fixed.as_deref().unwrap_or("a newer version");
            ("affected", vec![("action_statement", format!("update {source} to {fixed}"))])
        }
        word => (
            "affected",
            vec![("action_statement", format!("no fix in {}: {}", finding.release, word.text()))],
        ),
    }
}

/// Returns the package URL of a source package; the colon of a version stays.
pub(super) fn purl(source: &Source) -> String {
    let version = source.version.replace('+', "%2B");
    format!("pkg:deb/debian/{}@{version}?arch=source", source.name)
}
