"""What tests share: an agent that writes a home from a process of its own, and fingerprints of a home."""
