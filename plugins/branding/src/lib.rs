//! Puts your name on boot menu, log-in screen and os-release.
//!
//! Texts may hold `{name}`, `{version}` and `{arch}` of the image.

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Branding;

/// What the user can set.
#[options]
pub struct Options {
    /// The product's name, as boot menu and os-release show it: `Acme Rescue {version}`.
    pub product: String,
    /// What a user sees after logging in.
    pub motd: Option<String>,
    /// What the console shows above its prompt; agetty's escapes such as `\n` and `\l` work.
    pub issue: Option<String>,
    /// Whether the product's name stands before the label of each menu entry that boots the system.
    #[default(true)]
    pub menu: bool,
    /// Whether os-release names the product.
    #[default(true)]
    pub os_release: bool,
    /// The product's page.
    pub home_url: Option<String>,
    /// Where its users get help.
    pub support_url: Option<String>,
    /// Where its users report bugs.
    pub bug_report_url: Option<String>,
}

/// Debian's `/etc/os-release` is a link to it (os-release(5)).
const OS_RELEASE: &str = "/usr/lib/os-release";

impl Contributor for Branding {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&[
                "root:/etc/motd",
                "root:/etc/issue",
                "root:/etc/issue.net",
                "root:/usr/lib/os-release",
            ])
            .merge(&["iso.menu-label-prefix"])
            .reads(&[OS_RELEASE])
            .example(
                "a rescue disk",
                json!({
                    "product": "Acme Rescue {version}",
                    "motd": "Welcome to {name}. Help: rescue@example.com\n",
                    "home-url": "https://example.com/rescue",
                }),
            )
    }

    fn contribute(options: Options, cx: &Context) -> Result<Vec<Module>> {
        let product = filled("product", &options.product, cx)?;
        if product.trim().is_empty() || product.contains(['\n', '"', '\\', '$', '`']) {
            let message = "a name is one line, without quotes and escapes";
            return Err(Diagnostic::error("product", message).at("product").into());
        }
        let module = Module::new("screens").provides("branding");
        if options.menu {
            module.merge(json!({ "iso": { "menu-label-prefix": format!("{product}: ") } }))?;
        }
        if let Some(motd) = &options.motd {
            module.file("/etc/motd", ended(filled("motd", motd, cx)?))?;
        }
        let issue = options.issue.as_deref().unwrap_or("{product} \\n \\l\n");
        let issue = ended(filled("issue", &issue.replace("{product}", &product), cx)?);
        module.file("/etc/issue", &issue)?;
        // sshd shows it as it is, so what agetty fills in goes.
        module.file("/etc/issue.net", format!("{product}\n"))?;
        Ok(vec![module])
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        if !options.os_release {
            return Ok(Vec::new());
        }
        let before = cx.rootfs().text(OS_RELEASE)?.unwrap_or_default();
        let module = Module::new("os-release");
        module.file(OS_RELEASE, os_release(&before, &options, cx)?)?;
        Ok(vec![module])
    }
}

/// Replaces what the product has of its own. `ID` and `VERSION_ID` stay: programs go by them.
fn os_release(before: &str, options: &Options, cx: &Context) -> Result<String> {
    let version = cx.fact::<String>("image.version")?;
    let product = filled("product", &options.product, cx)?;
    let lines = [
        ("PRETTY_NAME", Some(product)),
        ("IMAGE_ID", cx.fact::<String>("image.name")?),
        ("IMAGE_VERSION", version),
        ("HOME_URL", options.home_url.clone()),
        ("SUPPORT_URL", options.support_url.clone()),
        ("BUG_REPORT_URL", options.bug_report_url.clone()),
    ];
    let is_replaced = |line: &&str| {
        lines.iter().any(|(name, value)| {
            value.is_some() && line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
        })
    };
    let mut text: String =
        before.lines().filter(|it| !is_replaced(it)).map(|it| format!("{it}\n")).collect();
    for (name, value) in lines {
        if let Some(value) = value {
            text += &format!("{name}=\"{}\"\n", value.replace(['"', '\\', '$', '`', '\n'], ""));
        }
    }
    Ok(text)
}

/// Fills in what the image is called.
fn filled(option: &str, text: &str, cx: &Context) -> Result<String> {
    let mut filled = text.to_owned();
    for word in ["name", "version", "arch"] {
        let place = format!("{{{word}}}");
        if filled.contains(&place) {
            let Some(value) = cx.fact::<String>(&format!("image.{word}"))? else {
                let message = format!("`{place}` stands for the image's {word}, which is not set");
                return Err(Diagnostic::error("not-set", message).at(option).into());
            };
            filled = filled.replace(&place, &value);
        }
    }
    Ok(filled)
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

isoplug_sdk::contributor!(Branding);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    fn trial(options: Value) -> Trial {
        Trial::new().options(options).fact("image.name", "rescue").fact("image.version", "1.0")
    }

    #[test]
    fn texts_name_the_image() {
        let options = json!({ "product": "Acme {version}", "motd": "This is {name}" });
        let outcome = trial(options).contribute::<Branding>();
        assert_eq!(outcome.text("root:/etc/motd"), "This is rescue\n");
        assert_eq!(outcome.text("root:/etc/issue"), "Acme 1.0 \\n \\l\n");
        let prefix = &outcome.fragment("screens")["iso"]["menu-label-prefix"];
        assert_eq!(prefix, &json!("Acme 1.0: "));
    }

    #[test]
    fn os_release_keeps_what_programs_go_by() {
        let before = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nHOME_URL=\"x\"\n";
        let outcome = trial(json!({ "product": "Acme", "home-url": "https://example.com" }))
            .file("/usr/lib/os-release", 0o644, before)
            .furnish::<Branding>();
        assert_eq!(
            outcome.text("root:/usr/lib/os-release"),
            "ID=debian\nPRETTY_NAME=\"Acme\"\nIMAGE_ID=\"rescue\"\nIMAGE_VERSION=\"1.0\"\n\
             HOME_URL=\"https://example.com\"\n"
        );
    }

    #[test]
    fn what_is_not_set_is_named() {
        let outcome = trial(json!({ "product": "Acme {arch}" })).contribute::<Branding>();
        let told = "not-set: `{arch}` stands for the image's arch, which is not set\n";
        assert_eq!(outcome.reported(), told);
        let outcome = trial(json!({ "product": "\"; reboot" })).contribute::<Branding>();
        assert_eq!(outcome.reported(), "product: a name is one line, without quotes and escapes\n");
    }
}
