//! Built-in contributors as components add what they add natively: same source, same overlay.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use isoplug_formats::tree::pack::{PackWriter, Packs, Pending};
use isoplug_formats::tree::{Entry, Kind, Tree};
use isoplug_image::contribute::builder::{Built, OverlayBuilder};
use isoplug_image::contribute::{ContributeError, Contributor};
use isoplug_image::parts::{kernel_modules, localisation};
use isoplug_manifest::By;
use isoplug_manifest::options::{KernelModules, Localisation};
use isoplug_plugin::{Plugin, PluginContributor};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::nothing::Nothing;
use crate::{component, runtime};

struct Rootfs {
    tree: Tree,
    packs: Packs,
}

impl Rootfs {
    fn with(files: &BTreeMap<&str, &str>) -> Self {
        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let pending: Vec<Pending> =
            files.values().map(|text| pack.append(text.as_bytes()).unwrap()).collect();
        let (file, id, finished) = pack.finish().unwrap();
        let (mut tree, mut packs) = (Tree::default(), Packs::default());
        packs.add(id, file);
        for (path, pending) in files.keys().zip(pending) {
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.trim_start_matches('/').as_bytes(), Entry::new(kind, 0o644, 1));
        }
        Self { tree, packs }
    }

    /// Runs a contributor; its name is the same for all, since the overlay does not hold it.
    fn add(&self, contributor: &dyn Contributor) -> Result<(Built, Vec<u8>), ContributeError> {
        let pack = tempfile::tempfile().unwrap();
        let file = pack.try_clone().unwrap();
        let log = |_: &str| {};
        let mut built =
            OverlayBuilder::new(By::Part("x"), 1, self.tree.clone(), &self.packs, pack, &log)
                .unwrap();
        contributor.contribute(&mut built)?;
        Ok((built.finish().unwrap(), bytes(file)))
    }
}

fn bytes(file: File) -> Vec<u8> {
    use std::io::{Read, Seek};
    let (mut file, mut bytes) = (file, Vec::new());
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Returns a component with all that it requests.
fn plugin(name: &str, options: Json) -> PluginContributor {
    let runtime = runtime();
    let component = runtime.component(&component(name)).unwrap();
    let description = runtime.describe(&component).unwrap();
    let grants = description.requests.granted();
    let name = name.to_owned();
    let plugin = Plugin { name, component, description, options, grants };
    PluginContributor::new(Arc::clone(runtime), Arc::new(plugin), Vec::new(), Arc::new(Nothing))
}

/// Holds both against each other: the same overlay and pack, or the same refusal.
fn compare(rootfs: &Rootfs, native: &dyn Contributor, plugin: &dyn Contributor) {
    match (rootfs.add(native), rootfs.add(plugin)) {
        (Ok((native, native_pack)), Ok((plugin, plugin_pack))) => {
            assert_eq!(native.overlay, plugin.overlay);
            assert_eq!((native.pack, native_pack), (plugin.pack, plugin_pack));
        }
        (Err(native), Err(plugin)) => {
            let (native, plugin) = (native.to_string(), plugin.to_string());
            assert!(plugin.contains(&native), "{plugin:?} does not say {native:?}");
        }
        (native, plugin) => panic!("native: {native:#?}\nplugin: {plugin:#?}"),
    }
}

const FILES: [(&str, &str); 12] = [
    ("/usr/lib/modules/6.12/kernel/fs/overlay-fs.ko.xz", ""),
    ("/usr/lib/modules/6.12/modules.builtin", "kernel/fs/ext4/ext4.ko\n"),
    ("/usr/share/zoneinfo/Europe/Berlin", ""),
    ("/usr/share/X11/xkb/symbols/de", ""),
    ("/usr/share/X11/xkb/symbols/us", ""),
    ("/usr/share/i18n/locales/de_DE", ""),
    ("/usr/sbin/locale-gen", ""),
    ("/usr/lib/locale/locale-archive", "xx\0fr_FR.utf8\0"),
    ("/etc/console-setup/cached_setup_keyboard.sh", ""),
    ("/etc/default/keyboard", "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\n"),
    ("/etc/timezone", "Etc/UTC\n"),
    ("/usr/lib/systemd/system/sysinit.target", "[Unit]\n"),
];

/// Draws a rootfs in which each of the files may be missing.
fn rootfs() -> impl Strategy<Value = BTreeMap<&'static str, &'static str>> {
    proptest::sample::subsequence(FILES.to_vec(), 0..=FILES.len())
        .prop_map(|files| files.into_iter().collect())
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(words, 0..=words.len())
        .prop_map(|words| words.into_iter().map(|word| (*word).to_owned()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn kernel_modules_are_the_same(
        files in rootfs(),
        load in words(&["overlay_fs", "ext4", "overlayfs"]),
        blacklist in words(&["nouveau", "pcspkr"]),
    ) {
        let options = json!({ "load": load, "blacklist": blacklist });
        let plugin = plugin("builtin-kernel-modules", options);
        compare(&Rootfs::with(&files), &kernel_modules::Part(KernelModules { load, blacklist, ..KernelModules::default() }), &plugin);
    }

    #[test]
    fn localisation_is_the_same(
        files in rootfs(),
        locale in proptest::sample::select(vec!["C.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8", "de_ED.UTF-8"]),
        timezone in proptest::sample::select(vec!["Etc/UTC", "Europe/Berlin", "Europe/Berlinn"]),
        keymap in proptest::sample::select(vec!["us", "de:nodeadkeys", "ed", "$(id)"]),
    ) {
        let options = json!({ "locale": locale, "timezone": timezone, "keymap": keymap });
        let plugin = plugin("builtin-localisation", options);
        let [locale, timezone, keymap] = [locale, timezone, keymap].map(str::to_owned);
        compare(&Rootfs::with(&files), &localisation::Part(Localisation { locale, timezone, keymap }), &plugin);
    }
}
