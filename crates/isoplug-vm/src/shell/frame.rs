//! The frames of the shell protocol: `@isoplug:<id>:<kind>:<fields>;` anywhere in the text.
//!
//! Pure. What is torn does not parse and is left out; [`Answer::output`] notices by the counts.

use std::collections::BTreeMap;

use super::Output;

/// The frames that answer one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// How many characters of a command the shell holds.
    pub(super) got: Option<usize>,
    lines: BTreeMap<usize, String>,
    end: Option<(i32, usize)>,
}

impl Answer {
    /// Collects the frames of one request.
    pub(super) fn parse(id: u32, text: &str) -> Self {
        let mut answer = Self::default();
        let start = format!("@isoplug:{id}:");
        for piece in text.split(&start).skip(1) {
            let Some((frame, _)) = piece.split_once(';') else { continue };
            answer.take(frame);
        }
        answer
    }

    fn take(&mut self, frame: &str) -> Option<()> {
        let mut fields = frame.split(':');
        match fields.next()? {
            "got" => self.got = Some(fields.next()?.parse().ok()?),
            "end" => {
                self.end = Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?));
            }
            "line" => {
                let number = fields.next()?.parse().ok()?;
                self.lines.insert(number, fields.next()?.to_owned());
            }
            _ => {}
        }
        Some(())
    }

    /// The output, if every line of it came through unharmed.
    pub(super) fn output(&self) -> Option<Output> {
        let (status, length) = self.end?;
        let text: String = self.lines.values().map(String::as_str).collect();
        let bytes = from_base64(&text)?;
        let whole = bytes.len() == length && self.lines.keys().copied().eq(1..=self.lines.len());
        whole.then(|| Output { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

/// Whether the text holds the frame that ends an answer, even one that is torn inside.
pub(super) fn is_last(id: u32, text: &str) -> bool {
    ["got", "end"].iter().any(|kind| {
        let start = format!("@isoplug:{id}:{kind}:");
        text.find(&start).is_some_and(|at| text[at..].contains(';'))
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Decodes; `None` for anything that [`base64`] would not write.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for character in digits.bytes() {
        let digit = ALPHABET.iter().position(|&known| known == character)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    (text.len().is_multiple_of(4) && text.len() - digits.len() < 3).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_round_trips() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37) ^ 0xa5).collect();
            assert_eq!(from_base64(&base64(&bytes)), Some(bytes));
        }
        assert_eq!(base64(b"light w"), "bGlnaHQgdw==");
        assert_eq!(from_base64("bGln[ 12.3]"), None);
    }

    #[test]
    fn a_torn_line_is_noticed() {
        let whole =
            "noise\n@isoplug:7:line:1:aGVs;\n@isoplug:7:line:2:bG8=;\n@isoplug:7:end:3:5;\n";
        let output = Output { status: 3, text: "hello".to_owned() };
        assert_eq!(Answer::parse(7, whole).output(), Some(output));
        for torn in [
            whole.replace("aGVs", "aG[ 1.2] usb\nVs"),
            whole.replace("line:1", "li[ 1.2] usb\nne:1"),
            whole.replace("@isoplug:7:line:2", "@iso[ 1.2] usb\nplug:7:line:2"),
            whole.replace("7:end:3", "7:end:"),
            whole.replace("isoplug:7", "isoplug:6"),
        ] {
            assert_eq!(Answer::parse(7, &torn).output(), None, "{torn}");
        }
    }
}
