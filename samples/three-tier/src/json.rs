//! Just enough JSON (RFC 8259) to read the peers file without a dependency.

use std::str::Chars;

/// A JSON value; of numbers only the text, since nothing is computed with them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is one JSON value.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader(text.chars());
        let value = reader.value(0)?;
        reader.blank();
        reader.0.next().is_none().then_some(value)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

const MAX_DEPTH: usize = 16;

struct Reader<'t>(Chars<'t>);

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.0.clone().next()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
            self.0.next();
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.blank();
        match self.peek()? {
            _ if depth > MAX_DEPTH => None,
            '"' => self.string().map(Json::Text),
            '[' => self.list(depth),
            '{' => self.object(depth),
            _ => self.word(),
        }
    }

    /// After an entry: whether another one follows (`,`) or the end came.
    fn more(&mut self, end: char) -> Option<bool> {
        self.blank();
        match self.0.next()? {
            ',' => Some(true),
            c if c == end => Some(false),
            _ => None,
        }
    }

    /// Opens a collection: whether it is empty.
    fn open(&mut self, end: char) -> Option<bool> {
        self.0.next()?;
        self.blank();
        let empty = self.peek()? == end;
        if empty {
            self.0.next();
        }
        Some(empty)
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut items = Vec::new();
        if self.open(']')? {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.more(']')? {
                return Some(Json::List(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut fields = Vec::new();
        if self.open('}')? {
            return Some(Json::Object(fields));
        }
        loop {
            self.blank();
            let key = self.string()?;
            self.blank();
            if self.0.next()? != ':' {
                return None;
            }
            fields.push((key, self.value(depth + 1)?));
            if !self.more('}')? {
                return Some(Json::Object(fields));
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.0.next()? != '"' {
            return None;
        }
        let mut text = String::new();
        loop {
            match self.0.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                c if c.is_control() => return None,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.0.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                let pair = (self.0.next()?, self.0.next()?) == ('\\', 'u');
                let low = self.hex().filter(|low| pair && (0xdc00..0xe000).contains(low))?;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |sum, _| Some(sum * 16 + self.0.next()?.to_digit(16)?))
    }

    fn word(&mut self) -> Option<Json> {
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
            word.push(c);
            self.0.next();
        }
        match word.as_str() {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            number => number.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| Json::Number(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_json_and_nothing_else() {
        let value = Json::read(r#" {"a": [1, true, null, "x\u00e9\ud83d\ude00\n"], "b": {}} "#).unwrap();
        assert_eq!(value.get("a").unwrap().list()[3].text(), Some("xé😀\n"));
        assert_eq!(value.get("b"), Some(&Json::Object(vec![])));
        for bad in ["", "{", "[1,]", "{\"a\" 1}", "[1] x", "\"\\ud83d\"", "nul", "{a:1}", &"[".repeat(99)] {
            assert_eq!(Json::read(bad), None, "{bad}");
        }
    }
}
