//! The format of password hashes: what crypt(5) writes and shadow(5) keeps, and GRUB's.

use super::{Finding, Verdict, is_placeholder, made_of, require};

/// A password hash that Debian's libcrypt verifies, and that is not guessed soon; with a `!` or `*` before it, or alone, it is
/// locked, and empty it lets everybody in.
pub(super) fn crypt_hash(text: &str) -> Verdict {
    let hash = text.trim_start_matches(['!', '*']);
    if text.is_empty() {
        let message = "an empty password lets everybody in at the console";
        let finding = Finding::new("empty-password", message);
        return Verdict::Doubtful(finding.help(MAKE));
    }
    if hash.is_empty() || (is_hash(hash) && weak(hash).is_none()) {
        return Verdict::Fine;
    }
    if is_placeholder(text) {
        let message = "this password hash is a placeholder: nobody can log in with it";
        let finding = Finding::new("placeholder", message);
        return Verdict::Doubtful(finding.help(MAKE));
    }
    Verdict::Wrong(weak(hash).unwrap_or_else(|| not_a_hash(hash)))
}

/// How to make a hash that nobody guesses soon.
const MAKE: &str = "make a hash with `mkpasswd` (of the package whois) or `openssl passwd -6`";

/// What is a hash, of a method that is guessed fast: billions of tries in a second on one graphics card.
fn weak(hash: &str) -> Option<Finding> {
    let method = if is_des(hash) {
        "DES"
    } else {
        let (_, name) = WEAK.iter().find(|(begin, _)| hash.starts_with(begin))?;
        if !is_hash(hash) {
            return None;
        }
        name
    };
    let message = match method {
        "DES" => {
            "this is a plain password, or a hash of the old DES, which is guessed within hours"
                .to_owned()
        }
        method => format!("this is a hash by {method}, which is guessed within hours"),
    };
    Some(
        Finding::new(if method == "DES" { "plain-password" } else { "weak-hash" }, message)
            .help(MAKE),
    )
}

/// Methods of crypt(5) whose hashes are made too fast, by how these begin.
const WEAK: [(&str, &str); 5] = [
    ("$1$", "MD5"),
    ("$md5", "MD5 of Solaris"),
    ("$3$", "NT"),
    ("$sha1$", "SHA-1"),
    ("_", "DES of BSDi"),
];

/// The old DES has no mark: two characters of salt and eleven of hash.
fn is_des(text: &str) -> bool {
    text.len() == 13 && base64(text)
}

/// A password hash as `grub-mkpasswd-pbkdf2` prints it and GRUB's command `password_pbkdf2` takes it.
pub(super) fn grub_hash(text: &str) -> Verdict {
    let hex =
        |text: &str| made_of(text, |each| each.is_ascii_hexdigit()) && text.len().is_multiple_of(2);
    let parts: Option<Vec<&str>> =
        text.strip_prefix("grub.pbkdf2.sha512.").map(|rest| rest.split('.').collect());
    let is_right = matches!(parts.as_deref(), Some([rounds, salt, hash])
        if digits(rounds) && hex(salt) && hex(hash) && hash.len() == 128);
    require(is_right, || {
        Finding::new("bad-hash", "this is not a password hash of GRUB's")
            .help("make one with `grub-mkpasswd-pbkdf2`, and copy all from `grub.pbkdf2` on")
    })
}

fn not_a_hash(text: &str) -> Finding {
    if text.starts_with('$') {
        let finding = Finding::new("bad-hash", "this is not a password hash of crypt(5)");
        return finding.help(format!("{MAKE}, and copy the whole of it"));
    }
    let message = "this looks like a plain password, not like a hash";
    Finding::new("plain-password", message).help(MAKE)
}

/// The expressions of crypt(5). Those of the old DES are left out: they look like any word.
fn is_hash(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('_') {
        return rest.len() == 19 && base64(rest);
    }
    let Some((method, rest)) = text.strip_prefix('$').and_then(|text| text.split_once('$')) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('$').collect();
    is_of_method(method.split_once(',').map_or(method, |(method, _)| method), &parts)
}

fn is_of_method(method: &str, parts: &[&str]) -> bool {
    match (method, parts) {
        ("y" | "gy", [parameters, salt, hash]) => {
            base64(parameters) && is_base64(salt, 0, 86) && is_base64(hash, 43, 43)
        }
        ("7", [salt, hash]) => is_base64(salt, 11, 97) && is_base64(hash, 43, 43),
        ("2a" | "2b" | "2x" | "2y", [cost, hash]) => {
            cost.len() == 2 && digits(cost) && is_base64(hash, 53, 53)
        }
        ("6", parts) => is_sha(parts, 86),
        ("5", parts) => is_sha(parts, 43),
        ("1", [salt, hash]) => is_salt(salt, 8) && is_base64(hash, 22, 22),
        ("sha1", [rounds, salt, hash]) => {
            digits(rounds) && is_base64(salt, 1, 64) && is_base64(hash, 28, 28)
        }
        ("md5", [salt, hash] | [salt, "", hash]) => {
            is_base64(salt, 1, 8) && is_base64(hash, 22, 22)
        }
        ("3", ["", hash]) => hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    }
}

