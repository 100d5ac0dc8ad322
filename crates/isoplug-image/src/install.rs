//! The plan of what a medium installs: from the manifest, without what only the built medium tells.
//!
//! `stages/install_plan.rs` adds that: kernels, files and their digests. Knows no stage.

use isoplug_install_plan::{
    Encryption, FORMAT, Firmware, Hook, Hooks, Image, InstallPlan, Kernel, Layout, Target,
    Template, TemplateFile, Unattended,
};
use isoplug_manifest::System;
use isoplug_manifest::options::{
    Install, InstallHook, InstallHooks, InstallTemplate, Layout as Asked, Machines,
};

use crate::params::kernel_params;

/// Returns the plan of a medium, of which the targets have no files yet.
#[must_use]
pub fn plan(system: &System) -> InstallPlan {
    let install = &system.options.install;
    InstallPlan {
        format: FORMAT,
        image: Image { name: system.image.name.clone(), id: String::new() },
        targets: system.targets.iter().map(|each| target(each, system)).collect(),
        ask: install.ask.clone(),
        answers: install.answers.clone(),
        templates: templates(install),
        unattended: unattended(install),
        on_done: install.on_done,
        hooks: hooks(&install.hooks),
    }
}

/// Returns the machines that a medium is for.
pub(crate) fn machines(system: &System) -> Machines<'_> {
    Machines { arch: &system.arch, bios: system.options.boot.bios }
}

fn target(target: &System, medium: &System) -> Target {
    let [version, image, initrd] = [const { String::new() }; 3];
    let bios = isoplug_arch::is_pc(&target.arch) && target.options.boot.bios;
    let layouts = medium.options.install.offered_layouts();
    Target {
        name: target.profile.clone(),
        title: target.profile.clone(),
        architecture: target.arch.clone(),
        squashfs: Vec::new(),
        kernel: Kernel { version, image, initrd },
        kernel_parameters: kernel_params(target),
        firmware: if bios { Firmware::Hybrid } else { Firmware::Uefi },
        hostname: target.options.networking.hostname.clone(),
        layouts: layouts
            .iter()
            .map(|(name, asked)| layout(name, asked, machines(medium)))
            .collect(),
        weights: Default::default(),
    }
}

fn layout(name: &str, asked: &Asked, machines: Machines) -> Layout {
    let encryption = asked.encryption;
    let plain = matches!(encryption, Encryption::None | Encryption::Ask);
    let encrypted = encryption != Encryption::None;
    Layout {
        name: name.to_owned(),
        encryption,
        plain: plain.then(|| asked.partitioning(machines, false)),
        encrypted: encrypted.then(|| asked.partitioning(machines, true)),
    }
}

fn templates(install: &Install) -> Vec<Template> {
    let template = |template: &InstallTemplate| {
        let InstallTemplate { name, title, target, answers, files: _ } = template.clone();
        let own = install.template_files().filter(|(of, ..)| **of == *name);
        let file = |(_, source, file): (&str, String, &isoplug_manifest::options::InstallFile)| {
            TemplateFile { source, target: file.target.clone() }
        };
        let files = own.map(file).collect();
        let mut answers = answers;
        answers.target = target.or(answers.target);
        Template { name, title, answers, files }
    };
    install.templates.iter().map(template).collect()
}

fn hooks(asked: &InstallHooks) -> Hooks {
    let hook = |(source, hook): (String, &InstallHook)| {
        let name = hook.source.rsplit('/').next().unwrap_or_default().to_owned();
        Hook { name, source, network: hook.network }
    };
    Hooks { before: asked.before().map(hook).collect(), after: asked.after().map(hook).collect() }
}

fn unattended(install: &Install) -> Option<Unattended> {
    let asked = &install.unattended;
    asked.enable.then(|| Unattended {
        disk: asked.disk.clone(),
        pick: asked.pick,
        confirm: asked.confirm(),
        on_done: asked.on_done,
    })
}

#[cfg(test)]
mod tests {
    use isoplug_install_plan::{Confirm, OnDone};
    use isoplug_manifest::plugin::NoPlugins;
    use isoplug_manifest::{Input, evaluate, with_targets};

    use super::*;

    const MANIFEST: &str = r#"
image.name = "deploy"
[profiles.medium]
extends = "isoplug:installer"
boot.bios = false
[profiles.medium.install]
targets = ["server"]
ask = ["disk"]
layout = "whole"
on-done = "reboot"
answers.timezone = "Europe/Berlin"
layouts.crypt = { encryption = "passphrase" }
layouts.whole = {}
templates = [{ name = "kiosk", target = "server", files = [{ source = "a", target = "/etc/a" }] }]
hooks = { before = [{ source = "a/ask" }], after = [{ source = "end", network = true }] }
unattended = { enable = true, confirm = "none", disk.serial = "S1" }
[profiles.server]
extends = "isoplug:target"
boot.kernel-params = ["quiet"]
networking.hostname = "box"
packages.install = ["cryptsetup-initramfs"]
"#;

    fn system(profile: &str) -> System {
        let mut load = |_: &str| Err("no file".to_owned());
        let (name, text, plugins) = ("isoplug.toml", MANIFEST, &mut NoPlugins);
        let input = Input {
            name,
            text,
            profile,
            arch: "amd64",
            vars: &Default::default(),
            load: &mut load,
            plugins,
        };
        evaluate(input).unwrap_or_else(|found| panic!("{found}"))
    }

    #[test]
    fn the_plan_says_what_the_manifest_says() {
        let medium = with_targets(system("medium"), vec![system("server")]).unwrap();
        let plan = plan(&medium);
        assert_eq!(plan.on_done, OnDone::Reboot);
        assert_eq!(plan.ask.len(), 1);
        assert_eq!(plan.answers.timezone.as_deref(), Some("Europe/Berlin"));
        let hook = |hook: &Hook| format!("{} {} {}", hook.name, hook.source, hook.network);
        let hooks: Vec<_> = plan.hooks.before.iter().chain(&plan.hooks.after).map(hook).collect();
        assert_eq!(hooks, ["ask hooks/before/0 false", "end hooks/after/0 true"]);
        assert_eq!(plan.unattended.unwrap().confirm, Confirm::None);
        let [target] = &plan.targets[..] else { panic!("one target") };
        assert_eq!((&*target.hostname, &*target.kernel_parameters.concat()), ("box", "quiet"));
        let layouts = target.layouts.iter().map(|layout| &*layout.name);
        assert_eq!(layouts.collect::<Vec<_>>(), ["whole", "crypt"]);
        assert!(target.layouts[0].encrypted.is_none() && target.layouts[1].plain.is_none());
        let [template] = &plan.templates[..] else { panic!("one template") };
        assert_eq!(template.answers.target.as_deref(), Some("server"));
        assert_eq!(template.files[0].source, "templates/kiosk/0");
    }
}
