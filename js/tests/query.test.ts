import { expect, test } from "vitest";
import { keyOf, withoutDefaults } from "../src/query.ts";

test("a pushed {} is the same as the defaults spelt out", () => {
  expect(keyOf("sessions", { page: 0, page_size: 25, sort: "last_active", descending: true, session: null })).toBe(
    keyOf("sessions", {}),
  );
});

test("the order of fields makes no difference, their values do", () => {
  expect(keyOf("x", { a: 1, b: { d: 2, c: [1] } })).toBe(keyOf("x", { b: { c: [1], d: 2 }, a: 1 }));
  expect(keyOf("x", { a: 1 })).not.toBe(keyOf("x", { a: "1" }));
  expect(keyOf("x", {})).not.toBe(keyOf("y", {}));
});

test("fields that are not there are left out", () => {
  expect(withoutDefaults("sessions", { page: 2, before: undefined, limit: 50 })).toEqual({ page: 2 });
});
