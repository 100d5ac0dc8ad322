//! What goes wrong with the settings of the SSH server: names and values of sshd_config(5).

use super::*;
use support::profile;

/// Sets a keyword.
fn set(setting: &str) -> String {
    one(&format!("services.openssh.settings.{setting}"))
}

#[test]
fn keywords_in_the_spelling_of_sshd() {
    let system = profile(
        "services.openssh.settings = { PermitRootLogin = \"no\", maxauthtries = 3, use-dns = true, \
         X11Forwarding = false, ClientAliveInterval = 30, AllowTcpForwarding = false }\n\
         packages.install = [\"vim\"]",
    )
    .unwrap();
    let lines: Vec<String> =
        system.options.services.openssh.settings.lines().map(|(_, line)| line).collect();
    assert_snapshot!(lines.join("\n"), @r"
    AllowTcpForwarding no
    ClientAliveInterval 30
    MaxAuthTries 3
    PasswordAuthentication yes
    PermitRootLogin no
    UseDNS yes
    X11Forwarding no
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn keywords_that_are_none() {
    assert_snapshot!(set("PermitRootLogn = \"no\""), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `PermitRootLogn` here
      help: did you mean `permit-root-login`?
    ");
    assert_snapshot!(set("x11-fowarding = true"), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `x11-fowarding` here
      help: did you mean `x11-forwarding`?
    ");
    assert_snapshot!(set("frobnicate = true"), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `frobnicate` here
      help: `isoplug schema --reference` lists every option
    ");
    assert_snapshot!(set("Port = 2222"), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `Port` here
      help: set `services.openssh.ports`
    ");
    assert_snapshot!(set("permit-root-login = \"no\"\nservices.openssh.settings.PermitRootLogin = \"yes\""), @r#"
    isoplug.toml:4:45: error[conflict]: `services.openssh.settings.permit-root-login` has two different values
      isoplug.toml:4:45: "yes" here
      isoplug.toml:3:47: "no" here
      help: say which one holds with `{ force = … }`, or give way with `{ fallback = … }`
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn values_of_keywords() {
    assert_snapshot!(set("PermitRootLogin = \"maybe\""), @r#"isoplug.toml:3:45: error[unknown-value]: found "maybe", expected one of "yes", "prohibit-password", "forced-commands-only", "no""#);
    assert_snapshot!(set("LogLevel = \"verbose\""), @r#"
    isoplug.toml:3:38: error[unknown-value]: found "verbose", expected one of "QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3"
      help: did you mean `VERBOSE`?
    "#);
    assert_snapshot!(set("X11Forwarding = \"no\""), @r"
    isoplug.toml:3:43: error[wrong-type]: found a string, expected a boolean
      help: write false
    ");
    assert_snapshot!(set("AllowUsers = \"ada\""), @r#"
    isoplug.toml:3:40: error[wrong-type]: found a string, expected a list
      help: write ["ada"]
    "#);
    assert_snapshot!(set("MaxAuthTries = -1"), @"isoplug.toml:3:42: error[out-of-range]: found -1, expected an integer from 0 to 2147483647");
    assert_snapshot!(set("LoginGraceTime = \"2 minutes\""), @r#"
    isoplug.toml:3:44: error[bad-time]: "2 minutes" is not a time of sshd_config(5)
      help: seconds, or numbers with s, m, h, d or w, such as "1h30m"
    "#);
    assert_snapshot!(set("Ciphers = [\"a,b\"]"), @r#"
    isoplug.toml:3:38: error[bad-word]: "a,b" cannot be one name of a list in sshd_config(5)
      help: write each as an item of its own: ["a", "b"]
    "#);
    assert_snapshot!(set("Banner = \"/etc/issue\\nPermitRootLogin yes\""), @r#"
    isoplug.toml:3:36: error[bad-word]: "/etc/issue\nPermitRootLogin yes" cannot be one word in sshd_config(5)
      help: a text of one line without quotes
    "#);
}

#[test]
fn blocks_for_some_connections() {
    let block = |text: &str| one(&format!("services.openssh.match = [{text}]"));
    assert_eq!(block("{ users = [\"ada\"], settings = { ForceCommand = \"true\" } }"), "");
    assert_snapshot!(block("{ settings = { X11Forwarding = true } }"), @r#"
    isoplug.toml:3:27: error[match-all]: this fits every connection: it names no user, group, host, address or port
      help: name one, such as `users = ["ada"]`, or set it in `services.openssh.settings`
    "#);
    assert_snapshot!(block("{ users = [\"ada\"], settings = { Ciphers = [\"a\"] } }"), @r"
    isoplug.toml:3:59: error[unknown-key]: there is no key `Ciphers` here
      help: set `services.openssh.settings.ciphers`
    ");
    assert_snapshot!(block("{ users = [\"ada bob\"] }"), @r#"
    isoplug.toml:3:38: error[bad-word]: "ada bob" cannot be one name of a list in sshd_config(5)
      help: write each as an item of its own: ["a", "b"]
    "#);
}
