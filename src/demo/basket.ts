import { findProduct, PRODUCTS, type Product } from './products.ts';

/** What a visitor wants to buy. It lives in a cookie, so the server keeps nothing and is bounded by that. */
export type BasketLine = { readonly product: Product; readonly quantity: number };
export type Basket = readonly BasketLine[];

const COOKIE = 'basket';
export const MAX_QUANTITY = 9;

/** Reads `slug.2~slug.1`; whatever is no product or no quantity of 1 to 9 is left out. */
export function readBasket(cookies: ReadonlyMap<string, string>): Basket {
  const lines: BasketLine[] = [];
  for (const item of (cookies.get(COOKIE) ?? '').split('~', PRODUCTS.length)) {
    const [slug, count] = item.split('.');
    const product = findProduct(slug ?? '');
    const quantity = Number(count);
    const known = lines.some((line) => line.product === product);
    if (product && !known && isQuantity(quantity)) lines.push({ product, quantity });
  }
  return lines;
}

/** The basket with `quantity` pieces of a product; 0 takes it out, more than nine become nine. */
export function withQuantity(basket: Basket, product: Product, quantity: number): Basket {
  const wanted = Math.min(Math.max(Math.trunc(quantity) || 0, 0), MAX_QUANTITY);
  const line = { product, quantity: wanted };
  const found = basket.some((other) => other.product === product);
  const all = found ? basket.map((other) => (other.product === product ? line : other)) : [...basket, line];
  return all.filter((other) => other.quantity > 0);
}

export function quantityOf(basket: Basket, product: Product): number {
  return basket.find((line) => line.product === product)?.quantity ?? 0;
}

export function countPieces(basket: Basket): number {
  return basket.reduce((sum, line) => sum + line.quantity, 0);
}

export function totalCents(basket: Basket): number {
  return basket.reduce((sum, line) => sum + line.quantity * line.product.cents, 0);
}

/** A Set-Cookie value that keeps the basket for a week. */
export function writeBasket(basket: Basket): string {
  const value = basket.map((line) => `${line.product.slug}.${line.quantity}`).join('~');
  const maxAge = basket.length === 0 ? 0 : 604_800;
  return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}`;
}

function isQuantity(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_QUANTITY;
}
