"""The kernel's side: starts the server process, talks to it, and relays for pages that cannot reach it."""
