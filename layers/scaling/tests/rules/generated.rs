//! Programs that are made at random and are well formed: for the sandbox, and
//! for comparing with Python.

use hansa_scaling::rule::{Inputs, Limits, Rule};
use proptest::{prelude::*, string::string_regex};

/// A name or a value.
fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("c".to_owned()),
        Just("d".to_owned()),
        Just("None".to_owned()),
        Just("True".to_owned()),
        (-20_i32..20).prop_map(|n| n.to_string()),
        (-20_i32..20).prop_map(|n| format!("{n}.5")),
        prop_oneof![Just("0.1"), Just("1e16"), Just("2.675"), Just("1e-7"), Just("10**12"), Just("0.0")]
            .prop_map(str::to_owned),
        string_regex("'[a-c %]{0,3}'").unwrap().prop_filter("no place of %", |text| !text.contains('%')),
    ]
}

/// An expression; the names a to d are there.
pub(crate) fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 40, 4, |inner| {
        let two = (inner.clone(), inner.clone());
        let binary = proptest::sample::select(vec!["+", "-", "*", "/", "//", "%", "|", "&", "^"]);
        let comparison = proptest::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "in", "not in"]);
        let one = proptest::sample::select(vec![
            "len", "abs", "int", "float", "str", "bool", "round", "ceil", "floor", "sum", "min", "max", "sorted",
            "list", "tuple", "repr", "any", "all", "sqrt",
        ]);
        let spec = proptest::sample::select(vec![
            "", ":.2f", ":>8", ":05d", ":,", ":.3g", ":e", ":%", ":<6", ":x", ":^9", ":.4", "!r",
        ]);
        let method = proptest::sample::select(vec![
            ".upper()",
            ".strip()",
            ".split()",
            ".split('a')",
            ".replace('a', 'bb')",
            ".count('a')",
            ".find('b')",
            ".copy()",
            ".get(1)",
            ".index(1)",
            ".startswith('a')",
            ".isdigit()",
        ]);
        prop_oneof![
            (two.clone(), binary).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (inner.clone(), comparison.clone(), inner.clone(), comparison, inner.clone())
                .prop_map(|(a, x, b, y, c)| format!("({a} {x} {b} {y} {c})")),
            (one, inner.clone()).prop_map(|(function, a)| format!("{function}({a})")),
            (inner.clone(), 0_i32..4).prop_map(|(a, digits)| format!("round({a}, {digits})")),
            two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two.clone().prop_map(|(a, b)| format!("({a}, {b})")),
            two.clone().prop_map(|(a, b)| format!("{{{a}: {b}, 1: 2}}")),
            (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("({a} if {b} else {c})")),
            (two.clone(), any::<bool>())
                .prop_map(|((a, b), and)| format!("({a} {} {b})", if and { "and" } else { "or" })),
            inner.clone().prop_map(|a| format!("(not {a})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            two.clone().prop_map(|(a, b)| format!("max({a}, {b})")),
            two.clone().prop_map(|(a, b)| format!("min({a}, {b})")),
            (inner.clone(), -3_i32..3).prop_map(|(a, at)| format!("({a})[{at}]")),
            (inner.clone(), -3_i32..3, -3_i32..3).prop_map(|(a, from, to)| format!("({a})[{from}:{to}]")),
            (inner.clone(), prop_oneof![Just(-2), Just(-1), Just(2)]).prop_map(|(a, step)| format!("({a})[::{step}]")),
            (inner.clone(), method).prop_map(|(a, method)| format!("({a}){method}")),
            (inner.clone(), spec).prop_map(|(a, spec)| {
                let plain = if a.contains(['\'', '"', '{', '%']) { "a" } else { a.as_str() };
                format!("f\"{{({plain}){spec}}}\"")
            }),
            (
                inner.clone(),
                proptest::sample::select(vec!["%s", "%d", "%.2f", "%5d", "%-6s|", "%x", "%g", "%r", "%05.1f", "%e"])
            )
                .prop_map(|(a, place)| format!("('{place}' % ({a},))")),
            (inner, 0_i32..4).prop_map(|(a, power)| format!("({a} ** {power})")),
        ]
    })
}

