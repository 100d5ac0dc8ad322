//! A call of a tool, and what came of it.

use std::fmt;

/// A tool, its arguments, and what it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its absolute path.
    pub tool: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it reads on standard input; never written to a log.
    pub input: Option<String>,
    /// Exit codes other than 0 that are no failure.
    pub also_right: Vec<i32>,
    /// Whether it talks with the person at the terminal.
    pub interactive: bool,
}

impl Call {
    /// Begins a call of a tool.
    #[must_use]
    pub const fn new(tool: &'static str) -> Self {
        Self {
            tool,
            arguments: Vec::new(),
            input: None,
            also_right: Vec::new(),
            interactive: false,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn with<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds words that stand in one text.
    #[must_use]
    pub fn words(self, words: &str) -> Self {
        self.with(words.split_whitespace())
    }

    /// Gives it something to read.
    #[must_use]
    pub fn input(mut self, input: impl Into<String>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Takes another exit code for right, too.
    #[must_use]
    pub fn or_code(mut self, code: i32) -> Self {
        self.also_right.push(code);
        self
    }

    /// A call of a tool inside the target, by its own libraries.
    #[must_use]
    pub fn inside(root: &str, tool: &str) -> Self {
        Self::new("/usr/sbin/chroot").with([root, tool])
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tool)?;
        for each in &self.arguments {
            match each.contains(|each: char| each.is_whitespace()) || each.is_empty() {
                true => write!(f, " {each:?}")?,
                false => write!(f, " {each}")?,
            }
        }
        Ok(())
    }
}

/// What a tool said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

/// A tool that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The call.
    pub call: String,
    /// What it said, or why it could not be run.
    pub said: String,
    /// Its exit code, if it ran.
    pub code: Option<i32>,
}

impl std::error::Error for Failed {}

impl Failed {
    /// Returns the last lines of what it said, at most six.
    #[must_use]
    pub fn last_lines(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.said.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(6)..].to_vec()
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "a tool failed with code {code}: {}", self.call)?,
            None => write!(f, "a tool could not be run: {}", self.call)?,
        }
        self.last_lines().iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
