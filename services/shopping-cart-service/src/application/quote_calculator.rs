//! Quote calculation: one catalogue lookup, one delivery option, one tax rate.

use super::error::CartError;
use crate::{
    domain::{
        countries::{self, Country},
        events::Line,
        pricing::{self, PriceBreakdown},
        shipping::{self, DeliveryMethod, DeliveryOffer},
        tax::PriceMode,
    },
    ports::catalogue::Catalogue,
};
use addresses::{AddressError, check_destination};
use contracts::{
    cart::{Destination, Quote, QuotedLine, QuotedShipping},
    product::VariantFacts,
    shared::{Sku, Totals},
};
use kernel::{Currency, Decimal, FieldError, Money, UnitPrice};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Pricing configuration of the shop.
#[derive(Clone, Debug)]
pub(crate) struct PricingConfig {
    pub(crate) currency: Currency,
    /// Country that totals are estimated for until the destination is known.
    pub(crate) home: &'static Country,
    pub(crate) mode: PriceMode,
    pub(crate) methods: Vec<DeliveryMethod>,
    /// Tax rates that override the country table.
    pub(crate) tax_rates: BTreeMap<String, Decimal>,
}

/// Delivery that a quote is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery<'a> {
    pub(crate) country: &'static Country,
    /// Code of the delivery method; the default when absent.
    pub(crate) method: Option<&'a str>,
}

impl<'a> Delivery<'a> {
    /// Delivery to this destination; `field` names where it was given.
    pub(crate) fn new(
        destination: &Destination,
        field: &str,
        method: Option<&'a str>,
    ) -> Result<Self, CartError> {
        let Destination { country: code, region, postal_code } = destination;
        let country = find_country(code, || format!("{field}.country"))?;
        let places = check_destination(code, region.as_deref(), postal_code.as_deref());
        places.map_err(|errors| CartError::Fields(field_errors(field, &errors)))?;
        Ok(Self { country, method })
    }
}

/// Country that the shop delivers to; `field` names where its code was given.
pub(crate) fn find_country(
    code: &str,
    field: impl FnOnce() -> String,
) -> Result<&'static Country, CartError> {
    countries::find(code).ok_or_else(|| CartError::Field {
        field: field(),
        message: format!("{code:?} is not a country we deliver to; use a country code such as DE"),
    })
}

fn field_errors(field: &str, errors: &[AddressError]) -> Vec<FieldError> {
    let field_error = |error: &AddressError| FieldError {
        field: format!("{field}.{}", error.part.field()),
        message: error.message(),
    };
    errors.iter().map(field_error).collect()
}

/// Facts of the variants that were looked up.
pub(crate) type VariantsBySku = BTreeMap<Sku, VariantFacts>;

/// Calculator of quotes and estimated totals.
#[derive(Clone, Debug)]
pub(crate) struct QuoteCalculator {
    catalogue: Arc<dyn Catalogue>,
    pricing: Arc<PricingConfig>,
}

impl QuoteCalculator {
    pub(crate) fn new(catalogue: Arc<dyn Catalogue>, pricing: PricingConfig) -> Self {
        Self { catalogue, pricing: Arc::new(pricing) }
    }

    pub(crate) fn pricing(&self) -> &PricingConfig {
        &self.pricing
    }

    /// Variants of these SKUs, by SKU.
    pub(crate) async fn variants(
        &self,
        skus: impl IntoIterator<Item = &Sku>,
    ) -> Result<VariantsBySku, CartError> {
        let skus: BTreeSet<&Sku> = skus.into_iter().collect();
        if skus.is_empty() {
            return Ok(VariantsBySku::new());
        }
        let skus = skus.into_iter().cloned().collect();
        let facts = self.catalogue.variants(skus).await.map_err(CartError::Catalogue)?;
        Ok(facts.into_iter().map(|facts| (facts.sku.clone(), facts)).collect())
    }

