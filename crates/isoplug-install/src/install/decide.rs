//! What is installed, and onto which disk: by a rule without questions, or by a person.

use isoplug_install_plan::{
    Answers, DiskMatch, Encryption, Holds, Layout, OnDone, Partitioning, Target, Template,
    Unattended,
};
use serde_json::Value;

use super::told::{summary, told};
use super::{Choice, Run, ring};
use crate::answers::Given;
use crate::choose::{self, Judged, Rules};
use crate::dialogue::{self, Ask, Secrets};
use crate::inventory::{Device, Inventory};
use crate::machine::Call;
use crate::release::Action;
use crate::{Error, Machine, release, settle};

/// What a rule came to.
pub(crate) enum ByRule<'a> {
    /// A disk that is erased now.
    Choice(Box<Choice<'a>>),
    /// The same is there already.
    Already(String),
}

fn wrong(text: impl Into<String>) -> Error {
    Error::Answers(text.into())
}

/// Returns what the answers name, or the first.
fn target_of<'a>(run: &Run<'a>, answers: &Answers) -> Result<&'a Target, Error> {
    let name = answers.target.as_deref();
    let target = run.plan.target(name);
    target.ok_or_else(|| wrong(format!("there is no target `{}`", name.unwrap_or_default())))
}

fn layout_of<'a>(target: &'a Target, answers: &Answers) -> Result<&'a Layout, Error> {
    let name = answers.layout.as_deref();
    let layout = target.layout(name);
    layout.ok_or_else(|| {
        let name = name.unwrap_or_default();
        wrong(format!("the target {} has no layout `{name}`", target.name))
    })
}

/// Returns whether the disk is encrypted, as layout and answers have it.
fn encryption_of(layout: &Layout, answers: &Answers) -> Result<Encryption, Error> {
    let answer = answers.encryption.filter(|answer| *answer != Encryption::Ask);
    let wanted = match (layout.encryption, answer) {
        (Encryption::Ask, answer) => answer.unwrap_or_default(),
        (fixed, None) => fixed,
        (fixed, Some(answer)) if fixed == answer => fixed,
        _ => {
            return Err(wrong(format!(
                "the layout {} leaves no choice of encryption",
                layout.name
            )));
        }
    };
    if wanted == Encryption::Tpm2 {
        return Err(wrong("a key in the TPM is not supported yet; use `passphrase`"));
    }
    Ok(wanted)
}

/// Returns the partitions that go with the answers on encryption.
fn partitioning_of<'a>(
    layout: &'a Layout,
    answers: &Answers,
    secrets: &mut Secrets,
) -> Result<&'a Partitioning, Error> {
    let missing = || wrong("the plan has no partitions for this encryption");
    if encryption_of(layout, answers)? == Encryption::None {
        return layout.plain.as_ref().ok_or_else(missing);
    }
    let given = secrets.passphrase.take().or_else(|| answers.passphrase.clone());
    secrets.passphrase = given.filter(|passphrase| !passphrase.is_empty());
    if secrets.passphrase.is_none() {
        let text =
            "the disk is to be encrypted, but no passphrase is given; write it to an answers.toml";
        return Err(wrong(text));
    }
    layout.encrypted.as_ref().ok_or_else(missing)
}

/// Decides by the rule of the plan, and tells it before anything happens.
pub(crate) fn by_rule<'a>(
    machine: &dyn Machine,
    inventory: &Inventory,
    run: &Run<'a>,
    given: Given<'a>,
    ask: &mut dyn Ask,
) -> Result<ByRule<'a>, Error> {
    let no_rule = || wrong("this image has no rule for an installation without questions");
    let rule = rule(run.plan.unattended.as_ref().ok_or_else(no_rule)?, &given.answers)?;
    let mut system = system(run, given, Secrets::default())?;
    let rules = system.rules(Some(&rule.disk));
    if let Some(text) = ring::already(inventory, &rules, run)
        && !system.answers.reinstall.unwrap_or(false)
    {
        return Ok(ByRule::Already(text));
    }
    let judged = choose::judge(inventory, &rules);
    let disk = picked(inventory, &judged, &rule)?;
    if rule.disk.holds.unwrap_or_default() == Holds::Nothing {
        really_empty(machine, disk)?;
    }
    let on_done = if rule.on_done == OnDone::Ask { OnDone::Poweroff } else { rule.on_done };
    system.answers.on_done = Some(on_done);
    let release = release::plan(inventory, disk)?;
    let choice = system.onto(machine, run, disk, release);
    told(inventory, run, &choice, rule.confirm, ask)?;
    Ok(ByRule::Choice(Box::new(choice)))
}

/// What is installed, before it is known where.
struct System<'a> {
    target: &'a Target,
    layout: &'a Layout,
    partitioning: &'a Partitioning,
    template: Option<&'a Template>,
    answers: Answers,
    places: Vec<String>,
    secrets: Secrets,
}

