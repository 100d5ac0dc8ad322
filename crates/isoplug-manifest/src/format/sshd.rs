//! Formats of what stands behind the keywords of sshd_config(5).

use super::{Finding, Verdict, require};
use crate::plain::is_plain_line;

/// One word, which may hold blanks: the file has it in quotes then.
pub(super) fn argument(text: &str) -> Verdict {
    require(is_line(text) && !text.contains('"'), || {
        let message = format!("{text:?} cannot be one word in sshd_config(5)");
        Finding::new("bad-word", message).help("a text of one line without quotes")
    })
}

/// What goes to the end of a line.
pub(super) fn text(text: &str) -> Verdict {
    require(is_line(text), || {
        let message = format!("{text:?} cannot be a line of sshd_config(5)");
        Finding::new("bad-line", message).help("a text of one line that is not empty")
    })
}

/// One name of a list with commas, or a pattern.
pub(super) fn name(text: &str) -> Verdict {
    require(is_line(text) && !text.contains([' ', ',', '"', '#', '\'']), || {
        let message = format!("{text:?} cannot be one name of a list in sshd_config(5)");
        Finding::new("bad-word", message).help("write each as an item of its own: [\"a\", \"b\"]")
    })
}

/// Seconds, or numbers with units (sshd_config(5), TIME FORMATS); `none` where there may be no limit.
pub(super) fn time(text: &str) -> Verdict {
    let numbers = text.split_inclusive(|each: char| !each.is_ascii_digit());
    let is_number = |part: &str| {
        let digits = part.trim_end_matches(|each: char| "smhdwSMHDW".contains(each));
        !digits.is_empty()
            && part.len() - digits.len() <= 1
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    require(text == "none" || (!text.is_empty() && { numbers }.all(is_number)), || {
        let finding = Finding::new("bad-time", format!("{text:?} is not a time of sshd_config(5)"));
        finding.help("seconds, or numbers with s, m, h, d or w, such as \"1h30m\"")
    })
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && is_plain_line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_sshd() {
        for text in ["0", "600", "10m", "1h30m", "1w2d3h4m5s", "1H30", "none"] {
            assert_eq!(time(text), Verdict::Fine, "{text}");
        }
        for text in ["", "m", "1x", "1mm", "10 m", "-1", "1.5h"] {
            assert!(matches!(time(text), Verdict::Wrong(_)), "{text}");
        }
    }

    #[test]
    fn a_value_stays_within_its_line() {
        for text in ["", " ", "a\nPermitRootLogin yes", "a\u{1b}b"] {
            for format in [argument, name, super::text] {
                assert!(matches!(format(text), Verdict::Wrong(_)), "{text:?}");
            }
        }
        assert!(matches!(argument("a\" b"), Verdict::Wrong(_)));
        assert_eq!(argument("/etc/a banner"), Verdict::Fine);
        assert!(matches!(name("aes128-ctr,aes256-ctr"), Verdict::Wrong(_)));
        assert_eq!(name("+aes128-ctr"), Verdict::Fine);
    }
}