    /// Binding quote of these lines for a delivery, which an order stores.
    pub(crate) async fn quote(
        &self,
        lines: &[Line],
        currency: Currency,
        Delivery { country, method }: Delivery<'_>,
    ) -> Result<Quote, CartError> {
        let facts = self.variants(lines.iter().map(|line| &line.sku)).await?;
        let mut variants = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let facts =
                find_sellable(&facts, &line.sku, currency, || format!("lines[{index}].sku"))?;
            variants.push((facts, line.quantity));
        }
        let units: Vec<(UnitPrice, i64)> =
            variants.iter().map(|(facts, units)| (facts.price, *units)).collect();
        let (totals, items) = pricing::line_totals(currency, &units)?;
        let offer = self.choose_delivery(country.code, items, method)?;
        let rate = self.tax_rate(country);
        let priced =
            pricing::calculate(&totals, items, Some(offer.price), rate, self.pricing.mode)?;
        let lines =
            variants.into_iter().zip(&priced.lines).map(|((facts, quantity), line)| QuotedLine {
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
                method: offer.method.code.clone(),
                label: offer.method.label.clone(),
                price: priced.shipping,
                tax: priced.shipping_tax,
            },
            totals: self.totals(&priced),
        })
    }

    /// Estimated totals until the destination is known: the home country, delivered by the first method.
    pub(crate) fn estimate(
        &self,
        currency: Currency,
        units: &[(UnitPrice, i64)],
    ) -> Result<Totals, CartError> {
        let (totals, items) = pricing::line_totals(currency, units)?;
        let rate = self.tax_rate(self.pricing.home);
        // An empty cart has nothing to deliver.
        let fee = if units.is_empty() {
            None
        } else {
            shipping::offers(&self.pricing.methods, self.pricing.home.code, items)
                .next()
                .map(|offer| offer.price)
        };
        let priced = pricing::calculate(&totals, items, fee, rate, self.pricing.mode)?;
        Ok(self.totals(&priced))
    }

    /// Delivery offers for a country and an items total.
    pub(crate) fn delivery_offers(
        &self,
        country: &str,
        items: Money,
    ) -> impl Iterator<Item = DeliveryOffer<'_>> {
        shipping::offers(&self.pricing.methods, country, items)
    }

    fn choose_delivery(
        &self,
        country: &str,
        items: Money,
        code: Option<&str>,
    ) -> Result<DeliveryOffer<'_>, CartError> {
        let mut offers = shipping::offers(&self.pricing.methods, country, items);
        let Some(code) = code else {
            return offers
                .next()
                .ok_or_else(|| CartError::NotDeliverable { country: country.to_owned() });
        };
        offers.find(|offer| offer.method.code == code).ok_or_else(|| {
            let offers = shipping::offers(&self.pricing.methods, country, items);
            let codes: Vec<_> = offers.map(|offer| offer.method.code.as_str()).collect();
            let codes = codes.join(", ");
            CartError::Field {
                field: "shipping_method".to_owned(),
                message: format!(
                    "{code:?} is not available for this delivery; choose one of: {codes}"
                ),
            }
        })
    }

    fn tax_rate(&self, country: &Country) -> Decimal {
        self.pricing.tax_rates.get(country.code).copied().unwrap_or(country.tax_rate)
    }

    fn totals(&self, priced: &PriceBreakdown) -> Totals {
        Totals {
            items: priced.items,
            discount: Money::zero(priced.items.currency),
            shipping: priced.shipping,
            tax: priced.tax,
            total: priced.total,
            tax_included: self.pricing.mode == PriceMode::Gross,
        }
    }
}

/// The variant of a SKU, if it is for sale in this currency: prices are never converted silently. `field` names where
/// the SKU was given.
pub(crate) fn find_sellable<'a>(
    facts: &'a VariantsBySku,
    sku: &Sku,
    currency: Currency,
    field: impl FnOnce() -> String,
) -> Result<&'a VariantFacts, CartError> {
    let found = facts.get(sku).filter(|facts| facts.for_sale);
    let found = found.ok_or_else(|| CartError::UnknownSku { sku: sku.clone(), field: field() })?;
    if found.price.currency() == currency {
        return Ok(found);
    }
    Err(CartError::NotSoldInCurrency { sku: found.sku.clone(), currency })
}
