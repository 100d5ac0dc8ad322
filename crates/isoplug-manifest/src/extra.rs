//! A part that is added to the built-in ones: a table of options, and who speaks for it.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::part::Part;
use crate::parts::Options;
use crate::path::split;
use crate::shape::{Shape, schema_of};

/// Makes a part of its options.
type Make = dyn Fn(Json, &Options) -> serde_json::Result<Box<dyn Part>>;

/// A part that is added to the built-in ones, with a table of options in a place where there is none.
pub struct Extra {
    table: Vec<String>,
    schema: Json,
    make: Box<Make>,
}

impl Extra {
    /// Adds the options `O` at a path such as `services.acme`, and the part that is made of them and of what it
    /// takes from the options of others.
    pub fn new<O, P>(table: &str, part: fn(O, &Options) -> P) -> Self
    where
        O: DeserializeOwned + JsonSchema + 'static,
        P: Part + 'static,
    {
        let make = move |own, options: &Options| -> serde_json::Result<Box<dyn Part>> {
            Ok(Box::new(part(serde_json::from_value(own)?, options)))
        };
        let schema = schema_of::<O>().to_value();
        Self { table: split(table), schema, make: Box::new(make) }
    }

    /// Returns the keys on the way to its table.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.table.iter().map(String::as_str).collect()
    }

    /// Returns the shape of its table.
    pub(crate) fn shape(&self) -> Shape {
        Shape::read(&self.schema)
    }

    /// Takes its options out of all others, with defaults in.
    pub(crate) fn take(&self, options: &mut Json) -> Json {
        let (last, way) =
            self.table.split_last().map_or(("", &[][..]), |(last, way)| (last.as_str(), way));
        let around = way.iter().try_fold(options, |table, key| table.get_mut(key));
        let own = around.and_then(Json::as_object_mut).and_then(|table| table.remove(last));
        let mut own = own.unwrap_or_else(|| Json::Object(serde_json::Map::new()));
        self.shape().fill(&mut own);
        own
    }

    /// Makes the part of its options.
    pub(crate) fn part(&self, own: &Json, options: &Options) -> serde_json::Result<Box<dyn Part>> {
        (self.make)(own.clone(), options)
    }
}
