//! What people are told before a disk is erased.

use isoplug_install_plan::{Confirm, Hook};

use super::{Choice, Run};
use crate::dialogue::{self, Ask};
use crate::inventory::{Inventory, describe};
use crate::{Error, choose};

/// Says what will happen, and gives people the time to stop it.
pub(crate) fn told(
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
pub(crate) fn summary(choice: &Choice<'_>) -> String {
    let encrypted = if choice.secrets.passphrase.is_some() { ", encrypted" } else { "" };
    let answers = &choice.answers;
    let mut lines = vec![
        format!("  Installs   {}", choice.target.title),
        format!("  onto       {}: {}", choice.disk.kname, choose::identity(&choice.disk)),
        format!("  layout     {}{encrypted}", choice.layout.name),
        format!("  host name  {}", choice.hostname),
    ];
    let places = Some(choice.places.join(", ")).filter(|places| !places.is_empty());
    let more = [
        ("answers  ", &places),
        ("user     ", &answers.user.as_ref().map(|user| user.name.clone())),
        ("language ", &answers.locale),
        ("keyboard ", &answers.keymap),
        ("time zone", &answers.timezone),
        ("hooks    ", &hooks(choice)),
    ];
    let more = more.into_iter();
    lines.extend(more.filter_map(|(what, text)| Some(format!("  {what}  {}", text.as_ref()?))));
    lines.join("\n")
}

fn hooks(choice: &Choice<'_>) -> Option<String> {
    let named = |hooks: &[Hook], when| {
        hooks.iter().map(|hook| format!("{} {when}", hook.name)).collect::<Vec<_>>()
    };
    let all = [named(&choice.hooks.before, "before"), named(&choice.hooks.after, "after")];
    Some(all.concat().join(", ")).filter(|hooks| !hooks.is_empty())
}
