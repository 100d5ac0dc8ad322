//! What a person is asked, in which order, and what is told before a disk is erased.
//!
//! After the summary is accepted, nothing is asked any more.

use isoplug_install_plan::{Answers, Encryption, InstallPlan, Layout, Question, Target, User};

use crate::choose::{self, Judged};
use crate::inventory::{Device, Inventory, describe};
use crate::{Error, Machine};

mod keys;
mod lists;
mod plain;

pub use keys::Keys;
pub use plain::Plain;

/// Tells why an input is not right.
pub type Check<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// A way to ask.
pub trait Ask {
    /// Says something.
    ///
    /// # Errors
    ///
    /// If nobody is there.
    fn say(&mut self, text: &str) -> Result<(), Error>;

    /// Lets one of some items be chosen.
    ///
    /// # Errors
    ///
    /// If nobody is there, or somebody stops.
    fn select(&mut self, question: &str, items: &[String], first: usize) -> Result<usize, Error>;

    /// Asks for a text; an empty input is `preset`.
    ///
    /// # Errors
    ///
    /// If nobody is there, or somebody stops.
    fn text(&mut self, question: &str, preset: &str, check: Check<'_>) -> Result<String, Error>;

    /// Asks for something that is not shown.
    ///
    /// # Errors
    ///
    /// If nobody is there, or somebody stops.
    fn secret(&mut self, question: &str) -> Result<String, Error>;
}

/// What is never part of answers: what a person typed.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The passphrase of the disk.
    pub passphrase: Option<String>,
    /// The password of the user.
    pub password: Option<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// Asks for a secret until it was typed twice alike.
///
/// # Errors
///
/// If nobody is there, or somebody stops.
pub fn twice(ask: &mut dyn Ask, question: &str) -> Result<String, Error> {
    loop {
        let first = ask.secret(question)?;
        if first.is_empty() {
            ask.say("It cannot be empty.")?;
        } else if ask.secret("The same again")? == first {
            return Ok(first);
        } else {
            ask.say("They differ; once more.")?;
        }
    }
}

/// Asks what comes before the disk: keyboard first, since a passphrase is typed with it.
///
/// # Errors
///
/// If nobody is there, or somebody stops.
pub fn before_disk(
    ask: &mut dyn Ask,
    machine: &dyn Machine,
    plan: &InstallPlan,
    answers: &mut Answers,
) -> Result<(), Error> {
    let asks = |question: Question| plan.ask.contains(&question);
    if asks(Question::Keymap) && answers.keymap.is_none() {
        let keymap = lists::choose(ask, "Keyboard", &lists::keymaps(machine), "us")?;
        lists::load_keymap(machine, &keymap);
        answers.keymap = Some(keymap);
    }
    if asks(Question::Locale) && answers.locale.is_none() {
        let locale = lists::choose(ask, "Language", &lists::locales(machine), "en_US.UTF-8")?;
        answers.locale = Some(locale);
    }
    if asks(Question::Timezone) && answers.timezone.is_none() {
        let zone = lists::choose(ask, "Time zone", &lists::timezones(machine), "Etc/UTC")?;
        answers.timezone = Some(zone);
    }
    if asks(Question::Target) && answers.target.is_none() && plan.targets.len() > 1 {
        let titles = plan.targets.iter().map(|target| {
            let size = isoplug_install_plan::Size(target.unpacked());
            format!("{} ({size})", target.title)
        });
        let chosen = ask.select("What is installed", &titles.collect::<Vec<_>>(), 0)?;
        answers.target = Some(plan.targets[chosen].name.clone());
    }
    Ok(())
}

/// Asks which layout and which disk.
///
/// # Errors
///
/// If no disk can be taken, nobody is there, or somebody stops.
pub fn disk<'a>(
    ask: &mut dyn Ask,
    inventory: &Inventory,
    judged: &[Judged<'a>],
) -> Result<&'a Device, Error> {
    // The table is shown even for one disk: which it is must be seen before it is erased.
    ask.say(&format!("Disks of this machine:\n{}", choose::table(inventory, judged)))?;
    let right: Vec<&Device> =
        judged.iter().filter(|each| each.reasons.is_empty()).map(|each| each.disk).collect();
    if right.is_empty() {
        return Err(Error::NoDisk("no disk can be taken".to_owned()));
    }
    let items: Vec<String> =
        right.iter().map(|disk| format!("{}: {}", disk.kname, choose::identity(disk))).collect();
    Ok(right[ask.select("Disk that is ERASED", &items, 0)?])
}

