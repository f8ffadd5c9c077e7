//! Rules written to hang, to grow, to overflow the stack, or to reach outside.

use hansa_scaling::rule::{FaultKind, Inputs, Limits, Rule};

/// Runs on a thread with the stack that a worker of tokio has.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap()
}

/// What ends the rule; none where it ends by itself.
fn end(text: &str) -> Option<FaultKind> {
    let text = text.to_owned();
    on_a_small_stack(move || match Rule::parse(&text) {
        Err(faults) => faults.first().map(|fault| fault.kind),
        Ok(rule) => {
            let limits = Limits::default();
            match rule.run(&Inputs::default(), &limits) {
                Err(fault) => Some(fault.kind),
                Ok(outcome) => {
                    assert!(outcome.steps <= limits.steps && outcome.bytes <= limits.bytes);
                    None
                }
            }
        }
    })
}

#[test]
fn nothing_hangs_and_nothing_grows_without_bound() {
    for text in [
        "while True:\n  pass",
        "while 1: x = 1",
        "for i in range(10**12): pass",
        "for i in range(10**5):\n  for j in range(10**5): pass",
        "x = [0]\nfor i in x: x.append(i)",
        "x = 'a' * 10**9",
        "x = 10**9 * 'ab'",
        "x = [0] * 10**9",
        "x = (0,) * 10**12",
        "x = [[]] * 10**30",
        "x = 'a'\nwhile True: x += x",
        "x = 'a'\nfor i in range(1000): x = x + x",
        "x = [1]\nfor i in range(1000): x = x + x",
        "x = [1]\nfor i in range(1000): x += x",
        "x = [1]\nfor i in range(1000): x.extend(x)",
        "x = {}\ni = 0\nwhile True:\n  x[i] = i\n  i += 1",
        "x = f'{1:>1000000000}'",
        "x = f'{1.5:.1000000000f}'",
        "w = 10**9\nx = f'{1:{w}}'",
        "w = 10**9\nx = f'{1:>{w}.{w}}'",
        "x = '%1000000000d' % 1",
        "x = '%.1000000000f' % 1.5",
        "x = '%*d' % (10**9, 1)",
        "x = '{:1000000000}'.format(1)",
        "x = f'{1:99999999999999999999999999999999}'",
        "x = list(range(10**9))",
        "x = sum(range(10**9))",
        "x = sorted(range(10**7))",
        "x = max(range(10**8))",
        "x = list(range(9999))\nfor i in range(100): x = sorted(x, reverse=True)",
        "x = 'a' * 100000\ny = x.replace('a', x)",
        "x = 'a' * 100000\ny = x.replace('', x)",
        "x = ['a' * 10000] * 10000\ny = x[0].join(x)",
        "x = 'a' * 500000\nfor i in range(100000): y = x in x",
        "x = 'a' * 500000\nfor i in range(100000): y = x == x + 'b'",
        "x = 'a b ' * 100000\ny = x.split()",
        "x = ('a' * 1000000).split('a')",
        "x = list(range(20000))\nfor i in range(20000): x.insert(0, i)",
        "x = list(range(20000))\nwhile x: x.pop(0)",
        "x = [1, 2]\nfor i in range(200): x = [x, x]\ny = x == x[0]",
        "x = [1]\nfor i in range(60): x = [x, x]\nprint(x)",
        "x = [1]\nfor i in range(40): x = [x, x]\ny = [1]\nfor i in range(40): y = [y, y]\nz = x == y",
        "x = [1]\nfor i in range(90): x = [x, x]",
        "x = list('a' * 1000000)",
        "x = 'a' * 4000000\nwhile True: y = len(x)",
        "x = 'a' * 4000000\nwhile True: y = x in 'b'",
        "x = 'a' * 4000000\nwhile True: y = 'b'.find(x)",
        "x = 'a' * 4000000\nwhile True: y = x[0]",
        "x = ['a' * 400000] * 2\nwhile True: y = x[0] < x[1]",
        "x = {'a' * 400000: 1}\nwhile True: y = x.get('a' * 400000)",
        "while True: y = round(5e-324, 323)",
        "x = str(list(range(100000)))",
        "x = {(1,) * 100000: 1}",
        "x = 1\nwhile x: print('a' * 100)",
        "x = list(zip(range(10**7), range(10**7)))",
        "x = list(enumerate(range(10**8)))",
    ] {
        assert_eq!(end(text), Some(FaultKind::Limit), "{text}");
    }
}

