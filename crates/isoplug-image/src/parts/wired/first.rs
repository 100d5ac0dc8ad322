//! Finds the first wired interface when the system boots, for systemd-networkd, which has no word for it.

use super::File;

/// The unit that finds it.
pub(super) const UNIT: &str = "isoplug-first-interface.service";
/// What is to hold for it, but for its name.
pub(super) const SETTINGS: &str = "/usr/lib/isoplug/first-interface.network";

/// It is there before networkd starts; udev has named the interfaces by then.
const TEXT: &str = "\
[Unit]
Description=Find the first wired interface
DefaultDependencies=no
Wants=systemd-udev-trigger.service
After=systemd-udev-trigger.service systemd-udevd.service
Before=systemd-networkd.service network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/isoplug/first-interface

[Install]
WantedBy=sysinit.target
";

/// A card has a device, and Ethernet the type 1 (if_arp.h); wireless ones have that, too.
const SCRIPT: &str = "\
#!/bin/sh
# Lets the first wired interface have the settings of `first = true`.
udevadm settle --timeout=30
for path in /sys/class/net/*; do
    [ -e \"$path/device\" ] && [ ! -e \"$path/wireless\" ] && [ ! -e \"$path/phy80211\" ] || continue
    [ \"$(cat \"$path/type\")\" = 1 ] || continue
    mkdir -p /run/systemd/network
    { printf '[Match]\\nName=%s\\n' \"${path##*/}\"; cat SETTINGS; } >/run/systemd/network/11-isoplug-first.network
    exit 0
done
echo 'This machine has no wired interface.'
";

/// Returns what finds it, with what is to hold for it.
pub(super) fn files(settings: &str) -> Vec<File> {
    let file = |path: &str, text: String, mode| File { path: path.to_owned(), text, mode };
    vec![
        file(&format!("/etc/systemd/system/{UNIT}"), TEXT.to_owned(), 0o644),
        file("/usr/lib/isoplug/first-interface", SCRIPT.replace("SETTINGS", SETTINGS), 0o755),
        file(SETTINGS, settings.to_owned(), 0o644),
    ]
}
