//! How plugins try to get more than was granted: by other words for the same thing, and by how it reads.

use isoplug_plugin::Grants;
use serde_json::json;

use crate::guest::Guest;
use crate::space::{Space, etc, list};

/// Paths that are not `/etc/NAME`, or none.
const OTHERS: [&str; 12] = [
    "/etc/a/b",
    "/ETC/motd",
    "/etc",
    "/etc/",
    "/etcetera",
    "/etc/../usr/x",
    "/usr/../etc/x",
    "etc/x",
    "",
    "/proc/x",
    "/etc/a\0b",
    "/etc/a\nb",
];

/// Attempt 43: other words for a path, and paths that are none.
#[test]
fn a_path_is_compared_as_what_it_means() {
    let grants = Grants { files: list(&["root:/etc/*"]), ..Grants::default() };
    let space = Space::new();
    let put = |path: &[u8]| {
        let guest = Guest::contributor().module("a").file("root", path, "", 0o644);
        let made = space.contribute(&guest.bytes(), grants.clone());
        let made = made.map_err(|error| error.to_string())?;
        match made.diagnostics.last() {
            Some(refused) => Err(refused.message.clone()),
            None => Ok(made.modules[0].entries[0].path.clone()),
        }
    };
    for same in ["/etc/motd", "//etc///motd", "/etc/./motd", "/./etc/motd"] {
        assert_eq!(put(same.as_bytes()).as_deref(), Ok("/etc/motd"), "{same}");
    }
    for other in OTHERS {
        assert!(put(other.as_bytes()).is_err(), "{other:?}");
    }
    assert!(put(b"/etc/\xff").is_err());
}

/// Merges a fragment with grants of some parameters and units; returns why it is refused.
fn merge(fragment: &serde_json::Value) -> String {
    let grants = Grants {
        merge: list(&["boot.kernel-params", "systemd"]),
        kernel_params: list(&["audit=*"]),
        units: list(&["acme-*.service"]),
        ..etc()
    };
    let guest = Guest::contributor().module("a").merge(&fragment.to_string());
    Space::new().refusal(&guest.bytes(), grants)
}

/// Attempts 45 and 46: what is one word to the grant and several to those who read it.
#[test]
fn a_word_is_one_word_to_all_who_read_it() {
    let merge = |fragment| merge(&fragment);
    let parameter = |text: &str| merge(json!({ "boot": { "kernel-params": [text] } }));
    assert_eq!(parameter("audit=1"), "fine");
    for more in
        ["audit=\"1 init=/bin/sh quiet\"", "audit=1 init=/bin/sh", "audit=1\tx", "audit=1\nx"]
    {
        assert!(parameter(more).contains("is more than one kernel parameter"), "{more}");
    }
    assert!(parameter("AUDIT=1").contains("is not granted") && parameter(" audit=1") != "fine");
}

#[test]
fn a_unit_is_one_unit_to_all_who_read_it() {
    let merge = |fragment| merge(&fragment);
    let units = |unit: &str| merge(json!({ "systemd": { "units": { unit: { "text": "" } } } }));
    assert_eq!(units("acme-a.service"), "fine");
    for other in ["ssh.service", "acme-a.socket"] {
        assert!(units(other).contains("is not granted"), "{other}");
    }
    assert!(units("acme-/../ssh.service").contains("is not the name of a systemd unit"));
    let forced = json!({ "force": { "systemd": { "force": { "enable": ["ssh.service"] } } } });
    assert!(merge(forced).contains("is not granted"));
}

/// Attempts 49 and 50: all the folders in which root's systemd looks for what it starts.
#[test]
fn a_unit_is_one_wherever_systemd_reads_it() {
    let grants = Grants { files: list(&["root:/**"]), ..Grants::default() };
    let space = Space::new();
    for path in [
        "/etc/systemd/system/ssh.service",
        "/etc/systemd/system/multi-user.target.wants/ssh.service",
        "/etc/systemd/system/ssh.service.d/x.conf",
        "/etc/systemd/system.control/ssh.service",
        "/etc/systemd/system.attached/ssh.service",
        "/etc/systemd/system-generators/ssh.service",
        "/usr/lib/systemd/system/ssh.service",
        "/lib/systemd/system/ssh.service",
        "/usr/local/lib/systemd/system/ssh.service",
        "/run/systemd/system/ssh.service",
    ] {
        let guest = Guest::contributor().module("a").file("root", path, "", 0o644);
        let said = space.refusal(&guest.bytes(), grants.clone());
        assert!(said.contains("`ssh.service` is not granted"), "{path}: {said}");
    }
}

/// Attempt 53: what a plugin says of itself is what people consent to.
#[test]
fn a_question_cannot_be_painted_over() {
    for (place, odd) in [
        ("requests", json!({ "files": ["root:/etc/motd\u{1b}[1A\u{1b}[2K"] })),
        ("requests", json!({ "units": ["a.service\r"] })),
        ("requests", json!({ "fetch": ["https://a/\u{202e}**"] })),
        ("summary", json!("x\u{1b}]0;pwn\u{7}")),
        ("licence", json!("MIT\u{9b}8m")),
        ("options", json!({ "type": "object", "description": "\u{2066}x" })),
    ] {
        let mut said = json!({ "id": "acme.toy", "version": "1.2.0" });
        said[place] = odd;
        let guest = Guest::contributor().described(&said.to_string());
        let refused = Space::new().describe(&guest.bytes()).unwrap_err().to_string();
        assert!(refused.contains("control or format characters"), "{place}: {refused}");
    }
}
