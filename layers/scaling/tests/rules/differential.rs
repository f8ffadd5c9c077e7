//! Every rule means what Python says that it means: generated programs and
//! hand-written corners, run by both.

use super::{
    generated::{expression, program},
    python::{judge, there},
};
use hansa_scaling::rule::{FaultKind, Inputs, Limits, Rule};
use proptest::{
    prop_oneof,
    strategy::{Just, Strategy, ValueTree},
    string::string_regex,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;

/// Corners that chance seldom finds.
const CORNERS: &[&str] = &[
    "print(7 // 2, -7 // 2, 7 // -2, -7 % 3, 7 % -3, 7.5 // -2, -7.5 % 2, 0.0 // -1, -0.0 % 5)",
    "print(1 / 3, 10**18 / 3, (10**30) / (10**10 + 7), 2**100 / 3, -(2**90) / (2**33 + 1), 5 / 10**25)",
    "print(round(0.5), round(1.5), round(2.5), round(-0.5), round(2.675, 2), round(1e20), round(15, -1), round(25, -1))",
    "print(round(1234.567, -2), round(0.125, 2), round(1e300, 2), round(-1250, -2), round(5e-324, 3))",
    "print(1e15, 1e16, 123456789012345678.0, 1e-4, 1e-5, 0.1 + 0.2, 1e22, 5e-324, 1.7976931348623157e308, -0.0)",
    "print(2**53 == 2.0**53, 2**53 + 1 == 2.0**53, 2**53 + 1 > 2.0**53, 10**30 > 1e30, -3 > -3.5, 1 == True, 1 < True)",
    "print(0 < 3 > 2, 1 < 2 < 3 < 2, 1 == 1.0 == True, None == 0, None != None, '' == 0, [] == (), (1,) < (1, 2))",
    "print(None is None, [] is [], 1 in [1.0], True in [1], 'a' in 'cat', '' in '', 3 in range(10), 3.0 in range(10), 3.5 in range(9))",
    "print('%d|%5d|%-5d|%05d|%+d|% d' % (3, 3, 3, 3, 3, 3), '%s %r %%' % ('a', 'a'), '%5.1f|%e|%g|%g' % (2.25, 12345.678, 1e10, 0.0001))",
    "print('%x %X %o %#x' % (255, 255, 8, 255), '%5s|%-5s|%.2s' % ('ab', 'ab', 'abc'), '%(a)s' % {'a': 1}, '%d' % 3.99, '%d' % True)",
    "print('%*d|%-*d|%.*f' % (5, 3, 5, 3, 2, 3.14159), '%s' % [1, 2], '%s' % None, '%s' % (None,), 'a' % [], 'a' % {})",
    "print(f'{3.14159:.2f} {42:5d}| {42:<5}| {42:^6}| {1234567:,} {1234567.891:,.1f} {255:x} {255:#b} {0.5:%} {3:+} {-3: }')",
    "print(f'{1e10:g} {123456789:g} {0.00001:g} {1.0:g} {100.0:.3} {1234.5:.3} {1.5:10} {1e100:f}'[:60], f'{True} {True:d} {None} {[1]}')",
    "print(f'{1234:010,} {-1234:010,} {1234.5:012,.2f} {5:*^7} {5:=+5} {-5:=5} {3:05} {-3:05} {1_000} {255:_x} {65535 * 65536:_x}')",
    "x = 3\nprint(f'{x=} {x = } {x!r:>5} {\"a\"!r} {x:{x + 2}} {x:0{x}d} {{}}')",
    "print('{} {1} {a:.1f} {{}}'.format(1, a=2.25)) if False else print('{} {a:.1f} {{}} {!r}'.format(1, 'b', a=2.25))",
    "print(repr(\"it's\"), repr('a\"b'), repr('a\\'\"'), repr('\\n\\t\\\\\\x00\\x7f é'), [1.0, 'a', None, True, (1,), (), {}, {1: 'a'}])",
    "print(int('  12 '), int('-1_000'), float(' 1e3 '), float('inf'), float('-INF'), int(-3.9), int(True), str(1.0), bool(''), bool([0]))",
    "print(float('nan') == float('nan'), max(1, 2.0), max(2, 2.0), min(1.0, 1), max([3, 1], [2, 9]), max('abc'), min((), default=7))",
    "print(sorted([3, 1, 2]), sorted('bca'), sorted([2, 1.5, True]), sorted([(2, 'a'), (1, 'b')], reverse=True), sum([1, 2.5]), sum([[1], [2]], []))",
    "print(list(range(5, 0, -2)), range(3), range(1, 9, 3), len(range(10)), range(5)[-1], list('abc')[::-1], 'abcdef'[1:-1:2], [1, 2, 3][5:], (1, 2)[-9:1])",
    "print(divmod(-7, 2), divmod(7.5, 2), pow(2, 10), pow(2, -1), 2 ** -1, 0 ** 0, 2 ** 0.5, (-2) ** 3, -2 ** 2, abs(-3.5), 7 >> 1, -7 >> 1, 1 << 5, ~5, 5 ^ 3, 6 & 3, 6 | 1)",
    "print(True + True, True & False, True | 2, -True, +True, ~True, not None, 1 and 0, 0 or 'a', '' or None, [] and 1)",
    "d = {'b': 1, 'a': 2}\nd['c'] = 3\ndel d['b']\nd['b'] = 4\nprint(d, list(d), len(d), 'a' in d, d.get('z'), d.get('z', 0), d.pop('a'), list(d.items()))",
    "d = {1: 'a', 1.0: 'b', True: 'c'}\nprint(d)\nd.update({2: 3}, x=1)\nprint(d, d.setdefault(2, 9), d.setdefault(5), d == {1: 'c', 2: 3, 'x': 1, 5: None})",
    "a = [1, 2, 3]\nb = a\nb += [4]\na.append(5)\na.insert(0, 0)\na.insert(-1, 9)\nprint(a, b, a.pop(), a.pop(0), a.index(9), a.count(2), a[-1])\na.remove(9)\na.reverse()\na.sort()\nprint(a, b is a)",
    "a = b = []\na.append(1)\nb = b + [2]\nprint(a, b)\n(x, [y, z]) = 1, (2, 3)\nprint(x, y, z)\nx, y = y, x\nprint(x, y)",
    "t = 'a,b,,c'\nprint(t.split(','), ' a  b '.split(), 'abc'.split('b', 1), '-'.join(['x', 'y']), t.replace(',', ';', 2), 'x'.join('abc'), ' a b c '.split(None, 1), ''.split(), ''.split(','))",
    "print('aXb'.lower(), 'aXb'.upper(), ' a '.strip(), 'xxaxx'.strip('x'), 'ab'.startswith('a'), 'ab'.endswith('b'), 'abab'.count('ab'), 'abab'.find('b'), 'a'.find('z'), '12'.isdigit(), ''.isdigit(), 'aa'.count(''))",
    "for i in range(3):\n  if i == 1: continue\n  print(i)\nelse:\n  print('else')\nfor i in [1]:\n  break\nelse:\n  print('no')\nwhile False: pass\nelse: print('w')",
    "a = [1, 2, 3]\nfor x in a:\n  if x < 10 and len(a) < 6: a.append(x + 10)\nprint(a, x)\nfor k, v in {'a': 1}.items(): print(k, v)\nfor i, x in enumerate('ab', 1): print(i, x)\nfor p in zip([1, 2], 'xyz'): print(p)",
    "print(1, 'a', sep='-', end='!\\n')\nprint()\nprint(1, 2, sep='')\nprint('a', end='')\nprint(time())",
    "print(any([0, 1]), all([]), all([1, 0]), any([]), list(reversed([1, 2])), tuple([1]), list((1, 2)), dict([(1, 2)]), dict(a=1), list({'a': 1}))",
    "x = []\nx.append(x)\nprint(x)\nd = {}\nd['d'] = d\nprint(d)\nt = (x,)\nprint(t)\nx = d = t = 0",
    "print(ceil(1.2), floor(-1.2), trunc(-1.7), sqrt(9), isnan(float('nan')), isinf(1e400), ceil(5), 1e400, -1e400, fabs(-1))",
    "print(0x1F, 0b101, 0o17, 1_000_000, 1e3, .5, 5., 'a' 'b', '''x\ny''', r'\\n', 'a\\\nb')",
    "print({} | {1: 2}, [1] * 3, 2 * 'ab', (1,) * 2, [] * 5, 'a' * -1, [1, 2] + [3], (1,) + (2,), [1] < [1, 2], 'a' < 'b', 'Z' < 'a')",
];

/// Programs that Python refuses, and a rule too.
const REFUSED: &[&str] = &[
    "print(None > 3)",
    "print(1 + 'a')",
    "print('a' + 1)",
    "print([1] + (2,))",
    "print(None + 1)",
    "print({} < {})",
    "print(1 / 0)",
    "print(1 % 0)",
    "print(0 ** -1)",
    "print(1.0 // 0)",
    "print([1][1])",
    "print('a'[1])",
    "print({}[1])",
    "print(x)",
    "print(int('a'))",
    "print(int('1.5'))",
    "print(float('a'))",
    "print(len(3))",
    "print(max([]))",
    "print(min(1, 'a'))",
    "print({[]: 1})",
    "print('%d' % 'a')",
    "print('%s %s' % (1,))",
    "print('%s' % (1, 2))",
    "print(f'{None:.2f}')",
    "print(f'{1:s}')",
    "print(f'{\"a\":d}')",
    "print(f'{1.5:d}')",
    "a, b = [1]",
    "a, b = 1",
    "del x",
    "for i in 5: pass",
    "print(-'a')",
    "print(1 << -1)",
    "(1, 2)[0] = 3",
    "'a'[0] = 'b'",
    "print([1].index(2))",
    "print(1 in 5)",
    "print(1 in 'a')",
    "x += 1",
    "print(sqrt(-1))",
    "print(int(float('nan')))",
    "print(int(float('inf')))",
    "print(round('a'))",
    "print([3, 'a'] > [3, 1])",
    "print(sorted([1, None]))",
    "print(range(1.5))",
    "print(range(1, 2, 0))",
    "print([1, 2][::0])",
    "print('a'.join([1]))",
    "d = {1: 2}\nfor k in d: d[k + 1] = 1",
    "print(1.5 & 1)",
    "print(1.5 << 1)",
    "print('a'.foo())",
    "print([].keys())",
];

/// What a rule prints; None where it ends with a fault; nothing where it ends at a bound that Python hasn't.
fn ours(text: &str) -> Option<Option<String>> {
    let rule = match Rule::parse(text) {
        Ok(rule) => rule,
        Err(_) => return Some(None),
    };
    let inputs = Inputs { now: 1_700_000_000.5, ..Inputs::default() };
    match rule.run(&inputs, &Limits { printed: 1 << 20, ..Limits::default() }) {
        Ok(outcome) => Some(Some(outcome.printed.join("\n"))),
        Err(fault) if fault.kind == FaultKind::Limit || fault.message.contains("128 bits") => None,
        Err(_) => Some(None),
    }
}

fn lines(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n")
}

/// Runs all by both and shows where they differ.
fn compare(programs: &[String]) -> (usize, usize) {
    let asked: Vec<_> =
        programs.iter().map(|text| json!({ "text": text, "variables": {}, "now": 1_700_000_000.5 })).collect();
    let (mut same, mut failed) = (0, 0);
    let mut different = Vec::new();
    for (text, pythons) in programs.iter().zip(judge(&asked)) {
        let Some(ours) = ours(text) else { continue };
        if ours.as_deref().map(lines) == pythons.as_deref().map(lines) {
            same += 1;
            failed += usize::from(ours.is_none());
        } else {
            let fault = Rule::parse(text).map(|rule| rule.run(&Inputs::default(), &Limits::default()).err());
            different.push(format!("---\n{text}\n-- Python: {pythons:?}\n-- a rule: {ours:?} {fault:?}"));
        }
    }
    let shown = different.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(different.is_empty(), "{} of {} differ\n{shown}", different.len(), programs.len());
    (same, failed)
}

#[test]
fn corners_are_as_in_python() {
    if !there() {
        return;
    }
    let programs: Vec<String> = CORNERS.iter().map(|&text| text.to_owned()).collect();
    let (same, failed) = compare(&programs);
    assert_eq!((same, failed), (CORNERS.len(), 0));
}

#[test]
fn what_python_refuses_a_rule_refuses() {
    if !there() {
        return;
    }
    let programs: Vec<String> = REFUSED.iter().map(|&text| text.to_owned()).collect();
    let (same, failed) = compare(&programs);
    assert_eq!((same, failed), (REFUSED.len(), REFUSED.len()));
}

/// Always the same programs, so that a difference is found again.
fn runner() -> TestRunner {
    let seed: Vec<u8> = (0..32).collect();
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[test]
fn generated_expressions_are_as_in_python() {
    if !there() {
        return;
    }
    let (mut runner, strategy) = (runner(), expression());
    let one = |runner: &mut TestRunner| strategy.new_tree(runner).unwrap().current();
    let start = "a = 3\nb = 2.5\nc = 'abc'\nd = [1, 2]\n";
    let programs: Vec<String> = (0..4_000).map(|_| format!("{start}print(repr({}))", one(&mut runner))).collect();
    let (same, failed) = compare(&programs);
    println!("{same} expressions mean the same, {} of them have a value", same - failed);
    assert!(same > 3_500 && same - failed > 800, "{same} {failed}");
}

/// A value and how it is to be formatted, by f-string and by `%`.
fn formatted() -> impl Strategy<Value = String> {
    let pick = |words: &'static [&'static str]| proptest::sample::select(words);
    let value = prop_oneof![
        pick(&["0", "1", "-7", "42", "1234567", "-10**12", "2**100", "True", "'ab'", "'é'", "''"])
            .prop_map(str::to_owned),
        pick(&[
            "0.0",
            "-0.0",
            "1.5",
            "2.5",
            "-3.14159",
            "0.1",
            "1e16",
            "1.5e-7",
            "123456.789",
            "1e300",
            "9.9999",
            "0.5"
        ])
        .prop_map(str::to_owned),
        (-1e6..1e6).prop_map(|value: f64| format!("{value:?}")),
        (-1_000_000_i64..1_000_000).prop_map(|value| value.to_string()),
    ];
    let align = pick(&["", "", "", "<", ">", "^", "=", "*<", "x>", "-^", "0=", "é^"]);
    let sign = pick(&["", "", "+", "-", " "]);
    let alternate = pick(&["", "", "", "#"]);
    let width = pick(&["", "", "0", "5", "08", "12", "015", "3"]);
    let group = pick(&["", "", "", ",", "_"]);
    let precision = pick(&["", "", ".0", ".1", ".2", ".3", ".6", ".10", ".17"]);
    let kind = pick(&["", "", "d", "f", "F", "e", "E", "g", "G", "%", "x", "X", "o", "b", "s"]);
    let flags = pick(&["", "", "-", "+", " ", "0", "#", "-0", "+0", "# "]);
    let place = pick(&["d", "i", "f", "e", "E", "g", "G", "x", "X", "o", "s", "r", "%"]);
    let spec = (align, sign, alternate, width, group, precision, kind)
        .prop_map(|(a, b, c, d, e, f, g)| format!("{a}{b}{c}{d}{e}{f}{g}"));
    let percent = (flags, pick(&["", "5", "12"]), pick(&["", "", ".0", ".2", ".8"]), place)
        .prop_map(|(flags, width, precision, place)| format!("%{flags}{width}{precision}{place}"));
    (value, prop_oneof![spec.prop_map(|spec| (true, spec)), percent.prop_map(|place| (false, place))]).prop_map(
        |(value, (by_spec, how))| {
            let text = if by_spec { format!("f\"{{v:{how}}}\"") } else { format!("'[{how}]' % (v,)") };
            format!("v = {value}\nprint(repr({text}))")
        },
    )
}

#[test]
fn numbers_and_texts_are_formatted_as_in_python() {
    if !there() {
        return;
    }
    let (mut runner, strategy) = (runner(), formatted());
    let programs: Vec<String> = (0..6_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let (same, failed) = compare(&programs);
    println!("{same} formats mean the same, {} of them give a text", same - failed);
    assert!(same > 5_500 && same - failed > 3_000, "{same} {failed}");
}

/// Methods of texts, lists and dicts, and parts of them.
fn methods() -> impl Strategy<Value = String> {
    let text = || string_regex("[ab ,é]{0,7}").unwrap().prop_map(|text| format!("'{text}'"));
    let short = || string_regex("[ab ,]{0,2}").unwrap().prop_map(|text| format!("'{text}'"));
    let int = || (-4_i32..5).prop_map(|value| value.to_string());
    let list = || proptest::collection::vec(-2_i32..4, 0..6).prop_map(|values| format!("{values:?}"));
    let pick = |words: &'static [&'static str]| proptest::sample::select(words);
    let of_text = prop_oneof![
        (pick(&["find", "index", "count", "startswith", "endswith", "split", "strip", "lstrip", "rstrip"]), short())
            .prop_map(|(method, part)| format!("{method}({part})")),
        pick(&["strip()", "lstrip()", "rstrip()", "split()", "upper()", "lower()", "isdigit()"])
            .prop_map(str::to_owned),
        (short(), int()).prop_map(|(by, most)| format!("split({by}, {most})")),
        int().prop_map(|most| format!("split(None, {most})")),
        (short(), short(), int()).prop_map(|(old, new, most)| format!("replace({old}, {new}, {most})")),
        (short(), short()).prop_map(|(old, new)| format!("replace({old}, {new})")),
        proptest::collection::vec(short(), 0..4).prop_map(|parts| format!("join([{}])", parts.join(", "))),
    ];
    let part = (prop_oneof![Just(String::new()), int()], prop_oneof![Just(String::new()), int()], int())
        .prop_map(|(from, to, step)| format!("[{from}:{to}:{step}]"));
    let of_list = prop_oneof![
        (int(), int()).prop_map(|(at, value)| format!("v.insert({at}, {value})")),
        (pick(&["pop", "remove", "index", "count", "append"]), int())
            .prop_map(|(method, value)| format!("print(v.{method}({value}))")),
        pick(&[
            "v.sort()",
            "v.sort(reverse=True)",
            "v.reverse()",
            "print(v.pop())",
            "v += v",
            "v = v * 2",
            "v.clear()",
            "v = sorted(v)"
        ])
        .prop_map(str::to_owned),
        (int(), int()).prop_map(|(at, value)| format!("v[{at}] = {value}")),
        int().prop_map(|at| format!("del v[{at}]")),
        part.clone().prop_map(|part| format!("print(v{part})")),
        (int(), int()).prop_map(|(key, value)| format!("d[{key}] = {value}")),
        (pick(&["get", "pop", "setdefault"]), int(), int())
            .prop_map(|(method, key, value)| format!("print(d.{method}({key}, {value}))")),
        pick(&[
            "print(d)",
            "print(list(d.items()))",
            "d = dict(enumerate(v))",
            "d.update({1: 2})",
            "print(d == dict(zip(v, v)))",
            "for k in d: print(k)"
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        (text(), of_text).prop_map(|(text, method)| format!("print(repr({text}.{method}))")),
        (text(), part).prop_map(|(text, part)| format!("print(repr({text}{part}))")),
        (list(), proptest::collection::vec(of_list, 1..6))
            .prop_map(|(list, lines)| format!("v = {list}\nd = {{2: 3, True: 0}}\n{}\nprint(v, d)", lines.join("\n"))),
    ]
}

#[test]
fn methods_and_parts_are_as_in_python() {
    if !there() {
        return;
    }
    let (mut runner, strategy) = (runner(), methods());
    let programs: Vec<String> = (0..6_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let (same, failed) = compare(&programs);
    println!("{same} uses of methods mean the same, {} of them end without an error", same - failed);
    assert!(same > 5_500 && same - failed > 3_000, "{same} {failed}");
}

#[test]
fn generated_programs_are_as_in_python() {
    if !there() {
        return;
    }
    let (mut runner, strategy) = (runner(), program());
    let one = |runner: &mut TestRunner| strategy.new_tree(runner).unwrap().current();
    let programs: Vec<String> =
        (0..1_500).map(|_| format!("{}\nprint(repr([a, b, c, d, e, f]))", one(&mut runner))).collect();
    let (same, failed) = compare(&programs);
    println!("{same} programs mean the same, {} of them end without an error", same - failed);
    assert!(same > 1_000 && same - failed > 150, "{same} {failed}");
}
