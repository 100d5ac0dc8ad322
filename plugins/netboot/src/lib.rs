//! Plans what lies beside the ISO for machines that boot over the network: kernel, initrd, the
//! root filesystem and an iPXE script.

use std::fmt::Write as _;

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Netboot;

/// What the user can set.
#[options]
pub struct Options {
    /// The address of the folder that the files are served from, for example
    /// `http://boot.example.com/rescue`. Without one, that of the script.
    pub base_url: Option<String>,
    /// Kernel parameters beside those of the image.
    #[default]
    pub kernel_params: Vec<String>,
    /// Whether to list the files with their digests in a file `SHA256SUMS`.
    #[default(true)]
    pub checksums: bool,
}

/// Names of the artifacts, and of the files they become.
const FILES: [(&str, &str); 3] =
    [("vmlinuz", "vmlinuz"), ("initrd", "initrd"), ("squashfs", "filesystem.squashfs")];

impl Stage for Netboot {
    type Options = Options;

    const STAGES: &'static [&'static str] = &["output"];

    fn about() -> About {
        About::new().example(
            "served from one place",
            json!({ "base-url": "http://boot.example.com/rescue" }),
        )
    }

    fn plan(options: Options, _: &str, inputs: Value, cx: &Context) -> Result<Value> {
        let script = script(&options, &inputs["image"])?;
        let mut files: Vec<Value> = Vec::new();
        let mut sums = String::new();
        for (artifact, path) in FILES {
            files.push(json!({ "path": path, "artifact": artifact }));
            match inputs["artifacts"][artifact]["sha256"].as_str() {
                Some(digest) => _ = writeln!(sums, "{digest}  {path}"),
                None => return Err(format!("the image has no {artifact}").into()),
            }
        }
        files.push(json!({ "path": "boot.ipxe", "text": script }));
        if options.checksums {
            files.push(json!({ "path": "SHA256SUMS", "text": sums }));
        }
        cx.log(&format!("{} files for booting over the network", files.len()));
        Ok(json!({ "files": files }))
    }
}

/// Returns a script for iPXE (ipxe.org/scripting). `cwduri` is the folder of the script itself.
/// live-boot(7) fetches the root filesystem into memory, so no medium is needed.
fn script(options: &Options, image: &Value) -> Result<String> {
    let base = match options.base_url.as_deref() {
        None => "${cwduri}".to_owned(),
        Some(url) if is_address(url) => format!("{}/", url.trim_end_matches('/')),
        Some(url) => {
            let message = format!("`{url}` is no address that iPXE and live-boot fetch from");
            let wrong = Diagnostic::error("base-url", message).at("base-url");
            return Err(wrong.help("it begins with http:// or https://").into());
        }
    };
    let mut params = format!("boot=live components ip=dhcp fetch={base}filesystem.squashfs");
    let image_params = image["kernel-params"].items().iter().filter_map(Value::as_str);
    for param in image_params.chain(options.kernel_params.iter().map(String::as_str)) {
        if param.contains("${") || param.contains("  ") {
            let message = format!(
                "iPXE would change the kernel parameter `{param}`: it puts a setting of its own in place \
                 of what begins with a dollar and a brace, and makes blanks one"
            );
            return Err(Diagnostic::error("kernel-params", message).into());
        }
        let _ = write!(params, " {param}");
    }
    let name = image["name"].as_str().unwrap_or("isoplug");
    Ok(format!(
        "#!ipxe\necho Booting {name}\nkernel {base}vmlinuz initrd=initrd {params}\n\
         initrd --name initrd {base}initrd\nboot\n"
    ))
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(|it: char| it.is_whitespace() || it.is_control())
    })
}

isoplug_sdk::stage!(Netboot);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    fn inputs() -> Value {
        let artifact = |digit: &str| json!({ "sha256": digit.repeat(64), "size": 1 });
        json!({
            "image": { "name": "rescue-1.0-amd64", "arch": "amd64", "kernel-params": ["quiet"] },
            "artifacts": {
                "vmlinuz": artifact("1"), "initrd": artifact("2"), "squashfs": artifact("3"),
            },
        })
    }

    #[test]
    fn the_script_fetches_from_its_own_folder() {
        let plan = Trial::new().plan::<Netboot>("output", inputs()).answer.unwrap();
        assert_eq!(plan["files"][0], json!({ "path": "vmlinuz", "artifact": "vmlinuz" }));
        assert_eq!(
            plan["files"][3]["text"].as_str().unwrap(),
            "#!ipxe\necho Booting rescue-1.0-amd64\n\
             kernel ${cwduri}vmlinuz initrd=initrd boot=live components ip=dhcp \
             fetch=${cwduri}filesystem.squashfs quiet\n\
             initrd --name initrd ${cwduri}initrd\nboot\n"
        );
        let sums = plan["files"][4]["text"].as_str().unwrap();
        assert!(sums.ends_with(&format!("{}  filesystem.squashfs\n", "3".repeat(64))));
    }

    #[test]
    fn parameters_that_ipxe_would_change_are_refused() {
        for param in ["a=${net0/mac}", "a=\"b  c\""] {
            let trial = Trial::new().options(json!({ "kernel-params": [param] }));
            let outcome = trial.plan::<Netboot>("output", inputs());
            assert!(outcome.reported().contains("iPXE would change the kernel parameter"));
        }
        let trial = Trial::new().options(json!({ "kernel-params": ["a=\"b $c\""] }));
        let plan = trial.plan::<Netboot>("output", inputs()).answer.unwrap();
        assert!(plan["files"][3]["text"].as_str().unwrap().contains(" quiet a=\"b $c\"\n"));
    }

    #[test]
    fn an_address_that_nobody_fetches_from_is_refused() {
        let trial = Trial::new().options(json!({ "base-url": "ftp://x" }));
        let outcome = trial.plan::<Netboot>("output", inputs());
        assert!(outcome.reported().starts_with("base-url: `ftp://x` is no address"));
    }
}
