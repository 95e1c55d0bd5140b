// A page's connection with its store, between a kernel, a browser and a server that are played by hand.
import { beforeEach, vi } from "vitest";
import { Connection } from "../src/connection.ts";
import type { ServerNote } from "../src/protocol.ts";
import { Store } from "../src/store.ts";
import { FakeBrowser, FakeModel, HOME, hello, note } from "./fakes.ts";

export let model: FakeModel;
export let browser: FakeBrowser;
export let store: Store;
export let connection: Connection;
export let shownInSideBar: number;
let controller: AbortController | undefined;

/** A page with a Jupyter server's proxy, whose own computer is the server's or not. */
export function connect({ hostname = "localhost", baseUrl = "/user/ada/" as string | null, kernel = true } = {}) {
  controller?.abort();
  model = new FakeModel();
  browser = new FakeBrowser(hostname);
  browser.baseUrl = baseUrl;
  browser.proxy = 200;
  controller = new AbortController();
  shownInSideBar = 0;
  store = new Store(HOME, (frame) => connection.send(frame));
  store.onLook(() => connection.lookChanged());
  connection = new Connection(
    model,
    browser,
    {
      receive: (frame, serverId) => store.receive(frame, serverId),
      setWay: (way) => store.setWay(way),
      look: () => store.look(),
      revalidate: () => store.revalidate(),
      showInSideBar: () => {
        shownInSideBar += 1;
        return hostname === "localhost";
      },
    },
    controller.signal,
    kernel,
  );
}

export const status = () => connection.status;
export const outcomes = () => Object.fromEntries(status().tried.map(({ way, outcome }) => [way, outcome]));
export const drawn = () => store.read("sessions", {}).snapshot?.version ?? null;
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const dialled = () => browser.sockets.map(({ url }) => url);
export const acks = () =>
  model.of("ack").map(({ transport, tried }) => [transport, ...tried.map((each) => each.outcome)]);
export const away = { hostname: "hub.example.org" };
export const allowed = { origins: ["http://hub.example.org"] };
export const proxied = "ws://hub.example.org/user/ada/proxy/4000/ws";

/** Kernel and server greet, and the note says more. */
export function greet(over: Partial<ServerNote> = {}, of: Record<string, number> = {}) {
  model.push(note("server-1", over));
  model.relay(hello(of));
}

/** The page's socket says hello. */
export async function open(of: Record<string, number> = {}, serverId = "server-1") {
  await pass(0);
  browser.socket.say(hello(of, serverId));
  await pass(0);
}

/** Gives every test of this file such a page of its own, and a clock. */
export function useConnection(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z") });
    connect();
  });
}