#[test]
fn numbers_end_where_they_end() {
    for text in [
        "x = 10**10**10",
        "x = 2**(10**30)",
        "x = 1 << 10**9",
        "x = 9**99 * 9**99",
        "x = 170141183460469231731687303715884105728",
        "x = int('9' * 50)",
        "x = -170141183460469231731687303715884105727 - 2",
        "x = int(1e300)",
        "x = 0xffffffffffffffffffffffffffffffffffffffffffffffff",
        "x = str(9**9**9)",
        "x = 1 // 0",
        "x = 1.0 % 0",
        "x = 1e308 ** 2",
        "x = (-8) ** 0.5",
    ] {
        assert_eq!(end(text), Some(FaultKind::Arithmetic), "{text}");
    }
    assert_eq!(end("x = 0 ** 10**30\ny = 1 ** 10**30\nz = (-1) ** 10**30\nw = 0 << 10**30\nv = 5 >> 10**30"), None);
    assert_eq!(end("x = 1e308 * 10\ny = -x\nz = x - x"), None, "floating point numbers go on, as in Python");
}

/// An expression within itself, so many times.
fn nest(open: &str, middle: &str, close: &str, times: usize) -> String {
    format!("x = {}{middle}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn what_is_deep_overflows_no_stack() {
    for times in [90, 101, 500, 5_000, 20_000] {
        for text in [
            nest("(", "1", ")", times),
            nest("[", "", "]", times),
            nest("{1:", "1", "}", times),
            nest("-", "1", "", times),
            nest("not ", "1", "", times),
            nest("~", "1", "", times),
            nest("1 + ", "1", "", times),
            nest("2 ** ", "1", "", times),
            nest("1 if 1 else ", "1", "", times),
            nest("lambda: ", "1", "", times),
            nest("len(", "1", ")", times),
            nest("y", "", "[0]", times),
            nest("y", "", ".copy()", times),
            nest("f'{", "1", "}'", times),
            nest("1 < ", "1", "", times),
            nest("1 and (", "1", ")", times),
            nest("await ", "1", "", times),
            nest("*", "1", "", times),
            nest("(a := ", "1", ")", times),
            format!("{}1", "x = ".repeat(times)),
            format!("{}pass", "if 1: ".repeat(times)),
            "(".repeat(times),
            "[{(".repeat(times),
            "f'{".repeat(times),
            "if 1:\n".repeat(times),
            (0..times.min(300)).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "if 1:\n"),
            (0..times.min(300)).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "for i in [1]:\n")
                + &" ".repeat(times.min(300))
                + "x = 1",
            format!("if 1:\n pass\n{}", "elif 1:\n pass\n".repeat(times)),
            format!("x = f'{{1:{}}}'", "{1:".repeat(times)),
            "[)".repeat(times),
            "[)\n".repeat(times),
            "[)\n ".repeat(times),
            "{](".repeat(times),
            "x[)(".repeat(times),
            "(]if ".repeat(times),
            "f'{)".repeat(times),
            "f'{]'\n".repeat(times),
            "[(\n)]\n".repeat(times),
            "not (] ".repeat(times),
            "if x:\n [\n".repeat(times),
            "else:\n if 1:\n".repeat(times),
            "def f(".repeat(times),
            "match x:\n case [".repeat(times),
            "case {1: ".repeat(times),
            "with (".repeat(times),
            "try:\n".repeat(times),
            "x: ".repeat(times),
            format!("{} = 1", "(".repeat(times) + "a" + &",)".repeat(times)),
        ] {
            // It ends: read and run, or refused.
            end(&text);
        }
    }
    assert_eq!(end(&nest("[", "", "]", 500)), Some(FaultKind::Limit));
    assert_eq!(end(&nest("[", "", "]", 50)), None);
}

