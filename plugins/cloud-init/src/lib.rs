//! Brings cloud-init with its NoCloud data, in the image or on the medium.
//!
//! Users, keys and installer answers are the data's business: it goes where cloud-init looks for
//! it, after a look at its first line, which is all that cloud-init itself goes by.

use std::fmt::Write as _;

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct CloudInit;

/// What the user can set. A text stands over the file of the same name in the input `seed`.
#[options]
pub struct Options {
    /// Where the data goes.
    #[default(Target::Rootfs)]
    pub target: Target,
    /// The user data: `#cloud-config`, a script, or a MIME message.
    pub user_data: Option<String>,
    /// The network configuration, version 1 or 2.
    pub network_config: Option<String>,
    /// The vendor data: as the user data, with less weight.
    pub vendor_data: Option<String>,
    /// The host name, unless the input `seed` has a file `meta-data`.
    pub hostname: Option<String>,
    /// Whether to install the package `cloud-init`.
    #[default(true)]
    pub install: bool,
}

/// Where the data goes.
#[options]
#[derive(Copy, Eq)]
pub enum Target {
    /// Into the root filesystem, where nobody changes it.
    Rootfs,
    /// Onto the medium, where it can be exchanged on a USB stick.
    Iso,
}

/// Where cloud-init looks in the root filesystem (its DataSourceNoCloud).
const SEED: &str = "/var/lib/cloud/seed/nocloud";

/// Where a live system has its medium (live-boot(7)).
const MEDIUM: &str = "/run/live/medium";

/// The input with files of the same names.
const INPUT: &str = "seed";

impl Contributor for CloudInit {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&[
                "root:/var/lib/cloud/seed/nocloud/*",
                "root:/etc/cloud/cloud.cfg.d/*",
                "iso:/nocloud/*",
            ])
            .merge(&["packages.install"])
            .inputs(&[INPUT])
            .example(
                "a user with a key",
                json!({ "user-data": "#cloud-config\nusers:\n  - name: me\n    ssh_import_id: [gh:me]\n" }),
            )
    }

    fn contribute(options: Options, cx: &Context) -> Result<Vec<Module>> {
        let target = options.target;
        let module = Module::new("nocloud").provides("cloud-init");
        if options.install {
            module.merge(json!({ "packages": { "install": ["cloud-init"] } }))?;
        }
        for (name, content) in files(options, cx)? {
            if let Some(content) = content {
                module.file(place(target, name), content)?;
            }
        }
        module.file("/etc/cloud/cloud.cfg.d/90-isoplug.cfg", configuration(target))?;
        Ok(vec![module])
    }
}

