//! Problem codes of the business; those of the platform are [`kernel::codes`].

kernel::codes! {
    OUT_OF_STOCK = "out_of_stock", 409, "Not enough of a SKU is available; `subject` names it, `facts.available` says how much is left.";
    PAYMENT_DECLINED = "payment_declined", 402, "The bank or processor said no; nothing was charged.";
    TEST_PAYMENTS_OFF = "test_payments_off", 422, "The method `test` is only taken where the settings allow test payments.";
    PRICE_CHANGED = "price_changed", 422, "The total is not the expected one any more; `facts.total` has the new one. Nothing was charged.";
    UNKNOWN_SKU = "unknown_sku", 422, "No such SKU is for sale.";
    NOT_SOLD_IN_CURRENCY = "not_sold_in_currency", 422, "The goods have no price in this currency.";
    CURRENCY_MISMATCH = "currency_mismatch", 422, "Two amounts of different currencies met.";
    QUANTITY_LIMIT = "quantity_limit", 422, "More units of one SKU than an order may have.";
    LINE_LIMIT = "line_limit", 422, "More lines than a cart may have.";
    CART_EMPTY = "cart_empty", 422, "A cart without lines cannot be checked out.";
    CART_EXPIRED = "cart_expired", 409, "The cart expired; change it to bring it back at today's prices.";
    CHECKING_OUT = "checking_out", 409, "The cart is being checked out at this moment.";
    ALREADY_ORDERED = "already_ordered", 409, "The cart has become an order; `subject` is the order's id.";
    NOT_DELIVERABLE = "not_deliverable", 422, "No shipping method reaches this address with these goods.";
    SLUG_TAKEN = "slug_taken", 409, "Another product has this slug.";
    SKU_TAKEN = "sku_taken", 409, "Another product has this SKU.";
    PICTURE_UNUSABLE = "picture_unusable", 422, "The file is damaged, or has more pixels than are taken.";
    PRODUCT_ARCHIVED = "product_archived", 409, "An archived product cannot be changed; publish it first.";
    HOLD_EXPIRED = "hold_expired", 409, "The hold ended before it was confirmed and the goods are gone.";
    HOLD_ENDED = "hold_ended", 409, "The hold was committed or released already.";
    NOT_SOLD = "not_sold", 409, "Only units that were sold and have not come back yet can be taken back; `facts.returnable` says how many.";
    ID_REUSED = "id_reused", 409, "The id or reference came before with other content; take a new one.";
    NOT_AUTHORISED = "not_authorised", 409, "The payment is not authorised.";
    NOT_CAPTURED = "not_captured", 409, "Nothing was captured that could be given back.";
    ALREADY_AUTHORISED = "already_authorised", 409, "The payment was authorised already and cannot fail any more.";
    EXCEEDS_AUTHORISED = "exceeds_authorised", 409, "More than was authorised.";
    EXCEEDS_REFUNDABLE = "exceeds_refundable", 409, "More than is left to give back; `facts.refundable` says how much is.";
    OUTCOME_UNKNOWN = "outcome_unknown", 409, "The processor has not said yet what became of the payment.";
    PAYMENT_ENDED = "payment_ended", 409, "The payment has ended: failed, voided or refunded.";
    ORDER_PENDING = "order_pending", 409, "The order is still being placed.";
    ORDER_CANCELLED = "order_cancelled", 409, "The order is cancelled.";
    ALREADY_SHIPPED = "already_shipped", 409, "The goods are on their way.";
    WRONG_SIGNATURE = "wrong_signature", 401, "The webhook's signature does not match its body.";
    SAGA_NOT_STUCK = "saga_not_stuck", 409, "Only a saga that waits for a retry can be retried.";
}
