//! What is found, and what only looks like it. Tokens are put together here, so that no one takes this file for a leak.

use super::*;

/// What looks like a token of this length.
fn random(length: usize) -> String {
    let letters = b"q7Zt3LmX9vRb2KcD8nWf5HsGy4Pj6TaEu1Bo0VxNi";
    (0..length).map(|at| char::from(letters[at * 7 % letters.len()])).collect()
}

/// The names of the rules that find something in a file.
fn rules(path: &str, text: &str) -> Vec<String> {
    scan(path, text.as_bytes()).into_iter().map(|found| found.rule).collect()
}

fn pem(kind: &str) -> String {
    let lines = [random(64), random(64)].join("\n");
    format!("-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n")
}

#[test]
fn the_table_is_read_and_each_rule_says_where_it_is_from() {
    let table: Table = toml::from_str(TABLE).unwrap();
    let rules = Rules::read(TABLE).unwrap();
    assert_eq!(rules.rules.len(), table.rule.len());
    let mut names: Vec<&str> = table.rule.iter().map(|row| &*row.id).collect();
    assert!(table.rule.iter().all(|row| row._from.len() > 6 && !row.what.is_empty()));
    assert!(table.rule.iter().all(|row| row.regex.is_some() || !row.files.is_empty()));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "two rules of one name");
}

#[test]
fn private_keys_are_found() {
    for kind in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
    ] {
        assert_eq!(rules("etc/x.pem", &pem(kind)), ["private-key"], "{kind}");
    }
    let head = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    let old = pem("RSA PRIVATE KEY").replacen("-----\n", &format!("-----\n{head}"), 1);
    assert_eq!(rules("a", &old), ["private-key"]);
    let json = pem("PRIVATE KEY").replace('\n', "\\n");
    assert_eq!(rules("account.json", &format!("{{\"private_key\": \"{json}\"}}")), ["private-key"]);
    let yaml = pem("PRIVATE KEY").replace('\n', "\n    ");
    assert_eq!(rules("a.yaml", &format!("key: |\n    {yaml}")), ["private-key"]);
}

#[test]
fn keys_of_other_programs_are_found() {
    let armour = format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n", random(64));
    assert_eq!(rules("a.asc", &armour), ["private-key"]);
    let age = random(58).to_uppercase();
    assert_eq!(rules("key.txt", &format!("# made\nAGE-SECRET-KEY-1{age}\n")), ["age-key"]);
    let minisign = format!("untrusted comment: x\nRWRTY0Iy{}\n", random(204));
    assert_eq!(rules("a.key", &minisign), ["minisign-key"]);
    assert_eq!(rules("a.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n"), ["putty-key"]);
    let wireguard = format!("[Interface]\nPrivateKey = {}=\n", random(43));
    assert_eq!(rules("etc/wireguard/wg0.conf", &wireguard), ["wireguard-key"]);
    assert_eq!(rules("root/.gnupg/private-keys-v1.d/AB.key", "(key)"), ["gnupg-key"]);
}

/// As openssl writes them: `openssl pkcs8 -topk8 -nocrypt -outform DER` of Ed25519, P-256 and RSA, and `openssl pkcs12`.
#[test]
fn keys_without_armour_are_found() {
    let ed25519 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20rest";
    let p256 = b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
    let rsa = b"\x30\x82\x04\xbe\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7";
    for key in [&ed25519[..], p256, rsa] {
        let found = scan("a.der", key);
        assert_eq!((&*found[0].rule, found[0].line), ("private-key-der", None));
    }
    let pkcs12 = b"\x30\x82\x0a\x01\x02\x01\x03\x30\x82\x09\xc7\x06";
    assert_eq!(scan("a.p12", pkcs12)[0].rule, "pkcs12");
    // A certificate, a public key, and an ELF program.
    let certificate = b"\x30\x82\x03\x5c\x30\x82\x02\x44\xa0\x03\x02\x01\x02\x02\x14";
    let public = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    for other in [&certificate[..], public, b"\x7fELF\x02\x01\x01\x00"] {
        assert_eq!(scan("a.der", other), []);
    }
}

/// What forges, registries and clouds give out.
fn of_forges() -> Vec<(&'static str, String)> {
    vec![
        ("github-token", format!("ghp_{}", random(36))),
        ("github-token", format!("github_pat_{}_{}", random(22), random(59))),
        ("gitlab-token", format!("glpat-{}", random(20))),
        ("slack-token", format!("xoxb-{}", random(40))),
        (
            "slack-token",
            format!("https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{}", random(24)),
        ),
        ("aws-key", format!("AKIA{}", "Q3ZT5LMX2VRB7KCD")),
        ("aws-secret", format!("AWS_SECRET_ACCESS_KEY={}", random(40))),
        ("google-key", format!("AIza{}", random(35))),
        ("npm-token", format!("npm_{}", random(36))),
    ]
}

/// What other services give out.
fn of_services() -> Vec<(&'static str, String)> {
    vec![
        ("pypi-token", format!("pypi-AgE{}", random(100))),
        ("docker-token", format!("dckr_pat_{}", random(27))),
        ("ai-key", format!("sk-proj-{}T3BlbkFJ{}", random(24), random(24))),
        ("ai-key", format!("sk-ant-api03-{}", random(93))),
        ("ai-key", format!("hf_{}", random(34))),
        ("stripe-key", format!("sk_live_{}", random(24))),
        ("vault-token", format!("hvs.{}", random(24))),
        ("tailscale-key", format!("tskey-auth-{}-{}", random(12), random(32))),
        ("digitalocean-token", format!("dop_v1_{}", "0123456789abcdef".repeat(4))),
        ("sendgrid-key", format!("SG.{}.{}", random(22), random(43))),
    ]
}

