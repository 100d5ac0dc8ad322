//! Splits a cleartext-signed message into the signed text and the signature (RFC 9580, 7).
//!
//! Strict: nothing may stand before or after, since apt and a lenient reader could disagree
//! on which text is signed. Verifies nothing.

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A message in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearsigned<'a> {
    /// The signed text: lines end with `\n`, dashes are unescaped, trailing blanks are gone.
    pub text: String,
    /// The armored signature, with its first and last line.
    pub signature: &'a str,
}

/// Why a text is no cleartext-signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It does not begin as such a message does.
    #[error("it does not begin with {BEGIN:?}")]
    Begin,
    /// The armor headers do not end, or one of them is not `Hash`.
    #[error("its headers are malformed")]
    Headers,
    /// There is no signature.
    #[error("it has no signature")]
    NoSignature,
    /// A line of the text begins with a dash that is not escaped.
    #[error("a line of its text begins with a dash")]
    Dash,
    /// The signature does not end, or something follows it.
    #[error("it does not end with {END:?}")]
    End,
}

/// Splits a message.
///
/// # Errors
///
/// When it does not begin, go on or end as a signed message does.
pub fn split(message: &str) -> Result<Clearsigned<'_>, Malformed> {
    let body = after_headers(message)?;
    let start = body.find(&format!("\n{SIGNATURE}")).ok_or(Malformed::NoSignature)?;
    let signature = &body[start + 1..];
    let (_, rest) = signature.split_once(&format!("\n{END}")).ok_or(Malformed::End)?;
    match rest.trim().is_empty() {
        true => {
            Ok(Clearsigned { text: unescape(&body[..start])?, signature: signature.trim_end() })
        }
        false => Err(Malformed::End),
    }
}

fn after_headers(message: &str) -> Result<&str, Malformed> {
    let mut rest = message.strip_prefix(BEGIN).ok_or(Malformed::Begin)?;
    rest = rest.trim_start_matches([' ', '\t', '\r']).strip_prefix('\n').ok_or(Malformed::Begin)?;
    loop {
        let (line, after) = rest.split_once('\n').ok_or(Malformed::Headers)?;
        match line.trim_end() {
            "" => return Ok(after),
            header if header.starts_with("Hash: ") => rest = after,
            _ => return Err(Malformed::Headers),
        }
    }
}

fn unescape(body: &str) -> Result<String, Malformed> {
    let mut text = String::with_capacity(body.len());
    for (number, line) in body.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
        }
        match line.strip_prefix("- ") {
            Some(line) => text.push_str(line.trim_end_matches([' ', '\t', '\r'])),
            None if line.starts_with('-') => return Err(Malformed::Dash),
            None => text.push_str(line.trim_end_matches([' ', '\t', '\r'])),
        }
    }
    Ok(text)
}
