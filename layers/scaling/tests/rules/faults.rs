//! What is told of a faulty rule.

use hansa_scaling::rule::{Datum, FaultKind, Inputs, Limits, Rule, RuleFault};

fn faults(text: &str) -> Vec<RuleFault> {
    Rule::parse(text).expect_err(text)
}

fn fault(text: &str) -> RuleFault {
    Rule::parse(text).unwrap().run(&Inputs::default(), &Limits::default()).expect_err(text)
}

#[test]
fn python_2_is_told_once_for_each_line_and_what_to_write() {
    let text = "x = 0\nif x <> 1:\n  print \"a:\", x\nprint x\ny = `x`\nz = 10L\nprint\n";
    let told: Vec<_> = faults(text).into_iter().map(|it| (it.line, it.column, it.kind)).collect();
    let python2 = FaultKind::Python2;
    assert_eq!(
        told,
        [(2, 6, python2), (3, 3, python2), (4, 1, python2), (5, 5, python2), (6, 5, python2), (7, 1, python2)]
    );
    let print = &faults(text)[1];
    assert_eq!(print.message, "this is Python 2: `print` without brackets");
    let hint = print.hint.as_deref().unwrap();
    assert!(hint.contains("under MiCADO's interpreter this rule did nothing; write print(...)"), "{hint}");
    assert!(Rule::parse("print(1)\nprint\t(2)\nx = print(3)").is_ok());
}

#[test]
fn all_faults_that_can_be_told_are_told_at_once() {
    let text = "import os\nx = = 3\ny = [a for a in b]\nz = foo(1)\nw = x.bar()\nv = lenn([])\n";
    let told: Vec<_> = faults(text).into_iter().map(|it| (it.line, it.kind)).collect();
    let (forbidden, name) = (FaultKind::Forbidden, FaultKind::Name);
    let expected = [(1, forbidden), (2, FaultKind::Syntax), (3, forbidden), (4, name), (5, name), (6, name)];
    assert_eq!(told, expected);
    assert_eq!(faults(text)[5].hint.as_deref(), Some("did you mean `len`?"));
    assert_eq!(faults("x = (1\ny = 2\n")[0].kind, FaultKind::Syntax);
    assert_eq!(faults("if a:\n\tx = 1\n        y = 2\n")[0].line, 3);
    assert_eq!(faults(&"import os\n".repeat(50)).len(), 20, "no more than somebody reads");
}

#[test]
fn calling_out_is_told_as_such() {
    let told = faults("r = requests.get('http://a/').json()");
    assert_eq!((told.len(), told[0].message.as_str()), (1, "a rule can't call out"));
    assert!(told[0].hint.as_deref().unwrap().contains("query of the policy"));
    assert!(Rule::parse("x = math.ceil(1.5)\ny = time.time()").is_ok(), "modules that are not needed do no harm");
}

#[test]
fn names_are_found_by_syntax_and_missing_ones_are_named() {
    let rule = Rule::parse("m_node_count_old = m_node_count\nif ITEM > 0:\n  m_container_count += 1\n").unwrap();
    let reads: Vec<_> = rule.names().reads().collect();
    let writes: Vec<_> = rule.names().writes().collect();
    assert_eq!(reads, ["ITEM", "m_container_count", "m_node_count"]);
    assert_eq!(writes, ["m_container_count", "m_node_count_old"]);
    assert!(!rule.names().uses("m_node"));
    let undefined = rule.undefined(["m_node_count", "ITEMS"]);
    assert_eq!(undefined.len(), 1);
    assert_eq!((undefined[0].line, undefined[0].column), (2, 4));
    assert_eq!(undefined[0].hint.as_deref(), Some("did you mean `ITEMS`?"));
}

#[test]
fn a_fault_in_a_run_names_its_place_and_a_remedy() {
    let told = fault("x = 1\nif 2 > 1:\n  y = (x +\n    None)\n");
    assert_eq!((told.line, told.column, told.kind), (3, 8, FaultKind::Type));
    assert!(told.hint.as_deref().unwrap().contains("is None"), "{told}");
    let told = fault("count = 1\nx = coumt + 1");
    assert_eq!(told.to_string(), "line 2, column 5: `coumt` has no value (did you mean `count`?)");
    let told = fault("if False:\n  x = 1\ny = x");
    assert!(told.hint.as_deref().unwrap().contains("another way"), "{told}");
    assert_eq!(fault("é = [1, 2]\nx = é[5]").message, "there is no element 5: there are 2");
    assert_eq!(fault("x = min").hint.as_deref(), Some("call it: min(...)"));
    assert_eq!(fault("min = 3\nx = min(1, 2)").kind, FaultKind::Type);
}

#[test]
fn userdata_is_what_it_is_at_the_end_even_if_changed_in_place() {
    let rule = Rule::parse("if m_userdata is None:\n  m_userdata = {'n': 0}\nm_userdata['n'] += 1").unwrap();
    let run = |userdata: Datum| {
        let variables = [("m_userdata".to_owned(), userdata)].into();
        rule.run(&Inputs { variables, ..Inputs::default() }, &Limits::default()).unwrap().userdata
    };
    let first = run(Datum::None);
    let second = run(first.clone());
    assert_eq!(second, Datum::Dict(vec![(Datum::from("n"), Datum::Int(2))]));
    let in_place = Rule::parse("m_userdata['n'] = 5").unwrap();
    let variables = [("m_userdata".to_owned(), second)].into();
    let inputs = Inputs { variables, ..Inputs::default() };
    let outcome = in_place.run(&inputs, &Limits::default()).unwrap();
    assert_eq!(outcome.userdata, Datum::Dict(vec![(Datum::from("n"), Datum::Int(5))]));
    assert!(outcome.assigned.is_empty());
}

#[test]
fn what_is_kept_from_round_to_round_is_bounded() {
    let rule = Rule::parse("m_userdata = ['a' * 100] * 1000").unwrap();
    let told = rule.run(&Inputs::default(), &Limits::default()).unwrap_err();
    assert!(told.kind == FaultKind::Limit && told.message.contains("m_userdata takes"), "{told}");
}

#[test]
fn printed_lines_are_bounded() {
    let rule = Rule::parse("for i in range(1000): print('é' * 10)").unwrap();
    let outcome = rule.run(&Inputs::default(), &Limits { printed: 100, ..Limits::default() }).unwrap();
    assert!(outcome.printed_cut);
    assert!(outcome.printed.iter().map(String::len).sum::<usize>() <= 100);
}
