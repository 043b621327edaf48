"""How fast attention over sets is on this machine, beside what others would use: `make bench`."""
