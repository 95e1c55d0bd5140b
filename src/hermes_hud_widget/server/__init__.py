"""The process that reads homes and feeds viewers."""
