//! The parsed form of a condition, and what it refers to.

use std::ops::Range;

/// A piece of a condition and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    /// Byte range in the text, with the parentheses around it.
    pub(crate) span: Range<usize>,
    /// The same without them.
    pub(super) bare: Range<usize>,
    pub(super) depth: u16,
    pub(super) node: Node,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    List(Vec<Expr>),
    Name(String),
    Select(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    /// `has(a.b)`: whether `a` has `b`.
    Has(Box<Expr>, String),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Choose(Box<[Expr; 3]>),
    /// A method's receiver is its first argument.
    Call(Function, Vec<Expr>),
    Each(Box<Each>),
}

/// `over.all(variable, body)` and its relatives.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Each {
    pub(super) kind: EachKind,
    pub(super) over: Expr,
    pub(super) variable: String,
    /// Only `map` with three arguments has one.
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EachKind {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Equal,
    Unequal,
    Below,
    AtMost,
    Above,
    AtLeast,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    pub(super) const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::Unequal | Self::Below | Self::AtMost | Self::Above | Self::AtLeast | Self::In
        )
    }

    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Int,
    Uint,
    Double,
    Text,
}

/// What a condition looks at: `smoke.values.p95` is `["smoke", "values", "p95"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Root and members, as far as they are written out.
    pub(crate) path: Vec<String>,
    /// Byte range in the text.
    pub(crate) span: Range<usize>,
}

impl Expr {
    /// Root and members when the expression is nothing but a path.
    pub(super) fn path(&self) -> Option<Vec<String>> {
        match &self.node {
            Node::Name(name) => Some(vec![name.clone()]),
            Node::Select(of, member) => {
                let mut path = of.path()?;
                path.push(member.clone());
                Some(path)
            }
            Node::Index(of, index) => {
                let member = match &index.node {
                    Node::Text(text) => text.clone(),
                    Node::Int(index) => index.to_string(),
                    _ => return None,
                };
                let mut path = of.path()?;
                path.push(member);
                Some(path)
            }
            _ => None,
        }
    }

    pub(super) const fn is_literal(&self) -> bool {
        matches!(
            self.node,
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Uint(_) | Node::Double(_) | Node::Text(_)
        )
    }

    /// Calls `visit` for the outermost paths whose root is not a variable of a macro.
    pub(super) fn paths<'e>(&'e self, bound: &mut Vec<&'e str>, visit: &mut dyn FnMut(&'e Self, Vec<String>)) {
        if let Some(path) = self.path() {
            if path.first().is_none_or(|root| !bound.contains(&root.as_str())) {
                visit(self, path);
            }
            return;
        }
        match &self.node {
            Node::Has(of, _) | Node::Select(of, _) | Node::Not(of) | Node::Negate(of) => of.paths(bound, visit),
            Node::Index(left, right) | Node::Binary(_, left, right) => {
                left.paths(bound, visit);
                right.paths(bound, visit);
            }
            Node::List(all) | Node::And(all) | Node::Or(all) | Node::Call(_, all) => {
                all.iter().for_each(|one| one.paths(bound, visit));
            }
            Node::Choose(three) => three.iter().for_each(|one| one.paths(bound, visit)),
            Node::Each(each) => {
                each.over.paths(bound, visit);
                bound.push(&each.variable);
                each.filter.iter().for_each(|filter| filter.paths(bound, visit));
                each.body.paths(bound, visit);
                bound.pop();
            }
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Uint(_) | Node::Double(_) | Node::Text(_) => {}
            Node::Name(_) => {}
        }
    }
}

/// Everything that `expr` refers to, in order; for `has(a.b)` that is `a`.
pub(crate) fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    expr.paths(&mut Vec::new(), &mut |at, path| {
        found.push(Reference {
            path,
            span: at.span.clone(),
        });
    });
    found
}
