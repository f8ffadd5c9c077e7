//! What a text may be before it is read: long, nested and full of patterns only so far.
//!
//! The reader builds a tree that is as deep as the text is nested; that is bounded
//! here, on the text itself. It would also compile every pattern, without a useful
//! bound and with Rust's classes; so patterns are compiled here, and the reader gets
//! a place holder in the place of each. And it panics at a number that stands for a
//! duration and is none; that is refused here.

use super::QueryError;
use promql_parser::util::unquote_string;
use regex::{Regex, RegexBuilder};
use std::time::Duration;

/// Bytes of a query.
const LENGTH: usize = 8 << 10;
/// Brackets within brackets.
const NESTING: usize = 50;
/// Signs and words between parts, and signs before one.
const OPERATORS: usize = 100;
/// Patterns.
const PATTERNS: usize = 32;
/// Bytes of one compiled pattern.
const PATTERN: usize = 128 << 10;
/// Words that are operators.
const WORDS: &[&str] = &["and", "or", "unless", "atan2"];

/// A text that may be read.
#[derive(Debug)]
pub(super) struct Guarded {
    /// With a place holder for each pattern.
    pub(super) text: String,
    /// The patterns, in their order.
    pub(super) patterns: Vec<Regex>,
}

/// Refuses what is too long, too deep, or has patterns that are too many or too large.
pub(super) fn check(text: &str) -> Result<Guarded, QueryError> {
    if text.len() > LENGTH {
        return Err(QueryError::Syntax(format!("it has {} bytes, more than {LENGTH}", text.len())));
    }
    let mut guarded = Guarded { text: String::with_capacity(text.len()), patterns: Vec::new() };
    let (mut nesting, mut braces, mut operators) = (0_usize, 0_usize, 0_usize);
    let mut after_offset = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if after_offset {
            refuse_no_duration(rest)?;
        }
        let (token, after) = rest.split_at_checked(token(first, rest)).unwrap_or((rest, ""));
        let is_gap = first.is_whitespace() || matches!(first, '+' | '-' | '#');
        after_offset = token.eq_ignore_ascii_case("offset") || (after_offset && is_gap);
        if first == '[' {
            after.split(']').next().unwrap_or_default().split(':').try_for_each(refuse_no_duration)?;
        }
        match first {
            '(' | '[' | '{' => nesting += 1,
            ')' | ']' | '}' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        match first {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '^' => operators += 1,
            '<' | '>' | '=' | '!' if braces == 0 => operators += 1,
            _ if WORDS.iter().any(|known| known.eq_ignore_ascii_case(token)) => operators += 1,
            _ => {}
        }
        refuse("brackets within brackets", nesting, NESTING)?;
        refuse("operators", operators, OPERATORS)?;
        guarded.text.push_str(token);
        rest = after;
        if matches!(first, '=' | '!') && token.ends_with('~') {
            rest = guarded.take_pattern(token, after)?;
            refuse("patterns", guarded.patterns.len(), PATTERNS)?;
        }
    }
    Ok(guarded)
}

impl Guarded {
    /// Takes the pattern with which the text begins, if there is one; answers what is after it.
    fn take_pattern<'t>(&mut self, operator: &str, text: &'t str) -> Result<&'t str, QueryError> {
        let start = text.trim_start();
        if !start.starts_with(['"', '\'', '`']) {
            return Ok(text);
        }
        let (quoted, after) = start.split_at_checked(quoted(start)).unwrap_or((start, ""));
        let read = unquote_string(quoted).map_err(QueryError::Syntax)?;
        // The reader wants to know whether nothing at all would match; that is found out later, of the pattern itself.
        let number = self.patterns.len();
        self.text.push_str(&if operator == "!~" { format!(" '(~{number})?' ") } else { format!(" '~{number}' ") });
        self.patterns.push(pattern(&read)?);
        Ok(after)
    }

    /// The pattern for which a place holder stands.
    pub(super) fn pattern(&self, holder: &str) -> Option<&Regex> {
        let number = holder.trim_start_matches(['(', '~']).trim_end_matches([')', '?']);
        self.patterns.get(number.parse::<usize>().ok()?)
    }
}

fn refuse(what: &str, count: usize, most: usize) -> Result<(), QueryError> {
    if count > most { Err(QueryError::Syntax(format!("it has more than {most} {what}"))) } else { Ok(()) }
}

/// Refuses a text that begins with a number that is no length of time: NaN, or one without an end.
fn refuse_no_duration(text: &str) -> Result<(), QueryError> {
    let text = text.trim_start();
    let mut before = ' ';
    let end = text.find(|one: char| {
        let of_exponent = matches!((before, one), ('e' | 'E', '+' | '-'));
        before = one;
        !(one.is_ascii_alphanumeric() || one == '.' || of_exponent)
    });
    let number = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    if number.parse().is_ok_and(|seconds: f64| Duration::try_from_secs_f64(seconds).is_err()) {
        return Err(QueryError::Syntax(format!("{number} is no duration: write one such as 5m")));
    }
    Ok(())
}

