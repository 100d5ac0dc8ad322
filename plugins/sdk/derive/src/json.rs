//! Reads JSON with expressions in it, and makes the code that builds the value.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, Token, braced, bracketed, token};

pub(crate) enum Json {
    Null,
    List(Vec<Json>),
    Table(Vec<(Expr, Json)>),
    Value(Box<Expr>),
}

struct Pair(Expr, Json);

impl Parse for Json {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            let pairs = Punctuated::<Pair, Token![,]>::parse_terminated(&content)?;
            return Ok(Self::Table(pairs.into_iter().map(|Pair(key, it)| (key, it)).collect()));
        }
        if input.peek(token::Bracket) {
            let content;
            bracketed!(content in input);
            let items = Punctuated::<Json, Token![,]>::parse_terminated(&content)?;
            return Ok(Self::List(items.into_iter().collect()));
        }
        let value: Expr = input.parse()?;
        let is_null = matches!(&value, Expr::Path(it) if it.path.is_ident("null"));
        Ok(if is_null { Self::Null } else { Self::Value(Box::new(value)) })
    }
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self(key, input.parse()?))
    }
}

impl Json {
    pub(crate) fn expanded(&self) -> TokenStream {
        match self {
            Self::Null => quote!(::isoplug_sdk::Value::Null),
            Self::Value(value) => match &**value {
                // A text that is there already needs no copy.
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    quote!(::isoplug_sdk::Value::Text(::std::borrow::Cow::Borrowed(#text)))
                }
                value => quote!(::isoplug_sdk::json::ToJson::to_json(&(#value))),
            },
            Self::List(items) => {
                let items = items.iter().map(Self::expanded);
                quote!(::isoplug_sdk::Value::List(::std::vec![#(#items),*]))
            }
            Self::Table(pairs) => {
                let keys = pairs.iter().map(|(key, _)| match key {
                    Expr::Lit(_) => quote!(#key),
                    key => quote!(::std::string::String::from(#key)),
                });
                let values = pairs.iter().map(|(_, value)| value.expanded());
                quote!({
                    let mut table = ::isoplug_sdk::Value::table();
                    #(table.put(#keys, #values);)*
                    table
                })
            }
        }
    }
}
