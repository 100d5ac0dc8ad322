//! What is installed, and onto which disk: by a rule without questions, or by a person.

use isoplug_install_plan::{
    Answers, Confirm, Encryption, Holds, Layout, OnDone, Partitioning, Target, Unattended,
};
use serde_json::Value;

use super::{Choice, Run, ring};
use crate::answers::Given;
use crate::choose::{self, Judged, Rules};
use crate::dialogue::{self, Ask, Secrets};
use crate::inventory::{Device, Inventory, describe};
use crate::machine::Call;
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

/// Returns the partitions that go with the answers on encryption.
fn partitioning_of<'a>(
    layout: &'a Layout,
    answers: &Answers,
    secrets: &mut Secrets,
) -> Result<&'a Partitioning, Error> {
    let wanted = match (layout.encryption, answers.encryption) {
        (Encryption::Ask, answer) => answer.filter(|answer| *answer != Encryption::Ask),
        (fixed, None | Some(Encryption::Ask)) => Some(fixed),
        (fixed, Some(answer)) if fixed == answer => Some(fixed),
        (fixed, Some(_)) => {
            let text = format!("the layout {} leaves no choice of encryption", layout.name);
            return Err(wrong(format!("{text}: it is {fixed:?}").to_lowercase()));
        }
    };
    let (partitioning, encrypted) = match wanted {
        Some(Encryption::Passphrase) => (&layout.encrypted, true),
        Some(Encryption::Tpm2) => return Err(wrong("a key in the TPM is not supported yet")),
        _ => (&layout.plain, false),
    };
    if encrypted && secrets.passphrase.is_none() {
        secrets.passphrase.clone_from(&answers.passphrase);
        if secrets.passphrase.as_deref().unwrap_or_default().is_empty() {
            let text = "the disk is to be encrypted, but no passphrase is given; write it to an answers.toml";
            return Err(wrong(text));
        }
    }
    partitioning.as_ref().ok_or_else(|| wrong("the plan has no partitions for this encryption"))
}

/// Decides by the rule of the plan, and tells it before anything happens.
pub(crate) fn by_rule<'a>(
    machine: &dyn Machine,
    inventory: &Inventory,
    run: &Run<'a>,
    given: Given<'a>,
    ask: &mut dyn Ask,
) -> Result<ByRule<'a>, Error> {
    let Given { answers, template } = given;
    let no_rule = || wrong("this image has no rule for an installation without questions");
    let rule = rule(run.plan.unattended.as_ref().ok_or_else(no_rule)?, &answers)?;
    let target = target_of(run, &answers)?;
    let layout = layout_of(target, &answers)?;
    let mut secrets = Secrets::default();
    let partitioning = partitioning_of(layout, &answers, &mut secrets)?;
    let rules = Rules {
        filters: Some(&rule.disk),
        min_size: partitioning.min_size,
        target: Some(target),
        medium: answers.medium.unwrap_or_default(),
    };
    if let (Some(text), false) =
        (ring::already(inventory, &rules, run), answers.reinstall.unwrap_or(false))
    {
        return Ok(ByRule::Already(text));
    }
    let judged = choose::judge(inventory, &rules);
    let disk = picked(inventory, &judged, &rule)?;
    if rule.disk.holds.unwrap_or_default() == Holds::Nothing {
        really_empty(machine, disk)?;
    }
    let release = release::plan(inventory, disk)?;
    let hostname = hostname(machine, target, &answers);
    let on_done = if rule.on_done == OnDone::Ask { OnDone::Poweroff } else { rule.on_done };
    let disk = disk.clone();
    let choice = Choice {
        target,
        layout,
        partitioning,
        template,
        disk,
        release,
        answers,
        secrets,
        hostname,
        on_done,
    };
    told(inventory, run, &choice, rule.confirm, ask)?;
    Ok(ByRule::Choice(Box::new(choice)))
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

