//! What a plugin may see: inputs, downloads, secrets, and the root filesystem.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use isoplug_engine::Digest;
use isoplug_plugin::{EntryKind, Grants, SecretGrant};

use crate::guest::Guest;
use crate::space::{Files, Space, etc, list};

#[test]
fn inputs_and_downloads_are_seen_if_granted() {
    let (mut space, grants) = with_input();
    let digest = Digest::of(b"from afar");
    space.answers.files.insert(digest, b"from afar".to_vec());
    let guest = Guest::contributor()
        .open("open_input", &["docs", "a.txt"])
        .log_blob()
        .open("fetch", &["https://example.com/x.tar", &digest.to_string()])
        .log_blob();
    space.contribute(&guest.bytes(), grants).unwrap();
    assert_eq!(*space.answers.log.lock().unwrap(), ["toy: in a file", "toy: from afar"]);
}

/// Returns the grants of an input, in which there is a file and a link that leads out, and of downloads.
fn with_input() -> (Space, Grants) {
    let space = Space::new();
    let place = space.folder.path().join("input");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("a.txt"), "in a file").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.join("link")).unwrap();
    let inputs = BTreeMap::from([("docs".to_owned(), place.display().to_string())]);
    let grants = Grants { inputs, fetch: list(&["https://example.com/**"]), ..etc() };
    (space, grants)
}

#[test]
fn no_way_leads_out_of_an_input() {
    let (space, grants) = with_input();
    let open = |path| {
        let guest = Guest::contributor().open("open_input", &["docs", path]);
        space.refusal(&guest.bytes(), grants.clone())
    };
    assert_snapshot!(open("link"), @"refused: link: a symbolic link, which is not followed");
    assert_snapshot!(
        open("../x"),
        @r#"refused: "../x": a path inside an input is relative, without `.` and `..`"#
    );
    assert_snapshot!(
        open("/etc/passwd"),
        @r#"refused: "/etc/passwd": a path inside an input is relative, without `.` and `..`"#
    );
}

fn secret(read: bool) -> Grants {
    let grant = SecretGrant { env: Some("TOY_KEY".to_owned()), file: None, read };
    Grants { secrets: BTreeMap::from([("key".to_owned(), grant)]), ..etc() }
}

#[test]
fn a_secret_is_placed_and_not_read() {
    let space = Space::new();
    let placed = Guest::contributor().open("secret", &["key"]).module("a").place_blob("/etc/key");
    for _ in ["made", "kept"] {
        let made = space.contribute(&placed.bytes(), secret(false)).unwrap();
        let EntryKind::File(content, _) = &made.modules[0].entries[0].kind else { panic!() };
        assert_eq!(content.secret_name(), Some("key"));
        assert_eq!(content.to_vec().unwrap(), b"hunter22\n");
        assert!(!format!("{made:?}").contains("hunter22"));
    }
    assert_no_secret_is_kept(&space);
}

#[test]
fn a_secret_is_read_if_that_is_granted() {
    let space = Space::new();
    let read = Guest::contributor().open("secret", &["key"]).log_blob();
    assert_snapshot!(
        space.refusal(&read.bytes(), secret(false)),
        @"refused: secret `key` may be placed, not read; `secrets.key.read = true` in [grants.toy] would allow it"
    );
    space.contribute(&read.bytes(), secret(true)).unwrap();
    assert_eq!(*space.answers.log.lock().unwrap(), ["toy: [secret key]\n"]);
    assert_no_secret_is_kept(&space);
}

fn assert_no_secret_is_kept(space: &Space) {
    for result in space.kept("results") {
        let text = std::fs::read_to_string(result).unwrap();
        assert!(!text.contains("hunter22") && !text.contains("aHVudGVyMj"));
    }
}

const ROOTFS: [(&str, &str); 6] = [
    ("/etc", ""),
    ("/etc/passwd", "root:x:0:0"),
    ("/etc/shadow", "root:*"),
    ("/etc/open", ""),
    ("/etc/open/link", "-> ../shadow"),
    ("/etc/open/name", "toy"),
];

/// Lets a guest furnish that may read below `/etc/open`; returns why it is refused.
fn furnish(space: &Space, guest: Guest) -> String {
    let grants = Grants { reads: list(&["/etc/open/**"]), ..etc() };
    let plugin = space.plugin(&guest.furnishes().bytes(), grants);
    let rootfs = Files(BTreeMap::from(ROOTFS));
    let made = space.runtime.furnish(&plugin, &space.answers, &rootfs).unwrap();
    made.diagnostics.last().map_or("fine".to_owned(), |each| each.message.clone())
}

#[test]
fn furnish_reads_what_is_granted_where_links_lead() {
    let space = Space::new();
    let furnish = |guest| furnish(&space, guest);
    let open = |path| Guest::contributor().open("open_rootfs", &[path]).log_blob();
    assert_eq!(furnish(open("/etc/open/name")), "fine");
    assert_eq!(*space.answers.log.lock().unwrap(), ["toy: toy"]);
    assert_snapshot!(
        furnish(open("/etc/passwd")),
        @r#"reading /etc/passwd is not granted; `reads = ["/etc/passwd"]` in [grants.toy] would allow it"#
    );
    assert_snapshot!(
        furnish(open("/etc/open/link")),
        @r#"reading /etc/shadow is not granted; `reads = ["/etc/shadow"]` in [grants.toy] would allow it"#
    );
}

#[test]
fn what_is_settled_cannot_be_furnished() {
    let space = Space::new();
    let furnish = |guest| furnish(&space, guest);
    assert_snapshot!(
        furnish(Guest::contributor().module("a").merge("{}")),
        @"options are settled; set them in `contribute`"
    );
    assert_snapshot!(
        furnish(Guest::contributor().module("a").file("iso", "/x", "", 0o644)),
        @"iso:/x: files of the medium are set in `contribute`"
    );
}
