//! A builder for the small part of JSON Schema (2020-12) that inputs and outputs need.

use serde_json::{Map, Value, json};

/// The schema of one value.
#[derive(Clone, Debug)]
pub struct Schema(Value);

impl Schema {
    /// Any JSON Schema, written by hand.
    #[must_use]
    pub fn of(schema: Value) -> Self {
        Self(schema)
    }

    /// The same with the value that applies when the key is left out.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        if let Value::Object(map) = &mut self.0 {
            map.insert("default".to_owned(), value.into());
        }
        self
    }

    /// Either this or `null`.
    #[must_use]
    pub fn or_null(mut self) -> Self {
        if let Value::Object(map) = &mut self.0
            && let Some(kind @ Value::String(_)) = map.get("type").cloned()
        {
            map.insert("type".to_owned(), json!([kind, "null"]));
        }
        self
    }
}

fn typed(kind: &str, description: &str) -> Schema {
    Schema(json!({ "type": kind, "description": description }))
}

/// Any value.
#[must_use]
pub fn any(description: &str) -> Schema {
    Schema(json!({ "description": description }))
}

/// A text.
#[must_use]
pub fn text(description: &str) -> Schema {
    typed("string", description)
}

/// A whole number.
#[must_use]
pub fn integer(description: &str) -> Schema {
    typed("integer", description)
}

/// A number.
#[must_use]
pub fn number(description: &str) -> Schema {
    typed("number", description)
}

/// `true` or `false`.
#[must_use]
pub fn boolean(description: &str) -> Schema {
    typed("boolean", description)
}

/// A length of time as text: `250ms`, `5s`, `2m`.
#[must_use]
pub fn duration(description: &str) -> Schema {
    Schema(json!({
        "type": "string",
        "pattern": "^([0-9]+(ms|s|m|h|d))+$",
        "description": description,
    }))
}

/// One of some texts.
#[must_use]
pub fn one_of(values: &[&str], description: &str) -> Schema {
    Schema(json!({ "enum": values, "description": description }))
}

/// A list whose items are like `item`.
#[must_use]
pub fn list(item: Schema, description: &str) -> Schema {
    Schema(json!({ "type": "array", "items": item.0, "description": description }))
}

/// One such item, or a list of them.
#[must_use]
pub fn one_or_many(item: Schema, description: &str) -> Schema {
    Schema(json!({ "anyOf": [item.0, { "type": "array", "items": item.0 }], "description": description }))
}

/// An object with any keys, whose values are like `value`.
#[must_use]
pub fn map(value: Schema, description: &str) -> Schema {
    Schema(json!({ "type": "object", "additionalProperties": value.0, "description": description }))
}

/// An argument vector: program first.
#[must_use]
pub fn argv(description: &str) -> Schema {
    Schema(json!({
        "type": "array", "items": { "type": "string" }, "minItems": 1, "description": description,
    }))
}

/// An object with known keys, without any yet.
#[must_use]
pub fn object() -> Object {
    Object::default()
}

/// An object under construction.
#[derive(Clone, Debug, Default)]
pub struct Object {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Object {
    /// Adds a key that has to be there.
    #[must_use]
    pub fn required(mut self, key: &str, schema: Schema) -> Self {
        self.required.push(key.to_owned());
        self.optional(key, schema)
    }

    /// Adds a key that may be left out.
    #[must_use]
    pub fn optional(mut self, key: &str, schema: Schema) -> Self {
        self.properties.insert(key.to_owned(), schema.0);
        self
    }

    /// As the schema of a value within another one; unknown keys are errors.
    #[must_use]
    pub fn nested(self, description: &str) -> Schema {
        let Value::Object(mut map) = self.closed() else {
            return any(description);
        };
        map.insert("description".to_owned(), json!(description));
        Schema(Value::Object(map))
    }

    /// Unknown keys are errors: inputs.
    #[must_use]
    pub fn closed(self) -> Value {
        json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }

    /// More keys may follow: outputs.
    #[must_use]
    pub fn open(self) -> Value {
        json!({ "type": "object", "properties": self.properties, "required": self.required })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_name_their_keys() {
        let schema = object()
            .required("url", text("where"))
            .optional("timeout", duration("how long").default("10s"))
            .closed();
        assert_eq!(schema["required"], json!(["url"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["timeout"]["default"], json!("10s"));
    }

    #[test]
    fn null_is_added_to_the_type() {
        assert_eq!(text("x").or_null().0["type"], json!(["string", "null"]));
    }
}