fn hostname(machine: &dyn Machine, target: &Target, answers: &Answers) -> String {
    settle::hostname(machine, answers.hostname.as_deref().unwrap_or(&target.hostname))
}

/// Says what will happen, and gives people the time to stop it.
fn told(
    inventory: &Inventory,
    run: &Run<'_>,
    choice: &Choice<'_>,
    confirm: Confirm,
    ask: &mut dyn Ask,
) -> Result<(), Error> {
    if confirm == Confirm::TypeName {
        return dialogue::confirm(ask, inventory, &choice.disk, &summary(choice));
    }
    ask.say(&format!(
        "{}\nEverything on {} is LOST: {}",
        summary(choice),
        choice.disk.kname,
        describe(inventory, &choice.disk)
    ))?;
    let Confirm::Countdown(seconds) = confirm else { return Ok(()) };
    for left in (1..=seconds).rev() {
        if left == seconds || left % 10 == 0 || left <= 5 {
            ask.say(&format!("It begins in {left} s. Any key stops it."))?;
        }
        if (run.pause)() {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

/// Says in words what will be installed.
fn summary(choice: &Choice<'_>) -> String {
    let encrypted = if choice.secrets.passphrase.is_some() { ", encrypted" } else { "" };
    let answers = &choice.answers;
    let mut lines = vec![
        format!("  Installs   {}", choice.target.title),
        format!("  onto       {}: {}", choice.disk.kname, choose::identity(&choice.disk)),
        format!("  layout     {}{encrypted}", choice.layout.name),
        format!("  host name  {}", choice.hostname),
    ];
    let user = answers.user.as_ref().map(|user| user.name.clone());
    let more = [
        ("user     ", &user),
        ("language ", &answers.locale),
        ("keyboard ", &answers.keymap),
        ("time zone", &answers.timezone),
    ];
    let more = more.into_iter().filter_map(|(what, text)| Some((what, text.as_ref()?)));
    lines.extend(more.map(|(what, text)| format!("  {what}  {text}")));
    lines.join("\n")
}

/// Lets a person decide.
pub(crate) fn by_dialogue<'a>(
    machine: &dyn Machine,
    inventory: &Inventory,
    run: &Run<'a>,
    given: Given<'a>,
    ask: &mut dyn Ask,
) -> Result<Choice<'a>, Error> {
    let Given { mut answers, template } = given;
    let mut secrets = Secrets::default();
    dialogue::before_disk(ask, machine, run.plan, &mut answers)?;
    let target = target_of(run, &answers)?;
    dialogue::layout(ask, run.plan, target, &mut answers)?;
    let layout = layout_of(target, &answers)?;
    let sizes = [&layout.plain, &layout.encrypted].into_iter().flatten().map(|each| each.min_size);
    let rules = Rules {
        filters: answers.disk.as_ref(),
        min_size: sizes.max().unwrap_or_default(),
        target: Some(target),
        medium: answers.medium.unwrap_or_default(),
    };
    let judged = choose::judge(inventory, &rules);
    let disk = dialogue::disk(ask, inventory, &judged)?.clone();
    let release = release::plan(inventory, &disk)?;
    dialogue::encryption(ask, layout, &mut answers)?;
    let encrypts = layout.encryption == Encryption::Passphrase
        || answers.encryption == Some(Encryption::Passphrase);
    if encrypts && answers.passphrase.is_none() {
        secrets.passphrase = Some(dialogue::twice(ask, "Passphrase of the disk")?);
    }
    let partitioning = partitioning_of(layout, &answers, &mut secrets)?;
    dialogue::after_disk(ask, run.plan, target, &mut answers, &mut secrets)?;
    let hostname = hostname(machine, target, &answers);
    let on_done = answers.on_done.unwrap_or(run.plan.on_done);
    let choice = Choice {
        target,
        layout,
        partitioning,
        template,
        disk,
        release,
        answers,
        secrets,
        hostname,
        on_done,
    };
    dialogue::confirm(ask, inventory, &choice.disk, &summary(&choice))?;
    Ok(choice)
}
