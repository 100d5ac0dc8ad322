//! The ISO itself: its label, menu labels, size and extra files.

use isoplug_promise::{BootCheck, Medium, Promise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::given::{Given, clashes, wrong_contents, wrong_facts};
use crate::by::By;
pub use crate::file::IsoFile;
use crate::format::byte_size;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// The ISO: its name, menu labels and extra files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Iso {
    /// The label by which the initrd finds the medium: up to 32 of `A-Z 0-9 _`. Without one, made
    /// of the image's name and version.
    #[schemars(extend("format" = "volume-id"))]
    pub volume_id: Option<String>,
    /// What stands before the image's name in the label of each menu entry that starts it.
    pub menu_label_prefix: String,
    /// What stands after the image's name and version in the label of each menu entry that starts it.
    pub menu_label_suffix: String,
    /// Files to put onto the ISO, beside the root filesystem.
    pub contents: Vec<IsoFile>,
    /// The size that the ISO must not exceed, such as `700MiB`.
    #[schemars(extend("format" = "byte-size"))]
    pub max_size: Option<String>,
    /// Whether the ISO carries an MD5 of itself, which `checkisomd5` and programs that write sticks compare. It finds a
    /// damaged medium; who made it, signatures tell.
    pub media_check: bool,
    /// Whether the kernel compares each block of the root filesystem with a checksum as it reads it, and stops at one that is
    /// another (dm-verity). It finds a medium that rots while it runs; who made it, signatures tell.
    pub verity: bool,
}

impl Iso {
    /// Returns the size in bytes that the ISO must not exceed, if there is one.
    #[must_use]
    pub fn max_bytes(&self) -> Option<u64> {
        byte_size(self.max_size.as_deref()?)
    }
}

/// Every squashfs of the root is mounted from a device that checks it, and none was found to be damaged.
const VERIFIED: &str = "\
mounted=$(findmnt --raw --noheadings --types squashfs --output TARGET,SOURCE | grep ^/run/live/rootfs/) || exit 1
for device in $(printf '%s\\n' \"$mounted\" | cut -d' ' -f2); do
  dmsetup status --target verity \"$device\" | grep -q ' verity V' || { echo \"$mounted\"; exit 1; }
done";

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) iso: &'a Iso,
    /// The image's version.
    pub(crate) version: Option<&'a str>,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("iso")
    }

    fn owns(&self) -> &[&str] {
        &["iso"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if !self.iso.verity {
            return;
        }
        let promise = Promise::Command { run: VERIFIED.to_owned(), exit: 0, contains: None };
        let title = Some("the root filesystem is checked as it is read".to_owned());
        // A system that was installed from it has another root.
        let medium = vec![Medium::Cd, Medium::Usb];
        let check = BootCheck { title, medium, ..promise.into() };
        out.because(option!(iso.verity)).package("libcryptsetup12").check(check);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let items = lint.items(&option!(iso.contents));
        let files = self.iso.contents.iter().zip(items);
        let given = |(file, origin): (&IsoFile, _)| Given {
            path: file.target.trim_matches('/').to_owned(),
            target: file.target.clone(),
            contents: file.contents(),
            origin,
        };
        let facts = files.clone().filter(|(file, _)| file.template).flat_map(|(file, origin)| {
            let text = file.text.as_deref().unwrap_or_default();
            wrong_facts(&file.target, text, self.version, origin)
        });
        lint.found.extend(facts);
        let given: Vec<Given> = files.map(given).collect();
        lint.found.extend(wrong_contents(&given).into_iter().chain(clashes(&given, &[])));
    }
}
