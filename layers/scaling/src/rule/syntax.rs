//! A rule as a tree of what a rule may say, and nothing else: what is not
//! here can't be run.

use std::sync::Arc;

/// An expression and the byte offset at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expr {
    pub(super) at: u32,
    pub(super) kind: ExprKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExprKind {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    Name(Arc<str>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Joined(Vec<Piece>),
    Unary(UnaryOp, Box<Expr>),
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `and` of all, and `or` of all.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    Choice {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call {
        name: Arc<str>,
        function: Function,
        arguments: Arguments,
    },
    Method {
        object: Box<Expr>,
        method: Method,
        arguments: Arguments,
    },
}

/// A part of an f-string.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(Arc<str>),
    Value { value: Expr, conversion: Conversion, spec: Vec<Piece> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    None,
    Str,
    Repr,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Arguments {
    pub(super) by_place: Vec<Expr>,
    pub(super) by_name: Vec<(Arc<str>, Expr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnaryOp {
    Not,
    Minus,
    Plus,
    Invert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    ShiftLeft,
    ShiftRight,
    BitOr,
    BitXor,
    BitAnd,
}

impl BinaryOp {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "**",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::BitOr => "|",
            Self::BitXor => "^",
            Self::BitAnd => "&",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
}

impl CompareOp {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

/// Words and what they mean, once for parsing and once for telling.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name { $($variant),+ }

        impl $name {
            pub(super) const WORDS: &'static [&'static str] = &[$($word),+];

            pub(super) fn named(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            pub(super) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words!(
    /// The functions that a rule may call.
    Function {
        Abs = "abs", All = "all", Any = "any", Bool = "bool", Ceil = "ceil", Dict = "dict", Divmod = "divmod",
        Enumerate = "enumerate", Exp = "exp", Fabs = "fabs", Float = "float", Floor = "floor", Int = "int",
        Isinf = "isinf", Isnan = "isnan", Len = "len", List = "list", Log = "log", Log10 = "log10", Log2 = "log2",
        Max = "max", Min = "min", Pow = "pow", Print = "print", Range = "range", Repr = "repr",
        Reversed = "reversed", Round = "round", Sorted = "sorted", Sqrt = "sqrt", Str = "str", Sum = "sum",
        Time = "time", Trunc = "trunc", Tuple = "tuple", Zip = "zip",
    }
);

words!(
    /// The methods that a rule may call, of lists, dicts and texts.
    Method {
        Append = "append", Clear = "clear", Copy = "copy", Count = "count", Endswith = "endswith",
        Extend = "extend", Find = "find", Format = "format", Get = "get", Index = "index", Insert = "insert",
        Isdigit = "isdigit", Items = "items", Join = "join", Keys = "keys", Lower = "lower", Lstrip = "lstrip",
        Pop = "pop", Remove = "remove", Replace = "replace", Reverse = "reverse", Rstrip = "rstrip",
        Setdefault = "setdefault", Sort = "sort", Split = "split", Startswith = "startswith", Strip = "strip",
        Update = "update", Upper = "upper", Values = "values",
    }
);

/// A statement and the byte offset at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stmt {
    pub(super) at: u32,
    pub(super) kind: StmtKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum StmtKind {
    Expr(Expr),
    Assign(Vec<Target>, Expr),
    Augment(Target, BinaryOp, Expr),
    Delete(Vec<Target>),
    If(Vec<(Option<Expr>, Vec<Stmt>)>),
    For { target: Target, over: Expr, body: Vec<Stmt>, otherwise: Vec<Stmt> },
    While { test: Expr, body: Vec<Stmt>, otherwise: Vec<Stmt> },
    Break,
    Continue,
    Pass,
}

/// What can be assigned to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    Name(u32, Arc<str>),
    Item(u32, Expr, Expr),
    Several(u32, Vec<Target>),
}
