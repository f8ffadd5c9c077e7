//! From what was read to what is carried out. The one module, with its guard, that knows the reader.

use super::{
    QueryError,
    function::{Each, Over},
    guard::{self, Guarded},
    tree::{
        Aggregate, At, Binary, Calculation, Combination, Comparison, Group, LabelJoin, LabelReplace, Matcher, Matchers,
        Matching, Node, Op, Range, Selector, Shift, Summary, Test, Tree,
    },
};
use crate::{Labels, METRIC_NAME, series::is_label};
use promql_parser::{
    label::MatchOp,
    parser::{
        AggregateExpr, AtModifier, BinModifier, BinaryExpr, Call, Expr, LabelModifier, Offset, SubqueryExpr,
        VectorMatchCardinality, VectorSelector, token, value::ValueType,
    },
};
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// The step of a subquery that names none: what Prometheus has unless it is configured.
const STEP: i64 = 60_000;

/// Makes the tree of what was read, with the patterns in their places.
pub(super) fn lower(read: Expr, guarded: &Guarded) -> Result<Tree, QueryError> {
    match read.value_type() {
        ValueType::Matrix => return Err(QueryError::Kind("a range of samples")),
        ValueType::String => return Err(QueryError::Kind("a text")),
        ValueType::Scalar | ValueType::Vector => {}
    }
    let mut lowering = Lowering { guarded, selectors: Vec::new() };
    let root = lowering.node(read)?;
    Ok(Tree { root, selectors: lowering.selectors })
}

struct Lowering<'g> {
    guarded: &'g Guarded,
    selectors: Vec<Matchers>,
}

