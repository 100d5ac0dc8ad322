//! The format of SSH public keys: a line of `authorized_keys`, read as OpenSSH reads it.

mod certificate;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{Finding, Verdict, is_placeholder};

/// A line of `authorized_keys` (sshd(8)), with or without options before the key.
pub(super) fn ssh_key(text: &str) -> Verdict {
    let line = text.trim_matches([' ', '\t', '\r', '\n']);
    if !line.contains('\n') && is_key(line) {
        return if line == text { Verdict::Fine } else { Verdict::Same(line.to_owned()) };
    }
    if is_placeholder(text) && !is_path(line) {
        let message = "this SSH key is a placeholder: nobody can log in with it";
        return Verdict::Doubtful(Finding::new("placeholder", message).help(PUT));
    }
    Verdict::Wrong(mistake(line))
}

const PUT: &str = "put the line of your `.pub` file here";

fn mistake(line: &str) -> Finding {
    let wrong = |message: &str| Finding::new("bad-ssh-key", message);
    if line.contains("PRIVATE KEY") {
        return wrong("this is a private key, which nobody else may see").help(PUT);
    }
    if line.contains('\n') {
        return wrong("this has several lines, and a key has one")
            .help("make each line an item of the list");
    }
    if is_path(line) {
        let help = format!("put the line that `cat {line}` prints here");
        return wrong("this is the path of a file, not an SSH public key").help(help);
    }
    wrong(lack(line)).help(PUT)
}

/// Says what a line lacks that is not a key.
fn lack(line: &str) -> &'static str {
    let words: Vec<&str> = line.split([' ', '\t']).collect();
    match words.iter().position(|word| key_type(word).is_some()) {
        Some(place) if place + 1 == words.len() => "the type of this SSH key has no key behind it",
        Some(_) => "the key behind the type of this SSH public key is damaged or cut off",
        None => "this is not an SSH public key: it has no type such as `ssh-ed25519`",
    }
}

/// No key is one word, nor begins like a path.
fn is_path(line: &str) -> bool {
    let is_word = !line.contains([' ', '\t']);
    is_word && (line.starts_with(['/', '~', '.']) || line.ends_with(".pub"))
}

/// Tries the line as a bare key, then what follows the options, as ssh-keygen(1) does.
fn is_key(line: &str) -> bool {
    is_bare_key(line) || after_options(line).is_some_and(is_bare_key)
}

/// The options end at the first blank outside of quotes; a quote behind a backslash is part of one.
fn after_options(line: &str) -> Option<&str> {
    let (mut quoted, mut before) = (false, ' ');
    let end = line.find(|each: char| {
        quoted ^= each == '"' && before != '\\';
        before = each;
        [' ', '\t'].contains(&each) && !quoted
    });
    end.map(|end| line[end..].trim_start_matches([' ', '\t']))
}

/// A type, blanks, the key in base64, and a comment.
fn is_bare_key(line: &str) -> bool {
    let Some((kind, rest)) = line.split_once([' ', '\t']) else { return false };
    let blob = rest.trim_start_matches([' ', '\t']);
    let blob = blob.split([' ', '\t']).next().unwrap_or_default();
    key_type(kind).is_some_and(|kind| fits(kind, blob))
}

/// Says whether the base64 is a key, or a certificate, of a type.
fn fits(kind: &str, blob: &str) -> bool {
    let key = match kind.contains("-cert-v01@") {
        true => certificate::key(kind, blob),
        false => PublicKey::from_openssh(&format!("{kind} {blob}"))
            .ok()
            .map(|key| key.key_data().clone()),
    };
    key.is_some_and(|key| is_long_enough(&key))
}

/// OpenSSH reads no RSA keys of less than 1024 bits.
fn is_long_enough(key: &KeyData) -> bool {
    let Some(rsa) = key.rsa() else { return true };
    let number = rsa.n.as_positive_bytes().unwrap_or_default();
    let spare = number.first().map_or(0, |first| first.leading_zeros() as usize);
    8 * number.len() - spare >= 1024
}

/// The types of keys.
const TYPES: [&str; 14] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
];

/// Returns the type that the first word of a line means (OpenSSH's `sshkey.c`): names of signatures
/// stand for their keys.
fn key_type(word: &str) -> Option<&'static str> {
    let word = match word {
        "rsa-sha2-256" | "rsa-sha2-512" => "ssh-rsa",
        "rsa-sha2-256-cert-v01@openssh.com" | "rsa-sha2-512-cert-v01@openssh.com" => {
            "ssh-rsa-cert-v01@openssh.com"
        }
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com" => "sk-ecdsa-sha2-nistp256@openssh.com",
        word => word,
    };
    TYPES.into_iter().find(|known| *known == word)
}

#[cfg(test)]
mod tests;
