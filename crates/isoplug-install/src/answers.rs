//! Where answers come from: the plan, a template, kernel parameters, `answers.toml`. Later ones win.

use std::io::ErrorKind;

use isoplug_install_plan::{Answers, InstallPlan, Secrecy, Template};
use toml::{Table, Value};

use crate::inventory::{Device, Inventory, tree};
use crate::{Error, MEDIUM, Machine};

/// Label of a second volume that may have an `answers.toml`; FAT has labels of 11 characters.
pub const VOLUME: &str = "ISO-ANSWERS";

/// What kernel parameters begin with.
const PREFIX: &str = "isoplug.install.";

const FILE: &str = "answers.toml";

/// Answers, where they come from, and the template that they name.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// The answers.
    pub answers: Answers,
    /// The places beside the plan that had some, in words; later ones win.
    pub places: Vec<String>,
    /// The template.
    pub template: Option<&'a Template>,
}

/// Collects all answers that are there.
///
/// # Errors
///
/// If some cannot be read, or are wrong: without them something else would be installed than was meant.
pub fn collect<'a>(
    machine: &dyn Machine,
    inventory: &Inventory,
    plan: &'a InstallPlan,
    file: Option<&str>,
) -> Result<Given<'a>, Error> {
    let files = match file {
        Some(path) => {
            vec![(path.to_owned(), machine.read(path).map_err(Error::file("read", path))?)]
        }
        None => files(machine, inventory)?,
    };
    let (upper, places) = beside_the_plan(machine, files)?;
    let name = upper.template.clone().or_else(|| plan.answers.template.clone());
    let template = match name {
        None => None,
        Some(name) => Some(template(plan, &name)?),
    };
    let lower = template.map(|each| each.answers.clone()).unwrap_or_default();
    Ok(Given { answers: upper.over(lower).over(plan.answers.clone()), places, template })
}

/// Reads what kernel parameters and files say; returns the places that had something, too.
fn beside_the_plan(
    machine: &dyn Machine,
    files: Vec<(String, Vec<u8>)>,
) -> Result<(Answers, Vec<String>), Error> {
    let command_line = machine.text("/proc/cmdline").unwrap_or_default();
    let (mut upper, mut places) = (parameters(&command_line)?, Vec::new());
    if command_line.split_whitespace().any(|word| word.starts_with(PREFIX)) {
        places.push("kernel parameters".to_owned());
    }
    for (path, bytes) in files {
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::Answers(format!("{path} is not a text in UTF-8")))?;
        upper = read(&path, &text)?.over(upper);
        places.push(path);
    }
    Ok((upper, places))
}

fn template<'a>(plan: &'a InstallPlan, name: &str) -> Result<&'a Template, Error> {
    let found = plan.templates.iter().find(|each| each.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = plan.templates.iter().map(|each| each.name.as_str()).collect();
        Error::Answers(format!("there is no template `{name}`; known: {}", known.join(", ")))
    })
}

/// Finds `answers.toml` on the medium and on volumes of their own.
fn files(machine: &dyn Machine, inventory: &Inventory) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let path = format!("{MEDIUM}/{FILE}");
    let mut found = match machine.read(&path) {
        Ok(bytes) => vec![(path, bytes)],
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    let volumes = inventory.devices.iter().flat_map(tree);
    for device in volumes.filter(|device| device.label.as_deref() == Some(VOLUME)) {
        found.push(on_volume(machine, device)?);
    }
    Ok(found)
}

/// Reads the file of a volume that is called so that it must have one.
fn on_volume(machine: &dyn Machine, device: &Device) -> Result<(String, Vec<u8>), Error> {
    let path = format!("{FILE} on {}", device.path);
    let format = device.fstype.as_deref().unwrap_or("vfat");
    let files = machine.peek(&device.path, format, &[FILE]);
    let file = files.map_err(Error::file("read", path.as_str()))?.pop().flatten();
    let bytes = file.ok_or_else(|| {
        Error::Answers(format!("{} is called {VOLUME}, but has no {FILE}", device.path))
    })?;
    Ok((path, bytes))
}

/// Reads an `answers.toml`.
///
/// # Errors
///
/// If it has keys that are not known, or values that are wrong: drawn on their line.
pub fn read(path: &str, text: &str) -> Result<Answers, Error> {
    let answers: Answers = toml::from_str(text)
        .map_err(|error| Error::Answers(format!("{path} is wrong\n{}", indented(&error))))?;
    right(path, answers, Secrecy::Private)
}

fn indented(error: &toml::de::Error) -> String {
    error.to_string().lines().map(|line| format!("  {line}\n")).collect()
}

fn right(place: &str, answers: Answers, secrecy: Secrecy) -> Result<Answers, Error> {
    let faults = answers.faults(place, secrecy);
    if faults.is_empty() {
        return Ok(answers);
    }
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(Error::Answers(lines.join("\n")))
}

/// Reads answers from kernel parameters: `isoplug.install.disk.serial=S6Z*`.
///
/// # Errors
///
/// If a key is not known or a value is wrong.
pub fn parameters(command_line: &str) -> Result<Answers, Error> {
    let mut table = Table::new();
    for word in command_line.split_whitespace() {
        if let Some(word) = word.strip_prefix(PREFIX) {
            let (key, value) = word.split_once('=').unwrap_or((word, "true"));
            set(&mut table, key, value.trim_matches('"'));
        }
    }
    let answers: Answers = table.try_into().map_err(|error: toml::de::Error| {
        Error::Answers(format!("a kernel parameter is wrong\n{}", indented(&error)))
    })?;
    right("isoplug.install", answers, Secrecy::Public)
}

fn set(table: &mut Table, key: &str, value: &str) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), Value::String(value.to_owned()))),
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            // A key that is a text as well as a table is wrong either way, and is told then.
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// Tells whether the menu entry for an installation without questions was chosen.
#[must_use]
pub fn is_unattended(command_line: &str) -> bool {
    command_line.split_whitespace().any(|word| word == "isoplug.install=unattended")
}