/// Asks which layout.
///
/// # Errors
///
/// If nobody is there, or somebody stops.
pub fn layout(
    ask: &mut dyn Ask,
    plan: &InstallPlan,
    target: &Target,
    answers: &mut Answers,
) -> Result<(), Error> {
    let asks = plan.ask.contains(&Question::Layout) && answers.layout.is_none();
    if asks && target.layouts.len() > 1 {
        let names: Vec<String> = target.layouts.iter().map(|each| each.name.clone()).collect();
        answers.layout = Some(names[ask.select("Layout of the disk", &names, 0)?].clone());
    }
    Ok(())
}

/// Asks whether the disk is encrypted, where the layout leaves it open.
///
/// # Errors
///
/// If nobody is there, or somebody stops.
pub fn encryption(ask: &mut dyn Ask, layout: &Layout, answers: &mut Answers) -> Result<(), Error> {
    let open = layout.encryption == Encryption::Ask
        && matches!(answers.encryption, None | Some(Encryption::Ask));
    if open {
        let items = ["No".to_owned(), "Yes, with a passphrase".to_owned()];
        let chosen = ask.select("Encrypt the disk", &items, 0)?;
        let all = [Encryption::None, Encryption::Passphrase];
        answers.encryption = Some(all[chosen]);
    }
    Ok(())
}

/// Asks what comes after the disk.
///
/// # Errors
///
/// If nobody is there, or somebody stops.
pub fn after_disk(
    ask: &mut dyn Ask,
    plan: &InstallPlan,
    target: &Target,
    answers: &mut Answers,
    secrets: &mut Secrets,
) -> Result<(), Error> {
    if plan.ask.contains(&Question::Hostname) && answers.hostname.is_none() {
        let check = |text: &str| match isoplug_install_plan::is_hostname(text) {
            true => Ok(()),
            false => Err("expected letters, digits and `-`".to_owned()),
        };
        answers.hostname = Some(ask.text("Host name", &target.hostname, &check)?);
    }
    if plan.ask.contains(&Question::User) && answers.user.is_none() {
        let check = |text: &str| match isoplug_install_plan::is_user_name(text) {
            true => Ok(()),
            false => Err("expected small letters, digits, `-` and `_`".to_owned()),
        };
        let name = ask.text("Name of the user", "", &check)?;
        secrets.password = Some(twice(ask, &format!("Password of {name}"))?);
        let groups = vec!["sudo".to_owned()];
        answers.user = Some(User { name, groups, ..User::default() });
    }
    Ok(())
}

/// Shows what will be done, and lets the disk's name be typed.
///
/// # Errors
///
/// If it was not accepted.
pub fn confirm(
    ask: &mut dyn Ask,
    inventory: &Inventory,
    disk: &Device,
    summary: &str,
) -> Result<(), Error> {
    ask.say(&format!(
        "\n{summary}\nEverything on {} is LOST: {}\nNothing was changed so far, and nothing is asked afterwards.",
        disk.kname,
        describe(inventory, disk)
    ))?;
    let check = |text: &str| match text.trim() == disk.kname || text.trim() == "no" {
        true => Ok(()),
        false => Err(format!("type {} to go on, or no", disk.kname)),
    };
    let question = format!("Type {} to erase {}", disk.kname, choose::identity(disk));
    let typed = ask.text(&question, "", &check)?;
    if typed.trim() == disk.kname { Ok(()) } else { Err(Error::Stopped) }
}
