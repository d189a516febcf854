// Buys one article through the client that is generated from the shop's OpenAPI document.
//
// The first argument is the address of the shop edge. The order's number and status are printed as JSON.

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./build/shop.js";

type Problem = components["schemas"]["Problem"];

const [baseUrl] = process.argv.slice(2);
if (baseUrl === undefined) throw new Error("usage: buy URL");
const shop = createClient<paths>({ baseUrl });

/** The answer of a request, or an error with the problem that the shop gave. */
function answered<T>(response: { data?: T; error?: Problem }): T {
  if (response.data === undefined) {
    throw new Error(`${response.error?.code}: ${response.error?.title}`);
  }
  return response.data;
}

const products = answered(
  await shop.GET("/api/v1/products", { params: { query: { in_stock: true, sort: "price", limit: 5 } } }),
);
const slug = products.items[0]?.slug;
if (slug === undefined) throw new Error("nothing is for sale");
const product = answered(
  await shop.GET("/api/v1/products/{product}", { params: { path: { product: slug } } }),
);
const sku = product.variants.find((variant) => variant.in_stock)?.sku;
if (sku === undefined) throw new Error(`${slug} is sold out`);

const key = () => ({ "Idempotency-Key": randomUUID() });
const cart = answered(
  await shop.POST("/api/v1/carts", {
    params: { header: key() },
    body: { lines: [{ sku, quantity: 1 }] },
  }),
);
const order = answered(
  await shop.POST("/api/v1/carts/{id}/checkout", {
    params: { path: { id: cart.id }, header: key() },
    body: {
      email: "ann@example.com",
      shipping_address: {
        name: "Ann Example",
        line1: "Hauptstraße 1",
        city: "Berlin",
        postal_code: "10115",
        country: "DE",
      },
      payment: { method: "test", token: "success" },
    },
  }),
);
console.log(JSON.stringify({ number: order.number, status: order.status }));
