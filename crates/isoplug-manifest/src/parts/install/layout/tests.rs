use super::*;

const PC: Machines = Machines { arch: "amd64", bios: true };

fn layout(text: &str) -> Layout {
    toml::from_str(text).unwrap()
}

fn drawn(text: &str, machines: Machines, encrypted: bool) -> String {
    let Partitioning { min_size, definitions, partitions } =
        layout(text).partitioning(machines, encrypted);
    let mut drawn = format!("least {} MiB\n", min_size >> 20);
    for (name, text) in definitions {
        let lines = text.lines().skip(1).collect::<Vec<_>>().join(" ");
        drawn += &format!("{name}: {lines}\n");
    }
    for one in partitions {
        let Partition { definition, mount, format, options, luks } = one;
        let mount = mount.unwrap_or_else(|| "none".to_owned());
        let luks = luks.map(|name| format!(" in {name}")).unwrap_or_default();
        drawn += &format!("{mount} {format} [{options}] {definition}{luks}\n");
    }
    drawn
}

#[test]
fn a_whole_disk() {
    insta::assert_snapshot!(drawn("", PC, false), @"");
}

#[test]
fn an_encrypted_one_has_its_kernels_outside() {
    insta::assert_snapshot!(drawn("home.min = \"2GiB\"\nswap = \"1GiB\"", PC, true), @"");
}

#[test]
fn subvolumes_and_further_partitions() {
    let text = "root = { format = \"btrfs\", min = \"8GiB\", subvolumes = [\"/home\", \"/var/log\"] }\n\
                partitions = [{ mount = \"/srv\", format = \"xfs\", min = \"4GiB\", weight = 0 }]";
    let arm = Machines { arch: "arm64", bios: true };
    insta::assert_snapshot!(drawn(text, arm, false), @"");
}
