//! Runs one script as root inside the image; for tests of what a hook may do.

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Hooked;

/// What the user can set.
#[options]
pub struct Options {
    /// The script.
    #[default("#!/bin/sh\nset -e\necho done > /etc/hooked\nid -u >> /etc/hooked\n")]
    pub script: String,
}

impl Contributor for Hooked {
    type Options = Options;

    fn about() -> About {
        About::new().hooks().example("fail", json!({ "script": "#!/bin/sh\nexit 3\n" }))
    }

    fn contribute(options: Options, _: &Context) -> Result<Vec<Module>> {
        let module = Module::new("module");
        module.hook("mark", options.script)?;
        Ok(vec![module])
    }
}

isoplug_sdk::contributor!(Hooked);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    #[test]
    fn the_script_is_the_users() {
        let script = "#!/bin/sh\nexit 3\n";
        let trial = Trial::new().options(json!({ "script": script })).contribute::<Hooked>();
        assert_eq!(trial.answer.unwrap()["module"]["hooks"]["mark"], json!(script));
    }
}
