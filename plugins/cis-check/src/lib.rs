//! Fails a build whose image breaks rules of the CIS benchmark for Debian.
//!
//! Looks at the finished root filesystem: `walk.rs` at every entry, `accounts.rs` at users,
//! `sshd.rs` at the SSH server. Changes nothing.

mod accounts;
mod sshd;
mod walk;

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct CisCheck;

/// What the user can set.
#[options]
pub struct Options {
    /// Whether a breach fails the build.
    #[default(Severity::Error)]
    pub severity: Severity,
    /// Rules to leave out, by the word in the message: `world-writable`, `sshd-root-login`.
    #[default]
    pub except: Vec<String>,
    /// Files that may be setuid or setgid beside those that Debian brings.
    #[default]
    pub setuid: Vec<String>,
    /// Paths that everyone may write to.
    #[default]
    pub world_writable: Vec<String>,
    /// How many breaches of one rule are named.
    #[default(20)]
    #[range(1..=1000)]
    pub limit: u32,
}

/// What a breach does.
#[options]
#[derive(Copy, Eq)]
pub enum Severity {
    /// Fails the build.
    Error,
    /// Is shown.
    Warning,
}

/// The rules, by the words that messages show.
const RULES: [&str; 9] = [
    "setuid-file",
    "world-writable",
    "no-owner",
    "empty-password",
    "second-root",
    "file-mode",
    "sshd-root-login",
    "sshd-empty-passwords",
    "sshd-x11",
];

impl Check for CisCheck {
    type Options = Options;

    fn about() -> About {
        About::new()
            .reads(&["/**"])
            .example("show, do not fail", json!({ "severity": "warning" }))
            .example("one more setuid program", json!({ "setuid": ["/usr/bin/doas"] }))
    }

    fn check(options: Options, cx: &Context) -> Result<()> {
        for (index, name) in (0u32..).zip(&options.except) {
            if !RULES.contains(&name.as_str()) {
                let message = format!("there is no rule `{name}`; there are {}", RULES.join(", "));
                return Err(Diagnostic::error("rule", message).at("except").index(index).into());
            }
        }
        let mut breaches = walk::breaches(&options, cx.rootfs())?;
        breaches.extend(accounts::breaches(cx.rootfs())?);
        breaches.extend(sshd::breaches(cx.rootfs())?);
        report(&options, &breaches, cx);
        Ok(())
    }
}

/// Something that breaks a rule.
#[derive(Debug)]
pub struct Breach {
    /// One of [`RULES`].
    pub rule: &'static str,
    /// What is wrong, with the path.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// Names the breaches by rule, the first ones of each, so that one mistake does not hide others.
fn report(options: &Options, breaches: &[Breach], cx: &Context) {
    for rule in RULES.iter().filter(|rule| !options.except.iter().any(|it| it == *rule)) {
        let of_rule: Vec<&Breach> = breaches.iter().filter(|it| it.rule == *rule).collect();
        for breach in of_rule.iter().take(options.limit as usize) {
            let diagnostic = match options.severity {
                Severity::Error => Diagnostic::error(rule, &breach.message),
                Severity::Warning => Diagnostic::warning(rule, &breach.message),
            };
            cx.report(diagnostic.help(breach.help));
        }
        let more = of_rule.len().saturating_sub(options.limit as usize);
        if more > 0 {
            cx.report(Diagnostic::note(rule, format!("and {more} more")));
        }
    }
    cx.log(&format!("{} breaches of {} rules", breaches.len(), RULES.len()));
}

isoplug_sdk::check!(CisCheck);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    fn good() -> Trial {
        Trial::new()
            .file("/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/bash\n")
            .file("/etc/shadow", 0o640, "root:*:20000:0:99999:7:::\nme:!:1::::::\n")
            .file("/usr/bin/sudo", 0o4755, "")
            .folder("/tmp", 0o1777)
            .symlink("/bin", "usr/bin")
            .file("/etc/ssh/sshd_config", 0o644, "Include x\nPermitRootLogin no\n")
    }

    #[test]
    fn a_good_image_passes() {
        let outcome = good().check::<CisCheck>();
        assert_eq!((outcome.reported().as_str(), outcome.answer), ("", Ok(Value::Null)));
    }

    #[test]
    fn every_breach_is_named() {
        let outcome = good()
            .file("/usr/local/bin/evil", 0o4755, "")
            .file("/etc/motd", 0o666, "")
            .folder("/srv", 0o777)
            .file("/etc/passwd", 0o664, "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")
            .file("/etc/shadow", 0o644, "root::20000:0:99999:7:::\n")
            .file("/etc/ssh/sshd_config", 0o644, "permitrootlogin=yes\nX11Forwarding yes\n")
            .file("/etc/ssh/sshd_config.d/1.conf", 0o644, "PermitEmptyPasswords yes\n")
            .check::<CisCheck>();
        assert_eq!(
            outcome.reported(),
            "setuid-file: /usr/local/bin/evil is setuid (4755)\n\
             world-writable: everyone may write to /etc/motd (0666)\n\
             world-writable: everyone may write to /srv (0777)\n\
             empty-password: `root` has no password\n\
             second-root: `toor` has the user id 0\n\
             file-mode: /etc/passwd has mode 0664, at most 0644 is right\n\
             file-mode: /etc/shadow has mode 0644, at most 0640 is right\n\
             sshd-root-login: root may log in over SSH with a password\n\
             sshd-empty-passwords: empty passwords are accepted over SSH\n\
             sshd-x11: X11 is forwarded over SSH\n"
        );
    }

    #[test]
    fn rules_can_be_left_out_and_bounded() {
        let options = json!({ "except": ["setuid-file"], "limit": 1, "severity": "warning" });
        let outcome = good()
            .options(options)
            .file("/usr/local/bin/evil", 0o4755, "")
            .file("/a", 0o666, "")
            .file("/b", 0o666, "")
            .check::<CisCheck>();
        assert!(outcome.reports.iter().all(|it| !it.is_error()));
        let told = "world-writable: everyone may write to /a (0666)\nworld-writable: and 1 more\n";
        assert_eq!(outcome.reported(), told);
    }

    #[test]
    fn a_rule_that_is_none_is_named() {
        let outcome = good().options(json!({ "except": ["suid"] })).check::<CisCheck>();
        assert!(outcome.reported().starts_with("rule: there is no rule `suid`"));
    }
}
