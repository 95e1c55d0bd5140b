// Whatever happens, in whatever order.
import { describe, expect, test, vi } from "vitest";
import {
  allowed,
  away,
  browser,
  connect,
  connection,
  drawn,
  model,
  pass,
  status,
  store,
  useConnection,
} from "./connected.ts";
import { hello, note, panel, versions } from "./fakes.ts";

useConnection();

describe("any history", () => {
  /** The same numbers for the same seed. */
  const dice = (seed: number) => () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };

  test.each(Array.from({ length: 60 }, (_, seed) => seed + 1))(
    "ends with the newest version, nothing asked twice at a time (%i)",
    async (seed) => {
      const roll = dice(seed);
      const pick = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)] as T;
      vi.spyOn(Math, "random").mockImplementation(roll);
      connect(pick([{}, away, { baseUrl: null }]));
      let server = 1;
      let version = 1;
      const isUp = () => browser.socketOrNull !== null && !browser.socketOrNull.isClosed;
      const id = () => `server-${server}`;
      /** How the kernel was told last that this page is fed. */
      const fedBy = () => {
        const last = model.sent.findLast(({ type }) => type === "attach" || type === "ack");
        return last?.type === "ack" ? last.transport : "comm";
      };
      /** The kernel tells where the server is, and relays as long as the page has no socket. */
      const answerKernel = () => {
        model.push(note(id(), allowed));
        if (fedBy() !== "comm") return;
        model.relay(hello({ sessions: version }, id()));
        model.relay(panel("sessions", version));
        for (const ask of model.takeGets()) model.relay(panel("sessions", version, { id: ask.id }));
      };
      /** What a server does that has a socket: says hello, answers in any order, perhaps late. */
      const answerSocket = () => {
        const socket = browser.socketOrNull;
        if (!socket || socket.isClosed) return;
        socket.say(hello({ sessions: version }, id()));
        for (const ask of socket.takeGets()) socket.say(panel("sessions", version, { id: ask.id }));
      };
      store.watch("sessions", {});
      const events: (() => void)[] = [
        answerKernel,
        answerSocket,
        () => browser.socketOrNull?.die(),
        () => browser.wake(),
        () => connection.setSeen(false),
        () => connection.setSeen(true),
        () => {
          version += 1;
          if (isUp()) browser.socketOrNull?.say(versions({ sessions: version }));
        },
        () => {
          version += 1;
          if (status().transport === "comm") model.relay(versions({ sessions: version }));
        },
        () => model.relay(panel("sessions", Math.max(1, version - 1))),
        () => model.push({ type: "trouble", kind: "server-down", message: "restarting" }),
        () => {
          server += 1;
          version = 1;
          browser.socketOrNull?.die();
        },
        () => {
          if (browser.socketOrNull) browser.socketOrNull.isMute = true;
        },
        () => {
          browser.proxy = pick([200, 500, 0]);
        },
        () => vi.setSystemTime(Date.now() + 600_000),
      ];
      for (let step = 0; step < 60; step += 1) {
        pick(events)();
        await pass(pick([0, 10, 400, 1_600, 20_000]));
        // Never two questions for the same thing on the same way.
        const open = isUp() ? (browser.socketOrNull?.gets.length ?? 0) : 0;
        expect(open - (browser.socketOrNull?.answered ?? 0)).toBeLessThanOrEqual(1);
      }
      // In the end all is well, and everybody answers.
      connection.setSeen(true);
      browser.proxy = 200;
      version += 1;
      for (let round = 0; round < 30; round += 1) {
        answerKernel();
        await pass(50);
        answerSocket();
        await pass(1_100);
      }
      expect(drawn()).toBe(version);
      expect(store.read("sessions", {})).toMatchObject({ askedAt: null, isBehind: false });
      expect(status().state).toBe("live");
      expect(fedBy()).toBe(status().transport);
    },
  );
});