fn system<'a>(run: &Run<'a>, given: Given<'a>, mut secrets: Secrets) -> Result<System<'a>, Error> {
    let Given { answers, places, template } = given;
    let target = target_of(run, &answers)?;
    let layout = layout_of(target, &answers)?;
    let partitioning = partitioning_of(layout, &answers, &mut secrets)?;
    Ok(System { target, layout, partitioning, template, answers, places, secrets })
}

impl<'a> System<'a> {
    fn rules<'b>(&self, filters: Option<&'b DiskMatch>) -> Rules<'b>
    where
        'a: 'b,
    {
        Rules {
            filters,
            min_size: self.partitioning.min_size,
            target: Some(self.target),
            medium: self.answers.medium.unwrap_or_default(),
        }
    }

    fn onto(
        self,
        machine: &dyn Machine,
        run: &Run<'a>,
        disk: &Device,
        release: Vec<Action>,
    ) -> Choice<'a> {
        let Self { target, layout, partitioning, template, answers, places, secrets } = self;
        let pattern = answers.hostname.as_deref().unwrap_or(&target.hostname);
        Choice {
            target,
            layout,
            partitioning,
            template,
            disk: disk.clone(),
            release,
            hooks: &run.plan.hooks,
            hostname: settle::hostname(machine, pattern),
            on_done: answers.on_done.unwrap_or(run.plan.on_done),
            answers,
            places,
            secrets,
        }
    }
}

/// Returns the plan's rule with what answers say otherwise.
fn rule(plan: &Unattended, answers: &Answers) -> Result<Unattended, Error> {
    let rule = Unattended {
        disk: answers.disk.clone().unwrap_or_else(|| plan.disk.clone()),
        pick: answers.pick.unwrap_or(plan.pick),
        confirm: answers.confirm.unwrap_or(plan.confirm),
        on_done: answers.on_done.unwrap_or(plan.on_done),
    };
    match rule.faults().first() {
        None => Ok(rule),
        Some(fault) => Err(wrong(fault.to_string())),
    }
}

fn picked<'a>(
    inventory: &Inventory,
    judged: &[Judged<'a>],
    rule: &Unattended,
) -> Result<&'a Device, Error> {
    choose::pick(judged, rule.pick).map_err(|error| {
        let table = choose::table(inventory, judged);
        Error::NoDisk(format!("{error}\n{table}Nothing was changed."))
    })
}

/// What lsblk says comes from udev's memory, so the disk itself is asked once more.
fn really_empty(machine: &dyn Machine, disk: &Device) -> Result<(), Error> {
    let said = machine.run(&Call::new("/usr/sbin/wipefs").with(["-J", "-n", &disk.path]))?.out;
    if said.trim().is_empty() {
        return Ok(());
    }
    let said: Value = serde_json::from_str(&said).map_err(|error| {
        Error::Unexpected(format!("wipefs printed what cannot be read: {error}"))
    })?;
    let found = said["signatures"].as_array().into_iter().flatten();
    let found: Vec<&str> = found.filter_map(|each| each["type"].as_str()).collect();
    if found.is_empty() {
        return Ok(());
    }
    let text = format!("{} was taken for empty, but holds: {}", disk.path, found.join(", "));
    Err(Error::Refused(text))
}

/// Lets a person decide.
pub(crate) fn by_dialogue<'a>(
    machine: &dyn Machine,
    inventory: &Inventory,
    run: &Run<'a>,
    mut given: Given<'a>,
    ask: &mut dyn Ask,
) -> Result<Choice<'a>, Error> {
    let answers = &mut given.answers;
    let mut secrets = Secrets::default();
    dialogue::before_disk(ask, machine, run.plan, answers)?;
    let target = target_of(run, answers)?;
    dialogue::layout(ask, run.plan, target, answers)?;
    let layout = layout_of(target, answers)?;
    let disk = disk(inventory, target, layout, answers, ask)?;
    let release = release::plan(inventory, &disk)?;
    dialogue::encryption(ask, layout, answers)?;
    if encryption_of(layout, answers)? == Encryption::Passphrase && answers.passphrase.is_none() {
        secrets.passphrase = Some(dialogue::twice(ask, "Passphrase of the disk")?);
    }
    dialogue::after_disk(ask, run.plan, target, answers, &mut secrets)?;
    let choice = system(run, given, secrets)?.onto(machine, run, &disk, release);
    dialogue::confirm(ask, inventory, &choice.disk, &summary(&choice))?;
    Ok(choice)
}

/// Lets the disk be chosen among those on which every way of encryption has room.
fn disk(
    inventory: &Inventory,
    target: &Target,
    layout: &Layout,
    answers: &Answers,
    ask: &mut dyn Ask,
) -> Result<Device, Error> {
    let sizes = [&layout.plain, &layout.encrypted].into_iter().flatten().map(|each| each.min_size);
    let rules = Rules {
        filters: answers.disk.as_ref(),
        min_size: sizes.max().unwrap_or_default(),
        target: Some(target),
        medium: answers.medium.unwrap_or_default(),
    };
    dialogue::disk(ask, inventory, &choose::judge(inventory, &rules)).cloned()
}
