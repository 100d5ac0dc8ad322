//! Replaces what differs from run to run in the output of the command.

/// Returns the text with digests, durations, numbers of processes and versions replaced.
pub fn replaced(text: &str) -> String {
    let text = runs(
        text,
        |c| c.is_ascii_hexdigit(),
        |run| match run.len() {
            64 => Some("[SHA256]".to_owned()),
            _ => None,
        },
    );
    let lines: Vec<String> = text.split('\n').map(duration).collect();
    lines.join("\n").replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

/// Replaces each longest run of letters that belong together.
fn runs(text: &str, belongs: fn(char) -> bool, replace: fn(&str) -> Option<String>) -> String {
    let (mut out, mut run) = (String::new(), String::new());
    for c in text.chars() {
        if belongs(c) {
            run.push(c);
            continue;
        }
        out += &replace(&run).unwrap_or_else(|| run.clone());
        run.clear();
        out.push(c);
    }
    out + &replace(&run).unwrap_or(run)
}

/// Replaces the number of `… done in 0.1 s, …`.
fn duration(line: &str) -> String {
    let Some((head, rest)) = line.split_once(" in ") else { return line.to_owned() };
    match rest.split_once(" s") {
        Some((seconds, rest)) if seconds.parse::<f64>().is_ok() => {
            format!("{head} in [TIME] s{rest}")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced() {
        let digest = "0123456789abcdef".repeat(4);
        let text = format!("fetch: done in 0.3 s, 5 bytes\nsha256:{digest}\nlies in s");
        let expected = "fetch: done in [TIME] s, 5 bytes\nsha256:[SHA256]\nlies in s";
        assert_eq!(replaced(&text), expected);
    }
}
