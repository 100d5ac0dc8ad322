//! What a live system does with its medium and the machine's disks: keep what was changed, look whether the medium is as it
//! was made, leave the disks alone.

mod disks;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::file::File;
use crate::format::byte_size;
use crate::option::option;
use crate::part::{self, Contribution, Lint, MenuEntry};

/// What a live system does with its medium and the machine's disks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Live {
    /// Whether what is changed is kept on the stick that it boots from.
    pub persistence: Persistence,
    /// Whether the boot menu offers to check the medium: each of its files is read and compared with the checksum that the
    /// medium has for it, and the screen shows how far it is and what is damaged.
    pub check_medium: bool,
    /// Whether the machine's disks are left alone until somebody says otherwise, as a rescue system should: no array, volume
    /// or btrfs of several disks is put together, nothing is swapped to, mounted or resumed from. The log-in says how it is
    /// done by hand.
    pub leave_disks_alone: bool,
}

/// Keeping what is changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Persistence {
    /// Whether the boot menu offers it. The first boot of that entry makes a partition behind the image, on the
    /// stick's free space; from the next boot on it is used. From a disc nothing can be kept.
    pub enable: bool,
    /// The folders that are kept, such as `/home`; none listed means the whole system.
    #[schemars(extend("format" = "target-path"))]
    pub paths: Vec<String>,
    /// Whether the partition is encrypted (LUKS2): each boot then asks for its passphrase.
    pub encryption: bool,
    /// How large the partition is at most, such as `8 GB`. Without it, all that is free.
    #[schemars(extend("format" = "byte-size"))]
    pub size: Option<String>,
    /// What the partition is called, by 1 to 16 letters, digits, `-` and `_`. Without it, `isoplug-` and seven
    /// digits that follow from the image's name, so that a newer image of that name finds it and no other does.
    #[schemars(extend("format" = "persistence-label"))]
    pub label: Option<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) live: &'a Live,
    /// The image's name.
    pub(crate) image: &'a str,
}

