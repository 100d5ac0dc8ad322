//! Tests of what is read of `hook-functions`.

use super::*;

const TEXT: &str = r#"
auto_add_modules()
{
	local arg exclude exclude_dir
	local block_modules=
	local modules=

	if [ "$#" -eq 0 ] ; then
		set -- base net
	fi

	local blockfuncs="ahci_get|scsi_add"
	blockfuncs="${blockfuncs}|nvme_init"

	for arg in "$@" ; do
		case "$arg" in
		base)
			modules="$modules btrfs =drivers/usb/dwc2"
			# A comment
			copy_modules_dir kernel/drivers/hid \
				'hid-*ff.ko' \
				can
			block_modules="$block_modules =drivers/ata"
		;;
		net)
			exclude="tun|veth"
			exclude_dir="net/(802|phy)|wan"
			_call_dracut_install -P "/((${exclude})\.ko|(${exclude_dir})/)" \
				-s "eth_type|${blockfuncs}" \
				"=drivers/net"
		;;
		esac
	done

	# shellcheck disable=SC2086
	manual_add_modules $modules
}

hidden_dep_add_modules()
{
	manual_add_modules $(
		while read -r module; do
			case "$module" in
			spi-rockchip)
				echo pl330 other
				;;
			esac
		done
		)
}
"#;

fn folder(path: &str, lists: [&[&str]; 3]) -> Request {
    let [names, without, symbols] =
        lists.map(|list| list.iter().map(|&text| text.to_owned()).collect());
    Request::Folder(Folder { path: path.to_owned(), names, without, symbols })
}

#[test]
fn lists_are_read_as_the_shell_reads_them() {
    let classes = read(TEXT).unwrap();
    let symbols = ["ahci_get", "scsi_add", "nvme_init"];
    let base = vec![
        Request::name("btrfs"),
        folder("kernel/drivers/usb/dwc2", [&[], &[], &[]]),
        folder("kernel/drivers/hid", [&["hid-*ff.ko*", "can"], &[], &[]]),
        folder("kernel/drivers/ata", [&[], &[], &symbols]),
    ];
    assert_eq!(classes.classes["base"], base);
    let without = ["/tun.ko", "/veth.ko", "/net/802/", "/net/phy/", "/wan/"];
    let symbols = ["eth_type", "ahci_get", "scsi_add", "nvme_init"];
    let net = vec![folder("kernel/drivers/net", [&[], &without, &symbols])];
    assert_eq!(classes.classes["net"], net);
    assert_eq!(classes.usual, ["base", "net"]);
    assert_eq!(classes.hidden["spi_rockchip"], ["pl330", "other"]);
}

#[test]
fn other_statements_are_refused() {
    for (old, new) in [
        ("# A comment", "modules=$(cat list)"),
        ("# A comment", "rm -rf x"),
        ("-P \"/((", "-P \"(("),
        ("echo pl330 other", "cat list"),
        ("auto_add_modules()", "other()"),
    ] {
        assert!(read(&TEXT.replacen(old, new, 1)).is_err(), "{new}");
    }
}
