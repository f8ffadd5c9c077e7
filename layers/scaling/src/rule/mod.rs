//! Rules: a policy's own program, in a part of Python 3, in a sandbox.
//!
//! MiCADO's rules are Python under asteval; those that are Python 3 run here
//! unmodified. A rule reaches nothing but its inputs. It can't hang: every
//! statement, expression and element costs a step. It can't grow: bytes are
//! counted before they are allocated. It is a function: the same inputs give
//! the same outcome, `time()` included.
//!
//! The text is read by ruff's parser, lowered to a tree that can say no more
//! than a rule may (`syntax`), and run over values on a heap of its own
//! (`value`), so that what holds itself neither leaks nor overflows.

mod datum;
mod fault;
mod format;
mod limits;
mod lower;
mod names;
mod number;
mod python2;
mod read;
mod run;
mod show;
mod syntax;
mod value;

pub use datum::Datum;
pub use fault::{FaultKind, RuleFault};
pub use limits::Limits;
pub use names::Names;

pub(crate) use fault::nearest as nearest_name;
pub(crate) use show::float as show_float;

use fault::{Trouble, nearest, place, short};
use run::{Machine, inward, outward};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use syntax::{Function, Stmt};

/// The variable that is kept from round to round.
const USERDATA: &str = "m_userdata";

/// Names that a rule has without anybody giving them.
const CONSTANTS: &[&str] = &["pi", "e", "inf", "nan"];

/// A rule that was read and holds nothing that a rule may not do.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    text: Arc<str>,
    statements: Vec<Stmt>,
    names: Names,
}

/// What a rule is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    /// The values of names.
    pub variables: BTreeMap<String, Datum>,
    /// What `time()` gives: seconds since 1970.
    pub now: f64,
    /// Names whose values are told even if they are only changed in place.
    pub told: Vec<String>,
}

/// What a rule did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The names that it assigns, and those that were to be told, with their values at its end.
    pub assigned: BTreeMap<String, Datum>,
    /// The value of `m_userdata` at its end, whether it was assigned or changed in place.
    pub userdata: Datum,
    /// The lines that it printed, up to [`Limits::printed`].
    pub printed: Vec<String>,
    /// Whether it printed more.
    pub printed_cut: bool,
    /// Steps taken.
    pub steps: u64,
    /// Bytes allocated.
    pub bytes: u64,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// All faults that can be told at once, in the order of their places.
    pub fn parse(text: &str) -> Result<Self, Vec<RuleFault>> {
        let statements = read::read(text)?;
        let names = Names::of(&statements);
        Ok(Self { text: text.into(), statements, names })
    }

    /// The text that was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that it reads and writes, by its syntax.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// A fault for each name that is read, but neither given nor assigned anywhere.
    pub fn undefined<'n>(&self, given: impl IntoIterator<Item = &'n str>) -> Vec<RuleFault> {
        let given: Vec<&str> = given.into_iter().collect();
        let known: BTreeSet<&str> =
            given.iter().copied().chain(self.names.writes()).chain(CONSTANTS.iter().copied()).collect();
        let mut unknown: Vec<(&str, u32)> = self.names.read.iter().map(|(name, at)| (&**name, *at)).collect();
        unknown.retain(|(name, _)| !known.contains(name));
        unknown.sort_by_key(|(_, at)| *at);
        unknown.truncate(read::MOST_FAULTS);
        unknown
            .into_iter()
            .map(|(name, at)| {
                let (line, column) = place(&self.text, at);
                let (message, hint) = if Function::named(name).is_some() {
                    (format!("`{name}` is a function"), format!("call it: {name}(...)"))
                } else {
                    let hint = nearest(name, known.iter().copied()).map_or_else(
                        || "name it among the policy's constants, queries or alerts".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    (format!("`{}` has no value", short(name)), hint)
                };
                RuleFault { line, column, kind: FaultKind::Name, message, hint: Some(hint) }
            })
            .collect()
    }

    /// Runs the rule.
    ///
    /// # Errors
    /// The fault at which it ended: what it assigned until then is lost.
    pub fn run(&self, inputs: &Inputs, limits: &Limits) -> Result<Outcome, RuleFault> {
        let mut machine = Machine::new(*limits, inputs.now, &self.names);
        self.carry_out(&mut machine, inputs, limits).map_err(|trouble| trouble.fault(&self.text))
    }

    fn carry_out(&self, machine: &mut Machine<'_>, inputs: &Inputs, limits: &Limits) -> Result<Outcome, Trouble> {
        for (name, datum) in &inputs.variables {
            let value = inward(machine, datum)?;
            machine.variables.insert(name.as_str().into(), value);
        }
        machine.block(&self.statements)?;
        let mut assigned = BTreeMap::new();
        for name in self.names.writes().chain(inputs.told.iter().map(String::as_str)) {
            if let Some(value) = machine.variables.get(name).cloned() {
                assigned.insert(name.to_owned(), outward(machine, &value)?);
            }
        }
        let before = machine.meter.bytes();
        let userdata = match machine.variables.get(USERDATA).cloned() {
            Some(value) => outward(machine, &value)?,
            None => Datum::None,
        };
        let size = machine.meter.bytes() - before;
        if size > limits.userdata {
            let message = format!("{USERDATA} takes {size} bytes; it may take {}", limits.userdata);
            return Err(Trouble::limit(message).hint("keep only what the next round needs, such as the last values"));
        }
        Ok(Outcome {
            assigned,
            userdata,
            printed: machine.printed.text.lines().map(str::to_owned).collect(),
            printed_cut: machine.printed.cut,
            steps: machine.meter.steps(),
            bytes: machine.meter.bytes(),
        })
    }
}
