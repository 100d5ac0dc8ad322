//! Package URLs in their one canonical form (package-url specification, ECMA-427): what is written here, every
//! reader writes again.

/// Returns the package URL of a Debian package. Qualifiers are in the order of their names.
pub fn deb(
    namespace: &str,
    name: &str,
    version: &str,
    qualifiers: &[(&str, Option<String>)],
) -> String {
    let (namespace, name) = (escape(&namespace.to_lowercase()), escape(name));
    with(format!("pkg:deb/{namespace}/{name}@{}", escape(version)), qualifiers)
}

/// Returns the package URL of an artifact in a registry: a digest is its version, a tag only its name.
pub fn oci(repository: &str, tag: &str, sha256: &str) -> String {
    let name = repository.rsplit('/').next().unwrap_or(repository).to_lowercase();
    let qualifiers =
        [("repository_url", Some(repository.to_owned())), ("tag", Some(tag.to_owned()))];
    with(format!("pkg:oci/{}@sha256:{sha256}", escape(&name)), &qualifiers)
}

/// Returns the package URL of what no registry has.
pub fn generic(name: &str, version: &str, sha256: Option<&str>) -> String {
    let version = if version.is_empty() { String::new() } else { format!("@{}", escape(version)) };
    let checksum = sha256.map(|sha256| format!("sha256:{sha256}"));
    with(format!("pkg:generic/{}{version}", escape(name)), &[("checksum", checksum)])
}

fn with(start: String, qualifiers: &[(&str, Option<String>)]) -> String {
    let set = qualifiers.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let set: Vec<String> =
        set.map(|(key, value)| format!("{key}={}", escape_value(value))).collect();
    if set.is_empty() { start } else { format!("{start}?{}", set.join("&")) }
}

/// Percent-encodes all but what is never encoded: letters, digits, `-._~` and the colon.
fn escape(text: &str) -> String {
    encoded(text, b"-._~:")
}

/// In the value of a qualifier a slash stands for itself.
fn escape_value(text: &str) -> String {
    encoded(text, b"-._~:/")
}

fn encoded(text: &str, kept: &[u8]) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || kept.contains(&byte);
    let encode = |byte| if keep(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_and_plus_signs_are_written_as_readers_write_them() {
        let qualifiers = [
            ("arch", Some("amd64".to_owned())),
            ("distro", Some("debian-13".to_owned())),
            ("upstream", Some("gcc-14@14.2.0-19+b1".to_owned())),
        ];
        assert_eq!(
            deb("debian", "g++", "1:2+b1~rc", &qualifiers),
            "pkg:deb/debian/g%2B%2B@1:2%2Bb1~rc?arch=amd64&distro=debian-13&upstream=gcc-14%4014.2.0-19%2Bb1"
        );
    }

    #[test]
    fn a_version_in_a_registry_is_a_tag() {
        assert_eq!(
            oci("registry.example.com/isoplug/Hardening", "1.2.0", "ab"),
            "pkg:oci/hardening@sha256:ab?repository_url=registry.example.com/isoplug/Hardening&tag=1.2.0"
        );
        assert_eq!(generic("acme", "", Some("ab")), "pkg:generic/acme?checksum=sha256:ab");
    }
}
