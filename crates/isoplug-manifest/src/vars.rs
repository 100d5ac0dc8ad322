//! The variables of a manifest: which there are, what each may be, and what each is in one run.
//!
//! A variable decides nothing by itself: `when.var` of a profile sets options where one has a value.

use std::collections::BTreeMap;

use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::text::Origin;
use crate::value::{Data, Key, Value};

/// A variable that a manifest declares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Var {
    name: String,
    /// What it is in this run.
    pub(crate) is: String,
    /// What it is when nobody says so.
    default: String,
    /// What it may be; anything if there is nothing.
    values: Vec<String>,
    /// Where it is declared.
    origin: Origin,
}

/// The variables of a manifest, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Vars(BTreeMap<String, Var>);

impl Vars {
    /// Reads the variables of a manifest and gives them the values that the run has for them.
    pub(crate) fn of(
        root: &Value,
        given: &BTreeMap<String, String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let table = root.get("vars").and_then(Value::as_table).map(Vec::as_slice);
        let declared = table.unwrap_or_default().iter().filter_map(|(key, value)| {
            match declared(key, value) {
                Ok(var) => Some((key.name.clone(), var)),
                Err(mistake) => {
                    diagnostics.push(mistake);
                    None
                }
            }
        });
        let mut vars = Self(declared.collect());
        for (name, value) in given {
            diagnostics.extend(vars.set(name, value));
        }
        vars
    }

    /// Returns the variables that are not what they are by default.
    pub(crate) fn set_ones(&self) -> BTreeMap<String, String> {
        let set = self.0.iter().filter(|(_, var)| var.is != var.default);
        set.map(|(name, var)| (name.clone(), var.is.clone())).collect()
    }

    /// Returns the variable that a condition asks for, which must be declared.
    pub(crate) fn asked(&self, key: &Key) -> Result<&Var, Diagnostic> {
        self.0.get(&key.name).ok_or_else(|| self.unknown(&key.name).at(&key.origin, ""))
    }

    /// Gives a variable a value; returns why that cannot be.
    fn set(&mut self, name: &str, value: &str) -> Option<Diagnostic> {
        let Some(var) = self.0.get_mut(name) else {
            let near = |(known, _): &(&String, &Var)| {
                crate::check::most_similar(name, std::iter::once(*known)).is_some()
            };
            let shown = self.0.iter().find(near).or_else(|| self.0.iter().next());
            let diagnostic = self.unknown(name);
            return Some(match shown {
                Some((_, var)) => diagnostic.at(&var.origin, "declared here"),
                None => diagnostic,
            });
        };
        var.is = value.to_owned();
        var.refuses(value).map(|diagnostic| diagnostic.at(&var.origin, ""))
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let message = format!("there is no variable `{name}`");
        let diagnostic =
            did_you_mean(Diagnostic::error("unknown-var", message), name, self.0.keys());
        if diagnostic.help.is_some() {
            return diagnostic;
        }
        let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
        diagnostic.help(match known.is_empty() {
            true => format!("declare it with its default:  [vars]  {name} = \"…\""),
            false => format!("declared: {}", known.join(", ")),
        })
    }
}

impl Var {
    /// Returns what is wrong with a value, without a place, unless the variable may have it.
    pub(crate) fn refuses(&self, value: &str) -> Option<Diagnostic> {
        if self.values.is_empty() || self.values.iter().any(|known| known == value) {
            return None;
        }
        let message = format!("the variable `{}` cannot be `{value}`", self.name);
        let help = format!("one of: {}", self.values.join(", "));
        Some(Diagnostic::error("var", message).help(help))
    }
}

/// Reads one variable: its default, or a table with that and what else it may be.
fn declared(key: &Key, value: &Value) -> Result<Var, Diagnostic> {
    let (is, values) = match &value.data {
        Data::String(default) => (default.clone(), Vec::new()),
        Data::Table(table) => table_of(table, value)?,
        _ => return Err(not_a_var(value)),
    };
    let (name, origin) = (key.name.clone(), key.origin.clone());
    let var = Var { name, default: is.clone(), is, values, origin };
    match var.refuses(&var.default) {
        Some(mistake) => Err(mistake.at(&value.origin, "")),
        None => Ok(var),
    }
}

/// Reads default and values of a table.
fn table_of(table: &[(Key, Value)], value: &Value) -> Result<(String, Vec<String>), Diagnostic> {
    let (mut default, mut values) = (None, Vec::new());
    for (key, value) in table {
        match (&*key.name, &value.data) {
            ("default", Data::String(text)) => default = Some(text.clone()),
            ("values", Data::List(items)) => {
                values = items.iter().map(text).collect::<Result<_, _>>()?;
            }
            ("default" | "values", _) => return Err(not_a_var(value)),
            (name, _) => {
                let message = format!("there is no key `{name}` here");
                let diagnostic = Diagnostic::error("unknown-key", message).at(&key.origin, "");
                return Err(diagnostic.help("known here: `default`, `values`"));
            }
        }
    }
    default.map(|default| (default, values)).ok_or_else(|| {
        let message = "the variable has no `default`".to_owned();
        Diagnostic::error("missing-key", message).at(&value.origin, "")
    })
}

fn text(item: &Value) -> Result<String, Diagnostic> {
    item.as_str().map(str::to_owned).ok_or_else(|| not_a_var(item))
}

fn not_a_var(value: &Value) -> Diagnostic {
    let message = format!("found {}, which no variable is made of", value.type_name());
    let help = "a variable is its default, \"stable\", or { default = \"stable\", values = [\"stable\", \"beta\"] }";
    Diagnostic::error("wrong-type", message).at(&value.origin, "").help(help)
}
