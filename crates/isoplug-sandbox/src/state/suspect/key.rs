//! Finds private keys in the forms that programs keep them in.

/// What stands at the beginning of a key that is a file of its own.
const AT_START: [&[u8]; 7] = [
    // Dropbear: the length of the type, and the type.
    b"\0\0\0\x07ssh-rsa",
    b"\0\0\0\x07ssh-dss",
    b"\0\0\0\x0bssh-ed25519",
    b"\0\0\0\x13ecdsa-sha2-nistp",
    // GnuPG's agent.
    b"(11:private-key",
    b"(21:protected-private-key",
    b"Key: (private-key",
];

/// Whether the bytes hold a private key.
pub(super) fn has_private_key(bytes: &[u8]) -> bool {
    AT_START.iter().any(|start| bytes.starts_with(start))
        || is_der(bytes)
        || is_keystore(bytes)
        || find(bytes, b"AGE-SECRET-KEY-1").is_some()
        || has_armoured(bytes)
}

/// `-----BEGIN … PRIVATE KEY-----` with what looks like a key below it, unlike in a manual.
fn has_armoured(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = find(rest, b"-----BEGIN ") {
        rest = &rest[at + 11..];
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let is_private = find(line, b"PRIVATE KEY").is_some();
        if is_private && has_base64_line(&rest[line.len()..]) {
            return true;
        }
    }
    false
}

/// Whether one of the next few lines is Base64 and long.
fn has_base64_line(bytes: &[u8]) -> bool {
    let is_base64 = |line: &&[u8]| {
        let line = line.trim_ascii();
        let mut all = line.iter();
        line.len() >= 40 && all.all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    };
    bytes.split(|&byte| byte == b'\n').take(8).any(|line| is_base64(&line))
}

/// PKCS #1, #8 and SEC 1 in DER: a sequence as long as the file that begins with the version 0 or
/// 1 and goes on with a number, a sequence or a string of bytes.
fn is_der(bytes: &[u8]) -> bool {
    let Some(body) = sequence(bytes) else { return false };
    matches!(body, [0x02, 0x01, 0x00, 0x02 | 0x30, ..] | [0x02, 0x01, 0x01, 0x04 | 0x30, ..])
}

/// PKCS #12, and Java's own form with a private key as its first entry.
fn is_keystore(bytes: &[u8]) -> bool {
    let is_java =
        bytes.starts_with(b"\xfe\xed\xfe\xed") && bytes.get(12..16) == Some(&[0, 0, 0, 1]);
    is_java || matches!(sequence(bytes), Some([0x02, 0x01, 0x03, 0x30, ..]))
}

/// Returns what is in a DER sequence that fills a file.
pub(super) fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (length, body) = match bytes {
        [0x30, length @ 0..=0x7f, body @ ..] => (usize::from(*length), body),
        [0x30, 0x81, length, body @ ..] => (usize::from(*length), body),
        [0x30, 0x82, high, low, body @ ..] => (usize::from(*high) << 8 | usize::from(*low), body),
        _ => return None,
    };
    (length == body.len() && length > 8).then_some(body)
}

/// Returns where bytes are found first.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|byte| *byte == wanted[0])?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_forms_are_seen() {
        let line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
        for kind in ["", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED "] {
            let text = format!("x\n-----BEGIN {kind}PRIVATE KEY-----\n{line}\n-----END\n");
            assert!(has_private_key(text.as_bytes()), "{text}");
        }
        let headed =
            format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\nDEK-Info: A\n\n{line}");
        assert!(has_private_key(headed.as_bytes()));
        assert!(has_private_key(b"\0\0\0\x0bssh-ed25519\0\0\0\x40abc"));
        assert!(has_private_key(&[&[0x30, 0x0a, 2, 1, 0, 0x30][..], &[5; 6]].concat()));
    }

    #[test]
    fn what_only_speaks_of_keys_is_not_one() {
        let texts = [
            "grep -q -- '-----BEGIN PRIVATE KEY-----' \"$1\" || exit 1\n",
            "-----BEGIN CERTIFICATE-----\nMIIB\n",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAabcd\n",
            "ssh-ed25519 AAAA",
        ];
        for text in texts {
            assert!(!has_private_key(text.as_bytes()), "{text}");
        }
    }
}
