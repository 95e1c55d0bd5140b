// @vitest-environment happy-dom
// When somebody may be back, by what the browser tells.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browser } from "../src/browser.ts";

const MINUTE = 60_000;
let page: ReturnType<typeof browser>;
let ending: AbortController;
let woken: ReturnType<typeof vi.fn<() => void>>;
let visibility: string;

const turn = (to: "visible" | "hidden") => {
  visibility = to;
  document.dispatchEvent(new Event("visibilitychange"));
};
const touch = (type = "pointermove") => document.body.dispatchEvent(new Event(type, { bubbles: true }));

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") });
  visibility = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility as DocumentVisibilityState);
  ending = new AbortController();
  page = browser(ending.signal);
  woken = vi.fn<() => void>();
  page.onWake(woken, ending.signal);
});

afterEach(() => {
  ending.abort();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

describe("somebody may be back", () => {
  test.each(["online", "pageshow"])("with the window's %s", (type) => {
    dispatchEvent(new Event(type));
    expect(woken).toHaveBeenCalledOnce();
  });

  test("when the page goes on after it was frozen", () => {
    document.dispatchEvent(new Event("resume"));
    expect(woken).toHaveBeenCalledOnce();
  });

  test("when the page comes to the front, not when it leaves it", () => {
    turn("hidden");
    expect(woken).not.toHaveBeenCalled();
    turn("visible");
    expect(woken).toHaveBeenCalledOnce();
  });

  test.each(["pointermove", "pointerdown", "wheel", "keydown"])("with the first %s after ten minutes", (type) => {
    vi.advanceTimersByTime(9 * MINUTE);
    touch(type);
    expect(woken).not.toHaveBeenCalled();
    vi.advanceTimersByTime(11 * MINUTE);
    touch(type);
    touch(type);
    expect(woken).toHaveBeenCalledOnce();
  });

  test("also where a widget keeps what it hears to itself", () => {
    document.body.addEventListener("keydown", (event) => event.stopPropagation(), { signal: ending.signal });
    vi.advanceTimersByTime(11 * MINUTE);
    touch("keydown");
    expect(woken).toHaveBeenCalledOnce();
  });

  test("and nobody is told any more once it is over, neither one listener nor all", () => {
    const [other, undo] = [vi.fn<() => void>(), new AbortController()];
    page.onWake(other, undo.signal);
    undo.abort();
    dispatchEvent(new Event("online"));
    expect(other).not.toHaveBeenCalled();
    ending.abort();
    dispatchEvent(new Event("online"));
    turn("visible");
    expect(woken).toHaveBeenCalledOnce();
  });
});

describe("somebody is there", () => {
  test("for ten minutes after the last touch", () => {
    expect(page.isAttended()).toBe(true);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(page.isAttended()).toBe(false);
    touch();
    expect(page.isAttended()).toBe(true);
  });

  test("as long as the page is in front, and anew when it comes back to it", () => {
    turn("hidden");
    expect(page.isAttended()).toBe(false);
    vi.advanceTimersByTime(60 * MINUTE);
    turn("visible");
    expect(page.isAttended()).toBe(true);
  });
});

describe("of the host it is known", () => {
  const config = (text: string) => {
    document.body.innerHTML = `<script id="jupyter-config-data" type="application/json">${text}</script>`;
    return browser(ending.signal);
  };

  test("what Jupyter says of itself", () => {
    const { baseUrl, host } = config('{"baseUrl": "/user/ada/", "appName": "JupyterLab"}');
    expect([baseUrl, host]).toEqual(["/user/ada/", "jupyterlab"]);
  });

  test("nothing where it says nonsense, or nothing", () => {
    expect(config("{").baseUrl).toBeNull();
    expect(page).toMatchObject({ baseUrl: null, host: null });
  });
});
