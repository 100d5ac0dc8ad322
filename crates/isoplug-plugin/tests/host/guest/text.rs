//! The text of a plugin's core module.

use std::fmt::Write;

use super::{Guest, TEXTS, imports};

impl Guest {
    /// Returns the whole text.
    pub(super) fn wat(&self) -> String {
        let mut guest = self.clone();
        let describe = guest.describing();
        let pages = (TEXTS + guest.texts.len()).div_ceil(65536) + 1;
        let mut text = format!("(module\n{}", imports::lines(self.world, self.version));
        writeln!(text, "{}", self.fields).unwrap();
        writeln!(text, "(memory (export \"memory\") {pages})").unwrap();
        writeln!(text, "(data (i32.const {TEXTS}) \"{}\")", escaped(&guest.texts)).unwrap();
        let heap = TEXTS + guest.texts.len();
        text.push_str(&ROUTINES.replace("HEAP", &(heap.div_ceil(16) * 16).to_string()));
        if self.world != "stage" {
            text.push_str(LOG_FACT);
        }
        text.push_str(&self.export("describe", "", &describe, "(i32.const 48)"));
        text.extend(self.exports());
        text.push(')');
        text
    }

    /// Returns the instructions of `describe`; the description is among the texts then.
    fn describing(&mut self) -> String {
        let description = self.text(self.description.clone());
        let [at, length] = description.split(") (").collect::<Vec<_>>()[..] else { panic!() };
        match self.describe.is_empty() {
            true => {
                format!("(i32.store (i32.const 48) {at})) (i32.store (i32.const 52) ({length})")
            }
            false => self.describe.clone(),
        }
    }

    /// Returns the functions of the world; modules come with the one that says anything.
    fn exports(&self) -> Vec<String> {
        let (nothing, modules) = ("(call $done (i32.const 0))", self.modules);
        let modules = &*format!("(call $done (i32.const {modules}))");
        let (first, second) =
            if self.furnish.is_empty() { (modules, nothing) } else { (nothing, modules) };
        match self.world {
            "contributor" => vec![
                self.export("contribute", "", &self.body, first),
                self.export("furnish", "", &self.furnish, second),
            ],
            "stage" => vec![self.export("plan", "(param i32 i32 i32 i32)", &self.body, nothing)],
            world => vec![self.export(world, "", &self.body, nothing)],
        }
    }

    fn export(&self, name: &str, parameters: &str, body: &str, done: &str) -> String {
        let locals = "(local $m i32) (local $b i32) (local $i i32)";
        let interface = if name == "describe" { name } else { self.world };
        let name = format!("isoplug:plugin/{interface}@{}#{name}", self.version);
        format!("(func (export \"{name}\") {parameters} (result i32) {locals} {body} {done})\n")
    }
}

/// Memory, and how a function ends: `$done` with the modules at 1024, `$fail` with the text at 20.
const ROUTINES: &str = r#"
(global $next (mut i32) (i32.const HEAP))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
  (global.set $next (i32.add (local.get $at) (local.get 3)))
  (block $enough
    (loop $more
      (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.const 1)))
      (br $more)))
  (local.get $at))
(func $done (param $modules i32) (result i32)
  (i32.store (i32.const 64) (i32.const 0))
  (i32.store (i32.const 68) (i32.const 1024))
  (i32.store (i32.const 72) (local.get $modules))
  (i32.const 64))
(func $fail (param $at i32) (param $length i32) (result i32)
  (i32.store (i32.const 64) (i32.const 1))
  (i32.store (i32.const 68) (local.get $at))
  (i32.store (i32.const 72) (local.get $length))
  (i32.const 64))
"#;

const LOG_FACT: &str = r#"
(func $log_fact
  (if (i32.eqz (i32.load8_u (i32.const 16)))
    (then (if (i32.load8_u (i32.const 20))
      (then (call $log (i32.const 1) (i32.load (i32.const 24)) (i32.load (i32.const 28))))))))
"#;

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    })
}
