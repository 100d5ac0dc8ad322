//! The three kinds of plugin, and what the host's calls become.

use crate::about::{About, Package, document};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::context;
use crate::json::{self, Value};
use crate::module::Module;
use crate::schema::Options;

/// A plugin that adds to an image. [`contributor!`](crate::contributor) exports it.
pub trait Contributor {
    /// What the user can set.
    type Options: Options;

    /// Says what the plugin asks for, and shows examples.
    fn about() -> About {
        About::new()
    }

    /// Adds modules while the manifest is evaluated.
    fn contribute(options: Self::Options, cx: &Context) -> Result<Vec<Module>> {
        let _ = (options, cx);
        Ok(Vec::new())
    }

    /// Adds files once the packages are in, if it was granted to read from the root filesystem.
    fn furnish(options: Self::Options, cx: &Context) -> Result<Vec<Module>> {
        let _ = (options, cx);
        Ok(Vec::new())
    }
}

/// A plugin that judges a finished image. [`check!`](crate::check) exports it.
pub trait Check {
    /// What the user can set.
    type Options: Options;

    /// Says what the plugin asks for, and shows examples.
    fn about() -> About {
        About::new()
    }

    /// Reports what is wrong, through the context or as an error.
    fn check(options: Self::Options, cx: &Context) -> Result<()>;
}

/// A plugin that plans a stage. [`stage!`](crate::stage) exports it.
pub trait Stage {
    /// What the user can set.
    type Options: Options;

    /// The stages that it can plan.
    const STAGES: &'static [&'static str];

    /// Says what the plugin asks for, and shows examples.
    fn about() -> About {
        About::new()
    }

    /// Returns the plan of a stage, given the stage's settled inputs.
    fn plan(options: Self::Options, stage: &str, inputs: Value, cx: &Context) -> Result<Value>;
}

/// A plugin that the macros have exported. Tests read its document through this.
pub trait Described {
    /// Returns the document of `describe`.
    fn describe() -> String;
}

#[doc(hidden)]
pub fn describe<O: Options>(package: &Package, about: About) -> String {
    document(package, O::schema(), about)
}

/// A call as the contract has it: an error is words for the user.
type Answer<T> = core::result::Result<T, String>;

#[doc(hidden)]
pub fn contribute<P: Contributor>() -> Answer<Vec<Module>> {
    answer(|cx| P::contribute(options()?, cx))
}

#[doc(hidden)]
pub fn furnish<P: Contributor>() -> Answer<Vec<Module>> {
    answer(|cx| P::furnish(options()?, cx))
}

#[doc(hidden)]
pub fn check<P: Check>() -> Answer<()> {
    answer(|cx| P::check(options()?, cx))
}

#[doc(hidden)]
pub fn plan<P: Stage>(stage: &str, inputs: &str) -> Answer<String> {
    answer(|cx| {
        let inputs = json::parse(inputs).ok_or("the stage's inputs are no JSON")?;
        P::plan(options()?, stage, inputs, cx).map(|plan| json::text(&plan))
    })
}

fn options<T: Options>() -> Result<T> {
    let options = json::parse(&context::options()).ok_or("the options are no JSON")?;
    Ok(T::from_json(&options)?)
}

/// An error that points at an option is reported, which fails the build by itself; there is
/// nothing more to say then.
fn answer<T: Default>(call: impl FnOnce(&Context) -> Result<T>) -> Answer<T> {
    let cx = Context::new();
    match call(&cx) {
        Ok(it) => Ok(it),
        Err(Error::Message(message)) => Err(message),
        Err(Error::Diagnostic(diagnostic)) if diagnostic.is_error() => {
            cx.report(diagnostic);
            Ok(T::default())
        }
        Err(Error::Diagnostic(diagnostic)) => Err(diagnostic.message().to_owned()),
    }
}