const FOLDER: &str = "/usr/lib/isoplug/persistence";
const UNIT: &str = "isoplug-persistence.service";
const CHECK: &str = "/usr/lib/isoplug/check-medium";
const CHECK_UNIT: &str = "isoplug-check-medium.service";

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("live")
    }

    fn owns(&self) -> &[&str] {
        &["live"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if self.live.check_medium {
            self.check_medium(out);
        }
        if self.live.leave_disks_alone {
            disks::leave_alone(out);
        }
        let Persistence { enable, encryption, .. } = self.live.persistence;
        if !enable {
            return;
        }
        let mut asked = out.because(option!(live.persistence.enable));
        // Part of the package systemd before Debian 13.
        asked.package("e2fsprogs").package("fdisk").optional_package("systemd-repart");
        asked.menu_entry(self.entry()).unit(UNIT);
        for file in [self.unit(), self.script(), self.partition(), self.kept()] {
            asked.file(file);
        }
        if encryption {
            let mut asked = out.because(option!(live.persistence.encryption));
            asked.package("cryptsetup-initramfs").package("cryptsetup-bin");
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Persistence { enable, paths, .. } = &self.live.persistence;
        for (path, origin) in paths.iter().zip(lint.items(&option!(live.persistence.paths))) {
            let within = |other: &&String| {
                *other != path && path.starts_with(&format!("{}/", other.trim_end_matches('/')))
            };
            if let Some(other) = paths.iter().find(within) {
                let message = format!("\"{path}\" is kept with \"{other}\" already");
                let error = Diagnostic::error("nested-paths", message);
                lint.report(error.at(origin, "").help("list the outer one alone"));
            }
        }
        self.unreadable(lint);
        let is_idle = !enable && self.live.persistence != Persistence::default();
        if is_idle {
            let message = "nothing is kept: `live.persistence.enable` is not set";
            lint.report_at(Diagnostic::warning("idle-option", message), &option!(live.persistence));
        }
    }
}

/// The smallest partition, in bytes, on which ext4 keeps anything worth it.
const LEAST: u64 = 64 << 20;

impl Part<'_> {
    /// Reports what neither persistence.conf(5), which ends a path at a blank, nor repart.d(5) can say.
    fn unreadable(&self, lint: &mut Lint<'_>) {
        let Persistence { paths, size, .. } = &self.live.persistence;
        for (path, origin) in paths.iter().zip(lint.items(&option!(live.persistence.paths))) {
            if path.contains(char::is_whitespace) {
                let message = format!("live-boot cannot keep \"{path}\", which has a blank");
                let error = Diagnostic::error("blank-in-path", message).at(origin, "");
                lint.report(error.help("keep the folder that it is in"));
            }
        }
        if size.as_deref().and_then(byte_size).is_some_and(|size| size < LEAST) {
            let error = Diagnostic::error("small-partition", "the partition has less than 64 MiB");
            lint.report_at(error, &option!(live.persistence.size));
        }
    }

    fn check_medium(&self, out: &mut Contribution) {
        let (id, label) = ("check-medium".to_owned(), "check the medium".to_owned());
        let params = vec!["isoplug.check-medium".to_owned()];
        let unit = format!("/usr/lib/systemd/system/{CHECK_UNIT}");
        out.because(option!(live.check_medium))
            .menu_entry(MenuEntry { id, label, params, submenu: None })
            .unit(CHECK_UNIT)
            .file(File::text(&unit, include_str!("live/check.service")))
            .file(File::text(CHECK, include_str!("live/check.sh")).executable());
    }

    /// Returns the partition's name: at most 16 bytes, which is what ext4 takes.
    fn label(&self) -> String {
        let own = self.live.persistence.label.clone();
        own.unwrap_or_else(|| format!("isoplug-{:07x}", short_digest(self.image)))
    }

    /// live-boot reads the medium through a loop device (`live-media-offset`), or else it claims the whole stick and no
    /// partition can be made on it. Only file systems are looked for, not files of that name on the machine's disks.
    fn entry(&self) -> MenuEntry {
        let mut params = vec![
            "live-media-offset=0".to_owned(),
            "persistence".to_owned(),
            format!("persistence-label={}", self.label()),
            "persistence-storage=filesystem".to_owned(),
        ];
        if self.live.persistence.encryption {
            params.push("persistence-encryption=lukslabel".to_owned());
        }
        let (id, label) = ("persistence".to_owned(), "persistence".to_owned());
        MenuEntry { id, label, params, submenu: None }
    }

    /// Nobody logs in before it ends, so that what it asks is asked on the console.
    fn unit(&self) -> File {
        let text = format!(
            "[Unit]\nDescription=Make the partition that keeps what is changed\n\
             ConditionKernelCommandLine=persistence\nAfter=local-fs.target systemd-udevd.service\n\
             Before=systemd-user-sessions.service systemd-ask-password-wall.path display-manager.service\n\n\
             [Service]\nType=oneshot\nRemainAfterExit=yes\n\
             ExecStart={FOLDER}/make\nStandardOutput=journal+console\n\n\
             [Install]\nWantedBy=multi-user.target\n"
        );
        File::text(&format!("/usr/lib/systemd/system/{UNIT}"), text)
    }

    fn script(&self) -> File {
        let label = self.label();
        let (ask, key, name) = match self.live.persistence.encryption {
            true => {
                (include_str!("live/ask.sh"), " --key-file=\"$key\"", include_str!("live/name.sh"))
            }
            false => ("", "", ""),
        };
        let text = include_str!("live/make.sh");
        let text = text.replace("@ASK@\n", ask).replace("@NAME@\n", name).replace(" @KEY@", key);
        let text = text.replace("@LABEL@", &label).replace("@FOLDER@", FOLDER);
        File::text(&format!("{FOLDER}/make"), text).executable()
    }

    /// The definition for systemd-repart (repart.d(5)).
    fn partition(&self) -> File {
        let Persistence { size, encryption, .. } = &self.live.persistence;
        let mut text = format!(
            "[Partition]\nType=linux-generic\nLabel={}\nFormat=ext4\nSizeMinBytes=64M\n\
             CopyFiles={FOLDER}/persistence.conf:/persistence.conf\n",
            self.label()
        );
        if let Some(size) = size.as_deref().and_then(byte_size) {
            text += &format!("SizeMaxBytes={size}\n");
        }
        text += if *encryption { "Encrypt=key-file\n" } else { "" };
        File::text(&format!("{FOLDER}/repart.d/50-persistence.conf"), text)
    }

    /// What live-boot keeps there (persistence.conf(5)).
    fn kept(&self) -> File {
        let paths = &self.live.persistence.paths;
        let lines = paths.iter().map(|path| format!("{} bind\n", path.trim_end_matches('/')));
        let text = if paths.is_empty() { "/ union\n".to_owned() } else { lines.collect() };
        File::text(&format!("{FOLDER}/persistence.conf"), text)
    }
}

/// Returns 28 bits that follow from a text: FNV-1a, folded. They tell names apart, and guard nothing.
fn short_digest(text: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = text.bytes().fold(2_166_136_261, step);
    (hash >> 28 ^ hash) & 0x0fff_ffff
}
