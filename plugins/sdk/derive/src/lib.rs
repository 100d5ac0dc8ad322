//! Makes a plugin's options of a Rust type: how they are read, and their schema. And JSON in place.

mod json;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DataEnum, DeriveInput, Error, Expr, Field, Fields, Lit, Meta, Type};

/// Makes options of a struct with named fields, or a choice of an enum whose variants have none.
///
/// Names become kebab-case. A doc comment is the option's description. `#[default]` on a field
/// gives it the type's default, `#[default(VALUE)]` the value; without, it is required unless it
/// is an `Option`. `#[range(1..=5)]` bounds a number.
///
/// ```ignore
/// #[options]
/// pub struct Options {
///     /// How strict.
///     #[default(Level::Low)]
///     pub level: Level,
///     /// Ports that stay open.
///     #[default]
///     pub ports: Vec<u16>,
/// }
///
/// #[options]
/// pub enum Level {
///     /// What breaks nothing.
///     Low,
///     /// What an auditor asks for.
///     High,
/// }
/// ```
#[proc_macro_attribute]
pub fn options(
    _arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(item as DeriveInput);
    expand(input).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a JSON value: `json!({ "packages": { "install": [name, "vim"] } })`. A value is a table, a
/// list, `null`, or an expression that can be written as JSON.
#[proc_macro]
pub fn json(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let value = syn::parse_macro_input!(input as json::Json);
    value.expanded().into()
}

fn expand(mut input: DeriveInput) -> syn::Result<TokenStream> {
    let parts = match &mut input.data {
        Data::Enum(choice) => choice_of(choice)?,
        Data::Struct(table) => match &mut table.fields {
            Fields::Named(fields) => {
                let owner = &input.ident;
                let fields = fields.named.iter_mut().map(|field| take_option(owner, field));
                table_of(fields.collect::<syn::Result<_>>()?)
            }
            fields => return Err(Error::new_spanned(fields, "options have names")),
        },
        Data::Union(_) => return Err(Error::new_spanned(&input.ident, "a union is no option")),
    };
    let Parts { schema, reading, writing, defaults } = parts;
    let name = &input.ident;
    Ok(quote! {
        #[derive(Debug, Clone, PartialEq)]
        #input

        #defaults

        impl ::isoplug_sdk::Schema for #name {
            fn schema() -> ::isoplug_sdk::Value {
                use ::isoplug_sdk::__private as sdk;
                #schema
            }
        }

        impl ::isoplug_sdk::json::FromJson for #name {
            fn from_json(
                value: &::isoplug_sdk::Value,
            ) -> ::core::result::Result<Self, ::isoplug_sdk::Diagnostic> {
                use ::isoplug_sdk::__private as sdk;
                #reading
            }
        }

        impl ::isoplug_sdk::json::ToJson for #name {
            fn to_json(&self) -> ::isoplug_sdk::Value {
                #writing
            }
        }
    })
}

struct Parts {
    schema: TokenStream,
    reading: TokenStream,
    writing: TokenStream,
    /// Functions that return the default values.
    defaults: TokenStream,
}

/// One field, with what its attributes say taken out of it.
struct Taken {
    name: syn::Ident,
    ty: Type,
    description: String,
    /// The function that returns the default value, and its body.
    default: Option<(syn::Ident, TokenStream)>,
    range: Option<(Option<Expr>, Option<Expr>)>,
}

fn take_option(owner: &syn::Ident, field: &mut Field) -> syn::Result<Taken> {
    let name = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "it has no name"))?;
    let (mut default, mut range) = (None, None);
    let mut kept = Vec::new();
    for attribute in std::mem::take(&mut field.attrs) {
        if attribute.path().is_ident("default") {
            let function = format_ident!("__default_of_{owner}_{name}");
            default = Some((function, default_of(&attribute)?));
        } else if attribute.path().is_ident("range") {
            range = Some(range_of(&attribute)?);
        } else {
            kept.push(attribute);
        }
    }
    field.attrs = kept;
    let description = description(&field.attrs);
    Ok(Taken { name, ty: field.ty.clone(), description, default, range })
}

