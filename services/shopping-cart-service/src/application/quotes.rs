//! What lines come to: one look at the goods, one delivery, one tax rate.

use super::refusal::CartError;
use crate::{
    domain::{
        countries::{self, Country},
        pricing::{self, Priced},
        shipping::{self, Method, Offer},
        tax::PriceMode,
    },
    ports::goods::Goods,
};
use contracts::{
    cart::{Destination, Quote, QuoteRequest, QuotedLine, QuotedShipping},
    product::VariantFacts,
    shared::{Quantity, Totals},
};
use kernel::{Currency, Decimal, Money, UnitPrice};
use std::{collections::BTreeMap, sync::Arc};

/// How this shop prices.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) currency: Currency,
    /// Where carts are estimated for while nobody has said where the goods go.
    pub(crate) home: &'static Country,
    pub(crate) mode: PriceMode,
    pub(crate) methods: Vec<Method>,
    /// Tax rates that differ from the table's.
    pub(crate) rates: BTreeMap<String, Decimal>,
}

/// Says what lines come to.
#[derive(Clone, Debug)]
pub(crate) struct Quotes {
    goods: Arc<dyn Goods>,
    terms: Arc<Terms>,
}

impl Quotes {
    pub(crate) fn new(goods: Arc<dyn Goods>, terms: Terms) -> Self {
        Self { goods, terms: Arc::new(terms) }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What is known of each SKU; one call.
    pub(crate) async fn facts(
        &self,
        skus: impl IntoIterator<Item = &str>,
    ) -> Result<BTreeMap<String, VariantFacts>, CartError> {
        let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
        if skus.is_empty() {
            return Ok(BTreeMap::new());
        }
        let facts = self.goods.facts(skus).await.map_err(CartError::Goods)?;
        Ok(facts.into_iter().map(|facts| (facts.sku.clone(), facts)).collect())
    }

    /// What these lines come to at this destination, in a form an order can keep.
    pub(crate) async fn quote(
        &self,
        lines: &[Quantity],
        currency: Currency,
        request: &QuoteRequest,
    ) -> Result<Quote, CartError> {
        let facts = self.facts(lines.iter().map(|line| line.sku.as_str())).await?;
        let mut chosen = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let facts = facts.get(&line.sku).filter(|facts| facts.for_sale).ok_or_else(|| {
                CartError::UnknownSku {
                    sku: line.sku.clone(),
                    field: format!("lines[{index}].sku"),
                }
            })?;
            check_currency(facts, currency)?;
            chosen.push((facts, line.quantity));
        }
        let country = destination_country(&request.destination)?;
        let units: Vec<(UnitPrice, i64)> =
            chosen.iter().map(|(facts, units)| (facts.price, *units)).collect();
        let (totals, items) = pricing::line_totals(currency, &units)?;
        let offer = self.offer(country.code, items, request.shipping_method.as_deref())?;
        let rate = self.rate(country);
        let priced = pricing::price(&totals, items, Some(&offer), rate, self.terms.mode)?;
        let lines =
            chosen.into_iter().zip(&priced.lines).map(|((facts, quantity), line)| QuotedLine {
                sku: facts.sku.clone(),
                product_id: facts.product_id,
                name: facts.name.clone(),
                options: facts.options.clone(),
                quantity,
                unit_price: facts.price,
                total: line.total,
                tax: line.tax,
                tax_rate: rate.to_string(),
            });
        Ok(Quote {
            currency,
            lines: lines.collect(),
            shipping: QuotedShipping {
                method: offer.code,
                label: offer.label,
                price: priced.shipping,
                tax: priced.shipping_tax,
            },
            totals: self.totals(&priced),
        })
    }

    /// What lines come to while nobody has said where they go: at home, delivered by the first method.
    pub(crate) fn estimate(
        &self,
        currency: Currency,
        units: &[(UnitPrice, i64)],
    ) -> Result<(Priced, Totals), CartError> {
        let (totals, items) = pricing::line_totals(currency, units)?;
        let offers = shipping::offers(&self.terms.methods, self.terms.home.code, items);
        let rate = self.rate(self.terms.home);
        // An empty cart has nothing to deliver.
        let offer = offers.first().filter(|_| !units.is_empty());
        let priced = pricing::price(&totals, items, offer, rate, self.terms.mode)?;
        let totals = self.totals(&priced);
        Ok((priced, totals))
    }

    /// The deliveries to a country for a sum of lines.
    pub(crate) fn offers(&self, country: &str, items: Money) -> Vec<Offer> {
        shipping::offers(&self.terms.methods, country, items)
    }

    fn offer(&self, country: &str, items: Money, wanted: Option<&str>) -> Result<Offer, CartError> {
        let offers = self.offers(country, items);
        let codes = offers.iter().map(|offer| offer.code.as_str()).collect::<Vec<_>>().join(", ");
        let Some(wanted) = wanted else {
            return offers
                .into_iter()
                .next()
                .ok_or(CartError::NotDeliverable { country: country.to_owned() });
        };
        offers.into_iter().find(|offer| offer.code == wanted).ok_or_else(|| CartError::Field {
            field: "shipping_method".to_owned(),
            message: format!("{wanted:?} is not offered here; there are: {codes}"),
        })
    }

    fn rate(&self, country: &Country) -> Decimal {
        self.terms.rates.get(country.code).copied().unwrap_or(country.tax_rate)
    }

    fn totals(&self, priced: &Priced) -> Totals {
        Totals {
            items: priced.items,
            discount: Money::zero(priced.items.currency),
            shipping: priced.shipping,
            tax: priced.tax,
            total: priced.total,
            tax_included: self.terms.mode == PriceMode::Gross,
        }
    }
}

fn destination_country(destination: &Destination) -> Result<&'static Country, CartError> {
    countries::country(&destination.country).ok_or_else(|| CartError::Field {
        field: "shipping_address.country".to_owned(),
        message: format!(
            "{:?} is not a country we deliver to; use a code such as DE",
            destination.country
        ),
    })
}

/// Prices are never converted silently.
pub(crate) fn check_currency(facts: &VariantFacts, currency: Currency) -> Result<(), CartError> {
    if facts.price.currency() == currency {
        return Ok(());
    }
    Err(CartError::NotSoldInCurrency { sku: facts.sku.clone(), currency })
}