/// sha256crypt and sha512crypt, with or without a number of rounds.
fn is_sha(parts: &[&str], length: usize) -> bool {
    match parts {
        [salt, hash] => is_salt(salt, 16) && is_base64(hash, length, length),
        [rounds, salt, hash] => {
            rounds.strip_prefix("rounds=").is_some_and(digits)
                && is_salt(salt, 16)
                && is_base64(hash, length, length)
        }
        _ => false,
    }
}

fn is_salt(text: &str, most: usize) -> bool {
    text.len() <= most && !text.contains([':', '\n'])
}

fn is_base64(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && (text.is_empty() || base64(text))
}

fn base64(text: &str) -> bool {
    made_of(text, |each| each.is_ascii_alphanumeric() || "./".contains(each))
}

fn digits(text: &str) -> bool {
    made_of(text, |each| each.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each method, made with libxcrypt's `mkpasswd` and `crypt`.
    const HASHES: &[&str] = &[
        "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
        "$5$saltstring$C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi.",
        "$5$rounds=5000$salt$kpa26zwgX83BPSR8d7w93OIXbFt/d3UOTZaAu5vsTM6",
        "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00",
        "$6$rounds=10000$saltsaltsaltsalt$JfKXl4x07umbXIGXrz4jYnDtZt8fIFlNSby2poRKPSFD4PbiQHTxb2NLQPGuaML.ZXPWXKfgxibKFGp.yXoha.",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
        "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$uE5FcoxTz78xZpMZkpTmj/0MogyeNUSLIjdCxpQjz.8",
        "$7$CU..../....2Q9obwLhin8qvQl6sisAO/$zLxvLFYPM5KAGpCZJUSlO9j165rU./sf1Adr0M4C5A4",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$2y$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$sha1$24$saltsalt$aNLkYyGxS/Hq4c22pfI//j7u/bg0",
        "$md5,rounds=100$saltsalt$$rgAdXqlcPXRb8MLDhwIsL/",
        "$3$$878d8014606cda29677a44efa1353fc7",
        "_J9..rasmz0.F/jqjWck",
    ];

    #[test]
    fn every_method_is_known_plain_and_locked() {
        for hash in HASHES.iter().filter(|hash| !is_weak(hash)) {
            assert_eq!(crypt_hash(hash), Verdict::Fine, "{hash}");
            for locked in ["!", "!!", "*"] {
                assert_eq!(crypt_hash(&format!("{locked}{hash}")), Verdict::Fine, "{hash}");
            }
        }
        for locked in ["!", "*", "!!", "!*"] {
            assert_eq!(crypt_hash(locked), Verdict::Fine, "{locked}");
        }
    }

    fn is_weak(hash: &str) -> bool {
        ["$1$", "$md5", "$3$", "$sha1$", "_"].iter().any(|begin| hash.starts_with(begin))
    }

    #[test]
    fn what_is_guessed_fast_is_refused() {
        let weak: Vec<_> = HASHES.iter().filter(|hash| is_weak(hash)).collect();
        assert_eq!(weak.len(), 5);
        for hash in weak {
            for text in [(*hash).to_owned(), format!("!{hash}")] {
                let Verdict::Wrong(finding) = crypt_hash(&text) else { panic!("{text}") };
                assert_eq!(finding.code, "weak-hash", "{text}");
                assert!(finding.help.unwrap().contains("mkpasswd"), "{text}");
            }
        }
        // "rl0uE0wGRYfZM" is what DES makes of a password.
        let Verdict::Wrong(finding) = crypt_hash("rl0uE0wGRYfZM") else { panic!() };
        assert!(finding.message.contains("DES"), "{}", finding.message);
    }

    #[test]
    fn dots_in_a_hash_do_not_make_it_a_placeholder() {
        let salt_and_hash = format!("$6$...a...b${}", ".".repeat(86));
        assert_eq!(crypt_hash(&salt_and_hash), Verdict::Fine);
        for text in ["$6$...", "$6$…", "<hash>", "!$y$..."] {
            let Verdict::Doubtful(finding) = crypt_hash(text) else { panic!("{text}") };
            assert_eq!(finding.code, "placeholder", "{text}");
        }
    }

    #[test]
    fn plain_passwords_and_cut_hashes_are_caught() {
        for (text, code) in [
            ("secret", "plain-password"),
            ("!secret", "plain-password"),
            ("hunter2hunter", "plain-password"),
            ("*LK*", "plain-password"),
            ("$6$salt$short", "bad-hash"),
            ("$99$salt$hash", "bad-hash"),
            ("!$6$salt$short", "bad-hash"),
        ] {
            let Verdict::Wrong(finding) = crypt_hash(text) else { panic!("{text}") };
            assert_eq!(finding.code, code, "{text}");
        }
        assert!(matches!(crypt_hash(""), Verdict::Doubtful(_)));
    }

    #[test]
    fn hashes_of_grub_are_told_from_others() {
        let hash = format!("grub.pbkdf2.sha512.10000.{}.{}", "0A".repeat(64), "9F".repeat(64));
        assert_eq!(grub_hash(&hash), Verdict::Fine);
        for text in ["secret", HASHES[3], &hash[..200], "grub.pbkdf2.sha512.x.0A.9F"] {
            let Verdict::Wrong(finding) = grub_hash(text) else { panic!("{text}") };
            assert_eq!(finding.code, "bad-hash");
        }
    }
}