/// How long the token is with which the text begins.
fn token(first: char, text: &str) -> usize {
    let while_ = |goes_on: fn(char) -> bool| text.find(|one| !goes_on(one)).unwrap_or(text.len());
    match first {
        '"' | '\'' | '`' => quoted(text),
        '#' => while_(|one| one != '\n'),
        '<' | '>' | '=' | '!' => while_(|one| matches!(one, '<' | '>' | '=' | '!' | '~')),
        _ if first.is_alphanumeric() || first == '_' => while_(|one| one.is_alphanumeric() || matches!(one, '_' | ':')),
        _ => first.len_utf8(),
    }
}

/// How long a quoted text is, quotes included.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, quote)| quote);
    let mut escaped = false;
    for (at, one) in chars {
        match one {
            _ if escaped => escaped = false,
            '\\' if quote != Some('`') => escaped = true,
            _ if Some(one) == quote => return at + one.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// A pattern that has to match a whole text, of a bounded size.
pub(super) fn pattern(text: &str) -> Result<Regex, QueryError> {
    let compiled = RegexBuilder::new(&format!("^(?:{})$", with_small_classes(text))).size_limit(PATTERN).build();
    compiled.map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large: repeat less".to_owned(),
            error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        };
        let text: String = text.chars().take(100).collect();
        QueryError::Syntax(format!("the pattern {text:?} can't be used: {why}"))
    })
}

/// A pattern whose `\w`, `\d`, `\s` and `\b` mean ASCII, as Prometheus' do.
fn with_small_classes(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(one) = chars.next() {
        if one != '\\' {
            pattern.push(one);
            continue;
        }
        match chars.next() {
            Some('w') => pattern.push_str("[0-9A-Za-z_]"),
            Some('W') => pattern.push_str("[^0-9A-Za-z_]"),
            Some('d') => pattern.push_str("[0-9]"),
            Some('D') => pattern.push_str("[^0-9]"),
            Some('s') => pattern.push_str(r"[\t\n\x0C\r ]"),
            Some('S') => pattern.push_str(r"[^\t\n\x0C\r ]"),
            Some('b') => pattern.push_str(r"(?-u:\b)"),
            Some('B') => pattern.push_str(r"(?-u:\B)"),
            other => pattern.extend([Some(one), other].into_iter().flatten()),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_passes() {
        for text in [
            "avg(rate(x{a=~\"b.*\", c!~'d'}[60s]))*100 > 5 and on () vector(1) # a comment with \" and (((",
            "x{a=\"((((((((\\\"(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\"}",
            "x offset -1.5e2 > NaN or x[5m:1] @ Inf or offset offset 1w and x[1e3:1m] != Inf",
            r"label_replace(x, `a`, `\`, 'b', '')",
        ] {
            assert!(check(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_reader_sees_no_pattern() {
        let guarded = check("x{a=~ 'b.*',c!~\"d\\\\d\", e='~f'} # =~\n'g'").expect("it may be read");
        assert_eq!(guarded.text, "x{a=~ '~0' ,c!~ '(~1)?' , e='~f'} # =~\n'g'");
        let matches = |holder: &str, text: &str| guarded.pattern(holder).is_some_and(|pattern| pattern.is_match(text));
        assert!(matches("~0", "bcd") && !matches("~0", "abcd") && matches("(~1)?", "d5") && !matches("(~1)?", "d٣"));
        assert!(guarded.pattern("~2").is_none() && guarded.pattern("x").is_none());
    }

    #[test]
    fn classes_are_of_ascii() {
        let matches = |one: &str, text: &str| pattern(one).expect(one).is_match(text);
        assert!(matches(r"\w+", "az_9") && !matches(r"\w+", "ä") && matches(r"[\w-]+", "a-b") && matches(r"\W", "ä"));
        assert!(matches(r"\d\D", "1a") && matches(r"\s\S", " a") && !matches(r"\s", "\u{a0}"));
        assert!(matches(r"a\b.*", "a b") && matches(r"\\w", "\\w") && matches(r"a\.b", "a.b"));
    }

    #[test]
    fn what_is_too_much_is_told() {
        let deep = format!("{}x{}", "(".repeat(51), ")".repeat(51));
        let patterns = vec!["x{a=~'b'}"; 33].join(",");
        for (text, told) in [
            ("x".repeat(9_000), "it has 9000 bytes, more than 8192"),
            (deep, "it has more than 50 brackets within brackets"),
            ("-".repeat(101), "it has more than 100 operators"),
            (" Or".repeat(101), "it has more than 100 operators"),
            (patterns, "it has more than 32 patterns"),
            ("x offset # a comment\n - NaN".to_owned(), "NaN is no duration: write one such as 5m"),
            ("rate(x[1e+300])".to_owned(), "1e+300 is no duration"),
            ("max_over_time(x[5m: 1E99 ])".to_owned(), "1E99 is no duration"),
            ("x{a=~\"(\\\\w{100}){100}\"}".to_owned(), "can't be used: it is too large: repeat less"),
            ("x{a !~ '('}".to_owned(), "the pattern \"(\" can't be used: unclosed group"),
        ] {
            let refused = check(&text).expect_err(&text).to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }
}
