//! Reads lines that a stranger writes, each up to a length.

use std::io::{self, BufRead};

/// Ends a line that was longer.
const CUT: &str = " [cut]";

/// Returns the next line, at most so many bytes of it; `None` at the end.
pub(super) fn next(stream: &mut impl BufRead, most: usize) -> io::Result<Option<String>> {
    let (mut line, mut length) = (Vec::new(), 0);
    loop {
        let bytes = stream.fill_buf()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        line.extend_from_slice(&part[..part.len().min(most - line.len())]);
        length += part.len();
        let (used, is_end) = (part.len() + usize::from(end.is_some()), bytes.is_empty());
        stream.consume(used);
        if is_end && length == 0 {
            return Ok(None);
        }
        if is_end || end.is_some() {
            let cut = if length > line.len() { CUT } else { "" };
            return Ok(Some(format!("{}{cut}", String::from_utf8_lossy(&line).trim_end())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut stream = io::BufReader::with_capacity(3, bytes);
        std::iter::from_fn(|| next(&mut stream, 5).unwrap()).collect()
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(
            lines(b"one\n\nfive5\ntoo long\nlast"),
            ["one", "", "five5", "too l [cut]", "last"]
        );
        assert_eq!(lines(&[b'x'; 1000]), ["xxxxx [cut]"]);
        assert_eq!(lines(b""), Vec::<String>::new());
    }
}
