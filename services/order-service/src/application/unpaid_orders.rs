//! Unpaid orders: a limit of those that hold stock while they wait for their payment, so that nobody can take the stock
//! away for nothing. It counts per client, and bounds the share of a SKU that all of them may hold.
//!
//! The table is in memory. A checkout that waits enters it again when its saga is resumed after a restart.

use crate::domain::order::Order;
use contracts::codes;
use identifiers::{OrderId, Sku};
use kernel::{Problem, Uuid};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Limits of unpaid orders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnpaidLimits {
    /// Unpaid orders of one visitor, and of one address.
    pub(crate) orders_max: usize,
    /// Share of the units on hand of a SKU that unpaid orders may hold, in per cent.
    pub(crate) share_percent_max: u32,
    /// Units of a SKU that unpaid orders may hold whatever their share is.
    pub(crate) units_min: u32,
}

/// Table of the unpaid orders.
#[derive(Debug)]
pub(crate) struct UnpaidOrders {
    limits: UnpaidLimits,
    waiting: Mutex<HashMap<OrderId, WaitingOrder>>,
}

/// Order that waits for its payment.
#[derive(Clone, Debug)]
struct WaitingOrder {
    clients: Vec<Uuid>,
    units: Vec<(Sku, i64)>,
}

impl UnpaidOrders {
    pub(crate) fn new(limits: UnpaidLimits) -> Self {
        Self { limits, waiting: Mutex::default() }
    }

    /// Enters an order that was admitted before.
    pub(crate) fn enter(&self, id: OrderId, clients: &[Uuid], order: &Order) {
        self.lock().insert(id, WaitingOrder::of(clients, order));
    }

    /// Admits an order, unless it exceeds a limit. `on_hand` has the units on hand of each line of the order.
    pub(crate) fn admit(
        &self,
        id: OrderId,
        clients: &[Uuid],
        order: &Order,
        on_hand: &[i64],
    ) -> Result<(), Problem> {
        // Orders that operators place have no client.
        let new = WaitingOrder::of(clients, order);
        if !clients.is_empty() {
            let waiting = self.lock();
            let others = || waiting.iter().filter(|(other, _)| **other != id).map(|it| it.1);
            self.check_clients(&new, &others())?;
            for ((sku, units), on_hand) in new.units.iter().zip(on_hand) {
                self.check_share(sku, *units, *on_hand, others())?;
            }
            drop(waiting);
        }
        self.lock().insert(id, new);
        Ok(())
    }

    /// Removes an order that is paid, or has ended.
    pub(crate) fn remove(&self, id: OrderId) {
        self.lock().remove(&id);
    }

    fn check_clients<'a>(
        &self,
        new: &WaitingOrder,
        others: &(impl Iterator<Item = &'a WaitingOrder> + Clone),
    ) -> Result<(), Problem> {
        for client in &new.clients {
            let count = others.clone().filter(|other| other.clients.contains(client)).count();
            if count >= self.limits.orders_max {
                let title = format!(
                    "{count} of your orders wait for their payment; pay or cancel one of them first"
                );
                return Err(Problem::of(codes::UNPAID_ORDERS_LIMIT, title));
            }
        }
        Ok(())
    }

    fn check_share<'a>(
        &self,
        sku: &Sku,
        units: i64,
        on_hand: i64,
        others: impl Iterator<Item = &'a WaitingOrder>,
    ) -> Result<(), Problem> {
        let share = on_hand.saturating_mul(self.limits.share_percent_max.into()) / 100;
        let units_max = share.max(self.limits.units_min.into());
        let lines = others.flat_map(|other| &other.units).filter(|(other, _)| other == sku);
        let held = lines.fold(0_i64, |held, (_, units)| held.saturating_add(*units));
        if held.saturating_add(units) <= units_max {
            return Ok(());
        }
        let title = format!(
            "unpaid orders hold as many units of {sku} as they may; order fewer, or pay with a method that is confirmed at once"
        );
        let left = (units_max - held).max(0);
        Err(Problem::of(codes::UNPAID_SHARE_LIMIT, title).subject(sku.as_str()).fact("left", left))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OrderId, WaitingOrder>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitingOrder {
    fn of(clients: &[Uuid], order: &Order) -> Self {
        let lines = order.placed.lines.iter().map(|line| (line.sku.clone(), line.quantity));
        Self { clients: clients.to_vec(), units: lines.collect() }
    }
}