/// An expression of numbers, which mostly has a value.
fn numeric() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        proptest::sample::select(vec!["a", "b", "len(c)", "len(d)", "len(f)", "0.1", "2.675", "1e16"])
            .prop_map(str::to_owned),
        (-9_i32..9).prop_map(|n| n.to_string()),
        (1_i32..9).prop_map(|n| format!("{n}.5")),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let ops = proptest::sample::select(vec!["+", "-", "*", "+", "-", "/", "//", "%"]);
        prop_oneof![
            (two.clone(), ops).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("({a} if {b} < {c} else {c})")),
            two.clone().prop_map(|(a, b)| format!("max({a}, {b})")),
            two.prop_map(|(a, b)| format!("min([{a}, {b}])")),
            (inner.clone(), 0_i32..4).prop_map(|(a, digits)| format!("round({a}, {digits})")),
            (inner.clone(), proptest::sample::select(vec!["ceil", "floor", "abs", "int", "float", "round", "-"]))
                .prop_map(|(a, function)| format!("{function}({a})")),
            (inner, 0_i32..3).prop_map(|(a, power)| format!("({a} ** {power})")),
        ]
    })
}

fn mostly_numeric() -> impl Strategy<Value = String> {
    prop_oneof![9 => numeric(), 1 => expression()]
}

/// A program of assignments, branches and loops.
pub(crate) fn program() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(vec!["a", "b"]);
    let simple = prop_oneof![
        (name.clone(), mostly_numeric()).prop_map(|(name, value)| format!("{name} = {value}")),
        (name.clone(), proptest::sample::select(vec!["+=", "-=", "*=", "//="]), mostly_numeric())
            .prop_map(|(name, op, value)| format!("{name} {op} {value}")),
        (name.clone(), name.clone(), mostly_numeric()).prop_map(|(a, b, value)| format!("{a} = {b} = {value}")),
        Just("a, b = b, a".to_owned()),
        (mostly_numeric(), mostly_numeric()).prop_map(|(key, value)| format!("e[{key}] = {value}")),
        mostly_numeric().prop_map(|value| format!("f.append({value})")),
        mostly_numeric().prop_map(|value| format!("print({value})")),
    ];
    let block = simple.clone().prop_recursive(2, 12, 3, move |inner| {
        let body = proptest::collection::vec(inner.clone(), 1..3);
        let indented = |lines: Vec<String>| {
            lines.iter().flat_map(|line| line.lines().map(|line| format!("  {line}"))).collect::<Vec<_>>().join("\n")
        };
        prop_oneof![
            (mostly_numeric(), body.clone(), body.clone()).prop_map(move |(test, then, otherwise)| format!(
                "if {test}:\n{}\nelse:\n{}",
                indented(then),
                indented(otherwise)
            )),
            (0_i32..5, body.clone())
                .prop_map(move |(times, body)| format!("for i in range({times}):\n{}", indented(body))),
            (mostly_numeric(), body.clone()).prop_map(move |(over, body)| {
                format!("for i in [{over}, a]:\n{}\n  if len(f) > 9: break\nelse:\n  d = 'ended'", indented(body))
            }),
            (body, 1_i32..4)
                .prop_map(move |(body, times)| format!("n = {times}\nwhile n > 0:\n{}\n  n -= 1", indented(body))),
            inner,
        ]
    });
    proptest::collection::vec(block, 1..5)
        .prop_map(|lines| format!("a = 3\nb = 2.5\nc = 'abc'\nd = [1, 2]\ne = {{}}\nf = []\n{}", lines.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_program_ends_the_same_way_twice(text in program()) {
        let limits = Limits { steps: 20_000, bytes: 400_000, printed: 2_000, ..Limits::default() };
        let rule = Rule::parse(&text).map_err(|faults| TestCaseError::fail(format!("{faults:?}\n{text}")))?;
        let once = rule.run(&Inputs::default(), &limits);
        if let Ok(outcome) = &once {
            prop_assert!(outcome.steps <= limits.steps && outcome.bytes <= limits.bytes);
        }
        prop_assert_eq!(format!("{once:?}"), format!("{:?}", rule.run(&Inputs::default(), &limits)));
    }
}
