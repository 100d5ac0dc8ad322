//! The texts of files that describe a machine. Pure.

use crate::Machine;
use crate::layout::Made;

/// What the installed system mounts.
#[must_use]
pub fn fstab(made: &[Made]) -> String {
    let mut made: Vec<&Made> = made.iter().collect();
    made.sort_by_key(|each| each.partition.mount.clone());
    let lines = made.iter().filter_map(|each| {
        let partition = &each.partition;
        let format = partition.format.as_str();
        let mount = match (partition.mount.as_deref(), format) {
            (Some(mount), _) => mount,
            (None, "swap") => "none",
            (None, _) => return None,
        };
        let options = match (partition.options.as_str(), format) {
            ("", "swap") => "sw",
            ("", _) => "defaults",
            (options, _) => options,
        };
        let pass = match (mount, format) {
            (_, "btrfs" | "xfs" | "swap") => 0,
            ("/", _) => 1,
            _ => 2,
        };
        Some(format!("UUID={} {mount} {format} {options} 0 {pass}\n", each.uuid))
    });
    format!("# Written by isoplug-install.\n{}", lines.collect::<String>())
}

/// What the installed system opens, with the passphrase asked in the initrd.
#[must_use]
pub fn crypttab(made: &[Made]) -> String {
    let lines = made.iter().filter_map(|each| {
        let (name, uuid) = (each.partition.luks.as_ref()?, each.luks_uuid.as_ref()?);
        Some(format!("{name} UUID={uuid} none luks,discard,initramfs\n"))
    });
    lines.collect()
}

/// The hosts file with this host's name.
#[must_use]
pub fn hosts(old: &str, hostname: &str) -> String {
    let short = hostname.split('.').next().unwrap_or_default();
    let names = if short == hostname { hostname.to_owned() } else { format!("{hostname} {short}") };
    let kept = old.lines().filter(|line| !line.starts_with("127.0.1.1"));
    let kept: Vec<&str> = kept.filter(|line| !line.starts_with("127.0.0.1")).collect();
    let mut text = format!("127.0.0.1 localhost\n127.0.1.1 {names}\n");
    if kept.iter().all(|line| !line.starts_with("::1")) {
        text.push_str("::1 localhost ip6-localhost ip6-loopback\n");
    }
    for line in kept.iter().filter(|line| !line.trim().is_empty()) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// GRUB's settings: the target's parameters, every console of the running system, and what stands after `---`.
#[must_use]
pub fn grub_settings(parameters: &[String], command_line: &str) -> String {
    let words: Vec<&str> = command_line.split_whitespace().collect();
    let consoles = words.iter().copied().filter(|word| word.starts_with("console="));
    let after = words.iter().copied().skip_while(|word| *word != "---").skip(1);
    let mut all: Vec<&str> = Vec::new();
    for word in consoles.chain(after) {
        if !all.contains(&word) && !parameters.iter().any(|given| given == word) {
            all.push(word);
        }
    }
    let serial = words.iter().filter_map(|word| word.strip_prefix("console=ttyS")).next();
    let terminal = match serial {
        None => "GRUB_TERMINAL=console\n".to_owned(),
        Some(port) => {
            let (unit, speed) = port.split_once(',').unwrap_or((port, "115200"));
            let digits =
                |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
            let (unit, speed) = (digits(unit), digits(speed));
            format!(
                "GRUB_TERMINAL=\"console serial\"\nGRUB_SERIAL_COMMAND=\"serial --unit={unit} --speed={speed}\"\n"
            )
        }
    };
    format!(
        "# Written by isoplug-install.\nGRUB_CMDLINE_LINUX_DEFAULT=\"{}\"\nGRUB_CMDLINE_LINUX=\"{}\"\n\
         {terminal}GRUB_TIMEOUT=5\nGRUB_DISABLE_OS_PROBER=true\n",
        quoted(&parameters.join(" ")),
        quoted(&all.join(" "))
    )
}

/// The file is read by a shell.
fn quoted(text: &str) -> String {
    let special = |each: char| matches!(each, '"' | '\\' | '$' | '`');
    text.chars().flat_map(|each| special(each).then_some('\\').into_iter().chain([each])).collect()
}

/// Fills in what a host name says of the machine: `{serial}` and `{mac}`.
#[must_use]
pub fn hostname(machine: &dyn Machine, pattern: &str) -> String {
    let plain = |text: &str| -> String {
        let parts = text.chars().filter(char::is_ascii_alphanumeric);
        parts.map(|each| each.to_ascii_lowercase()).collect()
    };
    let serial = || machine.text("/sys/class/dmi/id/product_serial").map(|text| plain(&text));
    let mac = || {
        let links = machine.list("/sys/class/net").unwrap_or_default();
        let mut links = links.iter().filter(|name| *name != "lo");
        let address = |name: &String| machine.text(&format!("/sys/class/net/{name}/address"));
        links.find_map(address).map(|text| plain(&text))
    };
    let known = |text: Option<String>| text.filter(|text| !text.is_empty());
    let unknown = || "unknown".to_owned();
    let mut name = pattern.to_owned();
    if name.contains("{serial}") {
        name = name.replace("{serial}", &known(serial()).unwrap_or_else(unknown));
    }
    if name.contains("{mac}") {
        name = name.replace("{mac}", &known(mac()).unwrap_or_else(unknown));
    }
    name.truncate(64);
    name
}
