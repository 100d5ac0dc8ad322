//! The next page of a list, from the `Link` header (RFC 8288).

/// Returns the target of the link whose relation is `next`.
pub(super) fn next(header: &str) -> Option<&str> {
    let (target, rest) = header.trim_start().strip_prefix('<')?.split_once('>')?;
    let end = end_of_parameters(rest);
    let is_next = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            let relations = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && relations.split(' ').any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    };
    match rest[..end].split(';').any(is_next) {
        true => Some(target),
        false => next(rest[end..].strip_prefix(',')?),
    }
}

/// Finds the comma before the next link; one in quotes is none.
fn end_of_parameters(text: &str) -> usize {
    let mut quoted = false;
    let ends = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    text.find(ends).unwrap_or(text.len())
}

/// Returns the whole address of a `Location` or link found at `base`.
pub(super) fn absolute(base: &str, target: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let folder =
        path.split('?').next().unwrap_or("").rsplit_once('/').map_or("", |(folder, _)| folder);
    match target {
        _ if target.contains("://") && !target.starts_with('/') => target.to_owned(),
        _ if target.starts_with("//") => format!("{scheme}:{target}"),
        _ if target.starts_with('/') => format!("{scheme}://{host}{target}"),
        _ if folder.is_empty() => format!("{scheme}://{host}/{target}"),
        _ => format!("{scheme}://{host}/{folder}/{target}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{absolute, next};
    use proptest::prelude::*;

    #[test]
    fn links() {
        assert_eq!(
            next(r#"</v2/x/tags/list?last=b&n=2>; rel="next""#),
            Some("/v2/x/tags/list?last=b&n=2")
        );
        assert_eq!(next("<a>; title=\"x, y\"; rel=prev , <b>;rel=next"), Some("b"));
        for none in ["", "<a", "<a>", "<a>; rel=\"prev\"", "a; rel=next", "<a>,"] {
            assert_eq!(next(none), None, "{none}");
        }
    }

    #[test]
    fn addresses() {
        let base = "http://r:5/v2/x/tags/list?n=1/2";
        assert_eq!(absolute(base, "/v2/y?z"), "http://r:5/v2/y?z");
        assert_eq!(absolute(base, "list?n=2"), "http://r:5/v2/x/tags/list?n=2");
        assert_eq!(absolute(base, "https://s/y"), "https://s/y");
        assert_eq!(absolute(base, "//s/y"), "http://s/y");
    }

    proptest! {
        #[test]
        fn any_header_is_read(text in "[<>;,=\" a-zé]{0,40}") {
            let _ = next(&text);
        }
    }
}
