//! Reads OpenSSH certificates as far as sshd does before it looks at who signed them
//! (PROTOCOL.certkeys): the key in it, its terms and the key of its authority.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

const MARK: &str = "-cert-v01@openssh.com";

/// Returns the key that a certificate of a type is for; `None`: it is no such certificate.
pub(super) fn key(kind: &str, blob: &str) -> Option<KeyData> {
    let plain = plain(kind)?;
    let bytes = STANDARD.decode(blob).ok()?;
    let mut rest = bytes.as_slice();
    (string(&mut rest)? == kind.as_bytes()).then_some(())?;
    string(&mut rest)?; // nonce
    let mut key = encoded(plain.as_bytes());
    for _ in 0..fields(&plain) {
        key.extend(encoded(string(&mut rest)?));
    }
    take(&mut rest, 8)?; // serial number
    take(&mut rest, 4)?; // for a user or a host
    string(&mut rest)?; // name
    string(&mut rest)?; // principals
    take(&mut rest, 16)?; // from when to when
    for _ in 0..3 {
        string(&mut rest)?; // critical options, extensions, reserved
    }
    PublicKey::from_bytes(string(&mut rest)?).ok()?;
    string(&mut rest)?; // signature
    rest.is_empty().then(|| PublicKey::from_bytes(&key).ok())?.map(|key| key.key_data().clone())
}

/// Returns the type of the key in a certificate of a type.
fn plain(kind: &str) -> Option<String> {
    let kind = kind.strip_suffix(MARK)?;
    Some(if kind.starts_with("sk-") { format!("{kind}@openssh.com") } else { kind.to_owned() })
}

/// Returns how many fields a key of a type has.
fn fields(plain: &str) -> usize {
    match plain {
        "ssh-ed25519" => 1,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 3,
        _ => 2,
    }
}

fn string<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take(rest, 4)?.try_into().ok().map(u32::from_be_bytes)?;
    take(rest, usize::try_from(length).ok()?)
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    // What was read had a length of four bytes.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, bytes].concat()
}
