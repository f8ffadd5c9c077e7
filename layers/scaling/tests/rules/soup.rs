//! Anything at all, as a rule: it ends within its limits, and never falls.

use hansa_scaling::rule::{Inputs, Limits, Rule};
use proptest::prelude::*;

/// Words and signs of Python.
const WORDS: &[&str] = &[
    "if ",
    "elif ",
    "else",
    "for ",
    "while ",
    " in ",
    " not ",
    " is ",
    " and ",
    " or ",
    "None",
    "True",
    "False",
    "pass",
    "break",
    "continue",
    "del ",
    "import ",
    "def ",
    "lambda ",
    "x",
    "y",
    "m_userdata",
    "m_nodes",
    "print",
    "len",
    "min",
    "sorted",
    "str",
    "range",
    "time",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    ";",
    "=",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "<>",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "<<",
    ">>",
    "|",
    "&",
    "^",
    "~",
    "+=",
    "-=",
    "*=",
    ":=",
    "@",
    "->",
    "...",
    "0",
    "1",
    "7",
    "1.5",
    "1e308",
    "0x1f",
    "9999999999999999999",
    "'a'",
    "\"b\"",
    "f'{x",
    "f'",
    "{x:>9}",
    "'",
    "\"",
    "'''",
    "`",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    "\\\n",
    "#",
    "$",
    "?",
    "!",
    "é",
    "\u{2028}",
    "\0",
    "\r",
    "append",
    ".append(",
    "copy",
    ".format(",
    "% (",
    "print ",
    "10L",
    "exec ",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS), 0..60).prop_map(|words| words.concat())
}

fn ends_within_limits(text: &str) {
    let limits = Limits { steps: 5_000, bytes: 100_000, printed: 1_000, ..Limits::default() };
    match Rule::parse(text) {
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 20);
            for fault in faults {
                assert!(fault.line > 0 && fault.column > 0 && !fault.message.is_empty());
            }
        }
        Ok(rule) => {
            if let Ok(outcome) = rule.run(&Inputs::default(), &limits) {
                assert!(outcome.steps <= limits.steps && outcome.bytes <= limits.bytes);
                assert!(outcome.printed.iter().map(String::len).sum::<usize>() <= 1_000);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_soup_of_words_ends(text in soup()) {
        ends_within_limits(&text);
    }

    #[test]
    fn any_text_ends(text in any::<String>()) {
        ends_within_limits(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The shape of attacks on the stack: a few words, again and again, as long as a rule may be.
    #[test]
    fn any_few_words_again_and_again_end(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 1..6),
        before in soup(),
        times in proptest::sample::select(vec![50_usize, 105, 900, 1_900, 100_000]),
    ) {
        let pattern = words.concat();
        let times = times.min(63_000 / pattern.len().max(1));
        let text = format!("{before}{}", pattern.repeat(times));
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        thread.spawn(move || ends_within_limits(&text)).unwrap().join().unwrap();
    }
}
