//! Greets: adds one package, one kernel parameter and one file.

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Hello;

/// What the user can set.
#[options]
pub struct Options {
    /// The text that a user sees after logging in.
    #[default("Hello from a plugin\n")]
    pub greeting: String,
}

impl Contributor for Hello {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&["root:/etc/motd.d/**"])
            .merge(&["packages.install", "boot.kernel-params"])
            .kernel_params(&["isoplug.hello=*"])
            .example("greet", json!({ "greeting": "Welcome\n" }))
    }

    fn contribute(options: Options, cx: &Context) -> Result<Vec<Module>> {
        if options.greeting.is_empty() {
            let empty = Diagnostic::error("empty-greeting", "there is nothing to say");
            return Err(empty.at("greeting").help("leave it out for the default").into());
        }
        let image: Option<String> = cx.fact("image.name")?;
        cx.log(&format!("greeting from {}", image.unwrap_or_default()));
        let hello = Module::new("hello").provides("greeting");
        hello.merge(json!({
            "packages": { "install": ["hello"] },
            "boot": { "kernel-params": ["isoplug.hello=1"] },
        }))?;
        hello.file("/etc/motd.d/hello", options.greeting)?;
        Ok(vec![hello])
    }
}

isoplug_sdk::contributor!(Hello);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    #[test]
    fn the_greeting_is_in_the_file() {
        let trial = Trial::new().fact("image.name", "rescue").contribute::<Hello>();
        assert_eq!(trial.text("root:/etc/motd.d/hello"), "Hello from a plugin\n");
        assert_eq!(trial.fragment("hello")["packages"]["install"], json!(["hello"]));
        assert_eq!(trial.log, ["greeting from rescue"]);
    }

    #[test]
    fn an_empty_greeting_is_drawn_on_its_line() {
        let trial = Trial::new().options(json!({ "greeting": "" })).contribute::<Hello>();
        assert_eq!(trial.reported(), "empty-greeting: there is nothing to say\n");
    }
}
