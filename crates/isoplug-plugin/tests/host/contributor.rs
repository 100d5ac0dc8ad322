//! A plugin as a contributor to the rootfs: links lead it no further than it was granted.

use std::io;
use std::sync::Arc;

use insta::assert_snapshot;
use isoplug_engine::{Key, Walk};
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{self, Content, Entry, Kind, Tree};
use isoplug_image::contribute::builder::OverlayBuilder;
use isoplug_image::contribute::{Attrs, ContributeError, Contributor, Rootfs};
use isoplug_manifest::By;
use isoplug_plugin::{Grants, PluginContributor};

use crate::guest::Guest;
use crate::space::Space;

/// A layer without contents.
struct Empty;

impl Contents for Empty {
    fn read_at(&self, _: &Content, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn layer() -> Tree {
    let mut layer = Tree::default();
    let folder = || Entry::new(Kind::Directory, 0o755, 0);
    let link = |target: &[u8]| Entry::new(Kind::Symlink(target.to_vec()), 0o777, 0);
    for path in ["etc", "etc/open", "usr", "usr/lib", "secret"] {
        layer.insert(path.as_bytes().to_vec(), folder());
    }
    layer.insert(b"lib".to_vec(), link(b"usr/lib"));
    layer.insert(b"etc/open/out".to_vec(), link(b"/secret"));
    layer
}

fn grants(files: &[&str], reads: &[&str]) -> Grants {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    Grants { files: list(files), reads: list(reads), ..Grants::default() }
}

/// Sets a file that a plugin may want too.
struct Owner;

impl Contributor for Owner {
    fn by(&self) -> By {
        By::Part("network")
    }

    fn version(&self) -> u32 {
        1
    }

    fn key(&self, _: &mut dyn Key) {}

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        rootfs.file("/etc/hostname", b"rescue\n", Attrs::mode(0o644))
    }
}

fn builder(by: By) -> OverlayBuilder<'static> {
    let pack = tempfile::tempfile().unwrap();
    OverlayBuilder::new(by, 7, layer(), &Empty, pack, &|_: &str| {}).unwrap()
}

/// Returns the paths that it added, or why it was refused.
fn play(guest: &Guest, grants: Grants) -> String {
    let space = Space::new();
    let plugin = space.plugin(&guest.bytes(), grants);
    let Space { folder: _folder, runtime, answers } = space;
    let made = runtime.contribute(&plugin, &answers).unwrap();
    assert_eq!(made.diagnostics, []);
    let (runtime, plugin, answers) = (Arc::new(runtime), Arc::new(plugin), Arc::new(answers));
    let contributor = PluginContributor::new(runtime, plugin, made.modules, answers);
    let mut owner = builder(Owner.by());
    Owner.contribute(&mut owner).unwrap();
    let mut rootfs = builder(contributor.by());
    rootfs.after(&Owner.by(), &owner.finish().unwrap().overlay);
    match contributor.contribute(&mut rootfs) {
        Err(error) => error.to_string(),
        Ok(()) => {
            let overlay = rootfs.finish().unwrap().overlay;
            let path = |path: &tree::TreePath| String::from_utf8(path.clone()).unwrap();
            overlay.tree.entries.keys().map(path).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn files_lie_where_links_lead() {
    let guest = Guest::contributor().module("a").file("root", "/lib/x/a", "text", 0o644);
    let played = play(&guest, grants(&["root:/lib/x/**"], &[]));
    assert!(played.ends_with("usr/lib/x/a"), "{played}");
}

#[test]
fn a_link_out_of_what_is_granted_is_refused() {
    let guest = Guest::contributor().module("a").file("root", "/etc/open/out/a", "text", 0o644);
    assert_snapshot!(
        play(&guest, grants(&["root:/etc/open/**"], &[])),
        @r#"plugin `toy`: /etc/open/out/a is /secret/a here, and root:/secret/a is not granted; `files = ["root:/secret/a"]` in [grants.toy] would allow it"#
    );
    let guest = Guest::contributor().module("a").symlink("/etc/open/mine", "../../secret").file(
        "root",
        "/etc/open/mine/a",
        "text",
        0o644,
    );
    assert_snapshot!(
        play(&guest, grants(&["root:/etc/open/**"], &[])),
        @r#"plugin `toy`: /etc/open/mine/a is /secret/a here, and root:/secret/a is not granted; `files = ["root:/secret/a"]` in [grants.toy] would allow it"#
    );
}

#[test]
fn a_link_to_a_unit_that_is_not_granted_is_refused() {
    let guest = Guest::contributor()
        .module("a")
        .symlink("/etc/open/units", "/etc/systemd/system")
        .file("root", "/etc/open/units/x.service", "text", 0o644);
    assert_snapshot!(
        play(&guest, grants(&["root:/etc/**"], &[])),
        @r#"plugin `toy`: /etc/open/units/x.service is /etc/systemd/system/x.service here, and systemd unit `x.service` is not granted; `units = ["x.service"]` in [grants.toy] would allow it"#
    );
}

#[test]
fn a_file_of_another_is_not_overwritten() {
    let guest = Guest::contributor().module("a").file("root", "/etc/hostname", "mine", 0o644);
    let expected = play(&guest, grants(&["root:/etc/*"], &[]));
    assert_snapshot!(expected, @"/etc/hostname: both `network` and `plugin toy` set it, each to something else");
    assert_eq!(play(&guest.furnishes(), grants(&["root:/etc/*"], &["/etc/*"])), expected);
}

#[test]
fn it_furnishes_with_the_packages_in() {
    let guest = Guest::contributor().module("a").file("root", "/etc/late", "text", 0o644);
    let guest = guest.furnishes();
    let files = ["root:/etc/*"];
    assert_eq!(play(&guest, grants(&files, &["/etc/*"])), "etc/late");
    assert_eq!(play(&guest, grants(&files, &[])), "");
    let refused = Guest::contributor().module("a").file("root", "/usr/x", "", 0o644).furnishes();
    assert_snapshot!(
        play(&refused, grants(&files, &["/etc/*"])),
        @r#"plugin `toy`: toy::refused: root:/usr/x is not granted; `files = ["root:/usr/x"]` in [grants.toy] would allow it"#
    );
}

#[test]
fn its_key_shows_what_furnishing_may_depend_on() {
    let walk = |reads: &[&str], name: &str| {
        let mut space = Space::new();
        space.answers.facts.insert("image.name", serde_json::json!(name));
        let grants = grants(&["root:/etc/*"], reads);
        let plugin = Arc::new(space.plugin(&Guest::contributor().bytes(), grants));
        let (runtime, answers) = (Arc::new(space.runtime), Arc::new(space.answers));
        let contributor = PluginContributor::new(runtime, plugin, Vec::new(), answers);
        let mut walk = Walk::default();
        contributor.key(&mut walk as &mut dyn Key);
        walk
    };
    assert_eq!(walk(&[], "a"), walk(&[], "b"));
    assert_ne!(walk(&["/etc/*"], "a"), walk(&["/etc/*"], "b"));
}