impl Lowering<'_> {
    fn node(&mut self, read: Expr) -> Result<Node, QueryError> {
        Ok(match read {
            Expr::Paren(of) => self.node(*of.expr)?,
            Expr::NumberLiteral(number) => Node::Number(number.val),
            Expr::Unary(of) => Node::Negate(Box::new(self.node(*of.expr)?)),
            Expr::VectorSelector(selector) => Node::Select(self.selector(selector)?),
            Expr::Binary(binary) => Node::Binary(Box::new(self.binary(binary)?)),
            Expr::Aggregate(aggregate) => Node::Aggregate(Box::new(self.aggregate(aggregate)?)),
            Expr::Call(call) => self.call(call)?,
            Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                return Err(QueryError::Syntax("a range stands where numbers are expected".to_owned()));
            }
            Expr::StringLiteral(_) | Expr::Extension(_) => {
                return Err(QueryError::Syntax("a text stands where numbers are expected".to_owned()));
            }
        })
    }

    fn selector(&mut self, read: VectorSelector) -> Result<Selector, QueryError> {
        if !read.matchers.or_matchers.is_empty() {
            return Err(QueryError::Absent("`or` between matchers".to_owned()));
        }
        let pattern = |holder: &str| {
            let found = self.guarded.pattern(holder).cloned();
            found.ok_or_else(|| QueryError::Syntax("a pattern has to stand in quotes after =~ or !~".to_owned()))
        };
        let mut matchers = Vec::with_capacity(read.matchers.matchers.len() + 1);
        for one in read.matchers.matchers {
            let test = match one.op {
                MatchOp::Equal => Test::Is(one.value),
                MatchOp::NotEqual => Test::IsNot(one.value),
                MatchOp::Re(_) => Test::Like(pattern(&one.value)?),
                MatchOp::NotRe(_) => Test::Unlike(pattern(&one.value)?),
            };
            matchers.push(Matcher { label: one.name, test });
        }
        if let Some(name) = read.name {
            matchers.push(Matcher { label: METRIC_NAME.to_owned(), test: Test::Is(name) });
        }
        let matchers = Matchers(matchers);
        if matchers.matches(&Labels::empty()) {
            let told = "a selector has to name a metric, or a label that is not empty";
            return Err(QueryError::Syntax(told.to_owned()));
        }
        let named = matchers.metric().is_some();
        self.selectors.push(matchers);
        Ok(Selector { index: self.selectors.len() - 1, named, shift: shift(read.at, read.offset) })
    }

    fn range(&mut self, read: Expr) -> Result<Range, QueryError> {
        match read {
            Expr::Paren(of) => self.range(*of.expr),
            Expr::MatrixSelector(of) => Ok(Range::Select { selector: self.selector(of.vs)?, range: millis(of.range) }),
            Expr::Subquery(SubqueryExpr { expr, offset, at, range, step }) => Ok(Range::Subquery {
                of: self.node(*expr)?,
                range: millis(range),
                step: step.map_or(STEP, millis).max(1),
                shift: shift(at, offset),
            }),
            _ => Err(QueryError::Syntax("numbers stand where a range is expected, such as x[5m]".to_owned())),
        }
    }

    fn binary(&mut self, read: BinaryExpr) -> Result<Binary, QueryError> {
        let op = operator(read.op.id())?;
        let modifier = read.modifier.unwrap_or_default();
        if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
            return Err(QueryError::Absent("fill".to_owned()));
        }
        let (left, right) = (self.node(*read.lhs)?, self.node(*read.rhs)?);
        Ok(Binary { op, left, right, as_number: modifier.return_bool, matching: matching(modifier) })
    }

    fn aggregate(&mut self, read: AggregateExpr) -> Result<Aggregate, QueryError> {
        let mut param = read.param;
        let mut number = |lowering: &mut Self| match param.take() {
            Some(param) => lowering.node(*param),
            None => Err(QueryError::Syntax(format!("{} needs a number first", read.op))),
        };
        let op = match read.op.id() {
            token::T_SUM => Summary::Sum,
            token::T_AVG => Summary::Average,
            token::T_COUNT => Summary::Count,
            token::T_MIN => Summary::Least,
            token::T_MAX => Summary::Greatest,
            token::T_GROUP => Summary::Group,
            token::T_STDDEV => Summary::Deviation,
            token::T_STDVAR => Summary::Variance,
            token::T_TOPK => Summary::Top(number(self)?),
            token::T_BOTTOMK => Summary::Bottom(number(self)?),
            token::T_QUANTILE => Summary::Quantile(number(self)?),
            token::T_COUNT_VALUES => {
                let Some(label) = param.and_then(|param| text(*param)) else {
                    return Err(QueryError::Syntax("count_values needs the name of a label first".to_owned()));
                };
                Summary::CountValues(label_name(label)?)
            }
            _ => return Err(QueryError::Absent(read.op.to_string())),
        };
        let (without, labels) = match read.modifier {
            Some(LabelModifier::Include(labels)) => (false, labels.labels),
            Some(LabelModifier::Exclude(labels)) => (true, labels.labels),
            None => (false, Vec::new()),
        };
        let of = self.node(*read.expr)?;
        Ok(Aggregate { op, of, without, labels: labels.into_iter().map(Into::into).collect() })
    }

    fn call(&mut self, read: Call) -> Result<Node, QueryError> {
        let name = read.func.name;
        let mut arguments = read.args.args.into_iter().map(|argument| *argument);
        if let Some(function) = Over::named(name) {
            return self.over(function, name, arguments);
        }
        if let Some(function) = Each::named(name) {
            let of = match arguments.next() {
                Some(of) => self.node(of)?,
                None if function.is_of_date() => Node::ToVector(Box::new(Node::Time)),
                None => return Err(few(name)),
            };
            let parameters = arguments.map(|one| self.node(one)).collect::<Result<_, _>>()?;
            return Ok(Node::Each { function, of: Box::new(of), parameters });
        }
        let mut next = || arguments.next().ok_or_else(|| few(name));
        Ok(match name {
            "time" => Node::Time,
            "pi" => Node::Number(std::f64::consts::PI),
            "scalar" => Node::ToScalar(Box::new(self.node(next()?)?)),
            "vector" => Node::ToVector(Box::new(self.node(next()?)?)),
            "timestamp" => Node::Timestamp(Box::new(self.node(next()?)?)),
            "sort" => Node::Sort { of: Box::new(self.node(next()?)?), descending: false },
            "sort_desc" => Node::Sort { of: Box::new(self.node(next()?)?), descending: true },
            "absent" => {
                let of = self.node(next()?)?;
                let labels = match &of {
                    Node::Select(selector) => self.selectors.get(selector.index).map(Matchers::known),
                    _ => None,
                };
                Node::Absent { of: Box::new(of), labels: labels.unwrap_or_default() }
            }
            "absent_over_time" => {
                let of = self.range(next()?)?;
                let labels = match &of {
                    Range::Select { selector, .. } => self.selectors.get(selector.index).map(Matchers::known),
                    Range::Subquery { .. } => None,
                };
                Node::AbsentOver { of: Box::new(of), labels: labels.unwrap_or_default() }
            }
            "histogram_quantile" => {
                let quantile = Box::new(self.node(next()?)?);
                Node::HistogramQuantile { quantile, of: Box::new(self.node(next()?)?) }
            }
            "label_replace" | "label_join" => {
                let of = self.node(next()?)?;
                return relabel(name, of, arguments);
            }
            _ => return Err(QueryError::Absent(format!("{name}()"))),
        })
    }

    fn over(
        &mut self,
        function: Over,
        name: &str,
        mut arguments: impl Iterator<Item = Expr>,
    ) -> Result<Node, QueryError> {
        let mut next = || arguments.next().ok_or_else(|| few(name));
        let (parameter, of) = match function {
            Over::Quantile => {
                let quantile = self.node(next()?)?;
                (Some(Box::new(quantile)), self.range(next()?)?)
            }
            Over::PredictLinear => {
                let of = self.range(next()?)?;
                (Some(Box::new(self.node(next()?)?)), of)
            }
            _ => (None, self.range(next()?)?),
        };
        Ok(Node::Over { function, parameter, of: Box::new(of) })
    }
}

