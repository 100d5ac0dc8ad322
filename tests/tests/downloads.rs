//! Files and archives of other places: fetched by their digest, named by options like files beside the manifest.

#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use sha2::{Digest as _, Sha256};

/// Packs a folder with a theme, as a site offers it.
fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in
        [("theme-1.0/theme.txt", "title-text: \"\"\n"), ("theme-1.0/motd", "Hello\n")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &tar.into_inner().unwrap()).unwrap();
    packed.finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Serves that archive, and a manifest that names it.
fn served(options: &str) -> (Served, String) {
    let served = Served::default();
    let bytes = archive();
    served.archive.write("themes/theme.tar.gz", &bytes).unwrap();
    let (url, digest) = (served.server.url(), sha256(&bytes));
    let tables =
        format!("[downloads.theme]\nurl = \"{url}/themes/theme.tar.gz\"\nsha256 = \"{digest}\"\n");
    served.write(&format!("{}\n{tables}", served.manifest(options)));
    (served, digest)
}

const USED: &str = r#"files = [
  { target = "/etc/motd", source = "download:theme/theme-1.0/motd" },
  { target = "/opt/theme.tar.gz", source = "download:theme" },
]"#;

#[test]
fn what_is_pinned_is_fetched_once_and_found() {
    let (served, _) = served(USED);
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 0
    --- stdout
    --- stderr
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    isoplug.toml is fine: p
    "#);
    assert_snapshot!(served.run(&["lock", "--offline"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-download]: cannot fetch `theme`: http://mirror/themes/theme.tar.gz is not in the store, and --offline is set
      --> isoplug.toml:13:3
       |
    13 |   { target = "/etc/motd", source = "download:theme/theme-1.0/motd" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    let said = served.run(&["lock"]);
    assert!(
        said.starts_with("exit: 0") && said.matches("downloading theme: ").count() == 1,
        "{said}"
    );
    let said = served.run(&["lock"]);
    assert!(said.starts_with("exit: 0") && !said.contains("downloading"), "{said}");
    served.change("theme-1.0/motd", "theme-1.0/issue");
    assert_snapshot!(served.run(&["lock", "--quiet"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-download]: the download `theme` has no theme-1.0/issue
      --> isoplug.toml:13:3
       |
    13 |   { target = "/etc/motd", source = "download:theme/theme-1.0/issue" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: the archive has: theme-1.0
    "#);
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let (served, _) = served(USED);
    served.change(
        "[downloads.theme]\nurl = \"http://",
        "[downloads.theme]\nurl = \"http://me:secret@",
    );
    for arguments in [&["lock", "--offline"][..], &["lock"]] {
        let said = served.run(arguments);
        assert!(said.contains("theme") && !said.contains("secret"), "{said}");
    }
}

#[test]
fn what_is_something_else_is_refused() {
    let (served, digest) = served(USED);
    served.archive.write("themes/theme.tar.gz", b"another").unwrap();
    assert_snapshot!(served.run(&["lock", "--quiet"]).replace(&digest, "[DIGEST]"), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-download]: cannot fetch `theme`: http://mirror/themes/theme.tar.gz: expected sha256:[SHA256], found sha256:[SHA256]
      --> isoplug.toml:13:3
       |
    13 |   { target = "/etc/motd", source = "download:theme/theme-1.0/motd" },
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn names_and_paths_that_there_are_not() {
    let (served, _) = served(r#"files = [{ target = "/x", source = "download:splash/x" }]"#);
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-download]: there is no download `splash`
      --> isoplug.toml:12:10
       |
    12 | files = [{ target = "/x", source = "download:splash/x" }]
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: downloads: theme
    "#);
    served.change("download:splash/x", "download:theme/../x");
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-download]: invalid path in a download: "download:theme/../x"
      --> isoplug.toml:12:10
       |
    12 | files = [{ target = "/x", source = "download:theme/../x" }]
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: it has no `.`, `..` or `//`
    "#);
    served.change("sha256 = \"", "sha256 = \"sha256:");
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-digest]: invalid SHA-256: "sha256:[SHA256]"
      --> isoplug.toml:16:10
       |
    16 | sha256 = "sha256:[SHA256]"
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: the 64 digits that `sha256sum FILE` prints
    "#);
}
