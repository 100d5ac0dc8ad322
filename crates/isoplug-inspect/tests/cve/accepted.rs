//! What whoever makes an image accepts for a while: in reports, and in what is written for others.

use isoplug_inspect::cve::accept::{self, Acceptance, Accepting, State};
use isoplug_inspect::cve::{Report, Subject, Word, cyclonedx, sarif, vex};
use isoplug_inspect::look::packages::Package;
use serde_json::{Value, json};

use super::{number, report, status, subject, tracker};

fn acceptance(index: usize, package: &str, until: &str, word: Option<&str>) -> Acceptance {
    Acceptance {
        id: number(index - 1),
        package: package.to_owned(),
        reason: "nobody listens".to_owned(),
        until: until.to_owned(),
        justification: word.map(str::to_owned),
    }
}

/// Four: by the source's name, by a binary's with a word of OpenVEX, one whose day has come, one that is fixed.
fn accepting(subject: &Subject) -> Report {
    let mut report = report(subject, "t.json", tracker().to_string().as_bytes());
    let word = Some("vulnerable_code_not_in_execute_path");
    let all = [
        acceptance(4, "a04", "2026-12-01", None),
        acceptance(11, "liba11", "2026-12-01", word),
        acceptance(7, "a07", "2026-11-30", None),
        acceptance(2, "a02", "2027-01-01", None),
    ];
    accept::apply(&mut report, &all, "2026-11-30");
    report
}

#[test]
fn what_is_accepted_does_not_count_until_its_day() {
    let report = accepting(&subject(&status()));
    let word = |index: usize| {
        report.findings.iter().find(|it| it.id == number(index - 1)).map(|it| it.word)
    };
    let expected = [Word::Accepted, Word::Accepted, Word::Fixable, Word::Fixed].map(Some);
    assert_eq!([4, 11, 7, 2].map(word), expected);
    let states: Vec<State> = report.acceptances.iter().map(|it| it.state).collect();
    assert_eq!(states, [State::Accepted, State::Accepted, State::Expired, State::Unused]);
    let text = report.page().text();
    for line in [
        "CVE-2026-0004  a04      until 2026-12-01",
        "CVE-2026-0007  a07      no longer, since 2026-11-30",
        "CVE-2026-0002  a02      not in it",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let words: Vec<Word> = report.findings.iter().map(|it| it.word).collect();
    assert!(words.is_sorted() && !Word::Accepted.is_affected() && !Word::Accepted.is_shown());
}

/// The profile of the live system speaks for the medium; that of a target for what no other system has against its will.
#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn what_a_target_accepts_counts_where_no_other_system_has_it() {
    let package = |name: &str| Package { name: name.to_owned(), ..Package::default() };
    let [a, b, c, d] = ["a", "b", "c", "d"].map(package);
    let accept = |package: &str, until: &str| acceptance(1, package, until, None);
    let [live, server, desktop] = [
        vec![a.clone()],
        vec![a.clone(), b.clone(), c.clone(), d.clone()],
        vec![a.clone(), c.clone(), d.clone()],
    ];
    let of_server = ["a", "b", "c", "d"].map(|package| accept(package, "2027-01-01")).to_vec();
    let systems = |own: Vec<Acceptance>| {
        [
            Accepting { packages: &live, accepted: own },
            Accepting { packages: &server, accepted: of_server.clone() },
            Accepting { packages: &desktop, accepted: vec![accept("d", "2026-12-01")] },
        ]
    };
    let accepted = accept::of_medium(&systems(Vec::new()));
    assert_eq!(accepted, [accept("b", "2027-01-01"), accept("d", "2026-12-01")]);
    let accepted = accept::of_medium(&systems(vec![accept("a", "2026-12-24")]));
    assert_eq!(accepted[0], accept("a", "2026-12-24"));
    assert_eq!(accepted.len(), 3);
}

#[test]
fn what_is_accepted_stays_in_what_is_written() {
    let subject = subject(&status());
    let report = accepting(&subject);
    let document = vex::write(&report, &subject, "2026-11-30T00:00:00Z");
    let all = document["statements"].as_array().unwrap();
    let of = |index: usize| {
        all.iter().find(|it| it["vulnerability"]["name"] == number(index - 1)).unwrap()
    };
    assert_eq!(of(4)["status"], "affected");
    assert_eq!(of(4)["action_statement"], "accepted until 2026-12-01: nobody listens");
    assert_eq!(of(11)["status"], "not_affected");
    assert_eq!(of(11)["justification"], "vulnerable_code_not_in_execute_path");
    assert_eq!(of(7)["action_statement"], "update a07 to 1.0-1", "its day has come");
    let results = sarif::write(&report)["runs"][0]["results"].as_array().unwrap().clone();
    let hidden: Vec<&Value> = results
        .iter()
        .filter(|it| it["suppressions"] != json!([]))
        .map(|it| &it["ruleId"])
        .collect();
    assert_eq!(hidden, ["CVE-2026-0004", "CVE-2026-0011"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn each_word_has_its_state_in_cyclonedx() {
    let subject = subject(&status());
    let report = accepting(&subject);
    let document = cyclonedx::write(&report, &subject, "2026-11-30T00:00:00Z");
    assert_eq!(document, cyclonedx::write(&report, &subject, "2026-11-30T00:00:00Z"));
    let number_of = document["serialNumber"].as_str().unwrap();
    let lengths: Vec<usize> =
        number_of.rsplit(':').next().unwrap().split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{number_of}");
    let all = document["vulnerabilities"].as_array().unwrap();
    assert_eq!(all.len(), 30);
    let references: Vec<&Value> =
        document["components"].as_array().unwrap().iter().map(|it| &it["bom-ref"]).collect();
    for one in all {
        assert!(references.contains(&&one["affects"][0]["ref"]), "{one}");
    }
    let of = |index: usize| {
        let one = all.iter().find(|it| it["id"] == number(index - 1)).unwrap();
        one["analysis"].clone()
    };
    assert_eq!(of(1), json!({ "state": "not_affected", "justification": "code_not_present" }));
    assert_eq!(of(2), json!({ "state": "resolved" }));
    assert_eq!(of(19), json!({ "state": "in_triage" }));
    assert_eq!(of(8)["response"], json!(["update"]));
    assert_eq!(of(4)["response"], json!(["will_not_fix"]));
    let expected = json!({
        "state": "not_affected", "justification": "code_not_reachable", "detail": "nobody listens",
    });
    assert_eq!(of(11), expected);
    assert_eq!(of(14), json!({ "state": "exploitable", "detail": "will not fix" }));
}
