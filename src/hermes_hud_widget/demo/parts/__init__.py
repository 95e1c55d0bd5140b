"""What the demo's home has for one panel each: a month of past, and what goes on."""
