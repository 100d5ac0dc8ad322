//! The texts of files that describe a machine. Pure.

use crate::Machine;
use crate::layout::Made;

/// What the installed system mounts.
#[must_use]
pub fn fstab(made: &[Made]) -> String {
    let mut made: Vec<&Made> = made.iter().collect();
    made.sort_by_key(|each| each.partition.mount.clone());
    let lines: String = made.into_iter().filter_map(fstab_line).collect();
    format!("# Written by isoplug-install.\n{lines}")
}

fn fstab_line(each: &Made) -> Option<String> {
    let partition = &each.partition;
    let format = partition.format.as_str();
    let is_swap = format == "swap";
    let mount = partition.mount.as_deref().or(is_swap.then_some("none"))?;
    let options = match partition.options.as_str() {
        "" if is_swap => "sw",
        "" => "defaults",
        options => options,
    };
    let pass = match (mount, format) {
        (_, "btrfs" | "xfs" | "swap") => 0,
        ("/", _) => 1,
        _ => 2,
    };
    Some(format!("UUID={} {mount} {format} {options} 0 {pass}\n", each.uuid))
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

/// The hosts file with this host's name; what else it has stays.
#[must_use]
pub fn hosts(old: &str, hostname: &str) -> String {
    let short = hostname.split('.').next().unwrap_or_default();
    let names = if short == hostname { hostname.to_owned() } else { format!("{hostname} {short}") };
    let own = format!("127.0.1.1 {names}");
    let is_kept = |line: &&str| !line.trim().is_empty() && !line.starts_with("127.0.1.1");
    let mut lines: Vec<&str> = old.lines().filter(is_kept).collect();
    if !lines.iter().any(|line| line.starts_with("127.0.0.1")) {
        lines.insert(0, "127.0.0.1 localhost");
    }
    let behind = lines.iter().position(|line| line.starts_with("127.0.0.1")).map_or(0, |at| at + 1);
    lines.insert(behind, &own);
    if !lines.iter().any(|line| line.starts_with("::1")) {
        lines.insert(behind + 1, "::1 localhost ip6-localhost ip6-loopback");
    }
    lines.join("\n") + "\n"
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
    let serial = words.iter().find_map(|word| word.strip_prefix("console=ttyS"));
    let terminal = serial.map_or_else(|| "GRUB_TERMINAL=console\n".to_owned(), serial_terminal);
    format!(
        "# Written by isoplug-install.\nGRUB_CMDLINE_LINUX_DEFAULT=\"{}\"\nGRUB_CMDLINE_LINUX=\"{}\"\n\
         {terminal}GRUB_TIMEOUT=5\nGRUB_DISABLE_OS_PROBER=true\n",
        quoted(&parameters.join(" ")),
        quoted(&all.join(" "))
    )
}

/// The menu is shown on the serial line of a console, too: `0,115200n8`.
fn serial_terminal(port: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let (unit, speed) = port.split_once(',').unwrap_or((port, "115200"));
    let (unit, speed) = (digits(unit), digits(speed));
    format!(
        "GRUB_TERMINAL=\"console serial\"\nGRUB_SERIAL_COMMAND=\"serial --unit={unit} --speed={speed}\"\n"
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
    let mut name = pattern.to_owned();
    if name.contains("{serial}") {
        let serial = machine.text("/sys/class/dmi/id/product_serial");
        name = name.replace("{serial}", &in_a_name(serial));
    }
    if name.contains("{mac}") {
        let links = machine.list("/sys/class/net").unwrap_or_default();
        let mut links = links.iter().filter(|name| *name != "lo");
        let address = |name: &String| machine.text(&format!("/sys/class/net/{name}/address"));
        name = name.replace("{mac}", &in_a_name(links.find_map(address)));
    }
    name.truncate(64);
    name
}

fn in_a_name(text: Option<String>) -> String {
    let text = text.unwrap_or_default();
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if plain.is_empty() { "unknown".to_owned() } else { plain.to_ascii_lowercase() }
}