/// Not within the recursion: compiling a pattern takes much of the stack.
fn relabel(name: &str, of: Node, arguments: impl Iterator<Item = Expr>) -> Result<Node, QueryError> {
    let no_text = || QueryError::Syntax(format!("{name}() needs a text in quotes there"));
    let mut texts = arguments.map(|one| text(one).ok_or_else(no_text));
    let mut next = || texts.next().unwrap_or_else(|| Err(few(name)));
    if name == "label_replace" {
        let (target, replacement, source) = (label_name(next()?)?, next()?, next()?);
        let pattern = guard::pattern(&next()?)?;
        return Ok(Node::LabelReplace(Box::new(LabelReplace { of, target, replacement, source, pattern })));
    }
    let (target, separator) = (label_name(next()?)?, next()?);
    let sources = texts.map(|one| label_name(one?).map(|one| one.to_string())).collect::<Result<_, _>>()?;
    Ok(Node::LabelJoin(Box::new(LabelJoin { of, target, separator, sources })))
}

fn few(name: &str) -> QueryError {
    QueryError::Syntax(format!("{name}() is given too little"))
}

fn text(read: Expr) -> Option<String> {
    match read {
        Expr::StringLiteral(text) => Some(text.val),
        Expr::Paren(of) => text(*of.expr),
        _ => None,
    }
}

fn label_name(name: String) -> Result<Arc<str>, QueryError> {
    if is_label(&name) {
        return Ok(name.into());
    }
    Err(QueryError::Syntax(format!("{name:?} is no name of a label: a letter or _, then letters, digits and _")))
}

fn matching(read: BinModifier) -> Matching {
    let (on, labels) = match read.matching {
        Some(LabelModifier::Include(labels)) => (true, labels.labels),
        Some(LabelModifier::Exclude(labels)) => (false, labels.labels),
        None => (false, Vec::new()),
    };
    let (group, include) = match read.card {
        VectorMatchCardinality::ManyToOne(labels) => (Group::Left, labels.labels),
        VectorMatchCardinality::OneToMany(labels) => (Group::Right, labels.labels),
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => (Group::None, Vec::new()),
    };
    let shared = |labels: Vec<String>| labels.into_iter().map(Into::into).collect();
    Matching { on, labels: shared(labels), group, include: shared(include) }
}

fn operator(read: token::TokenId) -> Result<Op, QueryError> {
    Ok(match read {
        token::T_ADD => Op::Calculate(Calculation::Add),
        token::T_SUB => Op::Calculate(Calculation::Subtract),
        token::T_MUL => Op::Calculate(Calculation::Multiply),
        token::T_DIV => Op::Calculate(Calculation::Divide),
        token::T_MOD => Op::Calculate(Calculation::Modulo),
        token::T_POW => Op::Calculate(Calculation::Power),
        token::T_ATAN2 => Op::Calculate(Calculation::Atan2),
        token::T_EQLC => Op::Compare(Comparison::Equal),
        token::T_NEQ => Op::Compare(Comparison::NotEqual),
        token::T_GTR => Op::Compare(Comparison::Greater),
        token::T_LSS => Op::Compare(Comparison::Less),
        token::T_GTE => Op::Compare(Comparison::GreaterOrEqual),
        token::T_LTE => Op::Compare(Comparison::LessOrEqual),
        token::T_LAND => Op::Combine(Combination::And),
        token::T_LOR => Op::Combine(Combination::Or),
        token::T_LUNLESS => Op::Combine(Combination::Unless),
        other => return Err(QueryError::Absent(token::TokenType::new(other).to_string())),
    })
}

fn shift(at: Option<AtModifier>, offset: Option<Offset>) -> Shift {
    let at = match at {
        None => At::Here,
        Some(AtModifier::Start | AtModifier::End) => At::Query,
        Some(AtModifier::At(time)) => At::Time(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => millis(before.duration()).saturating_neg(),
        }),
    };
    let offset = match offset {
        None => 0,
        Some(Offset::Pos(later)) => millis(later),
        Some(Offset::Neg(earlier)) => millis(earlier).saturating_neg(),
    };
    Shift { at, offset }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
