"""Runs in an environment with hermes-agent: does what JSON lines on stdin say, answers on stdout.

    {"object": "db", "method": "create_session", "args": ["s1", "cli"], "kwargs": {}}

Objects: `db` (SessionDB), `memory` (MemoryStore), `insights` (InsightsEngine), `gateway`, `cron` and the like by
the name of a module. `HERMES_HOME` must be set.
"""

import importlib
import json
import os
import sys
import traceback


class Hermes:
    """The objects, made when they are first asked for."""

    def __init__(self):
        self._made = {}

    def find(self, name):
        if name not in self._made:
            maker = getattr(self, f"_{name}", None)
            self._made[name] = maker() if maker else importlib.import_module(name)
        return self._made[name]

    def close(self):
        self._made.pop("insights", None)  # it holds on to the database
        if "db" in self._made:
            self._made.pop("db").close()

    def _db(self):
        import hermes_state

        return hermes_state.SessionDB()

    def _db_in_rollback_mode(self):
        """The same, but as on a network drive, where there can be no write-ahead log."""
        import hermes_state

        def fall_back(connection, *, db_label="state.db"):
            connection.execute("PRAGMA journal_mode=DELETE")
            return "delete"

        hermes_state.apply_wal_with_fallback = fall_back
        self._made["db"] = hermes_state.SessionDB()
        return self._made["db"]

    def _memory(self):
        from tools.memory_tool import MemoryStore

        store = MemoryStore()
        store.load_from_disk()
        return store

    def _insights(self):
        from agent import insights, usage_pricing

        # Prices are looked up on the network, for seconds, when they are not known.
        usage_pricing.fetch_model_metadata = lambda *_, **__: {}
        usage_pricing.fetch_endpoint_model_metadata = lambda *_, **__: {}
        return insights.InsightsEngine(self.find("db"))


def main():
    hermes = Hermes()
    # What Hermes prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout = sys.stderr
    print(json.dumps({"result": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["object"] == "close":
                hermes.close()
                answer = {"result": None}
            else:
                target = hermes.find(command["object"])
                for name in command["method"].split("."):
                    target = getattr(target, name)
                result = target(*command["args"], **command["kwargs"]) if callable(target) else target
                answer = {"result": result}
        except Exception as error:  # noqa: BLE001  whatever Hermes raises is told to the test
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), file=answers, flush=True)
    hermes.close()


if __name__ == "__main__":
    main()