/// Returns what cloud-init looks for, by its name there.
fn files(options: Options, cx: &Context) -> Result<[(&'static str, Option<String>); 4]> {
    let Options { user_data, network_config, vendor_data, hostname, .. } = options;
    let user_data = text("user-data", user_data, cx)?.unwrap_or_else(|| "#cloud-config\n".into());
    check_kind("user-data", &user_data)?;
    let vendor_data = text("vendor-data", vendor_data, cx)?;
    if let Some(vendor_data) = &vendor_data {
        check_kind("vendor-data", vendor_data)?;
    }
    let meta_data = match text("meta-data", None, cx)? {
        Some(given) => given,
        None => meta_data(hostname.as_deref(), cx)?,
    };
    Ok([
        ("user-data", Some(user_data)),
        ("meta-data", Some(meta_data)),
        ("network-config", text("network-config", network_config, cx)?),
        ("vendor-data", vendor_data),
    ])
}

/// Returns the text of an option, or that of the file of the same name in the input.
fn text(name: &str, option: Option<String>, cx: &Context) -> Result<Option<String>> {
    if option.is_some() {
        return Ok(option);
    }
    // Without the grant there is no such input, which is no mistake: texts may be all there is.
    let granted = cx.list_input(INPUT).unwrap_or_default().unwrap_or_default();
    if !granted.iter().any(|entry| entry.path == name) {
        return Ok(None);
    }
    cx.input_file(INPUT, name)?.map(|blob| blob.text()).transpose()
}

/// cloud-init ignores data whose first line it does not know, which nobody notices until the
/// machine is up and nobody can log in.
fn check_kind(option: &str, text: &str) -> Result<()> {
    let known = [
        "#cloud-config",
        "#!",
        "#include",
        "#cloud-boothook",
        "#part-handler",
        "#upstart-job",
        "## template: jinja",
        "Content-Type:",
        "MIME-Version:",
        "From ",
    ];
    let first = text.lines().next().unwrap_or_default();
    if known.iter().any(|kind| first.starts_with(kind)) {
        return Ok(());
    }
    let unknown = format!("cloud-init does not know data that begins with `{first}`");
    Err(Diagnostic::error("unknown-kind", unknown)
        .at(option)
        .help("let the first line be `#cloud-config`, or `#!/bin/sh` for a script")
        .into())
}

/// Returns meta data with an instance id that changes with the manifest and the lock, so that
/// cloud-init runs anew on a new image and only then.
fn meta_data(hostname: Option<&str>, cx: &Context) -> Result<String> {
    let mut text = String::from("instance-id: iid-");
    for byte in cx.seed("instance-id", 8) {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    if let Some(hostname) = hostname {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
        };
        if !hostname.split('.').all(is_name) {
            let message = format!("`{hostname}` is no host name");
            return Err(Diagnostic::error("hostname", message).at("hostname").into());
        }
        let _ = writeln!(text, "local-hostname: {hostname}");
    }
    Ok(text)
}

fn place(target: Target, name: &str) -> Place {
    match target {
        // User data may hold passwords.
        Target::Rootfs => root(format!("{SEED}/{name}")).mode(0o600),
        Target::Iso => iso(format!("/nocloud/{name}")),
    }
}

fn configuration(target: Target) -> String {
    let seed = match target {
        Target::Rootfs => SEED.to_owned(),
        Target::Iso => format!("{MEDIUM}/nocloud"),
    };
    format!(
        "# Written by the plugin `cloud-init`.\n\
         datasource_list: [NoCloud, None]\n\
         datasource:\n  NoCloud:\n    seedfrom: file://{seed}/\n"
    )
}

isoplug_sdk::contributor!(CloudInit);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    #[test]
    fn data_goes_into_the_image() {
        let options = json!({ "user-data": "#!/bin/sh\n", "hostname": "rescue" });
        let outcome = Trial::new().options(options).contribute::<CloudInit>();
        let user_data = "root:/var/lib/cloud/seed/nocloud/user-data";
        assert_eq!((outcome.text(user_data), outcome.mode(user_data)), ("#!/bin/sh\n", 0o600));
        let meta_data = outcome.text("root:/var/lib/cloud/seed/nocloud/meta-data");
        assert!(meta_data.starts_with("instance-id: iid-"), "{meta_data}");
        assert!(meta_data.ends_with("\nlocal-hostname: rescue\n"), "{meta_data}");
        assert_eq!(outcome.fragment("nocloud")["packages"]["install"], json!(["cloud-init"]));
    }

    #[test]
    fn data_goes_onto_the_medium_from_a_folder() {
        let outcome = Trial::new()
            .options(json!({ "target": "iso", "install": false }))
            .input_file("seed", "user-data", "#cloud-config\nautoinstall: {}\n")
            .input_file("seed", "meta-data", "instance-id: mine\n")
            .contribute::<CloudInit>();
        assert_eq!(outcome.text("iso:/nocloud/meta-data"), "instance-id: mine\n");
        assert!(outcome.text("iso:/nocloud/user-data").contains("autoinstall"));
        let configuration = outcome.text("root:/etc/cloud/cloud.cfg.d/90-isoplug.cfg");
        assert!(configuration.contains("seedfrom: file:///run/live/medium/nocloud/\n"));
        assert!(outcome.fragment("nocloud").is_null());
    }

    #[test]
    fn data_that_cloud_init_would_ignore_is_refused() {
        let options = json!({ "user-data": "users: []\n" });
        let outcome = Trial::new().options(options).contribute::<CloudInit>();
        let told = "unknown-kind: cloud-init does not know data that begins with `users: []`\n";
        assert_eq!(outcome.reported(), told);
    }

    #[test]
    fn a_host_name_cannot_carry_more_than_a_name() {
        let options = json!({ "hostname": "a\nusers: []" });
        let outcome = Trial::new().options(options).contribute::<CloudInit>();
        assert!(outcome.reported().starts_with("hostname: "), "{}", outcome.reported());
    }
}
