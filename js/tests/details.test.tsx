// @vitest-environment happy-dom
// What a view asks for beyond its panel's own data, when it does not come.

import { describe, expect, test } from "vitest";
import type { Api, ViewProps } from "../src/api.ts";
import type { Query } from "../src/protocol.ts";
import { click, container, frame, greet, importing, model, one, pass, relay, show, usePage } from "./stage.ts";

usePage();

/** A view that knows nothing of errors: of each detail it draws the data, or that they are on their way. */
const withDetails =
  (...details: Query[]) =>
  ({ h, ui }: Api) =>
    function Details({ useSnapshots }: ViewProps) {
      const found = useSnapshots(details);
      return h(
        "div",
        null,
        found.map(({ data }, index) =>
          h("div", { id: `detail-${index}` }, data ? h("b", null, "there") : h(ui.Skeleton, {})),
        ),
      );
    };

async function open(...details: Query[]) {
  show({ panels: ["memory"] }, importing(withDetails(...details)));
  await greet();
  await relay(frame("memory"));
  await pass(600);
}
/** The last question for a detail. */
const asked = (query: Query) => {
  const found = model.gets.findLast((each) => each.type === "get" && each.query.entry === query.entry);
  return (found as { id: number }).id;
};
const refuse = (query: Query) =>
  relay({ type: "error", id: asked(query), code: "internal", message: `no ${query.entry}` });

describe("a detail that is refused", () => {
  test("is no endless skeleton, but says why, in every view", async () => {
    await open({ entry: 1 });
    expect(one("#detail-0 .skeleton")).toBeTruthy();
    await refuse({ entry: 1 });
    expect(container.querySelector(".skeleton")).toBeNull();
    expect(one("#detail-0 .blank").textContent).toBe("The server could not answerno 1Try again");
    expect(one("#detail-0 .verbatim").lang).toBe("en");
    // What is there of the panel is not touched by it.
    expect(one("[data-panel]").dataset.status).toBe("ok");
  });

  test("is asked for again by the button, and drawn when it comes", async () => {
    await open({ entry: 1 });
    await refuse({ entry: 1 });
    const before = asked({ entry: 1 });
    await click("#detail-0 .retry");
    expect(one("#detail-0 .skeleton")).toBeTruthy();
    expect(asked({ entry: 1 })).not.toBe(before);
    await relay(frame("memory", { id: asked({ entry: 1 }), query: { entry: 1 } }));
    expect(one("#detail-0").textContent).toBe("there");
  });

  test("is asked for again, too, where the answer was that it could not be read; the focus stays in the panel", async () => {
    await open({ entry: 1 });
    const error = { kind: "damaged" as const, path: "a.db", message: "a.db is damaged" };
    await relay(
      frame("memory", { id: asked({ entry: 1 }), query: { entry: 1 }, status: "stale", error, data: null as never }),
    );
    const before = asked({ entry: 1 });
    expect(one("#detail-0 .blank").textContent).toContain("a.db is damaged");
    one("#detail-0 .retry").focus();
    await click("#detail-0 .retry");
    expect(asked({ entry: 1 })).not.toBe(before);
    expect(one("[data-panel]").contains((one("[data-panel]").getRootNode() as ShadowRoot).activeElement)).toBe(true);
  });

  test("is asked for again, too, where the view says it itself", async () => {
    const define = ({ h, ui }: Api) =>
      function Told({ useSnapshots }: ViewProps) {
        const [found] = useSnapshots([{ entry: 1 }]);
        return h("div", { id: "detail-0" }, found?.error ? h(ui.Refused, { message: found.error }) : "…");
      };
    show({ panels: ["memory"] }, importing(define));
    await greet();
    await relay(frame("memory"));
    await pass(600);
    await refuse({ entry: 1 });
    const before = asked({ entry: 1 });
    expect(one("#detail-0 .verbatim").textContent).toBe("no 1");
    await click("#detail-0 .retry");
    expect(asked({ entry: 1 })).not.toBe(before);
  });

  test("says nothing of another one that is still on its way", async () => {
    await open({ entry: 1 }, { entry: 2 });
    await refuse({ entry: 1 });
    expect(container.querySelectorAll(".skeleton")).toHaveLength(2);
    await relay(frame("memory", { id: asked({ entry: 2 }), query: { entry: 2 } }));
    expect(one("#detail-1").textContent).toBe("there");
    expect(one("#detail-0 .blank").textContent).toContain("no 1");
  });
});

test("a detail that could not be read says so in the file's words", async () => {
  await open({ entry: 1 });
  const error = { kind: "locked" as const, path: "state.db", message: "state.db is locked." };
  await relay(
    frame("memory", { id: asked({ entry: 1 }), query: { entry: 1 }, status: "unavailable", data: null, error }),
  );
  expect(one("#detail-0 .blank").textContent).toContain("state.db is locked.");
});

test("a kept answer says that the server has a newer one, until that is there", async () => {
  const behind: boolean[] = [];
  const define = ({ h }: Api) =>
    function Kept({ useSnapshots }: ViewProps) {
      behind.push(useSnapshots([{ entry: 1 }])[0]?.isBehind ?? false);
      return h("p", null, "drawn");
    };
  show({ panels: ["memory", "overview"] }, importing(define));
  await greet();
  await relay(frame("memory", { version: 9 }));
  await pass(600);
  await relay(frame("memory", { version: 9, id: asked({ entry: 1 }), query: { entry: 1 } }));
  expect(behind.at(-1)).toBe(false);
  await click("[data-tab=overview]");
  await relay(frame("memory", { version: 10 }));
  await click("[data-tab=memory]");
  expect(behind.at(-1)).toBe(true);
  await pass(600);
  await relay(frame("memory", { version: 10, id: asked({ entry: 1 }), query: { entry: 1 } }));
  expect(behind.at(-1)).toBe(false);
});
