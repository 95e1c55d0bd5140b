"""A second process that writes a database as it is told: SQL as JSON lines on stdin, rows on stdout.

It ends with its stdin, closing the connection as Hermes does.
"""

import json
import sqlite3
import sys


def main(path: str, journal_mode: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    connection.execute(f"PRAGMA journal_mode={journal_mode}")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    print(json.dumps({"rows": []}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "script" in command:
                connection.executescript(command["script"])
                rows = []
            else:
                rows = connection.execute(command["sql"], command["values"]).fetchall()
            print(json.dumps({"rows": rows}), flush=True)
        except sqlite3.Error as error:
            print(json.dumps({"error": str(error)}), flush=True)
    if journal_mode == "wal":
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
