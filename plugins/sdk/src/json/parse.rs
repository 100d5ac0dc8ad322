//! Reads JSON (RFC 8259).

use super::Value;

/// Nested deeper than this is refused.
const DEPTH: u32 = 64;

/// Reads one value; `None` if it is no JSON.
pub fn parse(text: &str) -> Option<Value> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.space();
    (parser.at == text.len()).then_some(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Passes a word, with the space before it.
    fn pass(&mut self, word: &str) -> Option<()> {
        self.space();
        let is_there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_there { word.len() } else { 0 };
        is_there.then_some(())
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.space();
        match self.peek().filter(|_| depth < DEPTH)? {
            b'{' => self.table(depth),
            b'[' => self.list(depth),
            b'"' => self.string().map(|text| Value::Text(text.into())),
            b't' => self.pass("true").map(|()| Value::Bool(true)),
            b'f' => self.pass("false").map(|()| Value::Bool(false)),
            b'n' => self.pass("null").map(|()| Value::Null),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: u32) -> Option<Value> {
        self.pass("[")?;
        let mut items = Vec::new();
        if self.pass("]").is_some() {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.pass(",").is_none() {
                self.pass("]")?;
                return Some(Value::List(items));
            }
        }
    }

    fn table(&mut self, depth: u32) -> Option<Value> {
        self.pass("{")?;
        let mut table = Value::table();
        if self.pass("}").is_some() {
            return Some(table);
        }
        loop {
            self.space();
            let key = self.string()?;
            self.pass(":")?;
            table.put(key, self.value(depth + 1)?);
            if self.pass(",").is_none() {
                self.pass("}")?;
                return Some(table);
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let number = &self.text[start..self.at];
        let is_number = number.trim_start_matches('-').starts_with(|it: char| it.is_ascii_digit());
        is_number.then(|| Value::Number(number.to_owned()))
    }

    fn string(&mut self) -> Option<String> {
        self.pass("\"")?;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\') {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Some(string);
            }
            string.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unicode(),
            b'"' | b'\\' | b'/' => letter as char,
            _ => return None,
        })
    }

    /// Reads what follows `\u`: four hexadecimal digits, or a pair of surrogates.
    fn unicode(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let rest = self.text.as_bytes().get(self.at..self.at + 2)?;
        self.at += 2;
        let second = (rest == b"\\u").then(|| self.four_digits())??;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00)?)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + (*digit as char).to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = r#"{"a":[1,-2.5e3,true,null],"b":"\"\\\n\u0007ä𝄞","c":{}}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        assert_eq!(parse(r#" "\ud834\udd1e\/" "#), Some(Value::Text("𝄞/".into())));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(1000);
        let wrong = ["", "{", "[1,]", "{\"a\"}", "tru", "1 2", "\"\\ud834\"", "\"", "-", &deep];
        wrong.into_iter().for_each(|text| assert_eq!(parse(text), None, "{text}"));
    }
}
