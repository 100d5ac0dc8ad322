//! `isoplug plan`: the stages of an image, and which of them a build would run.

use clap::ValueEnum;
use isoplug_engine::Plan;
use serde_json::{Value as Json, json};

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::pick::Pick;
use crate::prepare::prepare;
use crate::session::Session;

/// Show the stages and what a build would do with each
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plan --format dot | dot -Tsvg > plan.svg")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Tree,
    /// For Graphviz
    Dot,
    /// For machines
    Json,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let mut images: Vec<Json> = Vec::new();
    for pick in &picks {
        let lock_use = args.locking.looking();
        let (graph, prepared) = prepare(&project, pick, lock_use, session)?;
        let targets = prepared.products.artifacts();
        let plan = isoplug_engine::plan_targets(&graph, &targets, &prepared.store)
            .map_err(|error| outcome::failure(&error, &prepared.system))?;
        if picks.len() > 1 && matches!(args.format, Format::Json) {
            images.push(json!({ "profile": pick.profile, "arch": pick.arch, "plan": plan }));
        } else {
            session.out(&shown(&plan, args.format, (picks.len() > 1).then_some(pick)));
        }
    }
    if !images.is_empty() {
        session.out(&json!({ "images": images }).to_string());
    }
    Ok(Exit::Done)
}

/// Shows a plan; one of several is headed by its image.
fn shown(plan: &Plan, format: Format, one: Option<&Pick>) -> String {
    match (format, one) {
        (Format::Tree, Some(pick)) => format!("{pick}\n{}", plan.to_tree()),
        (Format::Tree, None) => plan.to_tree(),
        (Format::Dot, _) => plan.to_dot(),
        (Format::Json, _) => plan.to_json(),
    }
}