#[test]
fn a_rule_that_is_all_faults_or_all_names_is_read_as_fast_as_any() {
    let name = "a".repeat(30_000);
    for text in [
        format!("{name} = 1\nx = {name}b"),
        format!("x = {name}()"),
        format!("x = y.{name}()"),
        format!("x.{name} = 1"),
        "x = = 1\n".repeat(8_000),
        "import os\n".repeat(6_000),
        "print 1\n".repeat(8_000),
        "x = [a for a in b]\n".repeat(3_000),
        (0..9_000).fold(String::new(), |text, number| text + &format!("a{number}\n")),
        "'".repeat(60_000),
        "\\\n".repeat(30_000),
        "f'{".repeat(90) + &"x".repeat(60_000),
        "if 1:\n ".repeat(90) + "x" + &" ".repeat(60_000),
        "\u{1f600}".repeat(15_000),
    ] {
        end(&text);
        let told = match Rule::parse(&text) {
            Err(faults) => faults,
            Ok(rule) => rule.undefined([]),
        };
        assert!(told.len() <= 20 && told.iter().all(|fault| fault.message.len() < 300));
    }
}

#[test]
fn values_that_hold_themselves_do_no_harm() {
    for (text, expected) in [
        ("x = []\nx.append(x)\nprint(x)\ndel x", None),
        ("d = {}\nd['d'] = d\nprint(d)\ndel d", None),
        ("x = []\nx.append(x)\ny = []\ny.append(y)\nz = x == y\nx = y = z = 0", Some(FaultKind::Limit)),
        ("x = []\nx.append(x)", Some(FaultKind::Limit)),
        ("x = []\nx.append(x)\nm_userdata = x\nx = 0", Some(FaultKind::Limit)),
        ("t = ()\nfor i in range(5000): t = (t,)", Some(FaultKind::Limit)),
        ("t = ()\nfor i in range(5000): t = (t,)\nt = t == ((),)", None),
        ("t = ()\nfor i in range(500): t = (t,)\nx = {t: 1}", Some(FaultKind::Limit)),
        ("t = ()\nfor i in range(500): t = (t,)\nx = str(t)\nt = 0", Some(FaultKind::Limit)),
        ("x = [1]\nx[0] = x\nx.sort()\nx = 0", None),
        ("d = {1: 1}\nfor k in d: d[k + 1] = 1", Some(FaultKind::Value)),
    ] {
        assert_eq!(end(text), expected, "{text}");
    }
}

#[test]
fn nothing_reaches_outside() {
    for text in [
        "import os",
        "from os import system",
        "__import__('os').system('id')",
        "x = ().__class__.__bases__[0].__subclasses__()",
        "x = ''.__class__",
        "x = (1).__add__(2)",
        "x.y = 1",
        "open('/etc/passwd').read()",
        "eval('1')",
        "exec('1')",
        "compile('1', '', 'exec')",
        "getattr(1, 'real')",
        "setattr(1, 'real', 2)",
        "globals()['x'] = 1",
        "requests.get('http://127.0.0.1/')",
        "x = requests",
        "requests('a')",
        "def f(): return 1",
        "f = lambda: 1",
        "class A: pass",
        "try:\n  x = 1\nexcept:\n  pass",
        "with open('a') as f: pass",
        "x = [a for a in range(3)]",
        "x = (a for a in range(3))",
        "x = {a for a in range(3)}",
        "(x := 1)",
        "raise ValueError",
        "assert 1",
        "global x",
        "return 1",
        "yield 1",
        "print(*[1])",
        "print(**{})",
        "@f\ndef g(): pass",
        "async def f(): pass",
        "x: int = 1",
        "match 1:\n  case 1: pass",
        "x = 1j",
        "x = b'a'",
        "x = ...",
        "x = t'{1}'",
        "'{0.__class__}'.format(1)",
        "'{0[0]}'.format([1])",
    ] {
        let kind = end(text);
        assert!(matches!(kind, Some(FaultKind::Forbidden | FaultKind::Value)), "{text}: {kind:?}");
    }
}