fn default_of(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(quote!(::core::default::Default::default())),
        Meta::List(list) => {
            let value = &list.tokens;
            let is_text = matches!(syn::parse2(value.clone()), Ok(Lit::Str(_)));
            Ok(if is_text { quote!(#value.into()) } else { quote!(#value) })
        }
        Meta::NameValue(it) => Err(Error::new_spanned(it, "write `#[default(VALUE)]`")),
    }
}

fn range_of(attribute: &Attribute) -> syn::Result<(Option<Expr>, Option<Expr>)> {
    let wrong = || Error::new_spanned(attribute, "write `#[range(1..=5)]`");
    match attribute.parse_args::<Expr>()? {
        Expr::Range(range) if matches!(range.limits, syn::RangeLimits::Closed(_)) => {
            Ok((range.start.map(|it| *it), range.end.map(|it| *it)))
        }
        _ => Err(wrong()),
    }
}

fn table_of(fields: Vec<Taken>) -> Parts {
    let described = fields.iter().map(|field| {
        let Taken { name, ty, description, default, range } = field;
        let word = kebab_case(&name.to_string());
        let default = default.as_ref().map(|(function, _)| quote!(.with_default(#function())));
        let (low, high) = range.clone().unwrap_or_default();
        let low = low.map(|low| quote!(.with("minimum", #low)));
        let high = high.map(|high| quote!(.with("maximum", #high)));
        quote!(sdk::Field::of::<#ty>(#word, #description) #default #low #high)
    });
    let read = fields.iter().map(|Taken { name, ty, default, .. }| {
        let word = kebab_case(&name.to_string());
        let default = match default {
            Some((function, _)) => quote!(::core::option::Option::Some(#function as fn() -> #ty)),
            None => quote!(::core::option::Option::None),
        };
        quote!(#name: sdk::field(value, #word, #default)?)
    });
    let written = fields.iter().map(|Taken { name, .. }| {
        let word = kebab_case(&name.to_string());
        quote!(table.put(#word, &self.#name);)
    });
    let functions = fields.iter().filter_map(|Taken { ty, default, .. }| {
        let (function, value) = default.as_ref()?;
        Some(quote! {
            #[allow(non_snake_case)]
            fn #function() -> #ty { #value }
        })
    });
    Parts {
        schema: quote!(sdk::table(::std::vec![#(#described),*])),
        reading: quote!(::core::result::Result::Ok(Self { #(#read),* })),
        writing: quote! {
            let mut table = ::isoplug_sdk::Value::table();
            #(#written)*
            table
        },
        defaults: quote!(#(#functions)*),
    }
}

fn choice_of(choice: &DataEnum) -> syn::Result<Parts> {
    let mut cases = Vec::new();
    for variant in &choice.variants {
        if !variant.fields.is_empty() {
            return Err(Error::new_spanned(variant, "a choice has no fields"));
        }
        let word = kebab_case(&variant.ident.to_string());
        cases.push((&variant.ident, word, description(&variant.attrs)));
    }
    let words: Vec<&str> = cases.iter().map(|(_, word, _)| word.as_str()).collect();
    let all = words.join(", ");
    let schema = if cases.iter().all(|(_, _, description)| description.is_empty()) {
        quote!(::isoplug_sdk::json!({ "enum": [#(#words),*] }))
    } else {
        let cases = cases
            .iter()
            .map(|(_, word, description)| quote!({ "const": #word, "description": #description }));
        quote!(::isoplug_sdk::json!({ "oneOf": [#(#cases),*] }))
    };
    let variants: Vec<_> = cases.iter().map(|(variant, _, _)| variant).collect();
    Ok(Parts {
        schema: quote!(let _ = sdk::no_choice; #schema),
        reading: quote! {
            match value.as_str() {
                #(::core::option::Option::Some(#words) => ::core::result::Result::Ok(Self::#variants),)*
                _ => ::core::result::Result::Err(sdk::no_choice(#all)),
            }
        },
        writing: quote! {
            let word = match self { #(Self::#variants => #words),* };
            ::isoplug_sdk::json::ToJson::to_json(word)
        },
        defaults: TokenStream::new(),
    })
}

/// Returns the words of a doc comment in one line.
fn description(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(it) if it.path.is_ident("doc") => match &it.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns `allow-root` for `allow_root` and for `AllowRoot`.
fn kebab_case(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.trim_start_matches("r#").char_indices() {
        if letter.is_uppercase() && index > 0 {
            words.push('-');
        }
        words.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    words
}