#[test]
fn tokens_are_found_by_their_shape() {
    for (rule, token) in of_forges().into_iter().chain(of_services()) {
        assert_eq!(rules("etc/app.env", &format!("TOKEN=\"{token}\"\n")), [rule], "{token}");
    }
}

#[test]
fn files_of_programs_are_known_by_their_place() {
    let config = |path: &str, text: &str| rules(path, text).join(" ");
    assert_eq!(config("root/.netrc", "machine a login b password Tr0ub4dor"), "netrc");
    assert_eq!(config("etc/apt/auth.conf.d/acme.conf", "machine a\npassword s3cr3t-x"), "netrc");
    assert_eq!(config("root/.pgpass", "host:5432:db:ann:Tr0ub4dor"), "database-password");
    let docker = format!("{{\"auths\": {{\"r\": {{\"auth\": \"{}\"}}}}}}", random(24));
    assert_eq!(config("root/.docker/config.json", &docker), "registry-password");
    let npm = format!("//r.example/:_authToken={}", random(20));
    assert_eq!(config("home/ann/.npmrc", &npm), "package-index-password");
    let kube = format!("users:\n- user:\n    client-key-data: {}\n", random(80));
    assert_eq!(config("root/.kube/config", &kube), "kubeconfig");
    let kube = format!("users:\n- user:\n    token: {}\n", random(40));
    assert_eq!(config("root/.kube/config", &kube), "kubeconfig-token");
}

#[test]
fn other_files_are_known_by_their_place() {
    let config = |path: &str, text: &str| rules(path, text).join(" ");
    let net = "[wifi-security]\npsk=correct horse\n";
    assert_eq!(
        config("etc/NetworkManager/system-connections/a.nmconnection", net),
        "network-password"
    );
    assert_eq!(config("root/.bash_history", "ls\n"), "history");
    assert_eq!(config("srv/app/.git/HEAD", "ref: refs/heads/main\n"), "repository");
    let preseed = "d-i passwd/root-password password r00tme-now\n";
    assert_eq!(config("preseed.cfg", preseed), "installer-password");
    assert_eq!(
        config("a.list", "deb https://ann:Tr0ub4dor@apt.example.com a main"),
        "url-password"
    );
}

#[test]
fn hashes_that_are_soon_guessed_are_told_from_good_ones() {
    let md5 = format!("$1$salt${}", random(22));
    assert_eq!(rules("etc/shadow", &format!("ann:{md5}:1::::::\n")), ["weak-hash"]);
    assert_eq!(rules("etc/htpasswd", &format!("ann:$apr1$salt${}\n", random(22))), ["weak-hash"]);
    assert_eq!(rules("etc/shadow", &format!("ann:{}:1::::::\n", random(13))), ["weak-shadow"]);
    for good in [
        format!("$y$j9T$salt${}", random(43)),
        format!("$6$salt${}", random(86)),
        "*".into(),
        "!".into(),
    ] {
        assert_eq!(
            rules("etc/shadow", &format!("root:*:1::::::\nann:{good}:1::::::\n")),
            [""; 0],
            "{good}"
        );
    }
}

#[test]
fn what_only_looks_like_a_secret_is_passed_over() {
    let cases = [
        ("etc/x.pem", pem("PUBLIC KEY")),
        ("etc/x.crt", pem("CERTIFICATE")),
        ("etc/x.asc", format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{}\n", random(64))),
        ("authorized_keys", format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{} ann", random(43))),
        // Pages about keys.
        ("README", "A file with `-----BEGIN PRIVATE KEY-----` in its first line is one.\n".into()),
        ("README", "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n".into()),
        ("README", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n".into()),
        ("README", format!("export TOKEN=ghp_{}\n", "x".repeat(36))),
        ("README", format!("AKIA{}EXAMPLE\n", "IOSFODNN7")),
        (
            "README",
            "https://user:password@example.com and https://$USER:$PASS@example.com\n".into(),
        ),
        ("README", "ssh://git@example.com:2222/a and postgres://localhost:5432/a\n".into()),
    ];
    for (path, text) in cases {
        assert_eq!(rules(path, &text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn the_same_words_elsewhere_are_no_secret() {
    let cases = [
        // The same words in a file that no program reads so.
        ("srv/notes", "machine a login b password Tr0ub4dor\n".into()),
        ("root/.netrc", "machine a login b password <password>\n".into()),
        ("root/.npmrc", "//r.example/:_authToken=${NPM_TOKEN}\n".into()),
        ("root/.bash_history", String::new()),
        ("etc/wireguard/wg0.conf", format!("PublicKey = {}=\n", random(43))),
        ("a.js", format!("const hashes = [\"{}\"];", random(64))),
    ];
    for (path, text) in cases {
        assert_eq!(rules(path, &text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn the_line_is_told_and_not_what_stands_there() {
    let token = format!("ghp_{}", random(36));
    let found = scan("a", format!("# one\n\nTOKEN={token}\n{token}\n").as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].line, Some(3));
    assert!(!format!("{found:?}").contains(&token));
}
