//! From text to syntax: recursive descent with CEL's precedence, bounded in length and nesting.

use std::ops::Range;

use super::syntax::{Binary, Each, EachKind, Expr, Function, Node};
use super::token::{RESERVED, SyntaxError, Token, Word, tokens};

/// Longest expression in bytes.
pub(crate) const MAX_LENGTH: usize = 4096;
/// Deepest nesting of parentheses, brackets, signs and alternatives while parsing.
const MAX_NESTING: u16 = 32;
/// Deepest syntax tree: also bounds chains like `a.b.c.d` and `1 + 1 + 1`.
const MAX_DEPTH: u16 = 128;

/// Parses a condition.
pub(crate) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError::new(
            0..text.len(),
            format!(
                "the condition has {} bytes; at most {MAX_LENGTH} are allowed",
                text.len()
            ),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        nesting: 0,
    };
    let expr = parser.expression()?;
    match parser.peek() {
        Word::End => Ok(expr),
        found => Err(parser.unexpected(found, "an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nesting: u16,
}

type Parsed = Result<Expr, SyntaxError>;

impl Parser {
    fn peek(&self) -> &Word {
        self.tokens.get(self.at).map_or(&Word::End, |token| &token.word)
    }

    fn span(&self) -> Range<usize> {
        let end = self.tokens.last().map_or(0..0, |token| token.span.clone());
        self.tokens.get(self.at).map_or(end, |token| token.span.clone())
    }

    fn take(&mut self) -> Token {
        let token = Token {
            word: self.peek().clone(),
            span: self.span(),
        };
        self.at += 1;
        token
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Word::Symbol(s) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<Range<usize>, SyntaxError> {
        let span = self.span();
        if self.eat(symbol) {
            Ok(span)
        } else {
            Err(self.unexpected(self.peek(), &format!("`{symbol}`")))
        }
    }

    fn unexpected(&self, found: &Word, wanted: &str) -> SyntaxError {
        let found = match found {
            Word::End => "the end".to_owned(),
            Word::Symbol(symbol) => format!("`{symbol}`"),
            Word::Name(name) => format!("`{name}`"),
            Word::Text(_) => "a text".to_owned(),
            Word::Int(_) | Word::Uint(_) | Word::Double(_) => "a number".to_owned(),
        };
        SyntaxError::new(self.span(), format!("expected {wanted}, found {found}"))
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, SyntaxError>) -> Result<T, SyntaxError> {
        if self.nesting >= MAX_NESTING {
            return Err(too_deep(self.span()));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    fn expression(&mut self) -> Parsed {
        let condition = self.either()?;
        if !self.eat("?") {
            return Ok(condition);
        }
        let yes = self.nested(Self::either)?;
        self.expect(":")?;
        let no = self.nested(Self::expression)?;
        let span = condition.span.start..no.span.end;
        build(span, Node::Choose(Box::new([condition, yes, no])))
    }

    fn either(&mut self) -> Parsed {
        self.series("||", Self::both, Node::Or)
    }

    fn both(&mut self) -> Parsed {
        self.series("&&", Self::comparison, Node::And)
    }

    fn series(&mut self, symbol: &str, part: fn(&mut Self) -> Parsed, node: fn(Vec<Expr>) -> Node) -> Parsed {
        let first = part(self)?;
        if !matches!(self.peek(), Word::Symbol(s) if *s == symbol) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.eat(symbol) {
            all.push(part(self)?);
        }
        let span = all.first().map_or(0, |e| e.span.start)..all.last().map_or(0, |e| e.span.end);
        build(span, node(all))
    }

    fn comparison(&mut self) -> Parsed {
        self.binary(Self::sum, |word| match word {
            Word::Symbol("==") => Some(Binary::Equal),
            Word::Symbol("!=") => Some(Binary::Unequal),
            Word::Symbol("<") => Some(Binary::Below),
            Word::Symbol("<=") => Some(Binary::AtMost),
            Word::Symbol(">") => Some(Binary::Above),
            Word::Symbol(">=") => Some(Binary::AtLeast),
            Word::Name(name) if name == "in" => Some(Binary::In),
            _ => None,
        })
    }

    fn sum(&mut self) -> Parsed {
        self.binary(Self::product, |word| match word {
            Word::Symbol("+") => Some(Binary::Add),
            Word::Symbol("-") => Some(Binary::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Parsed {
        self.binary(Self::unary, |word| match word {
            Word::Symbol("*") => Some(Binary::Multiply),
            Word::Symbol("/") => Some(Binary::Divide),
            Word::Symbol("%") => Some(Binary::Remainder),
            _ => None,
        })
    }

    fn binary(&mut self, part: fn(&mut Self) -> Parsed, operator: fn(&Word) -> Option<Binary>) -> Parsed {
        let mut left = part(self)?;
        while let Some(operator) = operator(self.peek()) {
            self.at += 1;
            let right = part(self)?;
            let span = left.span.start..right.span.end;
            left = build(span, Node::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span().start;
        if self.eat("!") {
            let of = self.nested(Self::unary)?;
            return build(start..of.span.end, Node::Not(Box::new(of)));
        }
        if self.eat("-") {
            if let Word::Int(magnitude) = *self.peek()
                && let Some(value) = 0_i64.checked_sub_unsigned(magnitude)
            {
                let end = self.take().span.end;
                let literal = build(start..end, Node::Int(value))?;
                return self.members(literal);
            }
            let of = self.nested(Self::unary)?;
            return build(start..of.span.end, Node::Negate(Box::new(of)));
        }
        let of = self.primary()?;
        self.members(of)
    }

    fn members(&mut self, mut of: Expr) -> Parsed {
        loop {
            if self.eat(".") {
                let name = self.name("a member")?;
                let end = self.tokens.get(self.at.saturating_sub(1)).map_or(0, |t| t.span.end);
                if self.eat("(") {
                    of = self.method(of, &name)?;
                } else {
                    of = build(of.span.start..end, Node::Select(Box::new(of), name))?;
                }
            } else if self.eat("[") {
                let index = self.nested(Self::expression)?;
                let end = self.expect("]")?.end;
                of = build(of.span.start..end, Node::Index(Box::new(of), Box::new(index)))?;
            } else {
                return Ok(of);
            }
        }
    }

    fn name(&mut self, what: &str) -> Result<String, SyntaxError> {
        match self.peek() {
            Word::Name(name) if !RESERVED.contains(&name.as_str()) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            Word::Name(name) => Err(SyntaxError::new(self.span(), format!("`{name}` is a reserved word"))),
            found => Err(self.unexpected(found, what)),
        }
    }

    fn primary(&mut self) -> Parsed {
        let span = self.span();
        if self.eat("(") {
            let mut inner = self.nested(Self::expression)?;
            inner.span = span.start..self.expect(")")?.end;
            return Ok(inner);
        }
        if self.eat("[") {
            let (items, end) = self.arguments("]")?;
            return build(span.start..end, Node::List(items));
        }
        let node = match self.peek() {
            Word::Int(value) => {
                Node::Int(i64::try_from(*value).map_err(|_| SyntaxError::new(span.clone(), "the number is too large"))?)
            }
            Word::Uint(value) => Node::Uint(*value),
            Word::Double(value) => Node::Double(*value),
            Word::Text(text) => Node::Text(text.clone()),
            Word::Name(name) => match name.as_str() {
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "null" => Node::Null,
                _ => return self.named(span),
            },
            found => return Err(self.unexpected(found, "a value")),
        };
        self.at += 1;
        build(span, node)
    }

    /// A plain name or a call of a function.
    fn named(&mut self, span: Range<usize>) -> Parsed {
        let name = self.name("a value")?;
        if !self.eat("(") {
            return build(span, Node::Name(name));
        }
        let (mut arguments, end) = self.arguments(")")?;
        let whole = span.start..end;
        let count = arguments.len();
        if name == "has" {
            return match arguments.pop().map(|only| only.node) {
                Some(Node::Select(of, member)) if count == 1 => build(whole, Node::Has(of, member)),
                _ => Err(SyntaxError::new(whole, "`has` takes one member: `has(step.output)`")),
            };
        }
        let function = match (name.as_str(), count) {
            ("size", 1) => Function::Size,
            ("matches", 2) => Function::Matches,
            ("int", 1) => Function::Int,
            ("uint", 1) => Function::Uint,
            ("double", 1) => Function::Double,
            ("string", 1) => Function::Text,
            _ => {
                let known = "size, matches, int, uint, double, string, has";
                let message = format!("there is no function `{name}` with {count} arguments; known: {known}");
                return Err(SyntaxError::new(whole, message));
            }
        };
        build(whole, Node::Call(function, arguments))
    }

    fn method(&mut self, of: Expr, name: &str) -> Parsed {
        let (mut arguments, end) = self.arguments(")")?;
        let whole = of.span.start..end;
        let each = match (name, arguments.len()) {
            ("all", 2) => Some(EachKind::All),
            ("exists", 2) => Some(EachKind::Exists),
            ("exists_one", 2) => Some(EachKind::ExistsOne),
            ("map", 2 | 3) => Some(EachKind::Map),
            ("filter", 2) => Some(EachKind::Filter),
            _ => None,
        };
        if let Some(kind) = each {
            return each_of(kind, of, arguments, whole);
        }
        let function = match (name, arguments.len()) {
            ("size", 0) => Function::Size,
            ("contains", 1) => Function::Contains,
            ("startsWith", 1) => Function::StartsWith,
            ("endsWith", 1) => Function::EndsWith,
            ("matches", 1) => Function::Matches,
            (_, count) => {
                let known = "size, contains, startsWith, endsWith, matches, all, exists, exists_one, map, filter";
                let message = format!("there is no method `{name}` with {count} arguments; known: {known}");
                return Err(SyntaxError::new(whole, message));
            }
        };
        arguments.insert(0, of);
        build(whole, Node::Call(function, arguments))
    }

    /// Items up to `close`, which is eaten; also where it ended.
    fn arguments(&mut self, close: &str) -> Result<(Vec<Expr>, usize), SyntaxError> {
        let mut items = Vec::new();
        loop {
            let end = self.span().end;
            if self.eat(close) {
                return Ok((items, end));
            }
            items.push(self.nested(Self::expression)?);
            if !self.eat(",") {
                let end = self.expect(close)?.end;
                return Ok((items, end));
            }
        }
    }
}

fn each_of(kind: EachKind, over: Expr, mut arguments: Vec<Expr>, whole: Range<usize>) -> Parsed {
    let body = arguments.pop();
    let filter = if arguments.len() == 2 { arguments.pop() } else { None };
    match (arguments.pop().map(|first| (first.node, first.span)), body) {
        (Some((Node::Name(variable), _)), Some(body)) => build(
            whole,
            Node::Each(Box::new(Each {
                kind,
                over,
                variable,
                filter,
                body,
            })),
        ),
        (Some((_, span)), _) => Err(SyntaxError::new(
            span,
            "the first argument has to be a name for the element",
        )),
        (None, _) => Err(SyntaxError::new(whole, "arguments are missing")),
    }
}

fn too_deep(span: Range<usize>) -> SyntaxError {
    SyntaxError::new(span, "the condition is nested too deeply; split it into several")
}

fn build(span: Range<usize>, node: Node) -> Parsed {
    let deepest = match &node {
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Uint(_) | Node::Double(_) | Node::Text(_) => 0,
        Node::Name(_) => 0,
        Node::Select(of, _) | Node::Has(of, _) | Node::Not(of) | Node::Negate(of) => of.depth,
        Node::Index(left, right) | Node::Binary(_, left, right) => left.depth.max(right.depth),
        Node::List(all) | Node::And(all) | Node::Or(all) | Node::Call(_, all) => deepest(all),
        Node::Choose(three) => deepest(three.as_slice()),
        Node::Each(each) => {
            let filter = each.filter.as_ref().map_or(0, |filter| filter.depth);
            each.over.depth.max(each.body.depth).max(filter)
        }
    };
    if deepest >= MAX_DEPTH {
        return Err(too_deep(span));
    }
    Ok(Expr {
        bare: span.clone(),
        span,
        depth: deepest + 1,
        node,
    })
}

fn deepest(all: &[Expr]) -> u16 {
    all.iter().map(|one| one.depth).max().unwrap_or(0)
}
