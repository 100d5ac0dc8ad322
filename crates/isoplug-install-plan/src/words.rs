//! The words that a plan and answers choose from, written as in a manifest.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$each])* $variant),+ }
    };
}

word! {
    /// Which firmware an installed boot loader is for.
    Firmware {
        /// BIOS and UEFI.
        #[default]
        Hybrid,
        /// UEFI alone.
        Uefi,
    }
}

word! {
    /// How a layout, or an answer, has it with encryption.
    Encryption {
        /// None.
        #[default]
        None,
        /// Whoever installs is asked.
        Ask,
        /// LUKS2 with a passphrase.
        Passphrase,
        /// LUKS2 with a key in the machine's TPM.
        Tpm2,
    }
}

word! {
    /// Which disk is taken if several match.
    Pick {
        /// None of them: that is an error.
        #[default]
        Only,
        /// The smallest.
        Smallest,
        /// The largest.
        Largest,
    }
}

word! {
    /// What happens after an installation.
    OnDone {
        /// Whoever installs is asked.
        #[default]
        Ask,
        /// The machine starts again.
        Reboot,
        /// The machine is switched off.
        Poweroff,
        /// The live system goes on.
        Shell,
    }
}

word! {
    /// What the dialogue can ask.
    Question {
        /// Which target.
        #[default]
        Target,
        /// Which disk.
        Disk,
        /// Which layout.
        Layout,
        /// The host name.
        Hostname,
        /// A user with a password.
        User,
        /// The language.
        Locale,
        /// The keyboard.
        Keymap,
        /// The time zone.
        Timezone,
        /// Whether the disk is encrypted, and the passphrase.
        Encryption,
    }
}

word! {
    /// Where the new entry goes in the order of the firmware.
    BootOrder {
        /// To the front.
        #[default]
        First,
        /// Behind the entry that the machine booted from, as where it boots from the network first.
        KeepCurrentFirst,
    }
}

word! {
    /// Whether the disk with the boot medium may be erased.
    MediumRule {
        /// Never.
        #[default]
        Never,
        /// Yes, if nothing of it is in use any longer, as after `toram`.
        Ok,
    }
}

word! {
    /// A step of an installation.
    Step {
        /// The digests of the squashfs images are compared.
        #[default]
        Verify,
        /// What lies on the disk lets go of it.
        Release,
        /// Partitions and file systems are made.
        Partition,
        /// The files are unpacked.
        Unpack,
        /// The files become a system of this machine.
        Settle,
        /// The boot loader is installed.
        Loader,
        /// What was made is looked at again.
        Prove,
    }
}

impl OnDone {
    /// Returns what is right where nobody is there.
    #[must_use]
    pub const fn poweroff() -> Self {
        Self::Poweroff
    }
}

/// How people are told before a disk is erased without questions: `none`, `countdown:30` or `type-name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// Not at all.
    None,
    /// A countdown of seconds, which any key stops.
    Countdown(u32),
    /// Somebody must type the disk's name.
    TypeName,
}

impl Default for Confirm {
    fn default() -> Self {
        Self::Countdown(30)
    }
}

impl fmt::Display for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Countdown(seconds) => write!(f, "countdown:{seconds}"),
            Self::TypeName => f.write_str("type-name"),
        }
    }
}

impl Serialize for Confirm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Confirm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let countdown = || text.strip_prefix("countdown:")?.parse().ok().map(Self::Countdown);
        match text.as_str() {
            "none" => Ok(Self::None),
            "type-name" => Ok(Self::TypeName),
            _ => countdown().ok_or_else(|| {
                D::Error::custom(format!(
                    "expected `none`, `countdown:SECONDS` or `type-name`, found `{text}`"
                ))
            }),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Confirm {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Confirm".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(none|type-name|countdown:[0-9]+)$" })
    }
}
