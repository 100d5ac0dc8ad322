//! Hardens kernel, network and SSH by level: sysctl settings, kernel parameters, sshd settings.
//!
//! The settings of each level are in `rules.rs`. Knows no file of the image: it only adds.

mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Hardening;

/// How strict. Each level has all of those before it.
#[options]
#[derive(Copy, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What breaks nothing.
    Basic,
    /// What a server or rescue disk does not miss.
    Standard,
    /// What an auditor asks for; debuggers, eBPF and user namespaces suffer.
    Strict,
}

/// What the user can set.
#[options]
pub struct Options {
    /// How strict.
    #[default(Level::Standard)]
    pub level: Level,
    /// Whether the SSH server is hardened too.
    #[default(true)]
    pub ssh: bool,
    /// Sysctl settings and kernel parameters to leave alone, by name.
    #[default]
    pub except: Vec<String>,
    /// Sysctl settings of your own, over those of the level.
    #[default]
    pub sysctl: BTreeMap<String, String>,
}

impl Contributor for Hardening {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&["root:/etc/sysctl.d/*", "root:/etc/ssh/sshd_config.d/*"])
            .merge(&["boot.kernel-params", "kernel.modules.blacklist", "services.openssh.settings"])
            .kernel_params(&["*"])
            .example("as an auditor wants it", json!({ "level": "strict" }))
            .example(
                "a machine for debugging",
                json!({ "level": "standard", "except": ["kernel.yama.ptrace_scope"] }),
            )
    }

    fn contribute(options: Options, cx: &Context) -> Result<Vec<Module>> {
        report_unknown(&options, cx);
        let mut modules = vec![kernel(&options)?];
        if options.ssh {
            modules.push(ssh(options.level)?);
        }
        Ok(modules)
    }
}

/// A name that no level has is most likely a mistake.
fn report_unknown(options: &Options, cx: &Context) {
    let known = |name: &str| {
        rules::SYSCTL.iter().any(|(_, it, _)| *it == name)
            || rules::KERNEL_PARAMS.iter().any(|(_, it)| name_of(it) == name)
            || rules::MODULES.iter().any(|(_, it)| *it == name)
    };
    for (index, name) in (0u32..).zip(&options.except) {
        if !known(name) {
            let unknown =
                Diagnostic::warning("unknown-exception", format!("no level sets `{name}`"));
            cx.report(unknown.at("except").index(index));
        }
    }
}

fn kernel(options: &Options) -> Result<Module> {
    let module = Module::new("kernel").provides("hardened-kernel");
    let params = rules::KERNEL_PARAMS.iter();
    let params = params.filter(|(level, param)| is_wanted(options, *level, name_of(param)));
    let modules = rules::MODULES.iter();
    let modules = modules.filter(|(level, name)| is_wanted(options, *level, name));
    module.merge(json!({
        "boot": { "kernel-params": params.map(|(_, param)| *param).collect::<Vec<_>>() },
        "kernel": { "modules": { "blacklist": modules.map(|(_, name)| *name).collect::<Vec<_>>() } },
    }))?;
    module.file("/etc/sysctl.d/90-hardening.conf", sysctl(options))?;
    Ok(module)
}

fn is_wanted(options: &Options, level: Level, name: &str) -> bool {
    level <= options.level && !options.except.iter().any(|except| except == name)
}

/// Returns the settings by name. A stricter level repeats a name with a stricter value: the last
/// one counts.
fn sysctl(options: &Options) -> String {
    let mut settings: BTreeMap<&str, &str> = BTreeMap::new();
    for (level, name, value) in rules::SYSCTL {
        if is_wanted(options, *level, name) {
            settings.insert(name, value);
        }
    }
    settings.extend(options.sysctl.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut text = String::from("# Written by the plugin `hardening`.\n");
    for (name, value) in settings {
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

/// The two settings that have an option of their own give way to what the manifest says; the
/// others go into a file that sshd reads after that of the options.
fn ssh(level: Level) -> Result<Module> {
    let module = Module::new("ssh").provides("hardened-ssh");
    let settings = match level {
        Level::Basic => json!({ "permit-root-login": "prohibit-password" }),
        _ => json!({ "permit-root-login": "no", "password-authentication": false }),
    };
    module.merge_fallback(json!({ "services": { "openssh": { "settings": settings } } }))?;
    let lines = rules::SSHD.iter().filter(|(at, _)| *at <= level);
    let text: String = lines.map(|(_, line)| format!("{line}\n")).collect();
    module.file("/etc/ssh/sshd_config.d/20-hardening.conf", text)?;
    Ok(module)
}

/// Returns the name of a kernel parameter: what stands before `=`.
fn name_of(param: &str) -> &str {
    param.split('=').next().unwrap_or(param)
}

isoplug_sdk::contributor!(Hardening);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::{Outcome, Trial};

    use super::*;

    fn with(options: Value) -> Outcome {
        Trial::new().options(options).contribute::<Hardening>()
    }

    fn sysctl(outcome: &Outcome) -> &str {
        outcome.text("root:/etc/sysctl.d/90-hardening.conf")
    }

    #[test]
    fn a_level_has_all_of_those_before_it() {
        let levels = ["basic", "standard", "strict"].map(|it| with(json!({ "level": it })));
        let lines: Vec<usize> = levels.iter().map(|it| sysctl(it).lines().count()).collect();
        assert!(lines[0] < lines[1] && lines[1] < lines[2], "{lines:?}");
        assert!(sysctl(&levels[0]).contains("kernel.kptr_restrict = 1\n"));
        assert!(sysctl(&levels[1]).contains("kernel.kptr_restrict = 2\n"));
        let params = |it: &Outcome| it.fragment("kernel")["boot"]["kernel-params"].items().len();
        assert!(params(&levels[0]) < params(&levels[1]));
    }

    #[test]
    fn exceptions_and_own_settings_win() {
        let outcome = with(json!({
            "except": ["kernel.dmesg_restrict", "slab_nomerge"],
            "sysctl": { "kernel.kptr_restrict": "0", "vm.swappiness": "10" },
        }));
        assert!(!sysctl(&outcome).contains("dmesg_restrict"));
        assert!(sysctl(&outcome).contains("kernel.kptr_restrict = 0\nkernel"));
        assert!(sysctl(&outcome).contains("vm.swappiness = 10\n"));
        let params = outcome.fragment("kernel")["boot"]["kernel-params"].items();
        assert!(!params.contains(&json!("slab_nomerge")));
        assert_eq!(outcome.reported(), "");
    }

    #[test]
    fn an_exception_that_excepts_nothing_is_reported() {
        let outcome = with(json!({ "except": ["kernel.kptr_restrikt"] }));
        let told = "unknown-exception: no level sets `kernel.kptr_restrikt`\n";
        assert_eq!(outcome.reported(), told);
    }

    #[test]
    fn ssh_can_be_left_alone() {
        assert!(
            !with(json!({ "ssh": false })).has("root:/etc/ssh/sshd_config.d/20-hardening.conf")
        );
        let basic = with(json!({ "level": "basic" }));
        let settings = &basic.fragment("ssh")["services"]["openssh"]["settings"];
        assert_eq!(settings, &json!({ "permit-root-login": "prohibit-password" }));
    }
}
