//! Addresses of files below mirrors, as they are asked for and as they are shown.

/// What apt escapes in a path besides control characters and others than ASCII (Acquire::URIEncode), and what
/// would end a path.
const ESCAPED: &[u8] = b"%+~ ?#\"<>\\^`{|}";

/// Returns the address of a file. Its name is what the archive calls it, so a `%` in it is a part of it.
pub(super) fn address(mirror: &str, path: &str) -> String {
    let mirror = mirror.trim_end_matches('/');
    match mirror.starts_with("file://") {
        true => format!("{mirror}/{path}"),
        false => format!("{mirror}/{}", escaped(path)),
    }
}

fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !ESCAPED.contains(&byte);
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02x}"),
    };
    path.bytes().map(escape).collect()
}

/// Returns an address as messages and logs get it: without `user:password@`.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}/{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped_as_apt_escapes_them() {
        let path = |path: &str| address("http://m/debian/", path);
        assert_eq!(
            path("pool/a/acme_1%3a2.0~rc1+git1-1_all.deb"),
            "http://m/debian/pool/a/acme_1%253a2.0%7erc1%2bgit1-1_all.deb"
        );
        assert_eq!(path("dists/stable/InRelease"), "http://m/debian/dists/stable/InRelease");
        assert_eq!(path("core:/stable:/a b.deb"), "http://m/debian/core:/stable:/a%20b.deb");
        assert_eq!(path("a?b#c"), "http://m/debian/a%3fb%23c");
        assert_eq!(path("é"), "http://m/debian/%c3%a9");
        assert_eq!(address("file:///srv/a", "b~1.deb"), "file:///srv/a/b~1.deb");
    }
}
